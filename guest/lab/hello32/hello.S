/* SPDX-License-Identifier: MIT */
/*
 * The guest of the first laboratory for 32-bit vCPUs (--aarch32): see guest/lab/hello/hello.S. It
 * is entered in Supervisor mode, as A32 code, and its answer is in r0.
 */

#define PORT	0x200000
#define HALT	8
#define ANSWER	0x400
#define TURN	0x408

	.arm
	.section .text.start, "ax"
	.global	_start
_start:
	mov	r4, r0
	mov	r5, #TURN
1:	ldr	r1, [r5]
	cmp	r1, r4
	beq	2f
	yield
	b	1b
2:	dmb	ish
	adr	r0, line
	bl	print
	mov	r0, #42
	mov	r1, #ANSWER
	str	r0, [r1]
	dmb	ish
	add	r1, r4, #1
	str	r1, [r5]
	mov	r1, #PORT
	str	r0, [r1, #HALT]
	/* Nobody comes back from there. */
	b	.

/* Prints the string at r0. The return address takes the way over the stack. */
print:
	push	{r4, lr}
	mov	r2, #PORT
1:	ldrb	r1, [r0], #1
	cmp	r1, #0
	beq	2f
	strb	r1, [r2]
	b	1b
2:	pop	{r4, pc}

line:	.asciz	"Hello, world!\n"
