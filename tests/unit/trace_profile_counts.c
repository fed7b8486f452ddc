/* SPDX-License-Identifier: MIT */
/*
 * The profile and what the kernel has counted: counts in the place of events,
 * classes that hold against each other, and times by the system counter.
 * Links: trace/profile/reconcile.c trace/profile/burst.c trace/profile/event_detail.c
 * Links: trace/profile/switch.c
 * Links: trace/profile/profile.c trace/profile/span.c trace/profile/detail.c trace/profile/hist.c
 * Links: trace/decode/esr.c
 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "trace/profile/profile.h"

#define EC_HVC  0x16
#define EC_DABT 0x24
#define HVC     (TL_CLASS_EC + EC_HVC)
#define DABT    (TL_CLASS_EC + EC_DABT)

#define MHZ 1000000u

static struct tl_profile *profile_of(unsigned int vcpus)
{
	struct tl_profile *profile;

	assert_int_equal(tl_profile_create(&profile), 0);
	for (unsigned int i = 0; i < vcpus; i++)
		assert_int_equal(tl_profile_add_vcpu(profile, i, 100 + (pid_t)i, 0), 0);
	return profile;
}

/* What the kernel has counted: so many HVC and data aborts, and interrupts up to `exits`. */
static void set_counts(
	struct tl_profile *p, unsigned int vcpu, uint64_t exits, uint64_t hvc, uint64_t dabt)
{
	struct tl_kernel_counts counts = {.has_exits = 1, .has_classes = 1, .exits = exits};

	counts.classes[HVC] = hvc;
	counts.classes[DABT] = dabt;
	counts.classes[TL_CLASS_IRQ] = exits - hvc - dabt;
	assert_int_equal(tl_profile_set_kernel_counts(p, vcpu, &counts), 0);
}

static void enter(
	struct tl_profile *p, unsigned int vcpu, uint64_t ts, uint64_t counter, uint64_t exits)
{
	tl_profile_event(p, &(struct tl_event){.kind = TL_EVENT_ENTRY,
				    .vcpu = vcpu,
				    .ts = ts,
				    .has_exits = 1,
				    .exits = exits,
				    .counter = counter});
}

static void leave(struct tl_profile *p, unsigned int vcpu, uint64_t ts, uint64_t counter,
	uint64_t exits, uint32_t ec)
{
	tl_profile_event(p, &(struct tl_event){.kind = TL_EVENT_EXIT,
				    .vcpu = vcpu,
				    .ts = ts,
				    .has_exits = 1,
				    .exits = exits,
				    .ret = 2,
				    .ec = ec,
				    .counter = counter});
}

/* Events of an HVC, a data abort and another HVC. */
static void play(struct tl_profile *p, unsigned int vcpu)
{
	enter(p, vcpu, 1000, 0, 0);
	leave(p, vcpu, 1100, 0, 1, EC_HVC);
	enter(p, vcpu, 1200, 0, 1);
	leave(p, vcpu, 1300, 0, 2, EC_DABT);
	enter(p, vcpu, 1400, 0, 2);
	leave(p, vcpu, 1500, 0, 3, EC_HVC);
}

static void test_set_kernel_counts(void **state)
{
	struct tl_profile *p = profile_of(2);
	struct tl_kernel_counts counts = {.has_exits = 1, .exits = 9, .not_run = 3};

	(void)state;
	assert_int_equal(tl_profile_set_kernel_counts(p, 2, &counts), -ENOENT);
	assert_int_equal(tl_profile_set_kernel_counts(p, 1, &counts), 0);
	assert_false(p->vcpus[0]->kernel.has_exits);
	assert_int_equal(p->vcpus[1]->kernel.exits, 9);
	assert_int_equal(p->vcpus[1]->kernel.not_run, 3);
	/* The last ones count. */
	counts.exits = 10;
	assert_int_equal(tl_profile_set_kernel_counts(p, 1, &counts), 0);
	assert_int_equal(p->vcpus[1]->kernel.exits, 10);
	tl_profile_destroy(p);
}

