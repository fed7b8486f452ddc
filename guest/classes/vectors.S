/* SPDX-License-Identifier: MIT */
/*
 * Exceptions that this guest asks for: instruction fetches from memory without
 * code, and system calls from EL0. Everything else is reported as in other guests.
 */

#define EL0T_MASKED 0x3c0

	.balign	2048
	.global	classes_vectors
classes_vectors:
	.set	n, 0
	.rept	16
	.balign	128
	.if	n == 4
	/* Synchronous, EL1 on SP_EL1: back to whoever called. */
	msr	elr_el1, x30
	eret
	.elseif	n == 8
	/* Synchronous, from EL0: SP_EL1 is as classes_at_el0 left it. */
	b	back_from_el0
	.else
	mov	x0, #n
	b	tl_exception_report
	.endif
	.set	n, n + 1
	.endr

/* x0 = function, x1 = its argument. */
	.global	classes_at_el0
classes_at_el0:
	stp	x29, x30, [sp, #-96]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	sub	x2, sp, #1024
	msr	sp_el0, x2
	msr	elr_el1, x0
	mov	x2, #EL0T_MASKED
	msr	spsr_el1, x2
	adr	x30, 1f
	mov	x0, x1
	eret
1:	svc	#0

back_from_el0:
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	ret
