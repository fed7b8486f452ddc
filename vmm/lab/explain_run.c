/* SPDX-License-Identifier: MIT */
/*
 * How the guest starts, and how control passes to it and back: registers and exits.
 */
#include <linux/kvm.h>
#include <string.h>

#include "vmm/guest.h"
#include "vmm/lab/explain.h"

static void say_fields(struct tl_explain *explain, const struct tl_lab_reg *reg)
{
	for (unsigned int i = 0; i < reg->field_count; i++) {
		const struct tl_lab_field *field = &reg->fields[i];
		char bits[16];

		snprintf(bits, sizeof(bits), field->high > field->low ? "[%u:%u]" : "[%u]",
			field->high, field->low);
		tl_explain_say(explain, "    %-6s %-7s %-8" PRIx64 " %s", field->name, bits,
			tl_lab_field_of(field, reg->value), field->says);
	}
}

void tl_explain_start(struct tl_explain *explain)
{
	const struct tl_guest *guest = explain->guest;
	const struct tl_lab_regs *regs = &guest->lab.regs;

	tl_explain_ask(explain, "Where does the guest start, and who decided that?");
	tl_explain_say(explain,
		"At 0x%" PRIx64
		", and the VMM did, by KVM_SET_ONE_REG before the vCPU ran for the first time. KVM_ARM_VCPU_INIT",
		guest->layout.entry);
	tl_explain_say(explain,
		"left it %s, with interrupts masked (PSTATE 0x%" PRIx64
		") and the MMU off. These registers of",
		guest->layout.aarch32 ? "in Supervisor mode" : "at EL1", guest->lab.pstate);
	tl_explain_say(explain, "vCPU 0 were set then; their fields are in hexadecimal:");
	fputc('\n', explain->out);
	for (unsigned int i = 0; i < regs->count; i++) {
		const struct tl_lab_reg *reg = &regs->reg[i];

		tl_explain_say(
			explain, "  %-9s 0x%016" PRIx64 "  %s", reg->name, reg->value, reg->says);
		say_fields(explain, reg);
	}
}

static uint64_t exits_of(const struct tl_vcpu *vcpu)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < TL_EXIT_REASONS; i++)
		sum += vcpu->exits[i];
	return sum;
}

static void say_control(struct tl_explain *explain)
{
	const struct tl_vm *vm = &explain->guest->vm;

	tl_explain_ask(explain, "Where does control pass to the guest, and where back?");
	tl_explain_say(explain,
		"To the guest in ioctl(vCPU, KVM_RUN), which its thread calls in a loop (vmm/core/run.c). Back when the guest");
	tl_explain_say(explain,
		"does what neither the CPU nor the kernel can do alone: KVM_RUN returns, and exit_reason says what.");
	fputc('\n', explain->out);
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		const struct tl_vcpu *vcpu = &vm->vcpus[i];

		tl_explain_say(explain,
			"  vCPU %u: exit_reason is at " TL_EXPLAIN_HOST "; it came back %" PRIu64
			" times:",
			i, (uint64_t)(uintptr_t)&vcpu->run->exit_reason, exits_of(vcpu));
		for (uint32_t reason = 0; reason < TL_EXIT_REASONS; reason++) {
			const char *name = tl_exit_reason_name(reason);

			if (vcpu->exits[reason])
				tl_explain_say(explain, "    %" PRIu64 " with %s (%u)",
					vcpu->exits[reason], name ? name : "another reason",
					reason);
		}
	}
}

static void say_access(
	struct tl_explain *explain, uint64_t number, const struct tl_lab_access *access)
{
	char data[3 * sizeof(access->data) + 1] = "", what[32] = "a read";
	uint64_t value = 0;

	for (unsigned int i = 0; i < access->size && i < sizeof(access->data); i++) {
		snprintf(data + 3 * i, sizeof(data) - 3 * i, "%02x ", access->data[i]);
		value |= (uint64_t)access->data[i] << 8 * i;
	}
	if (access->is_write && access->gpa == TL_LAB_PORT_BASE + TL_LAB_PORT_HALT)
		snprintf(what, sizeof(what), "halt, with %" PRIu64, value);
	else if (access->is_write && access->gpa != TL_LAB_PORT_BASE)
		snprintf(what, sizeof(what), "no register");
	else if (access->is_write)
		snprintf(what, sizeof(what), value == '\n' ? "'\\n'" : "'%c'",
			value >= ' ' && value < 0x7f ? (int)value : '?');
	tl_explain_say(explain,
		"  %4" PRIu64 "  %4u  " TL_EXPLAIN_GPA "  " TL_EXPLAIN_GPA "  %3u  %-24s%s", number,
		access->vcpu, access->pc, access->gpa, access->size, data, what);
}

void tl_explain_exits(struct tl_explain *explain)
{
	const struct tl_guest *guest = explain->guest;
	uint64_t count, characters = 0, halts = 0, shown;
	const struct tl_lab_access *log = tl_lab_port_log(guest->lab.port, &count);

	say_control(explain);
	tl_explain_ask(explain,
		"How is each character carried out, through which buffer, and what does the string cost?");
	shown = count < TL_LAB_PORT_LOG ? count : TL_LAB_PORT_LOG;
	for (uint64_t i = 0; i < shown; i++) {
		characters += log[i].is_write && log[i].gpa == TL_LAB_PORT_BASE;
		halts += log[i].is_write && log[i].gpa == TL_LAB_PORT_BASE + TL_LAB_PORT_HALT;
	}
	tl_explain_say(explain,
		"By a store to the debug port. There is no memory at 0x%" PRIx64
		", so the CPU leaves the guest, KVM decodes",
		TL_LAB_PORT_BASE);
	tl_explain_say(explain,
		"the store, and KVM_RUN returns with KVM_EXIT_MMIO: the address in kvm_run.mmio.phys_addr, the bytes in");
	tl_explain_say(explain,
		"kvm_run.mmio.data. The VMM takes the first one from there and prints it.");
	fputc('\n', explain->out);
	for (unsigned int i = 0; i < guest->vm.vcpu_count; i++)
		tl_explain_say(explain, "  vCPU %u's mmio.data is %zu bytes at " TL_EXPLAIN_HOST, i,
			sizeof(guest->vm.vcpus[i].run->mmio.data),
			(uint64_t)(uintptr_t)guest->vm.vcpus[i].run->mmio.data);
	fputc('\n', explain->out);
	tl_explain_say(
		explain, "  exit  vCPU  PC        phys_addr len  data                    which is");
	for (uint64_t i = 0; i < shown; i++)
		say_access(explain, i + 1, &log[i]);
	if (count > shown)
		tl_explain_say(explain, "  and %" PRIu64 " more", count - shown);
	fputc('\n', explain->out);
	tl_explain_say(explain,
		"Exits for characters: %" PRIu64 ", one each; to halt: %" PRIu64
		"; for the port in all: %" PRIu64 ".",
		characters, halts, count);
}
