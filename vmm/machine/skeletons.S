/* SPDX-License-Identifier: MIT */
/* The compiled device tree skeletons, as data of the program. DTS_DIR comes from the build. */
	.section .rodata
	.balign 8
	.global tl_skeleton_virt
tl_skeleton_virt:
	.incbin "virt.dtb"
	.balign 8
	.global tl_skeleton_vexpress
tl_skeleton_vexpress:
	.incbin "vexpress-a15.dtb"
	.section .note.GNU-stack, "", %progbits
