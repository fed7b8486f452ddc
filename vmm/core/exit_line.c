/* SPDX-License-Identifier: MIT */
/*
 * One function a reason, as in exit.c, which handles them. Names of registers and calls are the
 * profiler's.
 */
#include "vmm/core/exit_line.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "trace/decode/device_regs.h"
#include "trace/decode/smccc.h"
#include "vmm/arch/arm64/smccc.h"
#include "vmm/arch/arm64/vcpu_regs.h"
#include "vmm/core/kvm.h"
#include "vmm/core/vm.h"

/* HVC and SMC, also of AArch32. */
#define CALL_BYTES 4

/* A line as far as it is written. */
struct text {
	char *at;
	size_t left;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text->at, text->left, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= text->left)
		n = (int)text->left - 1;
	text->at += n;
	text->left -= (size_t)n;
}

/* Calls of PSCI end in one of these, with the PC behind the HVC or SMC. */
static int is_psci_event(uint64_t type)
{
	return type == KVM_SYSTEM_EVENT_SHUTDOWN || type == KVM_SYSTEM_EVENT_RESET ||
	       type == KVM_SYSTEM_EVENT_SUSPEND;
}

static void take_call(struct tl_exit_note *note, const struct tl_vcpu *vcpu)
{
	note->what = vcpu->run->hypercall.nr;
	note->detail = vcpu->run->hypercall.flags;
	note->pc -= CALL_BYTES;
	note->argument_count = tl_smccc_arguments(note->what);
	for (unsigned int i = 0; i < note->argument_count; i++)
		(void)tl_vcpu_regs_get_x(vcpu, i + 1, &note->arguments[i]);
}

void tl_exit_line_take(struct tl_exit_note *note, const struct tl_vcpu *vcpu)
{
	const struct kvm_run *run = vcpu->run;

	*note = (struct tl_exit_note){
		.reason = run->exit_reason, .number = 1, .pc = tl_vcpu_regs_pc(vcpu)};
	/* It is not counted yet. */
	for (unsigned int i = 0; i < TL_EXIT_REASONS; i++)
		note->number += vcpu->exits[i];
	switch (run->exit_reason) {
	case KVM_EXIT_MMIO:
		note->what = run->mmio.phys_addr;
		break;
	case KVM_EXIT_HYPERCALL:
		take_call(note, vcpu);
		break;
	case KVM_EXIT_SYSTEM_EVENT:
		note->what = run->system_event.type;
		note->pc -= is_psci_event(note->what) ? CALL_BYTES : 0;
		break;
	case KVM_EXIT_ARM_NISV:
		note->what = run->arm_nisv.fault_ipa;
		break;
	case KVM_EXIT_FAIL_ENTRY:
		note->what = run->fail_entry.hardware_entry_failure_reason;
		note->detail = run->fail_entry.cpu;
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		note->what = run->internal.suberror;
		break;
	case KVM_EXIT_MEMORY_FAULT:
		note->what = run->memory_fault.gpa;
		note->detail = run->memory_fault.size;
		break;
	default:
		break;
	}
}

void tl_exit_line_failed(struct tl_exit_note *note, const struct tl_vcpu *vcpu, int err)
{
	*note = (struct tl_exit_note){.failed = err, .pc = tl_vcpu_regs_pc(vcpu)};
}

/* Of devices of one kind, such as virtio's transports, each has a number. */
static void add_device(
	struct text *text, const struct tl_bus *bus, uint64_t gpa, char *name, size_t size)
{
	const struct tl_dev *dev = tl_bus_find(bus, gpa);
	unsigned int number = 0;
	char kind[40], buffer[48];

	if (!dev) {
		add(text, "no device");
		return;
	}
	for (size_t i = 0; bus->devices[i] != dev; i++)
		number += !strcmp(bus->devices[i]->ops->name, dev->ops->name);
	snprintf(kind, sizeof(kind), "%s@%u", dev->ops->name, number);
	snprintf(name, size, "%s",
		tl_device_reg_name(kind, gpa - dev->base, buffer, sizeof(buffer)));
	add(text, "%s %s", dev->ops->name, name);
}

static void add_mmio(struct text *text, const struct tl_exit_note *note, const struct tl_vcpu *vcpu)
{
	const struct tl_mmio *access = &vcpu->access;
	uint64_t value = access->value;
	char name[48] = "";

	add_device(text, &vcpu->vm->bus, note->what, name, sizeof(name));
	add(text, " (0x%08" PRIx64 "), %s of %u byte%s: 0x%" PRIx64, note->what,
		access->is_write ? "write" : "read", access->size, access->size == 1 ? "" : "s",
		value);
	/* Consoles take a byte, also by a store of more. */
	if (value > 0x20 && value < 0x7f && (access->size == 1 || !strcmp(name, "UARTDR")))
		add(text, " '%c'", (char)value);
}

static void add_call(struct text *text, const struct tl_exit_note *note, const struct tl_vcpu *vcpu)
{
	uint64_t result = 0;
	char buffer[48];

	add(text, "%s, %s (0x%" PRIx64 ")", note->detail & KVM_HYPERCALL_EXIT_SMC ? "SMC" : "HVC",
		tl_smccc_name((uint32_t)note->what, buffer, sizeof(buffer)), note->what);
	for (unsigned int i = 0; i < note->argument_count; i++)
		add(text, "%s x%u = 0x%" PRIx64, i ? "," : " with", i + 1, note->arguments[i]);
	if (!tl_vcpu_regs_get_x(vcpu, 0, &result))
		add(text, ": x0 = 0x%" PRIx64, result);
}

static void add_event(struct text *text, uint64_t type)
{
	static const char *const names[] = {
		[KVM_SYSTEM_EVENT_SHUTDOWN] = "SHUTDOWN, of PSCI SYSTEM_OFF",
		[KVM_SYSTEM_EVENT_RESET] = "RESET, of PSCI SYSTEM_RESET",
		[KVM_SYSTEM_EVENT_CRASH] = "CRASH",
		[KVM_SYSTEM_EVENT_WAKEUP] = "WAKEUP, of an interrupt",
		[KVM_SYSTEM_EVENT_SUSPEND] = "SUSPEND, of PSCI SYSTEM_SUSPEND",
	};

	if (type < sizeof(names) / sizeof(names[0]) && names[type])
		add(text, "%s", names[type]);
	else
		add(text, "type %" PRIu64, type);
}

static void add_what(struct text *text, const struct tl_exit_note *note, const struct tl_vcpu *vcpu)
{
	switch (note->reason) {
	case KVM_EXIT_MMIO:
		add_mmio(text, note, vcpu);
		break;
	case KVM_EXIT_HYPERCALL:
		add_call(text, note, vcpu);
		break;
	case KVM_EXIT_SYSTEM_EVENT:
		add_event(text, note->what);
		break;
	case KVM_EXIT_ARM_NISV:
		add(text, "at 0x%08" PRIx64 ", instruction 0x%" PRIx32 ", %s", note->what,
			vcpu->insn,
			vcpu->insn_name ? vcpu->insn_name : "which is no load or store");
		break;
	case KVM_EXIT_FAIL_ENTRY:
		add(text, "hardware reason 0x%" PRIx64 " on host CPU %" PRIu64, note->what,
			note->detail);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		add(text, "suberror %" PRIu64, note->what);
		break;
	case KVM_EXIT_MEMORY_FAULT:
		add(text, "at 0x%08" PRIx64 ", %" PRIu64 " bytes", note->what, note->detail);
		break;
	case KVM_EXIT_INTR:
		add(text, "a signal");
		break;
	default:
		add(text, "unknown here");
		break;
	}
}

void tl_exit_line_write(
	const struct tl_exit_note *note, const struct tl_vcpu *vcpu, char *line, size_t size)
{
	const char *name = tl_exit_reason_name(note->reason);
	struct text text = {.at = line, .left = size};

	if (note->failed) {
		add(&text, "vCPU %u PC 0x%" PRIx64 " KVM_RUN failed: %s", vcpu->id, note->pc,
			strerror(note->failed));
		return;
	}
	add(&text, "vCPU %u #%" PRIu64 " PC 0x%" PRIx64 " ", vcpu->id, note->number, note->pc);
	if (name)
		add(&text, "%s: ", name);
	else
		add(&text, "exit reason %u: ", note->reason);
	add_what(&text, note, vcpu);
}
