/* SPDX-License-Identifier: MIT */
/*
 * What an exit to user space means: a table indexed by exit reason. Handlers
 * do not count, the run loop does, which also has accesses to devices, the most frequent
 * reason (run.c). A new reason costs one function and one line of the table.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "vmm/arch/arm64/nisv.h"
#include "vmm/arch/arm64/smccc.h"
#include "vmm/arch/arm64/suspend.h"
#include "vmm/arch/arm64/vcpu_regs.h"
#include "vmm/core/kvm.h"
#include "vmm/core/vm.h"

typedef void exit_fn(struct tl_vcpu *vcpu, struct kvm_run *run);

__attribute__((format(printf, 3, 4))) static void stop_vm(
	struct tl_vcpu *vcpu, enum tl_stop_kind kind, const char *fmt, ...)
{
	struct tl_stop stop = {.kind = kind, .vcpu = vcpu->id};
	va_list ap;

	stop.pc = tl_vcpu_regs_pc(vcpu);
	va_start(ap, fmt);
	vsnprintf(stop.why, sizeof(stop.why), fmt, ap);
	va_end(ap);
	tl_vm_request_stop(vcpu->vm, &stop);
}

void tl_exit_unhandled_mmio(struct tl_vcpu *vcpu, uint64_t gpa, struct tl_mmio *access)
{
	access->value = 0;
	if (!tl_bus_note_unhandled(&vcpu->vm->bus, gpa))
		return;
	tl_log_warn("vCPU %u at PC %#" PRIx64 ": %s of %u bytes at %#" PRIx64
		    ", where no device answers; %s",
		vcpu->id, tl_vcpu_regs_pc(vcpu), access->is_write ? "write" : "read", access->size,
		gpa, access->is_write ? "ignored" : "reads as zero");
}

static void exit_system_event(struct tl_vcpu *vcpu, struct kvm_run *run)
{
	int ret;

	switch (run->system_event.type) {
	case KVM_SYSTEM_EVENT_SHUTDOWN:
		stop_vm(vcpu, TL_STOP_POWEROFF, "%s", "");
		break;
	case KVM_SYSTEM_EVENT_RESET:
		stop_vm(vcpu, TL_STOP_RESET, "%s", "");
		break;
	case KVM_SYSTEM_EVENT_SUSPEND:
		/* Whether the others are off can be asked only while they are parked. */
		vcpu->suspend_asked = true;
		stop_vm(vcpu, TL_STOP_SUSPEND, "%s", "");
		break;
	case KVM_SYSTEM_EVENT_WAKEUP:
		ret = tl_suspend_wake(vcpu);
		if (ret)
			stop_vm(vcpu, TL_STOP_ERROR, "cannot wake up from suspend to RAM: %s",
				strerror(-ret));
		break;
	case KVM_SYSTEM_EVENT_CRASH:
		stop_vm(vcpu, TL_STOP_CRASH, "the guest reported a crash");
		break;
	default:
		stop_vm(vcpu, TL_STOP_ERROR, "KVM_EXIT_SYSTEM_EVENT of unknown type %u",
			run->system_event.type);
		break;
	}
}

static void exit_hypercall(struct tl_vcpu *vcpu, struct kvm_run *run)
{
	uint64_t function = run->hypercall.nr;
	int ret = tl_smccc_handle(vcpu, function);

	/* What it asks for is named as SMCCC has it (DEN0028, 2.5). */
	if (ret == -ENOSYS)
		stop_vm(vcpu, TL_STOP_ERROR,
			"unknown hypercall %#" PRIx64 " (%s, %s call to owner %u, function %#x)",
			function, run->hypercall.flags & KVM_HYPERCALL_EXIT_SMC ? "SMC" : "HVC",
			function >> 31 & 1 ? "fast" : "yielding",
			(unsigned int)(function >> 24 & 0x3f), (unsigned int)(function & 0xffff));
	else if (ret)
		stop_vm(vcpu, TL_STOP_ERROR, "cannot answer hypercall %#" PRIx64 ": %s",
			(uint64_t)run->hypercall.nr, strerror(-ret));
}

static void exit_fail_entry(struct tl_vcpu *vcpu, struct kvm_run *run)
{
	stop_vm(vcpu, TL_STOP_ERROR,
		"KVM_EXIT_FAIL_ENTRY, hardware reason %#" PRIx64
		" on host CPU %u: the CPU refused to enter "
		"the guest",
		(uint64_t)run->fail_entry.hardware_entry_failure_reason, run->fail_entry.cpu);
}

static void exit_internal_error(struct tl_vcpu *vcpu, struct kvm_run *run)
{
	stop_vm(vcpu, TL_STOP_ERROR, "KVM_EXIT_INTERNAL_ERROR, suberror %u",
		run->internal.suberror);
}

