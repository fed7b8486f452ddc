/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/fake_kvm.h"
#include "vmm/core/kvm.h"
#include "vmm/core/mem.h"

#define STUCK_S 5

struct fake_kvm fake_kvm;

void fake_kvm_reset(void)
{
	memset(&fake_kvm, 0, sizeof(fake_kvm));
	fake_kvm.max_vcpus = 512;
	fake_kvm.ipa_bits = 48;
	fake_kvm.gicv2 = fake_kvm.gicv3 = fake_kvm.its = fake_kvm.smccc_filter = true;
	fake_kvm.system_suspend = true;
	fake_kvm.nisv = true;
	fake_kvm.coalesced = fake_kvm.readonly = true;
	fake_kvm.run_size = 8192;
	fake_kvm.kvm_fd = fake_kvm.vm_fd = fake_kvm.gic_fd = fake_kvm.its_fd = -1;
	for (unsigned int i = 0; i < FAKE_VCPUS; i++)
		fake_kvm.vcpus[i].fd = -1;
}

void fake_kvm_script(unsigned int vcpu, const struct fake_exit *script, size_t len)
{
	fake_kvm.vcpus[vcpu].script = script;
	fake_kvm.vcpus[vcpu].script_len = len;
	fake_kvm.vcpus[vcpu].next = 0;
	__atomic_store_n(&fake_kvm.vcpus[vcpu].idle, false, __ATOMIC_RELEASE);
}

void fake_kvm_wait_idle(unsigned int vcpu)
{
	for (int i = 0; i < STUCK_S * 1000; i++) {
		if (__atomic_load_n(&fake_kvm.vcpus[vcpu].idle, __ATOMIC_ACQUIRE))
			return;
		poll(NULL, 0, 1);
	}
	fail_msg("vCPU %u never came to the end of its script", vcpu);
}

bool fake_kvm_attr(bool vm, uint32_t group, uint64_t attr, uint64_t *value)
{
	for (unsigned int i = fake_kvm.attr_count; i > 0; i--) {
		const struct fake_attr *a = &fake_kvm.attrs[i - 1];

		if (a->vm == vm && a->group == group && a->attr == attr) {
			*value = a->value;
			return true;
		}
	}
	return false;
}

