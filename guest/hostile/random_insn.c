/* SPDX-License-Identifier: MIT */
/*
 * Accesses to devices by instructions that the syndrome does not describe (ESR_EL2.ISV is 0; DDI
 * 0487, ISS encoding of a Data Abort): pairs, write-back, SIMD; exclusive, atomic and ordered ones,
 * cache maintenance. Some are done, some are an abort or, where the CPU lacks them, undefined.
 */
#include "hostile.h"

#define ACCESSES 40u
#define KINDS    30u

#define DO(number, instruction)                                                                    \
	case number:                                                                               \
		__asm__ volatile(instruction : "+r"(at), "+r"(first), "+r"(second) : : "memory");  \
		break

static void pairs(uint64_t kind, uint64_t at, uint64_t first, uint64_t second)
{
	switch (kind) {
		DO(0, "ldp %1, %2, [%0]");
		DO(1, "stp %1, %2, [%0]");
		DO(2, "ldp %w1, %w2, [%0], #8");
		DO(3, "stp %w1, %w2, [%0, #-8]!");
		DO(4, "ldpsw %1, %2, [%0]");
		DO(5, "ldnp %1, %2, [%0]");
		DO(6, "ldr %1, [%0], #8");
		DO(7, "str %w1, [%0, #4]!");
		DO(8, "ldrb %w1, [%0], #1");
		DO(9, "ldrsh %1, [%0, #2]!");
		DO(10, "ldrsw %1, [%0], #4");
		DO(11, "strh %w1, [%0], #-2");
	default:
		break;
	}
}

static void simd(uint64_t kind, uint64_t at, uint64_t first, uint64_t second)
{
	switch (kind) {
		DO(0, "ldr q0, [%0]");
		DO(1, "str q0, [%0]");
		DO(2, "ldr d0, [%0], #8");
		DO(3, "ldp q0, q1, [%0]");
		DO(4, "stp d0, d1, [%0]");
		DO(5, "ld1 {v0.16b}, [%0]");
		DO(6, "st1 {v0.4s, v1.4s}, [%0]");
		DO(7, "ld4 {v0.8b - v3.8b}, [%0]");
		DO(8, "ld1r {v0.4s}, [%0]");
	default:
		break;
	}
}

static void others(uint64_t kind, uint64_t at, uint64_t first, uint64_t second)
{
	switch (kind) {
		DO(0, "ldxr %1, [%0]");
		DO(1, "stxr %w1, %2, [%0]");
		DO(2, "ldaxr %w1, [%0]");
		DO(3, "ldar %w1, [%0]");
		DO(4, "stlr %w1, [%0]");
		DO(5, "dc zva, %0");
		DO(6, "dc civac, %0");
		DO(7, "prfm pldl1keep, [%0]");
		DO(8, ".arch_extension lse\n\tldadd %1, %2, [%0]");
	default:
		break;
	}
}

/* robust: mmio.pair mmio.write-back mmio.simd */
const char *random_insn(void)
{
	static const uint64_t places[] = {0x04000000, 0x08000000, 0x080a0000, 0x09010000,
		0x09030000, VIRTIO_BASE, VIRTIO_BASE + 4 * VIRTIO_SIZE, 0x0c000000, 0};

	/* CPACR_EL1.FPEN: SIMD registers may be used. Nobody but us does. */
	__asm__ volatile("msr cpacr_el1, %0\n\tisb" : : "r"(3ul << 20));
	for (unsigned int i = 0; i < ACCESSES; i++) {
		uint64_t at = places[random_below(9)];
		uint64_t kind = random_below(KINDS), first = random_value();

		/* Not up to the next device: 64 bytes may be asked for, 8 below the address, too.
		 */
		at = (at ? at : ram_end) + 16 + (random_below(0x180) & ~7ul);
		if (at < ram_end && random_below(2))
			at += UNALIGNED;
		if (kind < 12)
			pairs(kind, at, first, random_value());
		else if (kind < 21)
			simd(kind - 12, at, first, random_value());
		else
			others(kind - 21, at, first, random_value());
	}
	return NULL;
}
