/* SPDX-License-Identifier: MIT */
/*
 * A64's loads and stores of structures: LD1 to LD4 and ST1 to ST4 (DDI 0487, C4.1.94, Advanced
 * SIMD load/store multiple structures and single structure). Elements are as in memory.
 */
#include "vmm/arch/arm64/insn/forms.h"

#define bits tl_insn_bits
#define bit  tl_insn_bit

static void common(uint32_t word, struct tl_insn_access *access)
{
	access->is_simd = true;
	access->is_write = !bit(word, 22);
	access->base = (uint8_t)bits(word, 9, 5);
}

/* Rm is what is added to the base; 31: as much as was transferred. */
static enum tl_insn_kind post_index(uint32_t word, struct tl_insn_access *access)
{
	unsigned int rm = bits(word, 20, 16);

	if (!bit(word, 23))
		return TL_INSN_ACCESS;
	access->writeback = true;
	if (rm == 31) {
		access->update = access->size * access->count;
	} else {
		access->has_index = access->index_after = true;
		access->index = (uint8_t)rm;
	}
	return TL_INSN_ACCESS;
}

enum tl_insn_kind tl_insn_a64_structures(uint32_t word, struct tl_insn_access *access)
{
	/* By opcode: how many registers one after the other, and members of a structure. */
	static const struct {
		uint8_t repeat, members;
	} kinds[16] = {[0] = {1, 4},
		[2] = {4, 1},
		[4] = {1, 3},
		[6] = {3, 1},
		[7] = {1, 1},
		[8] = {1, 2},
		[10] = {2, 1}};
	unsigned int opcode = bits(word, 15, 12);
	unsigned int first = bits(word, 4, 0);
	unsigned int members = kinds[opcode].members;
	unsigned int bytes = bit(word, 30) ? 16 : 8;

	common(word, access);
	access->size = (uint8_t)(1 << bits(word, 11, 10));
	if (!members || (access->size == 8 && bytes == 8 && members > 1))
		return TL_INSN_NONE;
	for (unsigned int r = 0; r < kinds[opcode].repeat; r++) {
		for (unsigned int lane = 0; lane < bytes; lane += access->size) {
			for (unsigned int m = 0; m < members; m++)
				tl_insn_add(access, (first + r + m) % 32, lane);
		}
	}
	return post_index(word, access);
}

enum tl_insn_kind tl_insn_a64_lane(uint32_t word, struct tl_insn_access *access)
{
	unsigned int scale = bits(word, 15, 14);
	unsigned int members = (bits(word, 13, 13) << 1 | bits(word, 21, 21)) + 1;
	unsigned int q = bits(word, 30, 30);
	unsigned int size = bits(word, 11, 10);
	/* Q:S:size counts bytes; of larger elements the lowest bits say more about the size. */
	unsigned int lane = q << 3 | bits(word, 12, 10);

	common(word, access);
	access->keeps = true;
	if (scale == 3) {
		if (access->is_write || bit(word, 12))
			return TL_INSN_NONE;
		access->replicate = q ? 16 : 8;
		access->keeps = false;
		scale = size;
		lane = 0;
	} else if (scale == 1) {
		if (size & 1)
			return TL_INSN_NONE;
	} else if (scale == 2) {
		if (size & 2 || (size & 1 && bit(word, 12)))
			return TL_INSN_NONE;
		scale += size & 1;
		lane &= ~3u;
	}
	access->size = (uint8_t)(1 << scale);
	for (unsigned int m = 0; m < members; m++)
		tl_insn_add(access, (bits(word, 4, 0) + m) % 32, lane);
	return post_index(word, access);
}
