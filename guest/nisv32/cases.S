/* SPDX-License-Identifier: MIT */
/*
 * The instructions, and what runs one of them with all registers set: a table of cases that
 * compare.h has (struct nisv_case). A case's base is r2 or sp, its index r3; lr is left alone.
 */
	.syntax	unified
	.arm
	.fpu	neon-fp-armv8

/* struct state */
#define STATE_SP    52
#define STATE_FLAGS 56
#define STATE_V     64

/* void run_case(struct state *state, const void *code); the state is in TPIDRPRW, sp in TPIDRURW */
	.text
	.global	run_case
run_case:
	push	{r4-r11, lr}
	mov	r2, #(1 << 30)
	vmsr	fpexc, r2
	mcr	p15, 0, r0, c13, c0, 4
	mov	r2, sp
	mcr	p15, 0, r2, c13, c0, 2
	mov	lr, r1
	add	r2, r0, #STATE_V
	vldmia	r2!, {d0-d15}
	vldmia	r2, {d16-d31}
	ldr	r2, [r0, #STATE_FLAGS]
	msr	cpsr_f, r2
	ldr	sp, [r0, #STATE_SP]
	ldm	r0, {r0-r12}
	bx	lr

	.balign	4
case_done:
	mrc	p15, 0, lr, c13, c0, 4
	stm	lr, {r0-r12}
	str	sp, [lr, #STATE_SP]
	mrs	r0, cpsr
	str	r0, [lr, #STATE_FLAGS]
	add	r0, lr, #STATE_V
	vstmia	r0!, {d0-d15}
	vstmia	r0, {d16-d31}
	mrc	p15, 0, r0, c13, c0, 2
	mov	sp, r0
	pop	{r4-r11, pc}

/* words: all of it must be aligned. */
.macro ENTRY words, index, thumb, name:vararg
	.pushsection .rodata.names, "a"
2:	.asciz	"\name"
	.popsection
	.pushsection .rodata.cases, "a"
	.word	1b + \thumb, 2b, \index, \words
	.popsection
.endm
.macro A32_CASE words, index, insn:vararg
	.pushsection .text.cases, "ax"
	.arm
	.balign	4
1:	\insn
	b	case_done
	.popsection
	ENTRY	\words, \index, 0, \insn
.endm
.macro T32_CASE words, index, insn:vararg
	.pushsection .text.cases, "ax"
	.thumb
	.balign	4
1:	\insn
	blx	case_done
	.arm
	.popsection
	ENTRY	\words, \index, 1, T32 \insn
.endm
/* In an IT block, of which every other one is executed. */
.macro IT_CASE words, insn:vararg
	.pushsection .text.cases, "ax"
	.thumb
	.balign	4
1:	itete	cs
	\insn
	movcc	r9, #0x11
	movcs	r10, #0x22
	movcc	r11, #0x33
	blx	case_done
	.arm
	.popsection
	ENTRY	\words, 0, 1, T32 itete cs, \insn
.endm
/* Both sets have it. */
.macro BOTH words, index, insn:vararg
	A32_CASE \words, \index, \insn
	T32_CASE \words, \index, \insn
.endm

	.section .rodata.cases, "a"
	.balign	4
	.global	nisv_cases
nisv_cases:
	.text

.irp	op, str, ldr, strb, ldrb, strh, ldrh, ldrsb, ldrsh
	BOTH	0, 0, \op r4, [r2], #8
	BOTH	0, 0, \op r5, [r2], #-17
	BOTH	0, 0, \op r6, [r2, #8]!
	BOTH	0, 0, \op r7, [r2, #-13]!
	BOTH	0, 0, \op r8, [sp], #16
	A32_CASE 0, 20, \op r9, [r2], r3
	A32_CASE 0, 20, \op r9, [r2, r3]!
	A32_CASE 0, 20, \op r9, [r2, -r3]!
.endr
.irp	op, str, ldr, strb, ldrb
	A32_CASE 0, 5, \op r4, [r2, r3, lsl #2]!
	A32_CASE 0, 100, \op r4, [r2], r3, lsr #2
	A32_CASE 0, -64, \op r4, [r2, r3, asr #3]!
	A32_CASE 0, 0x180, \op r4, [r2], -r3, ror #4
	A32_CASE 0, 0x20, \op r4, [r2], r3, rrx
.endr
	A32_CASE 0, 0, ldrt r4, [r2], #4
	A32_CASE 0, 0, strht r4, [r2], #-4
	A32_CASE 0, 0, ldrcs r4, [r2], #4
.irp	op, strd, ldrd
	BOTH	1, 0, \op r4, r5, [r2]
	BOTH	1, 0, \op r4, r5, [r2, #-16]
	BOTH	1, 0, \op r4, r5, [r2], #8
	BOTH	1, 0, \op r4, r5, [r2, #-8]!
	BOTH	1, 0, \op r4, r5, [sp, #8]
	A32_CASE 1, 16, \op r4, r5, [r2], r3
	A32_CASE 1, 16, \op r4, r5, [r2, -r3]!
	T32_CASE 1, 0, \op r4, r9, [r2, #4]!
.endr
.irp	op, stm, ldm
	BOTH	1, 0, \op r2, {r4-r7}
	BOTH	1, 0, \op r2!, {r4, r5, r9}
	BOTH	1, 0, \op\()db r2!, {r4-r11}
	BOTH	1, 0, \op\()db r2, {r0, r1, r12}
	A32_CASE 1, 0, \op\()ib r2!, {r4, r6, r8}
	A32_CASE 1, 0, \op\()da r2!, {r5, r7, r9}
	A32_CASE 1, 0, \op\()ib r2, {r0, r1, r3-r12}
	A32_CASE 1, 0, \op\()da sp, {r4, r5}
	T32_CASE 1, 0, \op r2!, {r4}
.endr
	A32_CASE 1, 0, ldm r2, {r2, r4}
	T32_CASE 1, 0, ldm r2, {r2, r4}
	BOTH	1, 0, push {r4-r9}
	BOTH	1, 0, pop {r4-r9}
	BOTH	1, 0, push {r4}
	BOTH	1, 0, pop {r4}
.irp	op, vstr, vldr
	BOTH	1, 0, \op d3, [r2]
	BOTH	1, 0, \op d31, [r2, #-16]
	BOTH	1, 0, \op s5, [r2, #12]
	BOTH	1, 0, \op s30, [r2]
.endr
.irp	op, vstm, vldm
	BOTH	1, 0, \op\()ia r2, {d4-d7}
	BOTH	1, 0, \op\()ia r2!, {d14-d18}
	BOTH	1, 0, \op\()db r2!, {d1-d4}
	BOTH	1, 0, \op\()ia r2!, {s1-s7}
	BOTH	1, 0, \op\()db r2!, {s30-s31}
.endr
	IT_CASE	0, ldrcs r4, [r2], #4
	IT_CASE	0, strbcs r4, [r2, #-1]!
	IT_CASE	1, ldmcs r2!, {r4, r5}
	IT_CASE	1, pushcs {r4-r6}

	.section .rodata.cases, "a"
	.global	nisv_cases_end
nisv_cases_end:
