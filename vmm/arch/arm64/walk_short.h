/* SPDX-License-Identifier: MIT */
/*
 * What the two formats of page tables share: walk.c has the long one, walk_short.c the other.
 */
#ifndef TL_VMM_ARCH_ARM64_WALK_SHORT_H
#define TL_VMM_ARCH_ARM64_WALK_SHORT_H

#include "vmm/arch/arm64/walk.h"

/* tl_walk() of a 32-bit EL1 with the MMU on and TTBCR.EAE = 0; `va` has 32 bits. */
enum tl_walk_fault tl_walk_short(const struct tl_walk_regs *regs,
	const struct tl_walk_memory *memory, uint64_t va, struct tl_walk_result *result,
	tl_walk_fn *step, void *opaque);

/* Reads step->descriptor, of 4 or 8 bytes at step->at. Returns whether there is memory. */
bool tl_walk_read(const struct tl_walk_memory *memory, struct tl_walk_step *step, unsigned int size,
	bool big_endian);

#endif