/* Events, where there were any, however much more the kernel has counted. */
static void test_counts_of_events(void **state)
{
	struct tl_profile *p = profile_of(1);
	const struct tl_profile_vcpu *v = p->vcpus[0];

	(void)state;
	play(p, 0);
	set_counts(p, 0, 90, 50, 30);
	assert_int_equal(tl_profile_exits(p, v), 3);
	assert_int_equal(tl_profile_class_count(p, v, HVC), 2);
	assert_int_equal(tl_profile_class_count(p, v, DABT), 1);
	assert_int_equal(tl_profile_class_count(p, v, TL_CLASS_IRQ), 0);
	tl_profile_destroy(p);
}

static void test_counts_without_events(void **state)
{
	struct tl_profile *p = profile_of(1);
	const struct tl_profile_vcpu *v = p->vcpus[0];

	(void)state;
	p->no_events = 1;
	assert_int_equal(tl_profile_exits(p, v), 0);
	assert_int_equal(tl_profile_class_count(p, v, HVC), 0);
	set_counts(p, 0, 90, 50, 30);
	assert_int_equal(tl_profile_exits(p, v), 90);
	assert_int_equal(tl_profile_class_count(p, v, HVC), 50);
	assert_int_equal(tl_profile_class_count(p, v, DABT), 30);
	assert_int_equal(tl_profile_class_count(p, v, TL_CLASS_IRQ), 10);
	tl_profile_destroy(p);
}

static void test_classes_equal(void **state)
{
	struct tl_profile *p = profile_of(1);
	struct tl_reconciliation r;

	(void)state;
	play(p, 0);
	set_counts(p, 0, 3, 2, 1);
	r = tl_profile_reconcile_vcpu(p->vcpus[0]);
	assert_true(r.equal && r.has_classes);
	assert_true(r.classes_add_up && r.classes_equal);
	r = tl_profile_reconcile(p);
	assert_true(r.equal && r.has_classes);
	assert_true(r.classes_add_up && r.classes_equal);
	tl_profile_destroy(p);
}

/* The same number of exits, but of other classes. */
static void test_classes_differ(void **state)
{
	struct tl_profile *p = profile_of(1);
	struct tl_reconciliation r;

	(void)state;
	play(p, 0);
	set_counts(p, 0, 3, 1, 2);
	r = tl_profile_reconcile(p);
	assert_true(r.equal && r.has_classes && r.classes_add_up);
	assert_false(r.classes_equal);
	tl_profile_destroy(p);
}

/* The kernel contradicts itself: all that was seen is in its classes, but not in its exits. */
static void test_classes_do_not_add_up(void **state)
{
	struct tl_profile *p = profile_of(1);
	struct tl_reconciliation r;

	(void)state;
	play(p, 0);
	set_counts(p, 0, 3, 2, 1);
	p->vcpus[0]->kernel.exits = 4;
	r = tl_profile_reconcile(p);
	assert_true(r.has_classes && r.classes_equal);
	assert_false(r.classes_add_up);
	assert_false(r.equal);
	assert_int_equal(r.lost, 1);
	tl_profile_destroy(p);
}

/* A kernel that does not count by class: zeroes prove nothing, not even beside zeroes. */
static void test_no_classes(void **state)
{
	struct tl_profile *p = profile_of(1);
	struct tl_kernel_counts counts = {.has_exits = 1};
	struct tl_reconciliation r;

	(void)state;
	assert_int_equal(tl_profile_set_kernel_counts(p, 0, &counts), 0);
	r = tl_profile_reconcile_vcpu(p->vcpus[0]);
	assert_false(r.has_classes || r.classes_add_up || r.classes_equal);
	r = tl_profile_reconcile(p);
	assert_false(r.has_classes || r.classes_add_up || r.classes_equal);
	tl_profile_destroy(p);
}

