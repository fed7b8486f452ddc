/* SPDX-License-Identifier: MIT */
/*
 * The long descriptors of AArch64, and of AArch32 with TTBCR.EAE, which are the same with fewer
 * address bits (DDI 0487, D8.3 and G5.5). Short ones are in walk_short.c.
 */
#include "vmm/arch/arm64/walk.h"

#include <string.h>

#include "vmm/arch/arm64/walk_short.h"
#include "vmm/core/mem.h"

#define BIT(n)          (UINT64_C(1) << (n))
#define BITS(v, hi, lo) ((v) >> (lo) & (UINT64_MAX >> (63 - ((hi) - (lo)))))

/* SCTLR_EL1 and SCTLR. */
#define SCTLR_M  BIT(0)
#define SCTLR_EE BIT(25)
/* TCR_EL1; the upper half also TTBCR2. */
#define TCR_HA    BIT(39)
#define TCR_HD    BIT(40)
#define TCR_DS    BIT(59)
#define TTBCR_EAE BIT(31)

/* Descriptors (D8.3.1, D8.3.2). */
#define DESC_VALID     BIT(0)
#define DESC_TABLE     BIT(1) /* on the last level: a page */
#define DESC_USER      BIT(6)
#define DESC_READONLY  BIT(7)
#define DESC_ACCESSED  BIT(10)
#define DESC_DBM       BIT(51)
#define TABLE_NO_USER  BIT(61)
#define TABLE_READONLY BIT(62)

/* One of the two ranges of addresses. */
struct range {
	uint64_t table;
	unsigned int input;   /* bits of an address in it */
	unsigned int granule; /* bits of an offset in a page */
	unsigned int output;  /* bits of a physical address */
	bool wide;            /* descriptors with 52 bits of address */
	bool hierarchy;       /* tables restrict what their entries allow */
	bool set_accessed, set_dirty;
	bool big_endian;
};

static bool valid_range(const struct range *range, bool disabled)
{
	unsigned int most = range->wide || range->granule == 16 ? 52 : 48;

	return !disabled && range->granule && range->input > range->granule && range->input <= most;
}

/* TCR_EL1.TG0 and TG1 name the same granules differently. */
static unsigned int granule(bool upper, uint64_t tg)
{
	static const uint8_t lower_bits[] = {12, 16, 14, 0}, upper_bits[] = {0, 14, 12, 16};

	return upper ? upper_bits[tg] : lower_bits[tg];
}

/* Whether the bits from `input` up to `top` say which range it is in. */
static bool is_canonical(uint64_t va, unsigned int input, unsigned int top, bool upper)
{
	uint64_t bits = BITS(va, top, input);

	return bits == (upper ? UINT64_MAX >> (63 - (top - input)) : 0);
}

static bool find_range_64(const struct tl_walk_regs *regs, uint64_t va, struct range *range)
{
	static const uint8_t sizes[] = {32, 36, 40, 42, 44, 48, 52, 56};
	bool upper = va & BIT(55);
	uint64_t tcr = regs->tcr;
	uint64_t half = upper ? tcr >> 16 : tcr;
	uint64_t ttbr = upper ? regs->ttbr1 : regs->ttbr0;
	bool ignore_top = tcr & BIT(upper ? 38 : 37);

	range->granule = granule(upper, BITS(half, 15, 14));
	range->input = 64 - (unsigned int)BITS(half, 5, 0);
	range->output = sizes[BITS(tcr, 34, 32)];
	range->wide = tcr & TCR_DS && range->granule != 16;
	range->hierarchy = !(tcr & BIT(upper ? 42 : 41));
	range->set_accessed = tcr & TCR_HA;
	range->set_dirty = range->set_accessed && tcr & TCR_HD;
	range->table = ttbr & (BIT(48) - 2);
	if (range->wide || (range->granule == 16 && range->output == 52))
		range->table = (range->table & ~UINT64_C(0x3f)) | BITS(ttbr, 5, 2) << 48;
	/* Without either extension 48 bits is all that there is. */
	if (!range->wide && range->granule != 16 && range->output > 48)
		range->output = 48;
	return valid_range(range, half & BIT(7)) &&
	       is_canonical(va, range->input, ignore_top ? 55 : 63, upper);
}

