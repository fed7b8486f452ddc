/* SPDX-License-Identifier: MIT */
/*
 * Making a VM on hosts that have everything, and on hosts that lack something:
 * what is asked of KVM, and one clear line for each thing that it refuses.
 * Links: vmm/core/coalesced.c
 * Links: vmm/core/vcpu.c vmm/core/run.c vmm/core/exit.c vmm/core/vm.c vmm/core/kvm_attr.c
 * Links: vmm/core/mem.c
 * Links: vmm/core/bus.c vmm/core/loop.c vmm/core/console.c vmm/arch/arm64/vcpu_regs.c
 * Links: vmm/arch/arm64/vm_type.c vmm/arch/arm64/gic.c vmm/arch/arm64/gic_reset.c
 * Links: vmm/arch/arm64/suspend.c vmm/arch/arm64/smccc.c vmm/arch/arm64/nisv.c
 * Links: vmm/arch/arm64/nisv_data.c vmm/arch/arm64/nisv_regs.c
 * Links: vmm/arch/arm64/walk.c vmm/arch/arm64/walk_short.c vmm/arch/arm64/insn/insn.c
 * Links: vmm/arch/arm64/insn/a64.c vmm/arch/arm64/insn/a64_simd.c
 * Links: vmm/arch/arm64/insn/a32.c vmm/arch/arm64/insn/t32.c
 * Links: vmm/arch/arm64/cpu_features.c vmm/arch/arm64/id_regs.c vmm/arch/arm64/id_fields.c
 * Links: tests/unit/fake_kvm.c tests/unit/fake_log.c vmm/core/lock.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fake_kvm.h"
#include "tests/unit/fake_log.h"
#include "tests/unit/fds.h"
#include "vmm/arch/arm64/vm_type.h"
#include "vmm/core/kvm.h"
#include "vmm/core/vm.h"

#define BASE UINT64_C(0x40000000)
#define MIB  UINT64_C(0x100000)
#define TIB  (UINT64_C(1) << 40)

static int setup(void **state)
{
	fake_kvm_reset();
	return fake_log_reset(state);
}

static const struct tl_gic_map gic_map = TL_GIC_MAP_VIRT;

static struct tl_vm_config config_of(unsigned int vcpus, enum tl_gic_kind gic)
{
	return (struct tl_vm_config){.vcpus = vcpus,
		.ram_base = BASE,
		.ram_size = 4 * MIB,
		.gic = gic,
		.gic_map = &gic_map,
		.spis = 3};
}

/* Makes a VM and takes it down: the error comes, and whatever was made is gone. */
static void expect_error(const struct tl_vm_config *config, int err)
{
	unsigned int fds = fds_open();
	struct tl_loop loop;
	struct tl_vm vm;

	assert_int_equal(tl_loop_init(&loop), 0);
	tl_vm_blank(&vm);
	vm.loop = &loop;
	assert_int_equal(tl_vm_init(&vm, config), -err);
	tl_vm_fini(&vm);
	tl_loop_fini(&loop);
	assert_int_equal(fds_open(), fds);
	assert_int_equal(fake_kvm.bad_calls, 0);
}

static void expect_made(const struct tl_vm_config *config)
{
	expect_error(config, 0);
	assert_nothing_logged();
}

/* The value of the last write to one of the GIC's attributes. */
static uint64_t gic_attr(uint32_t group, uint64_t attr)
{
	uint64_t value = 0;

	assert_true(fake_kvm_attr(false, group, attr, &value));
	return value;
}

static void test_vm(void **state)
{
	struct tl_vm_config config = config_of(3, TL_GIC_AUTO);
	struct tl_vm vm;

	(void)state;
	tl_vm_blank(&vm);
	assert_int_equal(tl_vm_init(&vm, &config), 0);
	assert_nothing_logged();
	assert_int_equal(fake_kvm.region.slot, 0);
	assert_int_equal(fake_kvm.region.flags, 0);
	assert_int_equal(fake_kvm.region.guest_phys_addr, BASE);
	assert_int_equal(fake_kvm.region.memory_size, 4 * MIB);
	assert_int_equal(fake_kvm.region.userspace_addr, (uintptr_t)vm.mem.host);
	assert_int_equal(fake_kvm.vcpu_count, 3);
	assert_int_equal(vm.vcpu_count, 3);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(fake_kvm.vcpus[i].inits, 1);
		/* The first one boots; the others wait for CPU_ON. */
		assert_int_equal(fake_kvm.vcpus[i].features,
			1 << KVM_ARM_VCPU_PSCI_0_2 | (i ? 1 << KVM_ARM_VCPU_POWER_OFF : 0));
	}
	tl_vm_fini(&vm);
}

/* RAM in two slots, of which the fake keeps the last one. */
static void test_hole(void **state)
{
	struct tl_vm_config config = config_of(1, TL_GIC_AUTO);
	struct tl_vm vm;

	(void)state;
	config.ram_size = 16 * MIB;
	config.hole = BASE + 4 * MIB;
	config.hole_size = 2 * MIB;
	tl_vm_blank(&vm);
	assert_int_equal(tl_vm_init(&vm, &config), 0);
	assert_nothing_logged();
	assert_int_equal(fake_kvm.region.slot, TL_MEM_SLOT_HIGH);
	assert_int_equal(fake_kvm.region.flags, 0);
	assert_int_equal(fake_kvm.region.guest_phys_addr, BASE + 6 * MIB);
	assert_int_equal(fake_kvm.region.memory_size, 10 * MIB);
	assert_int_equal(fake_kvm.region.userspace_addr, (uintptr_t)(vm.mem.host + 6 * MIB));
	assert_null(tl_mem_at(&vm.mem, BASE + 4 * MIB, 4));
	tl_vm_fini(&vm);
	config.hole = BASE + 15 * MIB;
	tl_vm_blank(&vm);
	assert_int_equal(tl_vm_init(&vm, &config), -EINVAL);
	assert_error("--mem", "no hole of 2 MiB can be at 0x40f00000");
	tl_vm_fini(&vm);
}

/* A second slot, which the guest cannot write. */
static void test_flash(void **state)
{
	struct tl_vm_config config = config_of(1, TL_GIC_AUTO);
	struct tl_vm vm;

	(void)state;
	config.flash_size = 128 * MIB;
	fake_kvm.system_suspend = false;
	tl_vm_blank(&vm);
	assert_int_equal(tl_vm_init(&vm, &config), 0);
	assert_int_equal(fake_log_count_of(TL_LOG_WARN), 0);
	assert_int_equal(fake_kvm.region.slot, 1);
	assert_int_equal(fake_kvm.region.flags, KVM_MEM_READONLY);
	assert_int_equal(fake_kvm.region.guest_phys_addr, 0);
	assert_int_equal(fake_kvm.region.memory_size, 128 * MIB);
	assert_int_equal(fake_kvm.region.userspace_addr, (uintptr_t)vm.flash.host);
	/* A write may be of a kind that KVM cannot describe. */
	assert_int_equal(fake_kvm.enabled_cap, KVM_CAP_ARM_NISV_TO_USER);
	/* Devices do not reach it. */
	assert_null(tl_mem_at(&vm.mem, 0, 4));
	tl_vm_fini(&vm);
	setup(state);
	fake_kvm.fail_request = KVM_SET_USER_MEMORY_REGION;
	fake_kvm.fail_error = EINVAL;
	fake_kvm.fail_skip = 1;
	expect_error(&config, EINVAL);
	assert_error("KVM does not take 128 MiB of guest memory at 0: ");
}

/* arm-vgic-v3.rst: placed, sized, and then initialised, as the last thing. */
static void test_gicv3(void **state)
{
	struct tl_vm_config config = config_of(123, TL_GIC_AUTO);
	const struct fake_attr *last;

	(void)state;
	config.spis = 0;
	expect_made(&config);
	assert_int_equal(fake_kvm.gic_type, KVM_DEV_TYPE_ARM_VGIC_V3);
	assert_int_equal(gic_attr(KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST),
		gic_map.v3_dist.base);
	assert_int_equal(
		gic_attr(KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST), gic_map.redists);
	/* KVM takes no less. */
	assert_int_equal(gic_attr(KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0), 64);
	gic_attr(KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT);
	last = &fake_kvm.attrs[fake_kvm.attr_count - 1];
	/* Behind it are only the two filters of the VM. */
	assert_true(last[-1].vm && last[0].vm);
	assert_int_equal(last[-2].group, KVM_DEV_ARM_VGIC_GRP_CTRL);
}

static void test_gicv2(void **state)
{
	struct tl_vm_config config = config_of(8, TL_GIC_V2);

	(void)state;
	config.spis = 65;
	expect_made(&config);
	assert_int_equal(fake_kvm.gic_type, KVM_DEV_TYPE_ARM_VGIC_V2);
	assert_int_equal(gic_attr(KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V2_ADDR_TYPE_DIST),
		gic_map.v3_dist.base);
	assert_int_equal(gic_attr(KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V2_ADDR_TYPE_CPU),
		gic_map.v2_cpu.base);
	/* 32 private ones, and 65 rounded up to full registers. */
	assert_int_equal(gic_attr(KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0), 128);
}

/* A machine that is known for its GICv2 gets that one, and a warning if the host has none. */
static void test_gicv2_first(void **state)
{
	struct tl_gic_map map = gic_map;
	struct tl_vm_config config = config_of(2, TL_GIC_AUTO);

	(void)state;
	map.v2_first = true;
	map.v2_dist.base = 0x2c001000;
	map.v2_cpu.base = 0x2c002000;
	map.v3_dist.base = 0x2f000000;
	config.gic_map = &map;
	expect_made(&config);
	assert_int_equal(fake_kvm.gic_type, KVM_DEV_TYPE_ARM_VGIC_V2);
	assert_int_equal(
		gic_attr(KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V2_ADDR_TYPE_DIST), 0x2c001000);
	assert_int_equal(
		gic_attr(KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V2_ADDR_TYPE_CPU), 0x2c002000);
	setup(state);
	fake_kvm.gicv2 = false;
	expect_error(&config, 0);
	assert_int_equal(fake_log_count_of(TL_LOG_WARN), 1);
	assert_warned("no GICv2 for guests: the machine gets a GICv3 at 0x2f000000 instead");
	assert_int_equal(
		gic_attr(KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST), 0x2f000000);
	setup(state);
	fake_kvm.gicv2 = false;
	config.gic = TL_GIC_V3;
	expect_made(&config);
	setup(state);
	fake_kvm.gicv2 = false;
	config.gic = TL_GIC_V2;
	expect_error(&config, ENODEV);
	assert_error("cannot give guests a GICv2: ");
}

/* robust: kvm.no-gicv3 */
static void test_hosts_without_a_gic(void **state)
{
	struct tl_vm_config config = config_of(2, TL_GIC_AUTO);

	(void)state;
	fake_kvm.gicv3 = false;
	expect_made(&config);
	assert_int_equal(fake_kvm.gic_type, KVM_DEV_TYPE_ARM_VGIC_V2);
	config.gic = TL_GIC_V3;
	expect_error(&config, ENODEV);
	assert_error("this host cannot give guests a GICv3", "try --gic auto");
	setup(NULL);
	fake_kvm.gicv2 = false;
	config.gic = TL_GIC_V2;
	expect_error(&config, ENODEV);
	assert_error("this host cannot give guests a GICv2", "try --gic auto");
	setup(NULL);
	fake_kvm.gicv2 = fake_kvm.gicv3 = false;
	config.gic = TL_GIC_AUTO;
	expect_error(&config, ENODEV);
	assert_error("this host cannot give guests a GICv3 or GICv2", "virtual CPU interface");
}

/* arm-vgic-v3.rst: count in bits 63:52, the range's number in 11:0. */
static void test_high_redistributors(void **state)
{
	struct tl_vm_config config = config_of(130, TL_GIC_AUTO);

	(void)state;
	expect_made(&config);
	assert_int_equal(fake_kvm.vm_type, 0);
	assert_int_equal(gic_attr(KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION),
		UINT64_C(7) << 52 | UINT64_C(0x4000000000) | 1);
	assert_int_equal(fake_kvm.attrs[1].value, UINT64_C(123) << 52 | gic_map.redists);
	/* RAM that reaches so far pushes them up, and so the size of the address space. */
	setup(NULL);
	config.ram_size = TIB;
	expect_made(&config);
	assert_int_equal(gic_attr(KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION),
		UINT64_C(7) << 52 | (BASE + TIB) | 1);
	assert_int_equal(fake_kvm.vm_type, 48);
	/* A host that cannot address them. */
	setup(NULL);
	fake_kvm.ipa_bits = 36;
	config = config_of(124, TL_GIC_AUTO);
	expect_error(&config, ERANGE);
	assert_error("guest addresses would end at 0x4000020000", "36 address bits");
}

static void test_its(void **state)
{
	struct tl_vm_config config = config_of(1, TL_GIC_AUTO);

	(void)state;
	expect_made(&config);
	assert_int_equal(fake_kvm.its_fd, -1);
	setup(NULL);
	config.msi = true;
	expect_made(&config);
	assert_true(fake_kvm.its_fd >= 0);
	assert_int_equal(
		gic_attr(KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_ITS_ADDR_TYPE), UINT64_C(0x08080000));
	assert_int_equal(fake_kvm.attrs[fake_kvm.attr_count - 3].group, KVM_DEV_ARM_VGIC_GRP_CTRL);
	assert_int_equal(fake_kvm.attrs[fake_kvm.attr_count - 4].attr, KVM_VGIC_ITS_ADDR_TYPE);
	setup(NULL);
	fake_kvm.its = false;
	expect_error(&config, ENODEV);
	assert_error("--msi on: this host cannot give guests an ITS", "--gic 2");
	/* A GICv2 has a frame instead, which takes shared interrupts: 32 + 48 + 64. */
	setup(NULL);
	fake_kvm.its = false;
	config.gic = TL_GIC_V2;
	expect_made(&config);
	assert_int_equal(gic_attr(KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0), 160);
}

/* robust: kvm.vcpus */
static void test_too_many_vcpus(void **state)
{
	struct tl_vm_config config = config_of(9, TL_GIC_V2);

	(void)state;
	expect_error(&config, ERANGE);
	assert_error("--cpus 9: a GICv2 serves at most 8");
	setup(NULL);
	config = config_of(513, TL_GIC_AUTO);
	expect_error(&config, ERANGE);
	assert_error("--cpus 513: a GICv3 serves at most 512");
	setup(NULL);
	fake_kvm.max_vcpus = 4;
	config = config_of(5, TL_GIC_AUTO);
	expect_error(&config, ERANGE);
	assert_error("--cpus 5: this host's KVM allows 4");
	assert_int_equal(fake_kvm.vcpu_count, 0);
	setup(NULL);
	fake_kvm.max_vcpus = 4;
	config = config_of(4, TL_GIC_AUTO);
	expect_made(&config);
}

/* A host that has one, and no descriptor for it: that is what is said. */
/* robust: rlimit.nofile */
static void test_no_descriptor_for_a_gic(void **state)
{
	struct tl_vm_config config = config_of(1, TL_GIC_AUTO);

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		setup(NULL);
		config.msi = i;
		fake_kvm.fail_request = KVM_CREATE_DEVICE;
		fake_kvm.fail_skip = i;
		fake_kvm.fail_error = EMFILE;
		expect_error(&config, EMFILE);
		assert_error(i ? "--msi on: cannot make the guest's ITS: "
			       : "cannot make the guest's interrupt controller: ",
			strerror(EMFILE));
	}
}

