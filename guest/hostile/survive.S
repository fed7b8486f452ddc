/* SPDX-License-Identifier: MIT */
/*
 * Exception vectors for cases that fault on purpose: whatever it was, the program goes on behind
 * it. A fault in RAM's code continues with the next instruction; code that runs elsewhere was
 * called, and returns to its caller. Interrupts are acknowledged, counted and ended (GICv3).
 */
	.text
	.balign	2048
	.global	survive
survive:
	.set	n, 0
	.rept	16
	.balign	128
	/* Nobody else uses these two. */
	msr	tpidr_el1, x0
	msr	tpidrro_el0, x1
	.if	n & 3 == 0
	b	fault
	.elseif	n & 3 == 1
	b	interrupt
	.else
	b	back
	.endif
	.set	n, n + 1
	.endr

fault:
	mrs	x0, elr_el1
	/* RAM is the second GiB: mmu.c. */
	lsr	x1, x0, #30
	cmp	x1, #1
	b.ne	1f
	/* Behind the end of RAM there is no next instruction either. */
	mrs	x1, far_el1
	cmp	x0, x1
	b.eq	1f
	add	x0, x0, #4
	msr	elr_el1, x0
	b	back
1:	msr	elr_el1, x30
	b	back

interrupt:
	mrs	x0, s3_0_c12_c12_0		/* ICC_IAR1_EL1 */
	msr	s3_0_c12_c12_1, x0		/* ICC_EOIR1_EL1 */
	adrp	x0, interrupts
	add	x0, x0, :lo12:interrupts
	ldr	x1, [x0]
	add	x1, x1, #1
	str	x1, [x0]

back:
	mrs	x0, tpidr_el1
	mrs	x1, tpidrro_el0
	eret