/* TTBCR (G8.2.168): T0SZ and T1SZ have 3 bits, and 0 means what the other leaves. */
static bool find_range_32(const struct tl_walk_regs *regs, uint64_t va, struct range *range)
{
	unsigned int t0 = (unsigned int)BITS(regs->tcr, 2, 0);
	unsigned int t1 = (unsigned int)BITS(regs->tcr, 18, 16);
	bool lower = t0 == 0 ? t1 == 0 || va >> (32 - t1) != BIT(t1) - 1 : va >> (32 - t0) == 0;
	uint64_t ttbr = lower ? regs->ttbr0 : regs->ttbr1;

	*range = (struct range){.granule = 12, .output = 40};
	range->input = 32 - (lower ? t0 : t1);
	range->hierarchy = !(regs->tcr & BIT(lower ? 41 : 42));
	range->table = ttbr & (BIT(48) - 2);
	if (!lower && t1 && va >> (32 - t1) != BIT(t1) - 1)
		return false;
	return valid_range(range, regs->tcr & BIT(lower ? 7 : 23));
}

static uint64_t swap(uint64_t value, unsigned int size, bool big_endian)
{
	if (!big_endian)
		return value;
	return size == 4 ? __builtin_bswap32((uint32_t)value) : __builtin_bswap64(value);
}

bool tl_walk_read(const struct tl_walk_memory *memory, struct tl_walk_step *step, unsigned int size,
	bool big_endian)
{
	const void *from = tl_mem_at(memory->ram, step->at, size);

	if (!from && memory->flash)
		from = tl_mem_at(memory->flash, step->at, size);
	if (!from)
		return false;
	/* All of it at once, as the CPU does: another vCPU may be writing. */
	step->descriptor = size == 4 ? __atomic_load_n((const uint32_t *)from, __ATOMIC_RELAXED)
				     : __atomic_load_n((const uint64_t *)from, __ATOMIC_RELAXED);
	step->descriptor = swap(step->descriptor, size, big_endian);
	return true;
}

/* The address in a descriptor, of which the lowest `shift` bits are none (D8.3.1). */
static uint64_t output_address(const struct range *range, uint64_t descriptor, unsigned int shift)
{
	uint64_t address = descriptor & (BIT(range->wide ? 50 : 48) - BIT(range->granule));

	if (range->wide)
		address |= BITS(descriptor, 9, 8) << 50;
	else if (range->granule == 16 && range->output == 52)
		address |= BITS(descriptor, 15, 12) << 48;
	return address & ~(BIT(shift) - 1);
}

/* Blocks are where the architecture has them: not on each level. */
static bool may_be_block(const struct range *range, int level)
{
	if (level == 2)
		return true;
	if (range->granule == 12)
		return level == 1 || (level == 0 && range->wide);
	return level == 1 && (range->wide || (range->granule == 16 && range->output == 52));
}

static enum tl_walk_kind classify(const struct range *range, const struct tl_walk_step *step)
{
	if (!(step->descriptor & DESC_VALID))
		return TL_WALK_INVALID;
	if (step->level == 3)
		return step->descriptor & DESC_TABLE ? TL_WALK_PAGE : TL_WALK_INVALID;
	if (step->descriptor & DESC_TABLE)
		return TL_WALK_TABLE;
	return may_be_block(range, step->level) ? TL_WALK_BLOCK : TL_WALK_INVALID;
}

/* The end of the walk: a page or block. `tables` are the restrictions on the way. */
static enum tl_walk_fault finish(const struct range *range, const struct tl_walk_step *step,
	uint64_t va, uint64_t tables, struct tl_walk_result *result)
{
	uint64_t desc = step->descriptor;
	bool dirty = range->set_dirty && desc & DESC_DBM;
	bool user = desc & DESC_USER && !(tables & TABLE_NO_USER);

	result->gpa = output_address(range, desc, step->shift) | (va & (BIT(step->shift) - 1));
	if (result->gpa >> range->output)
		return TL_WALK_ADDRESS_SIZE;
	if (!(desc & DESC_ACCESSED) && !range->set_accessed)
		return TL_WALK_ACCESS_FLAG;
	result->readable = true;
	result->writable = (!(desc & DESC_READONLY) || dirty) && !(tables & TABLE_READONLY);
	result->user_readable = user;
	result->user_writable = user && result->writable;
	return TL_WALK_OK;
}