static void exit_memory_fault(struct tl_vcpu *vcpu, struct kvm_run *run)
{
	stop_vm(vcpu, TL_STOP_ERROR, "KVM_EXIT_MEMORY_FAULT at %#" PRIx64 ", %#" PRIx64 " bytes",
		(uint64_t)run->memory_fault.gpa, (uint64_t)run->memory_fault.size);
}

/* An access that KVM cannot describe. */
static void exit_nisv(struct tl_vcpu *vcpu, struct kvm_run *run)
{
	int ret = tl_nisv_emulate(vcpu, run->arm_nisv.fault_ipa);

	if (ret)
		stop_vm(vcpu, TL_STOP_ERROR,
			"cannot emulate the instruction that accesses %#" PRIx64
			": KVM refuses its registers: %s",
			(uint64_t)run->arm_nisv.fault_ipa, strerror(-ret));
}

/* KVM asks to be called again: nothing to do. */
static void exit_again(struct tl_vcpu *vcpu, struct kvm_run *run)
{
	(void)vcpu;
	(void)run;
}

static exit_fn *const exit_table[TL_EXIT_REASONS] = {
	[KVM_EXIT_SYSTEM_EVENT] = exit_system_event,
	[KVM_EXIT_HYPERCALL] = exit_hypercall,
	[KVM_EXIT_FAIL_ENTRY] = exit_fail_entry,
	[KVM_EXIT_INTERNAL_ERROR] = exit_internal_error,
	[KVM_EXIT_MEMORY_FAULT] = exit_memory_fault,
	[KVM_EXIT_INTR] = exit_again,
	[KVM_EXIT_ARM_NISV] = exit_nisv,
};

static const char *const reason_names[TL_EXIT_REASONS] = {
	[KVM_EXIT_UNKNOWN] = "KVM_EXIT_UNKNOWN",
	[KVM_EXIT_EXCEPTION] = "KVM_EXIT_EXCEPTION",
	[KVM_EXIT_IO] = "KVM_EXIT_IO",
	[KVM_EXIT_HYPERCALL] = "KVM_EXIT_HYPERCALL",
	[KVM_EXIT_DEBUG] = "KVM_EXIT_DEBUG",
	[KVM_EXIT_HLT] = "KVM_EXIT_HLT",
	[KVM_EXIT_MMIO] = "KVM_EXIT_MMIO",
	[KVM_EXIT_SHUTDOWN] = "KVM_EXIT_SHUTDOWN",
	[KVM_EXIT_FAIL_ENTRY] = "KVM_EXIT_FAIL_ENTRY",
	[KVM_EXIT_INTR] = "KVM_EXIT_INTR",
	[KVM_EXIT_INTERNAL_ERROR] = "KVM_EXIT_INTERNAL_ERROR",
	[KVM_EXIT_SYSTEM_EVENT] = "KVM_EXIT_SYSTEM_EVENT",
	[KVM_EXIT_ARM_NISV] = "KVM_EXIT_ARM_NISV",
	[KVM_EXIT_DIRTY_RING_FULL] = "KVM_EXIT_DIRTY_RING_FULL",
	[KVM_EXIT_MEMORY_FAULT] = "KVM_EXIT_MEMORY_FAULT",
};

const char *tl_exit_reason_name(uint32_t reason)
{
	return reason < TL_EXIT_REASONS ? reason_names[reason] : NULL;
}

static void exit_unknown(struct tl_vcpu *vcpu, struct kvm_run *run)
{
	uint32_t reason = run->exit_reason;
	const char *name = tl_exit_reason_name(reason);

	stop_vm(vcpu, TL_STOP_ERROR, "unknown exit %s (reason %u)", name ? name : "without a name",
		reason);
}

void tl_exit_dispatch(struct tl_vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	if (run->exit_reason < TL_EXIT_REASONS && exit_table[run->exit_reason])
		exit_table[run->exit_reason](vcpu, run);
	else
		exit_unknown(vcpu, run);
}

/* What KVM_RUN's errors mean on arm64 (arch/arm64/kvm/mmio.c, mmu.c and arm.c). */
static const char *run_error_text(int err)
{
	switch (err) {
	case ENOSYS:
		return "the guest accessed a device, or ran code from one, with an instruction that KVM cannot "
		       "describe (load/store pair, write-back, SIMD): the guest must use plain loads and stores "
		       "there";
	case EFAULT:
		return "KVM could not reach the memory behind a guest address";
	case ENOMEM:
		return "the host is out of memory: use a smaller --mem or free some";
	case ENOEXEC:
		return "the vCPU was never initialised";
	default:
		return "see dmesg on the host";
	}
}

void tl_exit_run_failed(struct tl_vcpu *vcpu, int err)
{
	stop_vm(vcpu, TL_STOP_ERROR, "KVM_RUN failed: %s; %s", strerror(err), run_error_text(err));
}
