/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The compiled BPF programs, as data.
 */
	.section .rodata
	.global	tl_bpf_object, tl_bpf_object_end
	.balign	16
tl_bpf_object:
	.incbin	"exits.bpf.o"
tl_bpf_object_end:
	.section .note.GNU-stack, "", %progbits
