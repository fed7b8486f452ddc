/* SPDX-License-Identifier: MIT */
/*
 * The short descriptors of AArch32 (DDI 0487, G5.4): a table of 1 MiB sections, which may
 * have tables of pages behind them. Domains are taken for clients: what a manager may do
 * besides is not told.
 */
#include "vmm/arch/arm64/walk_short.h"

#define BIT(n)     (UINT64_C(1) << (n))
#define SCTLR_EE   BIT(25)
#define SCTLR_AFE  BIT(29)
#define TTBCR_PD0  BIT(4)
#define TTBCR_PD1  BIT(5)
#define L1_TABLE   1u
#define L1_SECTION BIT(1)
#define L1_SUPER   BIT(18)
#define L2_LARGE   1u
#define L2_SMALL   BIT(1)

/* AP[2:0] (G5.7.1): with SCTLR.AFE bit 0 is the access flag. */
static enum tl_walk_fault allow(
	const struct tl_walk_regs *regs, unsigned int ap, struct tl_walk_result *result)
{
	bool flag = regs->sctlr & SCTLR_AFE;

	if (flag && !(ap & 1))
		return TL_WALK_ACCESS_FLAG;
	result->readable = flag || (ap & 3) != 0;
	result->writable = result->readable && !(ap & 4);
	result->user_readable = (ap & 2) != 0;
	result->user_writable = result->user_readable && (ap & 1) && !(ap & 4);
	return TL_WALK_OK;
}

static enum tl_walk_kind classify(struct tl_walk_step *step)
{
	uint64_t desc = step->descriptor;

	if (step->level == 1) {
		if (desc & L1_SECTION) {
			step->shift = desc & L1_SUPER ? 24 : 20;
			return TL_WALK_BLOCK;
		}
		return desc & L1_TABLE ? TL_WALK_TABLE : TL_WALK_INVALID;
	}
	if (desc & L2_SMALL)
		return TL_WALK_PAGE;
	if (!(desc & L2_LARGE))
		return TL_WALK_INVALID;
	step->shift = 16;
	return TL_WALK_PAGE;
}

/* Reads and tells of one level. */
static enum tl_walk_fault look(const struct tl_walk_regs *regs, const struct tl_walk_memory *memory,
	struct tl_walk_step *step, struct tl_walk_result *result, tl_walk_fn *tell, void *opaque)
{
	bool there;

	step->at = step->table + UINT64_C(4) * step->index;
	there = tl_walk_read(memory, step, 4, regs->sctlr & SCTLR_EE);
	step->kind = there ? classify(step) : TL_WALK_NO_MEMORY;
	result->level = step->level;
	result->shift = step->shift;
	result->descriptor = step->descriptor;
	if (tell)
		tell(opaque, step);
	if (!there)
		return TL_WALK_OUTSIDE;
	return step->kind == TL_WALK_INVALID ? TL_WALK_TRANSLATION : TL_WALK_OK;
}

static enum tl_walk_fault section(const struct tl_walk_regs *regs, const struct tl_walk_step *step,
	uint64_t va, struct tl_walk_result *result)
{
	uint64_t desc = step->descriptor;
	uint64_t base = desc & ~(BIT(step->shift) - 1);

	/* A supersection has more address bits, in two places. */
	if (step->shift == 24)
		base |= (desc >> 20 & 0xf) << 32 | (desc >> 5 & 0xf) << 36;
	result->gpa = base | (va & (BIT(step->shift) - 1));
	return allow(regs, (unsigned int)((desc >> 15 & 1) << 2 | (desc >> 10 & 3)), result);
}

enum tl_walk_fault tl_walk_short(const struct tl_walk_regs *regs,
	const struct tl_walk_memory *memory, uint64_t va, struct tl_walk_result *result,
	tl_walk_fn *tell, void *opaque)
{
	unsigned int n = regs->tcr & 7;
	bool upper = n && va >> (32 - n);
	struct tl_walk_step step = {.level = 1, .shift = 20};
	uint64_t ttbr = (uint32_t)(upper ? regs->ttbr1 : regs->ttbr0);
	enum tl_walk_fault fault;
	uint64_t desc;

	if (regs->tcr & (upper ? TTBCR_PD1 : TTBCR_PD0))
		return TL_WALK_TRANSLATION;
	step.table = ttbr & ~(BIT(upper ? 14 : 14 - n) - 1);
	step.index = (unsigned int)(va >> 20 & (BIT(upper ? 12 : 12 - n) - 1));
	fault = look(regs, memory, &step, result, tell, opaque);
	if (fault)
		return fault;
	if (step.kind == TL_WALK_BLOCK)
		return section(regs, &step, va, result);
	step.table = step.descriptor & ~UINT64_C(0x3ff);
	step.index = (unsigned int)(va >> 12 & 0xff);
	step.level = 2;
	step.shift = 12;
	fault = look(regs, memory, &step, result, tell, opaque);
	if (fault)
		return fault;
	desc = step.descriptor;
	result->gpa = (desc & ~(BIT(step.shift) - 1)) | (va & (BIT(step.shift) - 1));
	return allow(regs, (unsigned int)((desc >> 9 & 1) << 2 | (desc >> 4 & 3)), result);
}
