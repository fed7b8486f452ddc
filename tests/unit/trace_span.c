/* SPDX-License-Identifier: MIT */
/*
 * What a listener hears: stretches of time that follow each other, by the better of two
 * clocks, and what is left out where something is missing.
 * Links: trace/profile/profile.c trace/profile/span.c trace/profile/detail.c
 * Links: trace/profile/hist.c trace/decode/esr.c trace/profile/burst.c
 * Links: trace/profile/event_detail.c trace/profile/switch.c
 */
#include "tests/unit/unit.h"

#include "trace/profile/profile.h"

#define HVC (TL_CLASS_EC + 0x16)

static struct {
	unsigned int count, wakes;
	struct tl_span list[16];
	struct tl_profile_detail exits[16];
	pid_t waker, woken;
} heard;

static void on_span(void *ctx, const struct tl_profile *profile, const struct tl_profile_vcpu *vcpu,
	const struct tl_span *span)
{
	assert_ptr_equal(ctx, &heard);
	assert_non_null(profile);
	assert_int_equal(vcpu->id, 0);
	assert_true(heard.count < ARRAY_LEN(heard.list));
	heard.list[heard.count] = *span;
	if (span->exit)
		heard.exits[heard.count] = *span->exit;
	heard.count++;
}

static void on_wake(void *ctx, const struct tl_profile *profile, const struct tl_event *event)
{
	(void)ctx;
	(void)profile;
	heard.wakes++;
	heard.waker = event->tid;
	heard.woken = event->other_tid;
}

static const struct tl_span_listener listener = {on_span, on_wake, &heard};

/* One vCPU; ticks of 16 ns, where it has them. */
static struct tl_profile *profile_of(uint64_t hz)
{
	struct tl_profile *profile;

	heard.count = heard.wakes = 0;
	assert_int_equal(tl_profile_create(&profile), 0);
	assert_int_equal(tl_profile_add_vcpu(profile, 0, 100, 0), 0);
	tl_profile_set_counter(profile, hz);
	profile->listener = &listener;
	return profile;
}

static void leave(
	struct tl_profile *p, uint64_t ts, uint64_t exits, uint64_t entered, uint64_t counter)
{
	tl_profile_event(p, &(struct tl_event){.kind = TL_EVENT_EXIT,
				    .ts = ts,
				    .tid = 100,
				    .has_exits = 1,
				    .exits = exits,
				    .ret = 2,
				    .ec = 0x16,
				    .pc = exits,
				    .entered = entered,
				    .counter = counter});
}

static void stock(struct tl_profile *p, enum tl_event_kind kind, uint64_t ts)
{
	tl_profile_event(p, &(struct tl_event){.kind = kind,
				    .vcpu = TL_EVENT_NO_VCPU,
				    .tid = 100,
				    .ts = ts,
				    .ret = 2,
				    .ec = 0x16});
}

static void assert_span(unsigned int i, int in_guest, uint64_t number, uint64_t from, uint64_t to)
{
	assert_true(i < heard.count);
	assert_int_equal(!heard.list[i].exit, in_guest);
	assert_int_equal(heard.list[i].number, number);
	assert_int_equal(heard.list[i].from, from);
	assert_int_equal(heard.list[i].to, to);
	assert_true(heard.list[i].timed);
	assert_int_equal(heard.list[i].ns, to - from);
}

/* One event an exit: the guest's time comes from the counter, 40 ns before the event. */
static void test_patched(void **state)
{
	struct tl_profile *p = profile_of(62500000);

	(void)state;
	leave(p, 16040, 1, 900, 1000);
	leave(p, 32040, 2, 1500, 2000);
	tl_profile_finish(p);
	assert_int_equal(heard.count, 4);
	assert_span(0, 1, 1, 14440, 16040);
	assert_span(1, 0, 1, 16040, 24040);
	assert_int_equal(heard.exits[1].exit_class, HVC);
	assert_int_equal(heard.exits[1].pc, 1);
	assert_span(2, 1, 2, 24040, 32040);
	/* What no entry followed has no end. */
	assert_non_null(heard.list[3].exit);
	assert_false(heard.list[3].timed);
	assert_int_equal(heard.list[3].from, 32040);
	assert_int_equal(heard.list[3].to, 32040);
	tl_profile_destroy(p);
}

