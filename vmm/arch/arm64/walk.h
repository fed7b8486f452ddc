/* SPDX-License-Identifier: MIT */
/*
 * Stage 1 of the translation of a guest's addresses, done by hand: from a virtual address over
 * the guest's own page tables to a guest physical address. For a VMM that has to read the
 * instruction that it emulates, and for whoever wants to see each level. Pure: registers are given,
 * tables are only read. A TLB may know better than the tables do, and another vCPU may change them;
 * each descriptor is read once.
 */
#ifndef TL_VMM_ARCH_ARM64_WALK_H
#define TL_VMM_ARCH_ARM64_WALK_H

#include <stdbool.h>
#include <stdint.h>

struct tl_mem;

/* How EL1 and EL0 translate (DDI 0487, D8 and, if EL1 is 32-bit, G5). */
struct tl_walk_regs {
	bool el1_32bit; /* the registers are SCTLR, TTBCR with TTBCR2 above it, TTBR0 and TTBR1 */
	uint64_t sctlr, tcr, ttbr0, ttbr1;
};

/* Where page tables may be. */
struct tl_walk_memory {
	const struct tl_mem *ram;
	const struct tl_mem *flash; /* or NULL */
};

enum tl_walk_fault {
	TL_WALK_OK,
	TL_WALK_TRANSLATION,  /* no valid descriptor, or no table for such an address */
	TL_WALK_ACCESS_FLAG,  /* the access flag is 0, and the CPU does not set it */
	TL_WALK_ADDRESS_SIZE, /* an address beyond what the registers allow */
	TL_WALK_OUTSIDE,      /* a table lies where there is no memory */
};

/* What a descriptor was found to be. */
enum tl_walk_kind {
	TL_WALK_INVALID,
	TL_WALK_TABLE,
	TL_WALK_BLOCK,
	TL_WALK_PAGE,
	TL_WALK_NO_MEMORY, /* it could not be read */
};

/* One level. */
struct tl_walk_step {
	enum tl_walk_kind kind;
	int level;           /* -1 to 3; of short descriptors 1 and 2 */
	uint64_t table;      /* guest physical address of the table */
	unsigned int index;  /* of the descriptor in it */
	uint64_t at;         /* guest physical address of the descriptor */
	uint64_t descriptor; /* 4 bytes of it if EL1 is 32-bit with short descriptors */
	unsigned int shift;  /* it translates 2^shift bytes */
};

typedef void tl_walk_fn(void *opaque, const struct tl_walk_step *step);

struct tl_walk_result {
	uint64_t gpa;
	unsigned int shift;      /* the block or page has 2^shift bytes; 64 with the MMU off */
	int level;               /* of the last descriptor, also of one that is a fault */
	uint64_t descriptor;     /* the last one; 0 with the MMU off */
	bool readable, writable; /* by EL1 */
	bool user_readable, user_writable; /* by EL0 */
};

/*
 * Translates `va`. `step`, if it is not NULL, is told of each level on the way. What may not be
 * accessed is no fault here: the result has it. Thread-safe.
 */
enum tl_walk_fault tl_walk(const struct tl_walk_regs *regs, const struct tl_walk_memory *memory,
	uint64_t va, struct tl_walk_result *result, tl_walk_fn *step, void *opaque);

/* A fault in words, such as "no translation". */
const char *tl_walk_fault_text(enum tl_walk_fault fault);

#endif
