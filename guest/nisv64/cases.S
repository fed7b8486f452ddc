/* SPDX-License-Identifier: MIT */
/*
 * The instructions, and what runs one of them with all registers set: a table of cases that
 * compare.h has (struct nisv_case). A case's base is x2 or sp, its index x3; x29 and x30 are left alone.
 */
	.arch_extension fp
	.arch_extension simd

/* struct state */
#define STATE_SP   248
#define STATE_FLAGS 256
#define STATE_V    272

/* void run_case(struct state *state, const void *code) */
	.text
	.global	run_case
run_case:
	stp	x19, x20, [sp, #-96]!
	stp	x21, x22, [sp, #16]
	stp	x23, x24, [sp, #32]
	stp	x25, x26, [sp, #48]
	stp	x27, x28, [sp, #64]
	stp	x29, x30, [sp, #80]
	msr	tpidr_el1, x0
	mov	x2, sp
	msr	tpidr_el0, x2
	mov	x30, x1
	add	x2, x0, #STATE_V
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	ldr	q\n, [x2, #(16 * \n)]
	.endr
	ldr	x2, [x0, #STATE_FLAGS]
	msr	nzcv, x2
	ldr	x2, [x0, #STATE_SP]
	mov	sp, x2
	ldp	x2, x3, [x0, #16]
	ldp	x4, x5, [x0, #32]
	ldp	x6, x7, [x0, #48]
	ldp	x8, x9, [x0, #64]
	ldp	x10, x11, [x0, #80]
	ldp	x12, x13, [x0, #96]
	ldp	x14, x15, [x0, #112]
	ldp	x16, x17, [x0, #128]
	ldp	x18, x19, [x0, #144]
	ldp	x20, x21, [x0, #160]
	ldp	x22, x23, [x0, #176]
	ldp	x24, x25, [x0, #192]
	ldp	x26, x27, [x0, #208]
	ldp	x28, x29, [x0, #224]
	ldp	x0, x1, [x0]
	br	x30

case_done:
	mrs	x30, tpidr_el1
	stp	x0, x1, [x30]
	stp	x2, x3, [x30, #16]
	stp	x4, x5, [x30, #32]
	stp	x6, x7, [x30, #48]
	stp	x8, x9, [x30, #64]
	stp	x10, x11, [x30, #80]
	stp	x12, x13, [x30, #96]
	stp	x14, x15, [x30, #112]
	stp	x16, x17, [x30, #128]
	stp	x18, x19, [x30, #144]
	stp	x20, x21, [x30, #160]
	stp	x22, x23, [x30, #176]
	stp	x24, x25, [x30, #192]
	stp	x26, x27, [x30, #208]
	stp	x28, x29, [x30, #224]
	mov	x0, sp
	str	x0, [x30, #STATE_SP]
	mrs	x0, nzcv
	str	x0, [x30, #STATE_FLAGS]
	add	x0, x30, #STATE_V
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	str	q\n, [x0, #(16 * \n)]
	.endr
	mrs	x0, tpidr_el0
	mov	sp, x0
	ldp	x21, x22, [sp, #16]
	ldp	x23, x24, [sp, #32]
	ldp	x25, x26, [sp, #48]
	ldp	x27, x28, [sp, #64]
	ldp	x29, x30, [sp, #80]
	ldp	x19, x20, [sp], #96
	ret

/* plain: the syndrome describes it, so it has to stay in a page. */
.macro ADD_CASE plain, index, insn:vararg
	.pushsection .text.cases, "ax"
1:	\insn
	b	case_done
	.popsection
	.pushsection .rodata.names, "a"
2:	.asciz	"\insn"
	.popsection
	.pushsection .rodata.cases, "a"
	.quad	1b, 2b, \index, \plain
	.popsection
.endm
.macro CASE insn:vararg
	ADD_CASE 0, 0, \insn
.endm
.macro PLAIN insn:vararg
	ADD_CASE 1, 0, \insn
.endm
.macro INDEXED index, insn:vararg
	ADD_CASE 0, \index, \insn
.endm

	.section .rodata.cases, "a"
	.balign	8
	.global	nisv_cases
nisv_cases:
	.text

/* One register of the general ones: write-back. */
.macro GENERAL op, reg
	CASE	\op \reg, [x2], #8
	CASE	\op \reg, [x2], #-17
	CASE	\op \reg, [x2, #8]!
	CASE	\op \reg, [x2, #-13]!
	CASE	\op \reg, [sp], #16
	CASE	\op \reg, [sp, #-16]!
.endm
.irp	op, str, ldr
	GENERAL	\op, x4
	GENERAL	\op, w5
	GENERAL	\op, xzr
.endr
.irp	op, strh, ldrh, strb, ldrb, ldrsb, ldrsh
	GENERAL	\op, w6
.endr
.irp	op, ldrsb, ldrsh, ldrsw
	GENERAL	\op, x7
.endr
	PLAIN	ldr x4, [x2]
	PLAIN	strh w4, [x2, #6]
	PLAIN	ldtr x4, [x2, #8]
	PLAIN	sttr w4, [x2, #8]
	PLAIN	ldur x4, [x2, #-9]
	PLAIN	stlr w4, [x2]
	PLAIN	ldar x4, [x2]
	PLAIN	prfm pldl1keep, [x2]
	CASE	dc zva, x2

/* One SIMD&FP register, of so many bytes as 1 << shift. */
.macro VECTOR reg, bytes, shift
.irp	op, str, ldr
	CASE	\op \reg, [x2]
	CASE	\op \reg, [x2, #(3 * \bytes)]
	CASE	\op \reg, [x2], #\bytes
	CASE	\op \reg, [x2, #-\bytes]!
	CASE	\op \reg, [sp, #16]
	INDEXED	-24, \op \reg, [x2, x3]
	INDEXED	2, \op \reg, [x2, x3, lsl #\shift]
	INDEXED	0x5555555500000010, \op \reg, [x2, w3, uxtw]
	INDEXED	0x55555555fffffffe, \op \reg, [x2, w3, sxtw #\shift]
.endr
.irp	op, stur, ldur
	CASE	\op \reg, [x2, #-3]
.endr
.endm
	VECTOR	b4, 1, 0
	VECTOR	h5, 2, 1
	VECTOR	s6, 4, 2
	VECTOR	d7, 8, 3
	VECTOR	q31, 16, 4

.macro PAIR load, store, first, second, bytes
.irp	op, \load, \store
	CASE	\op \first, \second, [x2]
	CASE	\op \first, \second, [x2, #-\bytes]
	CASE	\op \first, \second, [x2], #(2 * \bytes)
	CASE	\op \first, \second, [x2, #-(2 * \bytes)]!
	CASE	\op \first, \second, [sp, #\bytes]
.endr
.endm
	PAIR	ldp, stp, x4, x5, 8
	PAIR	ldp, stp, w6, w7, 4
	PAIR	ldp, stp, x8, xzr, 8
	PAIR	ldpsw, ldpsw, x9, x10, 4
	PAIR	ldp, stp, s1, s2, 4
	PAIR	ldp, stp, d3, d4, 8
	PAIR	ldp, stp, q5, q31, 16
.irp	op, ldnp, stnp
	CASE	\op x4, x5, [x2, #16]
	CASE	\op w4, w5, [x2, #-8]
	CASE	\op q4, q5, [x2]
.endr

/* So many structures as fill registers of `bytes`. */
.macro MULTIPLE op, regs, bytes
	CASE	\op {\regs}, [x2]
	CASE	\op {\regs}, [x2], #\bytes
	INDEXED	-7, \op {\regs}, [x2], x3
.endm
.macro STRUCTURES t, bytes
.irp	op, ld1, st1
	MULTIPLE \op, v1.\t, \bytes
	MULTIPLE \op, v1.\t-v2.\t, (2 * \bytes)
	MULTIPLE \op, v1.\t-v3.\t, (3 * \bytes)
	MULTIPLE \op, v28.\t-v31.\t, (4 * \bytes)
.endr
.endm
.macro MEMBERS t, bytes
.irp	op, ld2, st2
	MULTIPLE \op, v1.\t-v2.\t, (2 * \bytes)
.endr
.irp	op, ld3, st3
	MULTIPLE \op, v29.\t-v31.\t, (3 * \bytes)
.endr
.irp	op, ld4, st4
	MULTIPLE \op, v8.\t-v11.\t, (4 * \bytes)
.endr
.endm
.irp	t, 8b, 4h, 2s, 1d
	STRUCTURES \t, 8
.endr
.irp	t, 16b, 8h, 4s, 2d
	STRUCTURES \t, 16
	MEMBERS	\t, 16
.endr
.irp	t, 8b, 4h, 2s
	MEMBERS	\t, 8
.endr

/* One structure: into a lane, or into all of them. */
.macro LANE op, regs, lane, bytes
	CASE	\op {\regs}[\lane], [x2]
	CASE	\op {\regs}[\lane], [x2], #\bytes
	INDEXED	33, \op {\regs}[\lane], [x2], x3
.endm
.macro LANES t, lane, bytes
.irp	op, ld1, st1
	LANE	\op, v1.\t, \lane, \bytes
.endr
.irp	op, ld2, st2
	LANE	\op, v1.\t-v2.\t, \lane, (2 * \bytes)
.endr
.irp	op, ld3, st3
	LANE	\op, v29.\t-v31.\t, \lane, (3 * \bytes)
.endr
.irp	op, ld4, st4
	LANE	\op, v8.\t-v11.\t, \lane, (4 * \bytes)
.endr
.endm
	LANES	b, 5, 1
	LANES	b, 15, 1
	LANES	h, 0, 2
	LANES	h, 7, 2
	LANES	s, 1, 4
	LANES	s, 2, 4
	LANES	d, 0, 8
	LANES	d, 1, 8
.macro REPLICATE t, bytes
	MULTIPLE ld1r, v1.\t, \bytes
	MULTIPLE ld2r, v1.\t-v2.\t, (2 * \bytes)
	MULTIPLE ld3r, v29.\t-v31.\t, (3 * \bytes)
	MULTIPLE ld4r, v8.\t-v11.\t, (4 * \bytes)
.endm
.irp	t, 8b, 16b
	REPLICATE \t, 1
.endr
.irp	t, 4h, 8h
	REPLICATE \t, 2
.endr
.irp	t, 2s, 4s
	REPLICATE \t, 4
.endr
.irp	t, 1d, 2d
	REPLICATE \t, 8
.endr

	.section .rodata.cases, "a"
	.global	nisv_cases_end
nisv_cases_end:
