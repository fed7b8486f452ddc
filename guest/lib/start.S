/* SPDX-License-Identifier: MIT */
/*
 * Entry of every bare-metal guest, for the first CPU and for those that PSCI
 * CPU_ON starts. Entered as the Linux boot protocol has it: EL1, MMU and caches
 * off, x0 = address of the device tree. A guest that returns from main is
 * powered off; an exception that it did not ask for is printed, then off.
 */
#include "guest.h"

	.section .text.start, "ax"
	.global	_start
_start:
	mov	x19, x0
	/* A flat binary brings no .bss, and RAM keeps its contents over a reset. */
	adrp	x1, tl_bss_start
	add	x1, x1, :lo12:tl_bss_start
	adrp	x2, tl_bss_end
	add	x2, x2, :lo12:tl_bss_end
1:	cmp	x1, x2
	b.hs	2f
	stp	xzr, xzr, [x1], #16
	b	1b
2:	mov	x0, xzr
	bl	set_up
	mov	x0, x19
	bl	main
	bl	tl_psci_off

/* x0 = context of CPU_ON: the number of this CPU, from 1 on. Does not return. */
	.global	tl_start_secondary
tl_start_secondary:
	mov	x19, x0
	bl	set_up
	mov	x0, x19
	bl	tl_secondary_main
	bl	tl_psci_cpu_off

/* x0 = number of this CPU: gives it a stack and the exception vectors. */
set_up:
	adrp	x1, tl_stacks
	add	x1, x1, :lo12:tl_stacks
	add	x2, x0, #1
	lsl	x2, x2, #TL_STACK_SHIFT
	add	sp, x1, x2
	adr	x1, vectors
	msr	vbar_el1, x1
	isb
	ret

/* Guests with one CPU need not have a function for the others. */
	.weak	tl_secondary_main
tl_secondary_main:
	ret

	.balign	2048
vectors:
	.set	n, 0
	.rept	16
	.balign	128
	mov	x0, #n
	b	tl_exception_report
	.set	n, n + 1
	.endr
