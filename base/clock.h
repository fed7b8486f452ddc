/* SPDX-License-Identifier: MIT */
/*
 * The host's clock that nobody sets. Inline, so that it costs a file nothing to link.
 */
#ifndef TL_BASE_CLOCK_H
#define TL_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define TL_NS_PER_S UINT64_C(1000000000)

/* CLOCK_MONOTONIC in nanoseconds. Thread-safe. */
static inline uint64_t tl_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * TL_NS_PER_S + (uint64_t)now.tv_nsec;
}

#endif