/* What is wrong with one vCPU is wrong with all, whether it is the first or the last. */
static void test_classes_of_all(void **state)
{
	(void)state;
	for (unsigned int bad = 0; bad < 2; bad++) {
		struct tl_profile *p = profile_of(2);
		struct tl_reconciliation r;

		play(p, 0);
		play(p, 1);
		set_counts(p, !bad, 3, 2, 1);
		set_counts(p, bad, 3, 1, 2);
		r = tl_profile_reconcile(p);
		assert_true(r.equal && r.has_classes && r.classes_add_up);
		assert_false(r.classes_equal);
		set_counts(p, bad, 3, 2, 1);
		p->vcpus[bad]->kernel.classes[TL_CLASS_IRQ] = 1;
		r = tl_profile_reconcile(p);
		assert_true(r.has_classes);
		assert_false(r.classes_add_up);
		p->vcpus[bad]->kernel.has_classes = 0;
		r = tl_profile_reconcile(p);
		assert_false(r.has_classes || r.classes_add_up || r.classes_equal);
		tl_profile_destroy(p);
	}
}

/* Counts alone: the exits and their classes are known, completeness is no question. */
static void test_reconcile_without_events(void **state)
{
	struct tl_profile *p = profile_of(2);
	struct tl_reconciliation r;

	(void)state;
	p->no_events = 1;
	set_counts(p, 0, 90, 50, 30);
	set_counts(p, 1, 9, 5, 3);
	r = tl_profile_reconcile(p);
	assert_true(r.has_kernel && r.has_classes && r.classes_add_up);
	assert_int_equal(r.kernel, 99);
	assert_false(r.has_last || r.has_lost || r.equal);
	assert_int_equal(r.lost, 0);
	tl_profile_destroy(p);
}

/* 40 ns a tick; the events' own times, which contain a host interrupt, are ignored. */
static void test_times_by_counter(void **state)
{
	struct tl_profile *p = profile_of(1);
	const struct tl_profile_vcpu *v = p->vcpus[0];

	(void)state;
	tl_profile_set_counter(p, 25 * MHZ);
	enter(p, 0, 1000000, 500, 0);
	leave(p, 0, 1900000, 510, 1, EC_HVC);
	enter(p, 0, 1900100, 535, 1);
	assert_int_equal(v->guest_ns, 400);
	assert_int_equal(v->classes[HVC].time->count, 1);
	assert_int_equal(v->classes[HVC].time->sum, 1000);
	/* When it was, in the report, is by the clock. */
	assert_int_equal(p->first_ts, 1000000);
	assert_int_equal(p->last_ts, 1900100);
	tl_profile_destroy(p);
}

/* No frequency, or an event without a counter: the clock, at both ends. */
static void test_times_without_counter(void **state)
{
	struct tl_profile *p = profile_of(1);
	const struct tl_profile_vcpu *v = p->vcpus[0];

	(void)state;
	enter(p, 0, 1000, 500, 0);
	leave(p, 0, 1300, 510, 1, EC_HVC);
	enter(p, 0, 1500, 535, 1);
	assert_int_equal(v->guest_ns, 300);
	assert_int_equal(v->classes[HVC].time->sum, 200);
	tl_profile_set_counter(p, 25 * MHZ);
	leave(p, 0, 1600, 0, 2, EC_DABT);
	assert_int_equal(v->guest_ns, 400);
	enter(p, 0, 1650, 600, 2);
	assert_int_equal(v->classes[DABT].time->sum, 50);
	/* From here on both ends have it again. */
	leave(p, 0, 9000, 601, 3, EC_HVC);
	assert_int_equal(v->guest_ns, 440);
	tl_profile_destroy(p);
}

/* A counter that goes back is no time, and neither a huge one. */
static void test_counter_goes_back(void **state)
{
	static const uint64_t frequencies[] = {19200000, 25 * MHZ, 1000 * MHZ};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(frequencies); i++) {
		struct tl_profile *p = profile_of(1);
		const struct tl_profile_vcpu *v = p->vcpus[0];

		tl_profile_set_counter(p, frequencies[i]);
		enter(p, 0, 1000, 500, 0);
		leave(p, 0, 1100, 499, 1, EC_HVC);
		assert_int_equal(v->guest_ns, 0);
		enter(p, 0, 1200, 498, 1);
		assert_null(v->classes[HVC].time);
		assert_int_equal(v->classes[HVC].untimed, 1);
		tl_profile_destroy(p);
	}
}

