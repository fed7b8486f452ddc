/* SPDX-License-Identifier: MIT */
/*
 * What exits were for: a list of counts by vCPU, class, detail, PC and handler,
 * and sums over it for reports. Filled by one thread, read afterwards.
 */
#ifndef TL_TRACE_PROFILE_DETAIL_H
#define TL_TRACE_PROFILE_DETAIL_H

#include <stddef.h>
#include <stdint.h>

#include "trace/profile/hist.h"

enum tl_handler {
	TL_HANDLER_KERNEL,
	TL_HANDLER_USER, /* the VMM was called */
};

struct tl_profile_detail {
	unsigned int vcpu;       /* id */
	unsigned int exit_class; /* TL_CLASS_* */
	uint64_t detail;         /* TL_DETAIL_*, by class */
	uint64_t pc;
	uint32_t mode; /* SPSR.M; of no meaning on a stock kernel */
	enum tl_handler handler;
	uint64_t count;
	uint64_t slept, delayed; /* ns of `time` without work to do, and waiting for a CPU */
	struct tl_hist *time;    /* ns; owned; NULL: none was timed */
};

/* All zero is empty. */
struct tl_details {
	size_t count, room;
	struct tl_profile_detail *list;
	/* Only where exits are counted one at a time: hash table of places in the list, plus 1. */
	uint32_t *index;
	size_t index_size; /* a power of two */
};

/* As many are told apart by PC; from then on, PCs that are new count together, as PC 0. */
#define TL_DETAILS_PCS_MAX 16384
#define TL_DETAILS_MAX     (TL_DETAILS_PCS_MAX * 2)

/* Appends one and takes its `time` over. Returns 0 or -ENOMEM (time freed). */
int tl_details_add(struct tl_details *details, const struct tl_profile_detail *detail);

/*
 * The entry that is equal to `key` in all but counts and times, made if there is none; NULL:
 * no memory, or there are too many. Good until the next call. Not to be mixed with add.
 */
struct tl_profile_detail *tl_details_find(
	struct tl_details *details, const struct tl_profile_detail *key);

void tl_details_fini(struct tl_details *details);

/* What differs makes two entries of a summary; the rest is added up. */
enum {
	TL_BY_VCPU = 1,
	TL_BY_CLASS = 2,
	TL_BY_DETAIL = 4, /* with its class */
	TL_BY_PC = 8,
	TL_BY_HANDLER = 16,
};

/*
 * A summary of `details`: entries that are equal in what `by` names are added up;
 * the others' fields are those of the entry with most exits. Most exits first.
 * Returns 0 or -ENOMEM; `out` is the caller's to fini.
 */
int tl_details_sum(const struct tl_details *details, unsigned int by, struct tl_details *out);

#endif
