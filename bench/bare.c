/* SPDX-License-Identifier: MIT */
/*
 * The floor: a loop of KVM_RUN that does nothing for an access but to return, beside which the
 * VMM's own path is measured. bare KERNEL DTB runs a flat guest at RAM + 0x80000 with one vCPU,
 * 64 MiB and a GICv3, prints what it writes to the UART's data register, and ends with it.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define RAM_BASE  0x40000000ul
#define RAM_SIZE  0x4000000ul
#define ENTRY     0x80000ul
#define DTB       0x3000000ul
#define UARTDR    0x09000000ul
#define DIST_BASE 0x08000000ul
#define RDIST     0x080a0000ul

#define CORE(field)                                                                                \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE |                                     \
		offsetof(struct kvm_regs, field) / sizeof(uint32_t))

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int call(int fd, unsigned long request, const void *arg)
{
	int ret = ioctl(fd, request, arg);

	if (ret < 0)
		fail("ioctl");
	return ret;
}

static void load(const char *path, uint8_t *to, size_t room)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0 || read(fd, to, room) <= 0)
		fail(path);
	close(fd);
}

static void set_register(int vcpu, uint64_t id, uint64_t value)
{
	const struct kvm_one_reg reg = {id, (uintptr_t)&value};

	call(vcpu, KVM_SET_ONE_REG, &reg);
}

static void set_attr(int device, uint32_t group, uint64_t attr, uint64_t value)
{
	const struct kvm_device_attr request = {
		.group = group, .attr = attr, .addr = (uintptr_t)&value};

	call(device, KVM_SET_DEVICE_ATTR, &request);
}

static int make_vcpu(int vm)
{
	struct kvm_create_device gic = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};
	struct kvm_vcpu_init init;
	int vcpu = call(vm, KVM_CREATE_VCPU, NULL);

	call(vm, KVM_ARM_PREFERRED_TARGET, &init);
	init.features[0] |= 1u << KVM_ARM_VCPU_PSCI_0_2;
	call(vcpu, KVM_ARM_VCPU_INIT, &init);
	call(vm, KVM_CREATE_DEVICE, &gic);
	set_attr((int)gic.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, DIST_BASE);
	set_attr((int)gic.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, RDIST);
	set_attr((int)gic.fd, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
	set_register(vcpu, CORE(regs.pc), RAM_BASE + ENTRY);
	set_register(vcpu, CORE(regs.regs[0]), RAM_BASE + DTB);
	return vcpu;
}

int main(int argc, char **argv)
{
	int kvm = open("/dev/kvm", O_RDWR), vm, vcpu;
	uint8_t *ram =
		mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct kvm_userspace_memory_region region = {.guest_phys_addr = RAM_BASE,
		.memory_size = RAM_SIZE,
		.userspace_addr = (uintptr_t)ram};
	struct kvm_run *run;

	if (argc != 3 || kvm < 0 || ram == MAP_FAILED)
		fail("usage: bare KERNEL DTB");
	load(argv[1], ram + ENTRY, DTB - ENTRY);
	load(argv[2], ram + DTB, RAM_SIZE - DTB);
	vm = call(kvm, KVM_CREATE_VM, NULL);
	call(vm, KVM_SET_USER_MEMORY_REGION, &region);
	vcpu = make_vcpu(vm);
	run = mmap(NULL, (size_t)call(kvm, KVM_GET_VCPU_MMAP_SIZE, NULL), PROT_READ | PROT_WRITE,
		MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED)
		fail("mmap");
	for (;;) {
		if (ioctl(vcpu, KVM_RUN, NULL))
			fail("KVM_RUN");
		if (run->exit_reason == KVM_EXIT_SYSTEM_EVENT)
			return 0;
		if (run->mmio.is_write && run->mmio.phys_addr == UARTDR)
			putchar(run->mmio.data[0]);
	}
}