/* Both in the same tick: handled in no time, but not without a time. */
static void test_counter_stands(void **state)
{
	struct tl_profile *p = profile_of(1);
	const struct tl_profile_vcpu *v = p->vcpus[0];

	(void)state;
	tl_profile_set_counter(p, 25 * MHZ);
	enter(p, 0, 1000, 600, 0);
	leave(p, 0, 1300, 600, 1, EC_HVC);
	enter(p, 0, 1400, 600, 1);
	assert_int_equal(v->guest_ns, 0);
	assert_int_equal(v->classes[HVC].untimed, 0);
	assert_int_equal(v->classes[HVC].time->count, 1);
	assert_int_equal(v->classes[HVC].time->sum, 0);
	tl_profile_destroy(p);
}

/* Days of ticks: the product of ticks and 1e9 would not fit; and fractions of a ns. */
static void test_counter_arithmetic(void **state)
{
	static const struct {
		uint64_t hz, ticks, ns;
	} cases[] = {
		{1000 * MHZ, UINT64_C(100000) * 1000 * MHZ, UINT64_C(100000000000000)},
		{25 * MHZ, UINT64_C(30) * 86400 * 25 * MHZ + 1, UINT64_C(2592000000000040)},
		{24 * MHZ, 1, 41},
		{24 * MHZ, 24 * MHZ - 1, 999999958},
		{62500000, 3, 48},
		{4000ull * MHZ, 3, 0},
		{4000ull * MHZ, 4000ull * MHZ - 1, 999999999},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(cases); i++) {
		struct tl_profile *p = profile_of(1);

		tl_profile_set_counter(p, cases[i].hz);
		leave(p, 0, 1000, 7, 1, EC_HVC);
		enter(p, 0, 2000, 7 + cases[i].ticks, 1);
		assert_int_equal(p->vcpus[0]->classes[HVC].time->sum, cases[i].ns);
		tl_profile_destroy(p);
	}
}

/* A lost event leaves no counter behind that a later one is measured from. */
static void test_counter_after_a_gap(void **state)
{
	struct tl_profile *p = profile_of(1);
	const struct tl_profile_vcpu *v = p->vcpus[0];

	(void)state;
	tl_profile_set_counter(p, 1000 * MHZ);
	leave(p, 0, 1000, 100, 1, EC_HVC);
	/* lost: entry 1, exit 2 */
	enter(p, 0, 2000, 300, 2);
	leave(p, 0, 3000, 310, 3, EC_HVC);
	enter(p, 0, 4000, 330, 3);
	assert_int_equal(v->guest_ns, 10);
	assert_int_equal(v->classes[HVC].untimed, 1);
	assert_int_equal(v->classes[HVC].time->count, 1);
	assert_int_equal(v->classes[HVC].time->sum, 20);
	tl_profile_destroy(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_kernel_counts),
		cmocka_unit_test(test_counts_of_events),
		cmocka_unit_test(test_counts_without_events),
		cmocka_unit_test(test_classes_equal),
		cmocka_unit_test(test_classes_differ),
		cmocka_unit_test(test_classes_do_not_add_up),
		cmocka_unit_test(test_no_classes),
		cmocka_unit_test(test_classes_of_all),
		cmocka_unit_test(test_reconcile_without_events),
		cmocka_unit_test(test_times_by_counter),
		cmocka_unit_test(test_times_without_counter),
		cmocka_unit_test(test_counter_goes_back),
		cmocka_unit_test(test_counter_stands),
		cmocka_unit_test(test_counter_arithmetic),
		cmocka_unit_test(test_counter_after_a_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
