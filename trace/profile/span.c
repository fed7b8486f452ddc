/* SPDX-License-Identifier: MIT */
/*
 * An event is stamped some time after its counter was read, never before: the smallest
 * distance of the two is the best. It is found anew every second, as clocks drift.
 */
#include "trace/profile/span.h"

#define WINDOW_NS 1000000000u

void tl_span_clock_note(struct tl_span_clock *clock, uint64_t ts, uint64_t counter_ns)
{
	int64_t offset = (int64_t)(ts - counter_ns);

	if (!clock->is_set) {
		*clock = (struct tl_span_clock){offset, offset, ts, 1};
		return;
	}
	if (ts - clock->since >= WINDOW_NS) {
		clock->offset = clock->next;
		clock->next = offset;
		clock->since = ts;
	}
	if (offset < clock->next)
		clock->next = offset;
	if (offset < clock->offset)
		clock->offset = offset;
}

uint64_t tl_span_clock_at(const struct tl_span_clock *clock, uint64_t counter_ns)
{
	return counter_ns + (uint64_t)clock->offset;
}