/* A real one, since its owner closes it. */
static int new_fd(void)
{
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

int tl_kvm_open(void)
{
	if (fake_kvm.open_error)
		return -fake_kvm.open_error;
	fake_kvm.kvm_fd = new_fd();
	return fake_kvm.kvm_fd;
}

int tl_kvm_map_run(int vcpu_fd, size_t size, struct kvm_run **run)
{
	if (fake_kvm.map_error && fake_kvm.map_skip-- == 0)
		return -fake_kvm.map_error;
	for (unsigned int i = 0; i < fake_kvm.vcpu_count; i++) {
		if (fake_kvm.vcpus[i].fd == vcpu_fd && size == (size_t)fake_kvm.run_size) {
			*run = fake_kvm.vcpus[i].run = calloc(1, size);
			return 0;
		}
	}
	return -EINVAL;
}

void tl_kvm_unmap_run(struct kvm_run *run, size_t size)
{
	fake_kvm.bad_calls += size != (size_t)fake_kvm.run_size;
	free(run);
}

static int no_such_call(void)
{
	__atomic_fetch_add(&fake_kvm.bad_calls, 1, __ATOMIC_RELAXED);
	return -ENOTTY;
}

static int check_extension(long capability)
{
	switch (capability) {
	case KVM_CAP_MAX_VCPUS:
		return fake_kvm.max_vcpus;
	case KVM_CAP_ARM_VM_IPA_SIZE:
		return fake_kvm.ipa_bits;
	case KVM_CAP_ARM_PMU_V3:
		return fake_kvm.pmu;
	case KVM_CAP_ARM_SVE:
		return fake_kvm.sve;
	case KVM_CAP_ARM_PTRAUTH_ADDRESS:
	case KVM_CAP_ARM_PTRAUTH_GENERIC:
		return fake_kvm.pauth;
	case KVM_CAP_ARM_MTE:
		return fake_kvm.mte;
	case KVM_CAP_ARM_EL1_32BIT:
		return fake_kvm.el1_32bit;
	case KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES:
		return fake_kvm.reg_masks;
	case KVM_CAP_COALESCED_MMIO: /* the page of the run area */
		return fake_kvm.coalesced;
	case KVM_CAP_READONLY_MEM:
		return fake_kvm.readonly;
	case KVM_CAP_ARM_SYSTEM_SUSPEND:
		return fake_kvm.system_suspend;
	case KVM_CAP_ARM_NISV_TO_USER:
	case KVM_CAP_ARM_INJECT_EXT_DABT:
		return fake_kvm.nisv;
	default:
		return 0;
	}
}

static int kvm_call(unsigned long request, uintptr_t arg)
{
	switch (request) {
	case KVM_CHECK_EXTENSION:
		return check_extension((long)arg);
	case KVM_GET_VCPU_MMAP_SIZE:
		return fake_kvm.run_size;
	case KVM_CREATE_VM:
		fake_kvm.vm_type = arg;
		fake_kvm.vm_fd = new_fd();
		return fake_kvm.vm_fd;
	default:
		return no_such_call();
	}
}

static int create_its(struct kvm_create_device *device)
{
	if (!fake_kvm.its)
		return -ENODEV;
	fake_kvm.its_fd = new_fd();
	device->fd = (uint32_t)fake_kvm.its_fd;
	return 0;
}

static int create_device(struct kvm_create_device *device)
{
	bool there = device->type == KVM_DEV_TYPE_ARM_VGIC_V3   ? fake_kvm.gicv3
		     : device->type == KVM_DEV_TYPE_ARM_VGIC_V2 ? fake_kvm.gicv2
								: false;

	if (device->type == KVM_DEV_TYPE_ARM_VGIC_ITS)
		return create_its(device);
	if (!there)
		return -ENODEV;
	fake_kvm.gic_type = device->type;
	fake_kvm.gic_fd = new_fd();
	device->fd = (uint32_t)fake_kvm.gic_fd;
	return 0;
}

static int create_vcpu(uintptr_t id)
{
	if (id != fake_kvm.vcpu_count || id >= FAKE_VCPUS)
		return no_such_call();
	fake_kvm.vcpu_count++;
	fake_kvm.vcpus[id].fd = new_fd();
	return fake_kvm.vcpus[id].fd;
}

static int set_attr(bool vm, const struct kvm_device_attr *request)
{
	bool wide = request->group == KVM_DEV_ARM_VGIC_GRP_ADDR ||
		    request->group == KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS;
	struct fake_attr attr = {.vm = vm, .group = request->group, .attr = request->attr};
	const void *from = (const void *)(uintptr_t)request->addr;

	if (vm &&
		(request->group != KVM_ARM_VM_SMCCC_CTRL || fake_kvm.filter_count == FAKE_FILTERS))
		return -ENXIO;
	if (fake_kvm.attr_count == FAKE_ATTRS)
		return no_such_call();
	if (vm)
		memcpy(&fake_kvm.filters[fake_kvm.filter_count++], from,
			sizeof(fake_kvm.filters[0]));
	else if (from)
		memcpy(&attr.value, from, wide ? 8 : 4);
	fake_kvm.attrs[fake_kvm.attr_count++] = attr;
	return 0;
}

/* Tags only before the first vCPU (arch/arm64/kvm/arm.c). */
static int enable_cap(const struct kvm_enable_cap *cap)
{
	if (cap->cap == KVM_CAP_ARM_MTE) {
		fake_kvm.mte_on = fake_kvm.mte && !fake_kvm.vcpu_count;
		return fake_kvm.mte_on ? 0 : no_such_call();
	}
	fake_kvm.enabled_cap = cap->cap;
	return check_extension(cap->cap) ? 0 : no_such_call();
}

/* The masks of identification registers (KVM_ARM_GET_REG_WRITABLE_MASKS). */
static int get_masks(const struct reg_mask_range *range)
{
	uint64_t *masks = (uint64_t *)(uintptr_t)range->addr;

	if (!fake_kvm.reg_masks || range->range)
		return no_such_call();
	memset(masks, 0, KVM_ARM_FEATURE_ID_RANGE_SIZE * sizeof(*masks));
	for (unsigned int i = 0; i < FAKE_ID_REGS; i++) {
		uint64_t id = fake_kvm.id_regs[i].id;

		if (id)
			masks[KVM_ARM_FEATURE_ID_RANGE_IDX(3, 0, 0, id >> 3 & 0xf, id & 7)] =
				fake_kvm.id_regs[i].writable;
	}
	return 0;
}

static int vm_call(unsigned long request, uintptr_t arg)
{
	void *ptr = (void *)arg;

	switch (request) {
	case KVM_CHECK_EXTENSION:
		return check_extension((long)arg);
	case KVM_SET_USER_MEMORY_REGION:
		if (((struct kvm_userspace_memory_region *)ptr)->slot != TL_MEM_SLOT_PL011)
			memcpy(&fake_kvm.region, ptr, sizeof(fake_kvm.region));
		return 0;
	case KVM_CREATE_DEVICE:
		return create_device(ptr);
	case KVM_ENABLE_CAP:
		return enable_cap(ptr);
	case KVM_IRQ_LINE:
		if (fake_kvm.line_count < FAKE_LINES)
			memcpy(&fake_kvm.lines[fake_kvm.line_count], ptr,
				sizeof(fake_kvm.lines[0]));
		fake_kvm.line_count++;
		return 0;
	case KVM_ARM_GET_REG_WRITABLE_MASKS:
		return get_masks(ptr);
	case KVM_CREATE_VCPU:
		return create_vcpu(arg);
	case KVM_ARM_PREFERRED_TARGET:
		memset(ptr, 0, sizeof(struct kvm_vcpu_init));
		((struct kvm_vcpu_init *)ptr)->target = KVM_ARM_TARGET_GENERIC_V8;
		return 0;
	case KVM_HAS_DEVICE_ATTR:
		return fake_kvm.smccc_filter ? 0 : -ENXIO;
	case KVM_SET_DEVICE_ATTR:
		return fake_kvm.smccc_filter ? set_attr(true, ptr) : -ENXIO;
	default:
		return no_such_call();
	}
}

/* Where a register is, by its id (arch/arm64/kvm/guest.c; sys_regs.c, reset_mpidr). */
static uint64_t *find_reg(struct fake_vcpu *vcpu, uint64_t id)
{
	const uint64_t core = KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE;
	const struct {
		uint64_t id;
		size_t offset;
	} regs[] = {
		{core | KVM_REG_ARM_CORE_REG(regs.pc), offsetof(struct fake_vcpu, pc)},
		{core | KVM_REG_ARM_CORE_REG(regs.pstate), offsetof(struct fake_vcpu, pstate)},
		{core | KVM_REG_ARM_CORE_REG(regs.sp), offsetof(struct fake_vcpu, sp_el0)},
		{core | KVM_REG_ARM_CORE_REG(sp_el1), offsetof(struct fake_vcpu, sp_el1)},
		{ARM64_SYS_REG(3, 0, 1, 0, 0), offsetof(struct fake_vcpu, sctlr)},
		{ARM64_SYS_REG(3, 0, 2, 0, 0), offsetof(struct fake_vcpu, ttbr0)},
		{ARM64_SYS_REG(3, 0, 2, 0, 1), offsetof(struct fake_vcpu, ttbr1)},
		{ARM64_SYS_REG(3, 0, 2, 0, 2), offsetof(struct fake_vcpu, tcr)},
		{ARM64_SYS_REG(3, 0, 10, 2, 0), offsetof(struct fake_vcpu, mair)},
	};

	for (unsigned int i = 0; i < 31; i++) {
		if (id == (core | (KVM_REG_ARM_CORE_REG(regs.regs[0]) + 2 * i)))
			return &vcpu->x[i];
	}
	if (id == ARM64_SYS_REG(3, 0, 0, 0, 5)) {
		uint64_t i = (uint64_t)(vcpu - fake_kvm.vcpus);

		vcpu->mpidr = UINT64_C(1) << 31 | i >> 4 << 8 | (i & 0xf);
		return &vcpu->mpidr;
	}
	for (size_t i = 0; i < ARRAY_LEN(regs); i++) {
		if (id == regs[i].id)
			return (uint64_t *)((char *)vcpu + regs[i].offset);
	}
	return NULL;
}

/* Reads and writes as arm64_check_features() lets them; registers that nobody set are zero. */
static int id_reg(const struct kvm_one_reg *reg, bool set)
{
	uint64_t *user = (uint64_t *)(uintptr_t)reg->addr;
	struct fake_id_reg none = {.id = reg->id}, *found = &none;

	for (unsigned int i = 0; i < FAKE_ID_REGS; i++) {
		if (fake_kvm.id_regs[i].id == reg->id)
			found = &fake_kvm.id_regs[i];
	}
	if (!set)
		*user = found->value;
	else if ((*user ^ found->value) & ~found->writable)
		return -EINVAL;
	else if (!fake_kvm.id_forgets)
		found->value = *user;
	return 0;
}

/* V0 to V31, which a vCPU with SVE has in its Z registers only, of 256 bytes. */
static uint8_t *find_vector(struct fake_vcpu *vcpu, uint64_t id, size_t *size)
{
	const uint64_t v0 = KVM_REG_ARM64 | KVM_REG_SIZE_U128 | KVM_REG_ARM_CORE |
			    KVM_REG_ARM_CORE_REG(fp_regs.vregs);
	bool sve = vcpu->features & 1u << KVM_ARM_VCPU_SVE;

	for (unsigned int i = 0; i < 32; i++) {
		*size = sve ? 256 : 16;
		if (id == (sve ? KVM_REG_ARM64_SVE_ZREG(i, 0) : v0 + 4 * i))
			return vcpu->v[i];
	}
	return NULL;
}

static int one_vector(uint8_t *vector, const struct kvm_one_reg *reg, size_t size, bool set)
{
	uint8_t *user = (uint8_t *)(uintptr_t)reg->addr;

	if (set)
		memcpy(vector, user, 16);
	else
		memcpy(memset(user, 0xee, size), vector, 16);
	return 0;
}

static int one_reg(struct fake_vcpu *vcpu, const struct kvm_one_reg *reg, bool set)
{
	uint64_t *value = find_reg(vcpu, reg->id);
	size_t size;
	uint8_t *vector = find_vector(vcpu, reg->id, &size);

	if (vector)
		return one_vector(vector, reg, size, set);

	if (!value && reg->id >= ARM64_SYS_REG(3, 0, 0, 1, 0) &&
		reg->id <= ARM64_SYS_REG(3, 0, 0, 7, 7))
		return id_reg(reg, set);
	if (!value)
		return -ENOENT;
	if (set)
		memcpy(value, (void *)(uintptr_t)reg->addr, sizeof(*value));
	else
		memcpy((void *)(uintptr_t)reg->addr, value, sizeof(*value));
	return 0;
}

/* The guest takes the answer to its last exit (arch/arm64/kvm/mmio.c, kvm_handle_mmio_return). */
static void complete(struct fake_vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	uint64_t value = 0;

	if (!vcpu->pending)
		return;
	vcpu->pending = false;
	if (run->exit_reason != KVM_EXIT_MMIO || run->mmio.is_write)
		return;
	memcpy(&value, run->mmio.data, run->mmio.len <= 8 ? run->mmio.len : 8);
	if (vcpu->read_count < FAKE_READS)
		vcpu->reads[vcpu->read_count++] = value;
}

/* A guest that waits for interrupts: only a signal ends it, as it ends KVM_RUN. */
static int wait_for_kick(struct fake_vcpu *vcpu)
{
	struct timespec limit = {.tv_sec = STUCK_S};
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	__atomic_store_n(&vcpu->idle, true, __ATOMIC_RELEASE);
	/* The kernel looks at immediate_exit only once, before it enters the guest. */
	if (!__atomic_load_n(&vcpu->run->immediate_exit, __ATOMIC_ACQUIRE) &&
		ppoll(NULL, 0, &limit, &old) == 0)
		__atomic_store_n(&vcpu->stuck, true, __ATOMIC_RELEASE);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -EINTR;
}

static int run_vcpu(struct fake_vcpu *vcpu)
{
	const struct fake_exit *step;

	complete(vcpu);
	if (__atomic_load_n(&vcpu->run->immediate_exit, __ATOMIC_ACQUIRE))
		return -EINTR;
	if (vcpu->next == vcpu->script_len)
		return wait_for_kick(vcpu);
	step = &vcpu->script[vcpu->next];
	__atomic_fetch_add(&vcpu->next, 1, __ATOMIC_RELEASE);
	vcpu->run->exit_reason = step->reason;
	memcpy((char *)vcpu->run + offsetof(struct kvm_run, mmio), &step->mmio,
		sizeof(*step) - offsetof(struct fake_exit, mmio));
	vcpu->pending = step->ret == 0;
	return step->ret;
}

static int finalize(struct fake_vcpu *vcpu, int feature)
{
	bool sve = vcpu->features & 1u << KVM_ARM_VCPU_SVE;

	if (feature != KVM_ARM_VCPU_SVE || !sve || vcpu->finalized)
		return no_such_call();
	vcpu->finalized++;
	return 0;
}

/* devices/vcpu.rst, 1: the interrupt first, and all after the interrupt controller. */
static int set_pmu(struct fake_vcpu *vcpu, const struct kvm_device_attr *request)
{
	uint64_t value;

	if (request->group != KVM_ARM_VCPU_PMU_V3_CTRL ||
		!(vcpu->features & 1u << KVM_ARM_VCPU_PMU_V3) ||
		!fake_kvm_attr(
			false, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, &value))
		return no_such_call();
	if (request->attr == KVM_ARM_VCPU_PMU_V3_IRQ)
		memcpy(&vcpu->pmu_intid, (void *)(uintptr_t)request->addr, sizeof(uint32_t));
	else if (request->attr == KVM_ARM_VCPU_PMU_V3_INIT && vcpu->pmu_intid)
		vcpu->pmu_inits++;
	else
		return no_such_call();
	return 0;
}

static int vcpu_call(struct fake_vcpu *vcpu, unsigned long request, uintptr_t arg)
{
	switch (request) {
	case KVM_RUN:
		return run_vcpu(vcpu);
	case KVM_GET_ONE_REG:
	case KVM_SET_ONE_REG:
		return one_reg(vcpu, (void *)arg, request == KVM_SET_ONE_REG);
	case KVM_GET_VCPU_EVENTS:
		return 0;
	case KVM_SET_VCPU_EVENTS:
		vcpu->aborts += ((struct kvm_vcpu_events *)arg)->exception.ext_dabt_pending;
		return 0;
	case KVM_ARM_VCPU_FINALIZE:
		return finalize(vcpu, *(int *)arg);
	case KVM_SET_DEVICE_ATTR:
		return set_pmu(vcpu, (void *)arg);
	case KVM_ARM_VCPU_INIT:
		vcpu->inits++;
		vcpu->init_pending = vcpu->init_pending || vcpu->pending;
		vcpu->features = ((struct kvm_vcpu_init *)arg)->features[0];
		memset(vcpu->x, 0, sizeof(vcpu->x));
		vcpu->sctlr = FAKE_SCTLR_RESET;
		/* arch/arm64/kvm/reset.c, VCPU_RESET_PSTATE_SVC and _EL1 */
		vcpu->pstate = vcpu->features & 1u << KVM_ARM_VCPU_EL1_32BIT ? 0x1d3 : 0x3c5;
		vcpu->mp_state = vcpu->features & 1u << KVM_ARM_VCPU_POWER_OFF
					 ? KVM_MP_STATE_STOPPED
					 : KVM_MP_STATE_RUNNABLE;
		return 0;
	case KVM_GET_MP_STATE:
		((struct kvm_mp_state *)arg)->mp_state = vcpu->mp_state;
		return 0;
	case KVM_SET_MP_STATE:
		vcpu->mp_state = ((struct kvm_mp_state *)arg)->mp_state;
		return 0;
	default:
		return no_such_call();
	}
}

/* What the test wants to fail. Returns 0 for the rest. */
static int fails(unsigned long request)
{
	int error = fake_kvm.fail_error;

	if (!error || request != fake_kvm.fail_request || fake_kvm.fail_skip-- > 0)
		return 0;
	fake_kvm.fail_skip = 0;
	if (fake_kvm.fail_times && --fake_kvm.fail_times == 0)
		fake_kvm.fail_error = 0;
	return -error;
}

int tl_kvm_ioctl(int fd, unsigned long request, uintptr_t arg)
{
	int failed = fails(request);

	if (failed)
		return failed;
	if (fd < 0)
		return -EBADF;
	for (unsigned int i = 0; i < fake_kvm.vcpu_count; i++) {
		if (fd == fake_kvm.vcpus[i].fd)
			return vcpu_call(&fake_kvm.vcpus[i], request, arg);
	}
	if (fd == fake_kvm.gic_fd || fd == fake_kvm.its_fd)
		return request == KVM_SET_DEVICE_ATTR ? set_attr(false, (void *)arg)
						      : no_such_call();
	if (fd == fake_kvm.vm_fd)
		return vm_call(request, arg);
	return fd == fake_kvm.kvm_fd ? kvm_call(request, arg) : no_such_call();
}
