/* SPDX-License-Identifier: MIT */
/*
 * Stage 1 page tables (DDI 0487, D8 "The AArch64 Virtual Memory System Architecture"; for 32-bit
 * guests G5, the long-descriptor format, whose descriptors are the same): made in guest memory;
 * walk.h has the way through them. Arithmetic only, and any thread's.
 */
#ifndef TL_VMM_ARCH_ARM64_PAGE_TABLE_H
#define TL_VMM_ARCH_ARM64_PAGE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tl_mem;

/* How a virtual address is taken apart. */
struct tl_pt_format {
	unsigned int granule_shift; /* 12, 14 or 16: 4, 16 or 64 KiB */
	unsigned int va_bits;       /* 64 - TCR_EL1.T0SZ, or 32 */
};

/* Fields of a descriptor, for whoever makes one. */
#define TL_PT_ATTR(index)     ((uint64_t)(index) << 2) /* AttrIndx: which byte of MAIR_EL1 */
#define TL_PT_INNER_SHAREABLE (UINT64_C(3) << 8)
#define TL_PT_ACCESSED        (UINT64_C(1) << 10)
#define TL_PT_NEVER_EXECUTE   (UINT64_C(3) << 53) /* UXN (XN) and PXN */

/* The level at which a walk starts. */
unsigned int tl_pt_start(const struct tl_pt_format *format);

/* Bytes that one descriptor of this level maps. */
uint64_t tl_pt_span(const struct tl_pt_format *format, unsigned int level);

/* Bytes of one table. */
uint64_t tl_pt_table_size(const struct tl_pt_format *format);

/* Where it points: the address of a table, block or page. */
uint64_t tl_pt_output(const struct tl_pt_format *format, uint64_t descriptor, unsigned int level);

/* Tables that are being made: one behind the other, the first one first. */
struct tl_pt {
	struct tl_pt_format format;
	const struct tl_mem *mem;
	uint64_t root;       /* guest physical */
	unsigned int tables; /* how many there are */
	unsigned int limit;  /* how many there may be */
};

/* Makes the first table, empty. `root` is a multiple of the table size. Returns 0 or -EFAULT. */
int tl_pt_init(struct tl_pt *pt, const struct tl_mem *mem, const struct tl_pt_format *format,
	uint64_t root, unsigned int limit);

/*
 * Maps [va, va + size) to `pa` by descriptors of this level with these attributes, making tables
 * as they are needed. All three are multiples of the level's span. Returns 0, -EINVAL (they are
 * not, or there is something already), -ENOSPC (no room for tables) or -EFAULT.
 */
int tl_pt_map(struct tl_pt *pt, uint64_t va, uint64_t pa, uint64_t size, unsigned int level,
	uint64_t attributes);

/* Writes what a descriptor of this level is: "table at 0x3000", "block of 2 MiB at 0x0". */
void tl_pt_describe(const struct tl_pt_format *format, uint64_t descriptor, unsigned int level,
	char *text, size_t size);

/* Writes what else is in the descriptor of a block or page. */
void tl_pt_attributes(uint64_t descriptor, char *text, size_t size);

#endif
