/* SPDX-License-Identifier: MIT */
/*
 * What the vCPUs did, one stretch of time after the other, for those who draw it: a profile
 * tells its listener while events come in, and keeps nothing of it.
 */
#ifndef TL_TRACE_SPAN_H
#define TL_TRACE_SPAN_H

#include <stdint.h>

struct tl_event;
struct tl_profile;
struct tl_profile_detail;
struct tl_profile_vcpu;

struct tl_span {
	const struct tl_profile_detail *exit; /* that was handled; NULL: it was in the guest */
	uint64_t number;   /* of the exit, or of the one that ended the time in the guest */
	uint64_t from, to; /* ns, CLOCK_MONOTONIC; those of a vCPU follow each other */
	uint64_t ns;       /* its length: exact where from and to are of two clocks */
	int timed;         /* 0: its end is not known, `to` is `from` */
};

/* Either may be NULL. */
struct tl_span_listener {
	void (*span)(void *ctx, const struct tl_profile *profile,
		const struct tl_profile_vcpu *vcpu, const struct tl_span *span);
	/* A thread (event->tid) woke another one (event->other_tid). */
	void (*wake)(void *ctx, const struct tl_profile *profile, const struct tl_event *event);
	void *ctx;
};

/*
 * The system counter is exact, but starts elsewhere and may run a little faster or slower
 * than CLOCK_MONOTONIC: how far it is off, from events that have both. All zero at first.
 */
struct tl_span_clock {
	int64_t offset; /* ns to add to the counter's */
	int64_t next;   /* the smallest that was seen since ... */
	uint64_t since;
	int is_set;
};

/* Takes in an event of that time and counter, in ns. */
void tl_span_clock_note(struct tl_span_clock *clock, uint64_t ts, uint64_t counter_ns);

/* CLOCK_MONOTONIC at a reading of the counter, in ns. */
uint64_t tl_span_clock_at(const struct tl_span_clock *clock, uint64_t counter_ns);

#endif
