/* SPDX-License-Identifier: MIT */
/*
 * Where things go in guest RAM. Pure arithmetic: what was placed where, or why
 * it does not fit.
 */
#ifndef TL_VMM_BOOT_LAYOUT_H
#define TL_VMM_BOOT_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Room that is kept for the device tree, bytes. */
#define TL_LAYOUT_FDT_SIZE UINT64_C(0x10000)

enum tl_image_kind {
	TL_IMAGE_LINUX, /* arm64 Image with its header */
	TL_IMAGE_ELF,
	TL_IMAGE_RAW,
	TL_IMAGE_ZIMAGE,   /* 32-bit Linux, which unpacks itself to the start of RAM */
	TL_IMAGE_FIRMWARE, /* not in RAM, but in flash; no kernel */
};

struct tl_layout {
	const char *kernel_path, *initrd_path; /* for messages; set by the caller */
	uint64_t ram_base, ram_size;           /* set by the caller */
	uint64_t hole, hole_size;              /* in RAM; set by the caller */
	enum tl_image_kind kind;               /* set by the caller */
	bool aarch32;                          /* set by the caller: it starts with 32-bit code */
	bool unpacked_known; /* set by the caller: a zImage lies behind what it unpacks */
	/* Guest physical ranges; size 0: not there. */
	uint64_t flash, flash_size;   /* set by the caller: with firmware in it */
	uint64_t kernel, kernel_size; /* set by the caller: all that the kernel claims */
	uint64_t initrd, initrd_size; /* size set by the caller */
	uint64_t fdt;
	uint64_t entry; /* set by the caller; bit 0 with aarch32: Thumb code */
};

/*
 * Places device tree and initrd around a kernel that is already placed. With firmware the
 * device tree is at the start of RAM, where QEMU's board has it.
 * Returns 0 or -ENOSPC (logged: what does not fit, and what would help).
 */
int tl_layout_place(struct tl_layout *layout);

/* Whether all of [at, at + size) is RAM. */
static inline bool tl_layout_has(const struct tl_layout *layout, uint64_t at, uint64_t size)
{
	if (at < layout->ram_base || at - layout->ram_base > layout->ram_size ||
		size > layout->ram_size - (at - layout->ram_base))
		return false;
	return !layout->hole_size || at + size <= layout->hole ||
	       at >= layout->hole + layout->hole_size;
}

/* Prints the layout as a table. */
void tl_layout_print(const struct tl_layout *layout, FILE *out);

#endif