/* Each call that a VM needs, refused. */
/* robust: kvm.ebusy */
static void test_refused_calls(void **state)
{
	static const struct {
		unsigned long request;
		unsigned int skip;
		int err;
		const char *words;
	} cases[] = {
		{KVM_GET_VCPU_MMAP_SIZE, 0, EINVAL, "KVM_GET_VCPU_MMAP_SIZE"},
		{KVM_CREATE_VM, 0, ENOMEM, "cannot create a VM: Cannot allocate memory"},
		{KVM_CREATE_VM, 0, EBUSY, "another hypervisor uses EL2"},
		{KVM_SET_USER_MEMORY_REGION, 0, EINVAL,
			"KVM does not take 4 MiB of guest memory at 0x40000000"},
		{KVM_CREATE_VCPU, 0, ENOMEM, "cannot create vCPU 0: "},
		{KVM_CREATE_VCPU, 2, EMFILE, "cannot create vCPU 2: Too many open files"},
		{KVM_ARM_PREFERRED_TARGET, 0, ENODEV, "KVM names no CPU model"},
		{KVM_ARM_VCPU_INIT, 0, EINVAL, "cannot initialise vCPU 0"},
		{KVM_ARM_VCPU_INIT, 2, EINVAL, "cannot initialise vCPU 2"},
		{KVM_SET_DEVICE_ATTR, 0, ENXIO, "cannot initialise the guest's GICv3: "},
		{KVM_SET_DEVICE_ATTR, 1, E2BIG, "cannot initialise the guest's GICv3: "},
		{KVM_SET_DEVICE_ATTR, 2, EINVAL, "cannot initialise the guest's GICv3: "},
		{KVM_SET_DEVICE_ATTR, 3, EBUSY, "cannot initialise the guest's GICv3: "},
	};
	struct tl_vm_config config = config_of(3, TL_GIC_AUTO);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		setup(NULL);
		fake_kvm.fail_request = cases[i].request;
		fake_kvm.fail_skip = cases[i].skip;
		fake_kvm.fail_error = cases[i].err;
		expect_error(&config, cases[i].err);
		assert_error(cases[i].words);
	}
}

static void test_refused_maps(void **state)
{
	struct tl_vm_config config = config_of(3, TL_GIC_AUTO);

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		char words[64] = "cannot map the run area of vCPU 0: Cannot allocate memory";

		setup(NULL);
		fake_kvm.map_error = ENOMEM;
		fake_kvm.map_skip = i;
		expect_error(&config, ENOMEM);
		words[32] = (char)('0' + i);
		assert_error(words);
	}
	setup(NULL);
	/* Less than the part of it that we use. */
	fake_kvm.run_size = 100;
	expect_error(&config, EPROTO);
	assert_error("KVM_GET_VCPU_MMAP_SIZE says 100 bytes");
}

/* tl_kvm_open() has said what there is to say. */
static void test_no_kvm(void **state)
{
	struct tl_vm_config config = config_of(1, TL_GIC_AUTO);

	(void)state;
	fake_kvm.open_error = ENOENT;
	expect_error(&config, ENOENT);
	assert_nothing_logged();
}

static void test_more_memory_than_there_is(void **state)
{
	struct tl_vm_config config = config_of(1, TL_GIC_AUTO);

	(void)state;
	config.ram_size = TIB * 200; /* more than a process can map, less than 2^48 */
	expect_error(&config, ENOMEM);
	assert_error("cannot map 209715200 MiB of guest memory", "ask for less with --mem");
}

/* robust: kvm.no-ipa-size kvm.ipa-space */
static void test_address_bits(void **state)
{
	static const struct {
		int ipa_bits;
		uint64_t end;
		uintptr_t type;
		bool refused;
	} cases[] = {
		{0, BASE + MIB, 0, false}, /* without the capability: 40 bits */
		{0, TIB, 0, false},
		{0, TIB + 1, 0, true},
		{48, BASE + MIB, 0, false},
		{48, TIB, 0, false},
		{48, TIB + 4096, 48, false},
		{48, TIB * 256, 48, false},
		{48, TIB * 256 + 1, 0, true},
		{36, BASE + MIB, 36, false}, /* less than 40: type 0 is refused there */
		{36, TIB / 16, 36, false},
		{36, TIB / 16 + 1, 0, true},
		{52, UINT64_MAX, 0, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int kvm, vm;

		setup(NULL);
		fake_kvm.ipa_bits = cases[i].ipa_bits;
		kvm = tl_kvm_open();
		vm = tl_vm_type_create(kvm, cases[i].end);
		close(kvm);
		if (cases[i].refused) {
			assert_int_equal(vm, -ERANGE);
			assert_error(
				"guest addresses would end at 0x", "address bits", "smaller --mem");
			continue;
		}
		assert_true(vm >= 0);
		close(vm);
		assert_int_equal(fake_kvm.vm_type, cases[i].type);
		assert_nothing_logged();
	}
}

/* A signal may come while KVM makes the VM: it is asked again. */
static void test_interrupted(void **state)
{
	struct tl_vm_config config = config_of(1, TL_GIC_AUTO);

	(void)state;
	fake_kvm.fail_request = KVM_CREATE_VM;
	fake_kvm.fail_error = EINTR;
	fake_kvm.fail_times = 3;
	expect_made(&config);
}

/* robust: kvm.no-filter */
static void test_smccc_filter(void **state)
{
	struct tl_vm_config config = config_of(1, TL_GIC_AUTO);
	struct tl_vm vm;

	(void)state;
	expect_made(&config);
	assert_int_equal(fake_kvm.filter_count, 2);
	for (unsigned int i = 0; i < 2; i++) {
		/* Owner 6, from 0x100 up to what KVM answers itself. */
		assert_int_equal(fake_kvm.filters[i].base, i ? 0xc6000100 : 0x86000100);
		assert_int_equal(fake_kvm.filters[i].nr_functions, 0xfe00);
		assert_int_equal(fake_kvm.filters[i].action, KVM_SMCCC_FILTER_FWD_TO_USER);
	}
	/* Before Linux 6.4: guests run all the same, and -v says what they lack. */
	setup(NULL);
	fake_kvm.smccc_filter = false;
	tl_vm_blank(&vm);
	assert_int_equal(tl_vm_init(&vm, &config), 0);
	assert_false(vm.smccc_filter);
	assert_logged(TL_LOG_INFO, "no SMCCC filter", "NOT_SUPPORTED");
	tl_vm_fini(&vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_vm, setup),
		cmocka_unit_test_setup(test_flash, setup),
		cmocka_unit_test_setup(test_hole, setup),
		cmocka_unit_test_setup(test_gicv3, setup),
		cmocka_unit_test_setup(test_gicv2, setup),
		cmocka_unit_test_setup(test_gicv2_first, setup),
		cmocka_unit_test_setup(test_hosts_without_a_gic, setup),
		cmocka_unit_test_setup(test_high_redistributors, setup),
		cmocka_unit_test_setup(test_its, setup),
		cmocka_unit_test_setup(test_too_many_vcpus, setup),
		cmocka_unit_test_setup(test_no_descriptor_for_a_gic, setup),
		cmocka_unit_test_setup(test_refused_calls, setup),
		cmocka_unit_test_setup(test_refused_maps, setup),
		cmocka_unit_test_setup(test_no_kvm, setup),
		cmocka_unit_test_setup(test_more_memory_than_there_is, setup),
		cmocka_unit_test_setup(test_address_bits, setup),
		cmocka_unit_test_setup(test_interrupted, setup),
		cmocka_unit_test_setup(test_smccc_filter, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
