/* SPDX-License-Identifier: MIT */
/*
 * KASLR: a guest's Linux runs above where it was linked, by a distance that is drawn when it
 * boots. Its hypercalls tell which: most come from one function.
 */
#ifndef TL_TRACE_SLIDE_H
#define TL_TRACE_SLIDE_H

#include "trace/decode/symbols.h"
#include "trace/profile/detail.h"

/* Whether it is one of the exits that tell: HVC and SMC. */
int tl_slide_is_call(unsigned int exit_class);

/*
 * Finds out from the exits in `details` where the guest's kernel runs and has look-ups in
 * `symbols`, which may be NULL, heed it (logged with -v). Returns the distance, 0: none, or
 * not known.
 */
uint64_t tl_slide_set(struct tl_symbols *symbols, const struct tl_details *details);

#endif
