/* SPDX-License-Identifier: MIT */
/*
 * Suspend to RAM. A vCPU that sleeps is still in KVM_RUN (KVM_MP_STATE_SUSPENDED), so it can
 * be paused and resumed like any other (Documentation/virt/kvm/api.rst, KVM_EXIT_SYSTEM_EVENT
 * and 4.39 KVM_SET_MP_STATE).
 *
 * With a GICv2 the interrupt that wakes Linux would be lost. As it wakes up, Linux turns the
 * distributor off and on (gic_dist_restore()). While it is off KVM takes what is pending off its
 * list at every exit (vgic_prune_ap_list()), and when it goes on only that list is looked at
 * (vgic_mmio_write_v2_misc()); a line that stays up is not noticed any more. Nothing tells us when
 * the guest does that. So for some time behind a wake-up such lines are lowered and raised.
 */
#include "vmm/arch/arm64/suspend.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/arch/arm64/vcpu_regs.h"
#include "vmm/core/kvm.h"
#include "vmm/core/vm.h"

/* DEN0022, section 5.2.2 */
#define PSCI_DENIED          (-3)
#define PSCI_INVALID_ADDRESS (-9)

static void set_timer(struct tl_suspend *suspend, long ms)
{
	const struct itimerspec when = {
		.it_value.tv_nsec = ms * 1000000, .it_interval.tv_nsec = ms * 1000000};

	/* These values are in range, and the descriptor is a timer's: it cannot fail. */
	if (suspend->timer_fd >= 0)
		(void)timerfd_settime(suspend->timer_fd, 0, &when, NULL);
}

static void on_tick(void *opaque, uint32_t events)
{
	struct tl_vm *vm = opaque;
	uint64_t expired;

	(void)events;
	/* Not there if the timer was set anew since. */
	if (read(vm->suspend.timer_fd, &expired, sizeof(expired)) != sizeof(expired))
		return;
	tl_gic_raise_again(&vm->irqchip);
	if (atomic_fetch_sub(&vm->suspend.left, 1) > 1)
		return;
	set_timer(&vm->suspend, 0);
	/* A vCPU that woke up just now may have set the timer before that, but `left` first. */
	if (atomic_load(&vm->suspend.left))
		set_timer(&vm->suspend, TL_SUSPEND_TICK_MS);
}

static int add_timer(struct tl_vm *vm)
{
	int ret;

	vm->suspend.timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	ret = vm->suspend.timer_fd < 0
		      ? -errno
		      : tl_loop_add(vm->loop, vm->suspend.timer_fd, EPOLLIN, on_tick, vm);
	if (ret)
		tl_log_error("cannot make a timer: %s", strerror(-ret));
	return ret;
}

int tl_suspend_setup(struct tl_vm *vm)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_ARM_SYSTEM_SUSPEND};

	if (!tl_kvm_check(vm->vm_fd, KVM_CAP_ARM_SYSTEM_SUSPEND) ||
		tl_kvm_ioctl_ptr(vm->vm_fd, KVM_ENABLE_CAP, &cap)) {
		tl_log_info(
			"this kernel (Linux 5.19 and later can) does not let guests suspend to RAM");
		return 0;
	}
	return vm->irqchip.kind == TL_GIC_V2 ? add_timer(vm) : 0;
}

void tl_suspend_fini(struct tl_vm *vm)
{
	if (vm->suspend.timer_fd < 0)
		return;
	tl_loop_remove(vm->loop, vm->suspend.timer_fd);
	close(vm->suspend.timer_fd);
	vm->suspend.timer_fd = -1;
}

/* Whether every other vCPU is off, as the caller has to see to (5.20.2). */
static int others_are_off(struct tl_vm *vm, const struct tl_vcpu *caller, bool *off)
{
	*off = true;
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		struct kvm_mp_state state = {0};
		int ret;

		if (&vm->vcpus[i] == caller)
			continue;
		ret = tl_kvm_ioctl_ptr(vm->vcpus[i].fd, KVM_GET_MP_STATE, &state);
		if (ret)
			return ret;
		*off = *off && state.mp_state == KVM_MP_STATE_STOPPED;
	}
	return 0;
}

/* Whether code can be there; where it is 32-bit, bit 0 says Thumb (DEN0022, 5.1.4). */
static bool is_entry(const struct tl_vm *vm, uint64_t entry)
{
	uint64_t size = vm->cpu.aarch32 && entry % 2 ? 2 : 4;

	entry -= size == 2;
	return entry % size == 0 &&
	       (tl_mem_contains(&vm->mem, entry, size) || tl_mem_contains(&vm->flash, entry, size));
}

/* x1 is where to go on, x2 what x0 is then (5.20.1). */
static int enter(struct tl_vm *vm, struct tl_vcpu *vcpu)
{
	struct kvm_mp_state state = {.mp_state = KVM_MP_STATE_SUSPENDED};
	bool off = false;
	int ret = tl_vcpu_regs_get_x(vcpu, 1, &vcpu->resume_entry);

	if (!ret)
		ret = tl_vcpu_regs_get_x(vcpu, 2, &vcpu->resume_context);
	if (!ret)
		ret = others_are_off(vm, vcpu, &off);
	if (ret)
		return ret;
	if (!off)
		return tl_vcpu_regs_set_x(vcpu, 0, (uint64_t)PSCI_DENIED);
	if (!is_entry(vm, vcpu->resume_entry))
		return tl_vcpu_regs_set_x(vcpu, 0, (uint64_t)PSCI_INVALID_ADDRESS);
	ret = tl_kvm_ioctl_ptr(vcpu->fd, KVM_SET_MP_STATE, &state);
	if (!ret)
		atomic_store_explicit(&vcpu->suspended, true, memory_order_relaxed);
	return ret;
}

int tl_suspend_enter(struct tl_vm *vm)
{
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		struct tl_vcpu *vcpu = &vm->vcpus[i];
		int ret;

		if (!vcpu->suspend_asked)
			continue;
		vcpu->suspend_asked = false;
		ret = enter(vm, vcpu);
		if (ret)
			return ret;
	}
	return 0;
}

int tl_suspend_wake(struct tl_vcpu *vcpu)
{
	/* As after CPU_ON (DEN0022, section 6.4): everything is lost but RAM and the GIC. */
	int ret = tl_vcpu_regs_restart(vcpu, vcpu->resume_entry, vcpu->resume_context);

	atomic_store_explicit(&vcpu->suspended, false, memory_order_relaxed);
	/* Pairs with the load in on_tick(). */
	atomic_store(&vcpu->vm->suspend.left, TL_SUSPEND_TICKS);
	set_timer(&vcpu->vm->suspend, TL_SUSPEND_TICK_MS);
	return ret;
}

void tl_suspend_forget(struct tl_vm *vm)
{
	set_timer(&vm->suspend, 0);
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		vm->vcpus[i].suspend_asked = false;
		atomic_store_explicit(&vm->vcpus[i].suspended, false, memory_order_relaxed);
	}
}

bool tl_suspend_asleep(const struct tl_vm *vm)
{
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		if (atomic_load_explicit(&vm->vcpus[i].suspended, memory_order_relaxed))
			return true;
	}
	return false;
}
