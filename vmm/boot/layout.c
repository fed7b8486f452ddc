/* SPDX-License-Identifier: MIT */
/*
 * Placing kernel, initrd and device tree. Linux wants the initrd within 32 GiB
 * of the kernel and the device tree 8-byte aligned inside 2 MiB (booting.rst,
 * sections 2 and 4); they follow the kernel closely, so that few 2 MiB blocks
 * of memory are ever touched. A zImage unpacks itself to the start of RAM, which
 * is why they follow it as well (arm/booting.rst, sections 4b, 4c and 5). Bare-metal
 * programs find the device tree at the start of RAM where there is room for it, as
 * on QEMU's virt board.
 */
#include "vmm/boot/layout.h"

#include <errno.h>
#include <inttypes.h>

#include "base/log.h"
#include "vmm/boot/zimage.h"

#define ALIGN UINT64_C(0x10000)
#define BLOCK UINT64_C(0x200000)
/* Behind a raw program there may be zeroed data and a stack that its file does not show. */
#define RAW_GAP UINT64_C(0x8000000)
/* arm/booting.rst: where nothing is overwritten, however much a zImage unpacks. */
#define ZIMAGE_SAFE UINT64_C(0x8000000)

static uint64_t align_up(uint64_t value, uint64_t to)
{
	return (value + to - 1) & ~(to - 1);
}

static int no_room(const struct tl_layout *layout, const char *what, const char *path,
	uint64_t size, uint64_t at)
{
	tl_log_error("%s '%s' of %" PRIu64 " KiB does not fit at %#" PRIx64 ": RAM is %#" PRIx64
		     " to %#" PRIx64 "%s; use a larger --mem",
		what, path, (size + 1023) / 1024, at, layout->ram_base,
		layout->ram_base + layout->ram_size,
		layout->hole_size ? ", with a hole (--show-layout)" : "");
	return -ENOSPC;
}

/* The device tree must not lie across a 2 MiB boundary, so that one block maps it. */
static uint64_t fdt_after(uint64_t at)
{
	at = align_up(at, ALIGN);
	if (at / BLOCK != (at + TL_LAYOUT_FDT_SIZE - 1) / BLOCK)
		at = align_up(at, BLOCK);
	return at;
}

/* Where initrd and device tree may be. */
static uint64_t after_kernel(const struct tl_layout *layout)
{
	uint64_t next = align_up(layout->kernel + layout->kernel_size, ALIGN);
	uint64_t gap = layout->ram_size / 2 < RAW_GAP ? layout->ram_size / 2 : RAW_GAP;

	switch (layout->kind) {
	case TL_IMAGE_LINUX:
		return next;
	case TL_IMAGE_ZIMAGE:
		next += TL_ZIMAGE_TAIL;
		/* With less RAM than that one can only hope. */
		if (!layout->unpacked_known && next < layout->ram_base + ZIMAGE_SAFE &&
			tl_layout_has(layout, layout->ram_base + ZIMAGE_SAFE,
				layout->initrd_size + 2 * BLOCK))
			return layout->ram_base + ZIMAGE_SAFE;
		return next;
	default:
		return next < layout->ram_base + gap ? align_up(layout->ram_base + gap, ALIGN)
						     : next;
	}
}

/* Whether a kernel has what it needs, which is more than its file where that unpacks itself. */
static bool has_kernel(const struct tl_layout *layout)
{
	uint64_t end = layout->kernel + layout->kernel_size;

	if (!tl_layout_has(layout, layout->kernel, layout->kernel_size))
		return false;
	return layout->kind != TL_IMAGE_ZIMAGE ||
	       tl_layout_has(layout, layout->ram_base, end + TL_ZIMAGE_TAIL - layout->ram_base);
}

int tl_layout_place(struct tl_layout *layout)
{
	bool linux_kernel = layout->kind == TL_IMAGE_LINUX || layout->kind == TL_IMAGE_ZIMAGE;
	uint64_t next;

	if (layout->kind == TL_IMAGE_FIRMWARE) {
		layout->fdt = layout->ram_base;
		return 0;
	}
	if (!has_kernel(layout))
		return no_room(
			layout, "kernel", layout->kernel_path, layout->kernel_size, layout->kernel);
	next = after_kernel(layout);
	layout->initrd = layout->initrd_size ? next : 0;
	if (layout->initrd_size && !tl_layout_has(layout, next, layout->initrd_size))
		return no_room(layout, "initrd", layout->initrd_path, layout->initrd_size, next);
	if (!linux_kernel && layout->kernel - layout->ram_base >= TL_LAYOUT_FDT_SIZE)
		layout->fdt = layout->ram_base;
	else
		layout->fdt = fdt_after(next + layout->initrd_size);
	if (!tl_layout_has(layout, layout->fdt, TL_LAYOUT_FDT_SIZE))
		return no_room(layout, "the device tree of", layout->kernel_path,
			TL_LAYOUT_FDT_SIZE, layout->fdt);
	return 0;
}

static void print_range(FILE *out, const char *what, uint64_t at, uint64_t size)
{
	if (size)
		fprintf(out, "%-12s %#12" PRIx64 " - %#12" PRIx64 "  %8" PRIu64 " KiB\n", what, at,
			at + size - 1, (size + 1023) / 1024);
}

void tl_layout_print(const struct tl_layout *layout, FILE *out)
{
	static const char *const kinds[] = {
		[TL_IMAGE_LINUX] = "arm64 Image",
		[TL_IMAGE_ELF] = "ELF",
		[TL_IMAGE_RAW] = "raw binary",
		[TL_IMAGE_ZIMAGE] = "zImage",
		[TL_IMAGE_FIRMWARE] = "firmware",
	};

	print_range(out, "flash", layout->flash, layout->flash_size);
	print_range(out, "RAM", layout->ram_base, layout->ram_size);
	print_range(out, "hole", layout->hole, layout->hole_size);
	print_range(out, "kernel", layout->kernel, layout->kernel_size);
	print_range(out, "initrd", layout->initrd, layout->initrd_size);
	print_range(out, "device tree", layout->fdt, TL_LAYOUT_FDT_SIZE);
	fprintf(out, "%-12s %#12" PRIx64 "  (%s%s)\n", "entry", layout->entry,
		layout->aarch32 && layout->kind != TL_IMAGE_ZIMAGE ? "32-bit " : "",
		kinds[layout->kind]);
}
