/* SPDX-License-Identifier: MIT */
/*
 * The system counter, which the kernel's events carry (DDI 0487, D12 The Generic
 * Timer): how fast it ticks on the machine that this runs on,
 * and what it shows.
 */
#ifndef TL_TRACE_SYSTEM_COUNTER_H
#define TL_TRACE_SYSTEM_COUNTER_H

#include <stdint.h>

/* In Hz; 0: not known here (not an arm64 machine). */
static inline uint64_t tl_counter_frequency(void)
{
#ifdef __aarch64__
	uint64_t hz;

	/* Linux lets EL0 read it (CNTKCTL_EL1). */
	__asm__("mrs %0, cntfrq_el0" : "=r"(hz));
	return hz;
#else
	return 0;
#endif
}

/* What it shows now; 0: not known here. */
static inline uint64_t tl_counter_now(void)
{
#ifdef __aarch64__
	uint64_t ticks;

	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
#else
	return 0;
#endif
}

/* Ticks of a counter of `hz`, above 0, in ns. */
static inline uint64_t tl_counter_ns(uint64_t ticks, uint64_t hz)
{
	return ticks / hz * 1000000000u + ticks % hz * 1000000000u / hz;
}

#endif
