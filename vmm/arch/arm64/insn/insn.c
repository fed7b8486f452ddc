/* SPDX-License-Identifier: MIT */
/*
 * Finds the form of an instruction, and its address: what all three sets have in common.
 */
#include "vmm/arch/arm64/insn/insn.h"

#include <string.h>

#include "vmm/arch/arm64/insn/forms.h"

const char tl_insn_atomic[] = "a device cannot read and write at once";
const char tl_insn_tags[] = "a device has no tags";
const char tl_insn_pc[] = "it jumps to what it loads";
const char tl_insn_mode[] = "it changes the mode, or is for another one";
const char tl_insn_large[] = "drivers do not use it on devices";

const struct tl_insn_form *tl_insn_forms(enum tl_insn_set set, size_t *count)
{
	switch (set) {
	case TL_INSN_A32:
		*count = tl_insn_count_a32;
		return tl_insn_forms_a32;
	case TL_INSN_T32:
		*count = tl_insn_count_t32;
		return tl_insn_forms_t32;
	default:
		*count = tl_insn_count_a64;
		return tl_insn_forms_a64;
	}
}

void tl_insn_decode(enum tl_insn_set set, uint32_t word, struct tl_insn_access *access)
{
	size_t count;
	const struct tl_insn_form *form = tl_insn_forms(set, &count);
	const struct tl_insn_form *end = form + count;

	memset(access, 0, sizeof(*access));
	access->length = set == TL_INSN_T32 && word >> 16 == 0 ? 2 : 4;
	while (form < end && (word & form->mask) != form->value)
		form++;
	if (form == end || !form->name)
		return;
	access->name = form->name;
	access->why = form->why;
	access->kind = form->decode ? form->decode(word, access) : TL_INSN_REFUSED;
}

static uint32_t shift_32(const struct tl_insn_access *access, uint32_t value, bool carry)
{
	unsigned int n = access->shift;

	switch (access->extend) {
	case TL_INSN_LSR:
		return n < 32 ? value >> n : 0;
	case TL_INSN_ASR:
		return (uint32_t)((int32_t)value >> (n < 32 ? n : 31));
	case TL_INSN_ROR:
		return value >> n | value << (32 - n);
	case TL_INSN_RRX:
		return value >> 1 | (uint32_t)carry << 31;
	default:
		return value << n;
	}
}

static uint64_t index_value(
	const struct tl_insn_access *access, const struct tl_insn_operands *operands)
{
	uint64_t value = operands->index;

	if (!access->has_index)
		return 0;
	if (operands->is_32bit)
		value = shift_32(access, (uint32_t)value, operands->carry);
	else if (access->extend == TL_INSN_UXTW)
		value = (uint64_t)(uint32_t)value << access->shift;
	else if (access->extend == TL_INSN_SXTW)
		value = (uint64_t)(int64_t)(int32_t)value << access->shift;
	else
		value <<= access->shift;
	return access->subtract ? -value : value;
}

void tl_insn_address(const struct tl_insn_access *access, const struct tl_insn_operands *operands,
	uint64_t *address, uint64_t *base)
{
	uint64_t index = index_value(access, operands);
	uint64_t start = operands->base + (uint64_t)(int64_t)access->offset;
	uint64_t end = operands->base + (uint64_t)(int64_t)access->update + index;

	if (!access->index_after)
		start += index;
	*address = operands->is_32bit ? (uint32_t)start : start;
	*base = operands->is_32bit ? (uint32_t)end : end;
}
