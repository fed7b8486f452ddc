/* SPDX-License-Identifier: MIT */
/*
 * Page tables of stage 1 (DDI 0487, D8.2 translation process, D8.3 descriptors).
 */
#include "vmm/arch/arm64/page_table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "vmm/arch/arm64/walk.h"
#include "vmm/core/mem.h"

#define LAST_LEVEL 3
/* Output addresses of 48 bits, which all granules have. */
#define ADDRESS_BITS UINT64_C(0xffffffffffff)
#define VALID        UINT64_C(1)
#define TABLE        UINT64_C(2) /* a page at the last level */

static unsigned int index_bits(const struct tl_pt_format *format)
{
	return format->granule_shift - 3;
}

/* The lowest bit of a virtual address that this level's index has. */
static unsigned int shift_of(const struct tl_pt_format *format, unsigned int level)
{
	return format->granule_shift + (LAST_LEVEL - level) * index_bits(format);
}

unsigned int tl_pt_start(const struct tl_pt_format *format)
{
	unsigned int level = 0;

	while (level < LAST_LEVEL && shift_of(format, level) >= format->va_bits)
		level++;
	return level;
}

uint64_t tl_pt_span(const struct tl_pt_format *format, unsigned int level)
{
	return UINT64_C(1) << shift_of(format, level);
}

uint64_t tl_pt_table_size(const struct tl_pt_format *format)
{
	return UINT64_C(1) << format->granule_shift;
}

static enum tl_walk_kind kind_of(uint64_t descriptor, unsigned int level)
{
	if (!(descriptor & VALID))
		return TL_WALK_INVALID;
	if (level == LAST_LEVEL)
		return descriptor & TABLE ? TL_WALK_PAGE : TL_WALK_INVALID;
	return descriptor & TABLE ? TL_WALK_TABLE : TL_WALK_BLOCK;
}

uint64_t tl_pt_output(const struct tl_pt_format *format, uint64_t descriptor, unsigned int level)
{
	uint64_t unit = kind_of(descriptor, level) == TL_WALK_TABLE ? tl_pt_table_size(format)
								    : tl_pt_span(format, level);

	return descriptor & ADDRESS_BITS & ~(unit - 1);
}

static uint64_t index_of(const struct tl_pt_format *format, unsigned int level, uint64_t va)
{
	return va >> shift_of(format, level) & ((UINT64_C(1) << index_bits(format)) - 1);
}

/* The guest may write there meanwhile: a copy. */
static int read_descriptor(const struct tl_mem *mem, uint64_t at, uint64_t *descriptor)
{
	const void *from = tl_mem_at(mem, at, sizeof(*descriptor));

	if (!from)
		return -EFAULT;
	memcpy(descriptor, from, sizeof(*descriptor));
	return 0;
}

static int add_table(struct tl_pt *pt, uint64_t *table)
{
	uint64_t size = tl_pt_table_size(&pt->format);

	if (pt->tables == pt->limit)
		return -ENOSPC;
	*table = pt->root + pt->tables * size;
	pt->tables++;
	return tl_mem_zero(pt->mem, *table, size);
}

int tl_pt_init(struct tl_pt *pt, const struct tl_mem *mem, const struct tl_pt_format *format,
	uint64_t root, unsigned int limit)
{
	uint64_t table;

	*pt = (struct tl_pt){.format = *format, .mem = mem, .root = root, .limit = limit};
	return add_table(pt, &table);
}

/* One descriptor of that level, and the tables above it. */
static int map_one(struct tl_pt *pt, uint64_t va, unsigned int level, uint64_t descriptor)
{
	uint64_t table = pt->root, at, found;
	int ret;

	for (unsigned int l = tl_pt_start(&pt->format);; l++) {
		at = table + 8 * index_of(&pt->format, l, va);
		ret = read_descriptor(pt->mem, at, &found);
		if (ret)
			return ret;
		if (l == level)
			return found ? -EINVAL : tl_mem_write(pt->mem, at, &descriptor, 8);
		if (kind_of(found, l) == TL_WALK_BLOCK)
			return -EINVAL;
		if (!found) {
			ret = add_table(pt, &table);
			found = table | TABLE | VALID;
			if (!ret)
				ret = tl_mem_write(pt->mem, at, &found, 8);
			if (ret)
				return ret;
		}
		table = tl_pt_output(&pt->format, found, l);
	}
}

int tl_pt_map(struct tl_pt *pt, uint64_t va, uint64_t pa, uint64_t size, unsigned int level,
	uint64_t attributes)
{
	uint64_t span = tl_pt_span(&pt->format, level);
	uint64_t type = level == LAST_LEVEL ? TABLE | VALID : VALID;
	int ret = (va | pa | size) & (span - 1) ? -EINVAL : 0;

	if (level < tl_pt_start(&pt->format) || (va + size - 1) >> pt->format.va_bits)
		ret = -EINVAL;
	for (uint64_t done = 0; !ret && done < size; done += span)
		ret = map_one(pt, va + done, level, (pa + done) | attributes | type);
	return ret;
}

void tl_pt_describe(const struct tl_pt_format *format, uint64_t descriptor, unsigned int level,
	char *text, size_t size)
{
	enum tl_walk_kind kind = kind_of(descriptor, level);
	uint64_t output = tl_pt_output(format, descriptor, level);
	uint64_t span = tl_pt_span(format, level);
	bool kib = span < 1 << 20;

	if (kind == TL_WALK_INVALID)
		snprintf(text, size, "invalid");
	else if (kind == TL_WALK_TABLE)
		snprintf(text, size, "table at 0x%" PRIx64, output);
	else
		snprintf(text, size, "%s of %" PRIu64 " %s at 0x%" PRIx64,
			kind == TL_WALK_PAGE ? "page" : "block", span >> (kib ? 10 : 20),
			kib ? "KiB" : "MiB", output);
}

void tl_pt_attributes(uint64_t descriptor, char *text, size_t size)
{
	static const char *const access[] = {
		"EL1 may write", "EL1 and EL0 may write", "EL1 may read", "EL1 and EL0 may read"};
	static const char *const shareability[] = {
		"not shareable", "reserved", "outer shareable", "inner shareable"};
	unsigned int ap = descriptor >> 6 & 3, sh = descriptor >> 8 & 3;

	snprintf(text, size, "AttrIndx %u; AP %u, %s; SH %u, %s; AF %u; PXN %u, UXN %u",
		(unsigned int)(descriptor >> 2 & 7), ap, access[ap], sh, shareability[sh],
		(unsigned int)(descriptor >> 10 & 1), (unsigned int)(descriptor >> 53 & 1),
		(unsigned int)(descriptor >> 54 & 1));
}
