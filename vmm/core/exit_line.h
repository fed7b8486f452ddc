/* SPDX-License-Identifier: MIT */
/*
 * An exit to user space as a line of text, for `--trace-exits`: what the kernel said is noted
 * before the exit is handled, and the line is written afterwards, with the answer in it. All on
 * the vCPU's thread.
 */
#ifndef TL_VMM_CORE_EXIT_LINE_H
#define TL_VMM_CORE_EXIT_LINE_H

#include <stddef.h>
#include <stdint.h>

struct tl_vcpu;

/* No line is longer, with its end. */
#define TL_EXIT_LINE 400

/* SMCCC (Arm DEN0028, 2.5): arguments are in x1 to x6. */
#define TL_EXIT_ARGUMENTS 6

struct tl_exit_note {
	int failed;      /* KVM_RUN did, with this errno; 0: it is an exit */
	uint32_t reason; /* KVM_EXIT_... */
	uint64_t number; /* of this vCPU's exits to user space, from 1 */
	uint64_t pc;     /* of the instruction that exited */
	/* An access: where. A hypercall: its number. A system event: its type. Or what else goes
	 * with the reason. */
	uint64_t what;
	uint64_t detail;
	uint64_t arguments[TL_EXIT_ARGUMENTS];
	unsigned int argument_count;
};

/* Notes the exit that vcpu->run describes. Directly after KVM_RUN. */
void tl_exit_line_take(struct tl_exit_note *note, const struct tl_vcpu *vcpu);

/* Notes that KVM_RUN failed with `err` (positive). */
void tl_exit_line_failed(struct tl_exit_note *note, const struct tl_vcpu *vcpu, int err);

/* Writes the line, without a newline. After the exit was handled, by the same thread. */
void tl_exit_line_write(
	const struct tl_exit_note *note, const struct tl_vcpu *vcpu, char *line, size_t size);

#endif
