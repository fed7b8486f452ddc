/* SPDX-License-Identifier: MIT */
/*
 * Entry of every 32-bit bare-metal guest, for the first CPU and for those that PSCI
 * CPU_ON starts. Entered as the Linux boot protocol for 32-bit Arm has it: Supervisor
 * mode, MMU and caches off, r2 = address of the device tree. A guest that returns
 * from main is powered off; an exception that it did not ask for is printed, then off.
 */
#include "guest.h"

#define MODE_FIQ   0x11
#define MODE_IRQ   0x12
#define MODE_SVC   0x13
#define MODE_ABORT 0x17
#define MODE_UNDEF 0x1b

	.syntax	unified
	.arm
	.arch_extension virt
	.section .text.start, "ax"
	.global	_start
_start:
	mov	r4, r2
	/* A flat binary brings no .bss, and RAM keeps its contents over a reset. */
	ldr	r0, =tl_bss_start
	ldr	r1, =tl_bss_end
	mov	r2, #0
	mov	r3, #0
1:	cmp	r0, r1
	strdlo	r2, r3, [r0], #8
	blo	1b
	mov	r0, #0
	bl	set_up
	mov	r0, r4
	bl	main
	bl	tl_psci_off

/* r0 = context of CPU_ON: the number of this CPU, from 1 on. Does not return. */
	.global	tl_start_secondary
tl_start_secondary:
	mov	r4, r0
	bl	set_up
	mov	r0, r4
	mov	r1, #0
	bl	tl_secondary_main
	bl	tl_psci_cpu_off

/* r0 = number of this CPU: gives it a stack, in all modes, and the exception vectors. */
set_up:
	ldr	r1, =tl_stacks
	add	r0, r0, #1
	add	sp, r1, r0, lsl #TL_STACK_SHIFT
	mov	r1, sp
	/* No exception returns, so what it overwrites is of no use any more. */
	.irp	mode, MODE_FIQ, MODE_IRQ, MODE_ABORT, MODE_UNDEF, MODE_SVC
	cps	#\mode
	mov	sp, r1
	.endr
	ldr	r1, =tl_vectors
	mcr	p15, 0, r1, c12, c0, 0	/* VBAR */
	isb
	bx	lr

/* Guests with one CPU need not have a function for the others. */
	.weak	tl_secondary_main
tl_secondary_main:
	bx	lr

/* DDI 0487, G1.12: reset, undefined, SVC, prefetch and data abort, -, IRQ, FIQ. */
	.balign	32
	.weak	tl_vectors
tl_vectors:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7
	b	vector_\n
	.endr

	/* lr is that of the exception's mode, and so is the stack. */
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7
vector_\n:
	mov	r0, #\n
	mov	r1, lr
	b	tl_exception_report
	.endr

/* Nothing runs on the stack: said, or the linker warns. */
.section .note.GNU-stack, "", %progbits