static enum tl_walk_fault walk_long(const struct range *range, const struct tl_walk_memory *memory,
	uint64_t va, struct tl_walk_result *result, tl_walk_fn *tell, void *opaque)
{
	unsigned int stride = range->granule - 3;
	unsigned int levels = (range->input - range->granule + stride - 1) / stride;
	struct tl_walk_step step = {.level = 4 - (int)levels, .table = range->table};
	unsigned int top = range->input;
	uint64_t tables = 0;

	for (;; step.level++) {
		bool there;

		step.shift = range->granule + stride * (unsigned int)(3 - step.level);
		/* The first table may be smaller than the others. */
		step.index = (unsigned int)BITS(va, top - 1, step.shift);
		step.table &= ~(BIT(top - step.shift + 3) - 1);
		step.at = step.table + UINT64_C(8) * step.index;
		if (step.table >> range->output)
			return TL_WALK_ADDRESS_SIZE;
		there = tl_walk_read(memory, &step, 8, range->big_endian);
		step.kind = there ? classify(range, &step) : TL_WALK_NO_MEMORY;
		result->level = step.level;
		result->shift = step.shift;
		result->descriptor = step.descriptor;
		if (tell)
			tell(opaque, &step);
		if (!there)
			return TL_WALK_OUTSIDE;
		if (step.kind == TL_WALK_INVALID)
			return TL_WALK_TRANSLATION;
		if (step.kind != TL_WALK_TABLE)
			return finish(range, &step, va, tables, result);
		if (range->hierarchy)
			tables |= step.descriptor & (TABLE_NO_USER | TABLE_READONLY);
		step.table = output_address(range, step.descriptor, range->granule);
		top = step.shift;
	}
}

/* With the MMU off an address is what it is, but for the top byte (D8.2.9). */
static enum tl_walk_fault identity(
	const struct tl_walk_regs *regs, uint64_t va, struct tl_walk_result *result)
{
	if (!regs->el1_32bit && regs->tcr & BIT(va & BIT(55) ? 38 : 37))
		va &= BIT(56) - 1;
	result->gpa = va;
	result->shift = 64;
	result->readable = result->writable = true;
	result->user_readable = result->user_writable = true;
	return va >> 52 ? TL_WALK_ADDRESS_SIZE : TL_WALK_OK;
}

enum tl_walk_fault tl_walk(const struct tl_walk_regs *regs, const struct tl_walk_memory *memory,
	uint64_t va, struct tl_walk_result *result, tl_walk_fn *step, void *opaque)
{
	struct range range = {.granule = 0};

	memset(result, 0, sizeof(*result));
	if (regs->el1_32bit)
		va = (uint32_t)va;
	if (!(regs->sctlr & SCTLR_M))
		return identity(regs, va, result);
	if (regs->el1_32bit && !(regs->tcr & TTBCR_EAE))
		return tl_walk_short(regs, memory, va, result, step, opaque);
	if (!(regs->el1_32bit ? find_range_32 : find_range_64)(regs, va, &range))
		return TL_WALK_TRANSLATION;
	range.big_endian = regs->sctlr & SCTLR_EE;
	return walk_long(&range, memory, va, result, step, opaque);
}

const char *tl_walk_fault_text(enum tl_walk_fault fault)
{
	static const char *const texts[] = {
		[TL_WALK_OK] = "translated",
		[TL_WALK_TRANSLATION] = "no translation",
		[TL_WALK_ACCESS_FLAG] = "no access flag",
		[TL_WALK_ADDRESS_SIZE] = "an address that is too large",
		[TL_WALK_OUTSIDE] = "a page table where there is no memory",
	};

	return texts[fault];
}
