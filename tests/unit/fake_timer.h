/* SPDX-License-Identifier: MIT */
/*
 * A host's monotonic clock that the test moves, and the one timerfd of a device in its loop, which
 * rings when the clock is moved past it. The test wraps clock_gettime, timerfd_create and
 * timerfd_settime.
 */
#ifndef TL_TESTS_FAKE_TIMER_H
#define TL_TESTS_FAKE_TIMER_H

#include <stdint.h>

#include "vmm/core/loop.h"

struct fake_timer {
	uint64_t now_ns;
	uint64_t when_ns; /* when it rings; 0: it is not set */
	int create_error, add_error;
	unsigned int rings;
	int fd; /* in the loop, or -1 */
	tl_loop_fn *fn;
	void *opaque;
	struct tl_loop loop;
};

extern struct fake_timer fake_timer;

/* The clock is at `now_ns`, and there is no timer. */
void fake_timer_reset(uint64_t now_ns);

/* Time passes; the timer rings at its time, as often as it is set again before the end. */
void fake_timer_pass(uint64_t ns);

/* The event of a timer that was set anew since: there is nothing to read. */
void fake_timer_ring_for_nothing(void);

#endif