/* An event that was stamped late, after a host interrupt, moves nothing. */
static void test_late_stamp(void **state)
{
	struct tl_profile *p = profile_of(62500000);

	(void)state;
	leave(p, 16040, 1, 900, 1000);
	leave(p, 99999, 2, 1500, 2000);
	leave(p, 99999, 3, 2500, 3000);
	assert_span(1, 0, 1, 16040, 24040);
	assert_span(2, 1, 2, 24040, 32040);
	assert_span(4, 1, 3, 40040, 48040);
	tl_profile_destroy(p);
}

/* The first event was the late one: from the next on it is right, and nothing overlaps. */
static void test_late_first(void **state)
{
	struct tl_profile *p = profile_of(62500000);

	(void)state;
	leave(p, 30000, 1, 900, 1000);
	leave(p, 32040, 2, 1500, 2000);
	leave(p, 48040, 3, 2500, 3000);
	assert_int_equal(heard.list[1].from, 30000);
	assert_int_equal(heard.list[1].to, 30000);
	assert_int_equal(heard.list[1].ns, 8000);
	assert_int_equal(heard.list[2].from, 30000);
	assert_int_equal(heard.list[2].to, 32040);
	assert_span(3, 0, 2, 32040, 40040);
	tl_profile_destroy(p);
}

/* Of two clocks that drift, the distance is that of the last second. */
static void test_drift(void **state)
{
	struct tl_span_clock clock = {0};

	(void)state;
	tl_span_clock_note(&clock, 1000, 0);
	assert_int_equal(tl_span_clock_at(&clock, 50), 1050);
	tl_span_clock_note(&clock, 1000000000, 999998990); /* 10 more than before */
	assert_int_equal(tl_span_clock_at(&clock, 50), 1050);
	tl_span_clock_note(&clock, 1100000000, 1099998900);
	tl_span_clock_note(&clock, 1200000000, 1199998850);
	tl_span_clock_note(&clock, 2100000000, 2099998800);
	assert_int_equal(tl_span_clock_at(&clock, 50), 1150);
	tl_span_clock_note(&clock, 2200000000, 2199999500); /* less: at once */
	assert_int_equal(tl_span_clock_at(&clock, 50), 550);
}

static void test_stock(void **state)
{
	struct tl_profile *p = profile_of(0);

	(void)state;
	stock(p, TL_EVENT_ENTRY, 1000);
	stock(p, TL_EVENT_EXIT, 1500);
	stock(p, TL_EVENT_ENTRY, 1600);
	stock(p, TL_EVENT_EXIT, 1700);
	assert_int_equal(heard.count, 3);
	assert_span(0, 1, 1, 1000, 1500);
	assert_span(1, 0, 1, 1500, 1600);
	assert_span(2, 1, 2, 1600, 1700);
	tl_profile_destroy(p);
}

/* Exit 2 and 3 were lost: neither the time around them nor that of exit 1 is made up. */
static void test_gap(void **state)
{
	struct tl_profile *p = profile_of(62500000);

	(void)state;
	leave(p, 16000, 1, 900, 1000);
	leave(p, 64000, 4, 3500, 4000);
	assert_int_equal(heard.count, 3);
	assert_non_null(heard.list[1].exit);
	assert_false(heard.list[1].timed);
	assert_int_equal(heard.list[1].number, 1);
	assert_span(2, 1, 4, 56000, 64000);
	tl_profile_destroy(p);
}

static void test_wake(void **state)
{
	struct tl_profile *p = profile_of(0);

	(void)state;
	tl_profile_event(p, &(struct tl_event){.kind = TL_EVENT_WAKE, .tid = 7, .other_tid = 100});
	assert_int_equal(heard.wakes, 1);
	assert_int_equal(heard.waker, 7);
	assert_int_equal(heard.woken, 100);
	p->listener = NULL;
	tl_profile_event(p, &(struct tl_event){.kind = TL_EVENT_WAKE, .tid = 7, .other_tid = 100});
	assert_int_equal(heard.wakes, 1);
	tl_profile_destroy(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patched),
		cmocka_unit_test(test_late_stamp),
		cmocka_unit_test(test_late_first),
		cmocka_unit_test(test_drift),
		cmocka_unit_test(test_stock),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_wake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
