/* SPDX-License-Identifier: MIT */
/*
 * The decoders of loads and stores, and the walk of page tables: the input is registers, an
 * address, and a guest's memory.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/arch/arm64/insn/insn.h"
#include "vmm/arch/arm64/walk.h"
#include "vmm/core/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	uint32_t word;
	uint8_t set, el1_32bit;
	uint16_t table;
	uint64_t sctlr, tcr, va, base, index;
};

#define RAM      UINT64_C(0x40000000)
#define RAM_SIZE UINT64_C(0x10000)

static void decode(const struct input *in)
{
	const struct tl_insn_operands operands = {
		.base = in->base,
		.index = in->index,
		.carry = in->set & 0x80,
		.is_32bit = in->set % TL_INSN_SETS != TL_INSN_A64,
	};
	struct tl_insn_access access;
	uint64_t address, base;

	tl_insn_decode((enum tl_insn_set)(in->set % TL_INSN_SETS), in->word, &access);
	if (access.kind == TL_INSN_REFUSED && (!access.name || !access.why))
		abort();
	if (access.kind != TL_INSN_ACCESS)
		return;
	if (access.count < 1 || access.count > TL_INSN_ELEMENTS || access.size * access.count > 128)
		abort();
	for (unsigned int i = 0; i < access.count; i++) {
		const struct tl_insn_element *element = &access.elements[i];

		if (element->reg > 31 || element->lane + access.size > 16)
			abort();
	}
	tl_insn_address(&access, &operands, &address, &base);
	if (operands.is_32bit && (address >> 32 || base >> 32))
		abort();
}

static void count_steps(void *opaque, const struct tl_walk_step *step)
{
	if (++*(unsigned int *)opaque > 5 || step->shift > 63)
		abort();
}

static void walk(const struct input *in, const uint8_t *tables, size_t size)
{
	const struct tl_walk_regs regs = {
		.el1_32bit = in->el1_32bit & 1,
		.sctlr = in->sctlr | 1,
		.tcr = in->tcr,
		.ttbr0 = RAM + in->table,
		.ttbr1 = RAM + in->table,
	};
	struct tl_walk_result result;
	unsigned int steps = 0;
	struct tl_mem ram;
	const struct tl_walk_memory memory = {.ram = &ram};

	if (tl_mem_init(&ram, RAM, RAM_SIZE))
		return;
	(void)tl_mem_write(&ram, RAM, tables, size < RAM_SIZE ? size : RAM_SIZE);
	if (tl_walk(&regs, &memory, in->va, &result, count_steps, &steps) == TL_WALK_OK &&
		result.gpa >> 52)
		abort();
	tl_mem_fini(&ram);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in;

	if (size < sizeof(in))
		return 0;
	memcpy(&in, data, sizeof(in));
	decode(&in);
	walk(&in, data + sizeof(in), size - sizeof(in));
	return 0;
}
