/* SPDX-License-Identifier: MIT */
/*
 * Device trees and overlays that the user brings (compiled, .dtb and .dtbo): reading the file,
 * and whether it can be the tree of this machine.
 */
#ifndef TL_VMM_BOOT_DTB_H
#define TL_VMM_BOOT_DTB_H

#include <stddef.h>

#include "vmm/boot/layout.h"

struct tl_dtb {
	const char *path; /* not owned; NULL: there is none */
	void *blob;       /* owned */
	size_t size;      /* bytes */
};

/* Of an arm64 kernel (drivers/of/fdt.c, FDT_MAX_DEPTH). */
#define TL_DTB_DEPTH 64

/*
 * Reads a file of at most TL_LAYOUT_FDT_SIZE bytes whose structure is sound. `what` is for
 * messages ("device tree", "overlay"). Returns 0 or -errno (logged); call tl_dtb_fini() after
 * either.
 */
int tl_dtb_read(struct tl_dtb *dtb, const char *what, const char *path);
void tl_dtb_fini(struct tl_dtb *dtb);

/*
 * Whether the tree fits the machine: it has memory, all of it in RAM, and CPUs, no more than
 * `cpus`. `path` is for messages. Returns 0 or -EINVAL (logged).
 */
int tl_dtb_check(
	const void *fdt, const struct tl_layout *layout, unsigned int cpus, const char *path);

#endif
