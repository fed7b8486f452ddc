/* SPDX-License-Identifier: MIT */
/*
 * Vectors of a guest that goes on: an undefined instruction is skipped, since that is
 * what KVM makes of registers that it does not have; SVC comes back from User mode.
 * Everything else is reported as in other guests.
 */

#define SVC_MASKED 0x1d3

	.syntax	unified
	.arm
	.section .text
	.balign	32
	.global	tl_vectors
tl_vectors:
	nop
	b	back
	b	back
	b	1f
	b	2f
	nop
	b	3f
	b	3f
1:	mov	r0, #3
	b	4f
2:	mov	r0, #4
	b	4f
3:	mov	r0, #6
4:	mov	r1, lr
	b	tl_exception_report

	/*
	 * Of A32 code lr is what comes behind the instruction, also an undefined one (DDI 0487, G1.12).
	 * The mode is always Supervisor mode: User mode ends here, and what SPSR has after an exception
	 * that KVM injects is wrong on an emulated board, since QEMU's exception return from EL2 forgets
	 * it. sp is that of the exception's mode, which in Supervisor mode is the caller's.
	 */
back:
	str	r1, saved
	mov	r1, #SVC_MASKED
	msr	spsr_cxsf, r1
	ldr	r1, saved
	movs	pc, lr
saved:	.word	0

/* r0 = function, r2:r3 = its argument: calls it in User mode, on a stack below the caller's. */
	.global	classes_in_user_mode
classes_in_user_mode:
	push	{r4, lr}
	mov	r4, r0
	mov	r0, r2
	mov	r1, r3
	sub	r2, sp, #1024
	cps	#0x1f
	mov	sp, r2
	cps	#0x10
	blx	r4
	svc	#0
	pop	{r4, pc}
