/* SPDX-License-Identifier: MIT */
/*
 * The guest of the first laboratory (docs/lab/1-hypervisor.md): prints its line, a store a
 * character, stores 42 at 0x400, leaves it in x0 and halts, by one store more. It is entered at
 * 0 with the MMU on and a stack; x0 is the number of the vCPU. The vCPUs print in turn.
 */

/* The debug port, and in it the register that halts the vCPU (vmm/dev/lab_port.h). */
#define PORT	0x200000
#define HALT	8

/* Where the answer goes, and whose turn it is. */
#define ANSWER	0x400
#define TURN	0x408

	.section .text.start, "ax"
	.global	_start
_start:
	mov	x19, x0
	mov	x20, #TURN
1:	ldar	x1, [x20]
	cmp	x1, x19
	b.eq	2f
	yield
	b	1b
2:	adr	x0, line
	bl	print
	mov	x0, #42
	mov	x1, #ANSWER
	str	x0, [x1]
	add	x1, x19, #1
	stlr	x1, [x20]
	/* From the code on, x0 is what it is to be at the end. */
	mov	x1, #PORT
	str	x0, [x1, #HALT]
	/* Nobody comes back from there. */
	b	.

/* Prints the string at x0. The return address takes the way over the stack. */
print:
	stp	x29, x30, [sp, #-16]!
	mov	x2, #PORT
1:	ldrb	w1, [x0], #1
	cbz	w1, 2f
	strb	w1, [x2]
	b	1b
2:	ldp	x29, x30, [sp], #16
	ret

line:	.asciz	"Hello, world!\n"
