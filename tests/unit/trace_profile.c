/* SPDX-License-Identifier: MIT */
/*
 * Pairing of exits with entries: right times where all events are there, and none
 * where one is missing; counts that hold against each other.
 * Links: trace/profile/reconcile.c trace/profile/burst.c trace/profile/event_detail.c
 * Links: trace/profile/switch.c
 * Links: trace/profile/profile.c trace/profile/span.c trace/profile/detail.c trace/profile/hist.c
 * Links: trace/decode/esr.c
 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "trace/profile/profile.h"

#define EC_HVC 0x16
#define EC_WFX 0x01
#define HVC    (TL_CLASS_EC + EC_HVC)

static struct tl_profile *profile_of(unsigned int vcpus)
{
	struct tl_profile *profile;

	assert_int_equal(tl_profile_create(&profile), 0);
	for (unsigned int i = 0; i < vcpus; i++)
		assert_int_equal(tl_profile_add_vcpu(profile, i, 100 + (pid_t)i, 0), 0);
	return profile;
}

/* What the kernel has counted, but not by class. */
static int set_kernel_exits(struct tl_profile *p, unsigned int vcpu, uint64_t exits)
{
	struct tl_kernel_counts counts = {.has_exits = 1, .exits = exits};

	return tl_profile_set_kernel_counts(p, vcpu, &counts);
}

static void enter(struct tl_profile *p, unsigned int vcpu, uint64_t ts, uint64_t exits)
{
	tl_profile_event(p, &(struct tl_event){.kind = TL_EVENT_ENTRY,
				    .vcpu = vcpu,
				    .ts = ts,
				    .has_exits = 1,
				    .exits = exits});
}

static void leave(struct tl_profile *p, unsigned int vcpu, uint64_t ts, uint64_t exits, uint32_t ec)
{
	tl_profile_event(p, &(struct tl_event){.kind = TL_EVENT_EXIT,
				    .vcpu = vcpu,
				    .ts = ts,
				    .has_exits = 1,
				    .exits = exits,
				    .ret = 2,
				    .ec = ec});
}

/* The same as a stock kernel tells it: by thread, without a count. */
static void stock(struct tl_profile *p, enum tl_event_kind kind, pid_t tid, uint64_t ts)
{
	tl_profile_event(p, &(struct tl_event){.kind = kind,
				    .vcpu = TL_EVENT_NO_VCPU,
				    .tid = tid,
				    .ts = ts,
				    .ret = 2,
				    .ec = EC_HVC});
}

static void lost(struct tl_profile *p, enum tl_event_kind kind, uint64_t count)
{
	tl_profile_event(p, &(struct tl_event){.kind = kind, .lost = count});
}

static void test_pairs(void **state)
{
	struct tl_profile *p = profile_of(1);
	const struct tl_profile_vcpu *v = p->vcpus[0];

	(void)state;
	enter(p, 0, 1000, 0);
	leave(p, 0, 1500, 1, EC_HVC);
	enter(p, 0, 1600, 1);
	leave(p, 0, 1700, 2, EC_HVC);
	enter(p, 0, 2000, 2);
	assert_int_equal(v->exits, 2);
	assert_int_equal(v->classes[HVC].count, 2);
	assert_int_equal(v->classes[HVC].untimed, 0);
	assert_int_equal(v->classes[HVC].time->count, 2);
	assert_int_equal(v->classes[HVC].time->sum, 400);
	assert_int_equal(v->classes[HVC].time->max, 300);
	assert_int_equal(v->guest_ns, 600);
	assert_int_equal(p->first_ts, 1000);
	assert_int_equal(p->last_ts, 2000);
	tl_profile_destroy(p);
}

/* Events of two vCPUs interleave; each is paired with its own. */
static void test_two_vcpus(void **state)
{
	struct tl_profile *p = profile_of(2);

	(void)state;
	enter(p, 0, 10, 0);
	enter(p, 1, 11, 0);
	leave(p, 1, 20, 1, EC_WFX);
	leave(p, 0, 30, 1, EC_HVC);
	enter(p, 1, 100, 1);
	enter(p, 0, 35, 1);
	assert_int_equal(p->vcpus[0]->classes[HVC].time->sum, 5);
	assert_int_equal(p->vcpus[1]->classes[TL_CLASS_WFX].time->sum, 80);
	assert_null(p->vcpus[1]->classes[HVC].time);
	tl_profile_destroy(p);
}

static void test_open_last_exit(void **state)
{
	struct tl_profile *p = profile_of(1);
	struct tl_reconciliation r;

	(void)state;
	enter(p, 0, 10, 0);
	leave(p, 0, 20, 1, EC_HVC);
	assert_int_equal(set_kernel_exits(p, 0, 1), 0);
	assert_int_equal(p->vcpus[0]->where, TL_VCPU_HOST);
	assert_int_equal(p->vcpus[0]->classes[HVC].count, 1);
	assert_null(p->vcpus[0]->classes[HVC].time);
	r = tl_profile_reconcile(p);
	assert_true(r.equal);
	assert_int_equal(r.lost, 0);
	tl_profile_destroy(p);
}

/* Exit 2 .. entry 4 are missing: exit 2's successor must not be timed with exit 1. */
static void test_gap_in_the_count(void **state)
{
	struct tl_profile *p = profile_of(1);
	const struct tl_profile_vcpu *v = p->vcpus[0];
	struct tl_reconciliation r;

	(void)state;
	enter(p, 0, 1000, 0);
	leave(p, 0, 1100, 1, EC_HVC);
	/* lost: entry 1, exits and entries 2 to 4 */
	leave(p, 0, 9000, 5, EC_HVC);
	enter(p, 0, 9010, 5);
	assert_int_equal(v->exits, 2);
	assert_int_equal(v->missed, 3);
	assert_int_equal(v->gap_count, 1);
	assert_int_equal(v->gaps[0].from, 1100);
	assert_int_equal(v->gaps[0].to, 9000);
	assert_int_equal(v->gaps[0].exits, 3);
	assert_int_equal(v->classes[HVC].time->count, 1);
	assert_int_equal(v->classes[HVC].time->sum, 10);
	assert_int_equal(v->classes[HVC].untimed, 1);
	assert_int_equal(v->guest_ns, 100);
	set_kernel_exits(p, 0, 6);
	r = tl_profile_reconcile(p);
	assert_int_equal(r.seen, 2);
	assert_int_equal(r.last, 5);
	assert_int_equal(r.kernel, 6);
	assert_int_equal(r.lost, 4);
	assert_false(r.equal);
	tl_profile_destroy(p);
}

/* The gap ends with an entry: the exit before it is not the one that the entry ends. */
static void test_gap_before_an_entry(void **state)
{
	struct tl_profile *p = profile_of(1);
	const struct tl_profile_vcpu *v = p->vcpus[0];

	(void)state;
	leave(p, 0, 1100, 1, EC_HVC);
	enter(p, 0, 9000, 3);
	leave(p, 0, 9100, 4, EC_HVC);
	assert_int_equal(v->missed, 2);
	assert_null(v->classes[HVC].time);
	assert_int_equal(v->classes[HVC].untimed, 1);
	assert_int_equal(v->guest_ns, 100);
	tl_profile_destroy(p);
}

/* Only the entry is lost: no exit is missing, but neither has a time. */
static void test_lost_entry(void **state)
{
	struct tl_profile *p = profile_of(1);
	const struct tl_profile_vcpu *v = p->vcpus[0];

	(void)state;
	leave(p, 0, 100, 1, EC_HVC);
	leave(p, 0, 200, 2, EC_HVC);
	enter(p, 0, 230, 2);
	assert_int_equal(v->missed, 0);
	assert_int_equal(v->classes[HVC].untimed, 1);
	assert_int_equal(v->classes[HVC].time->sum, 30);
	assert_int_equal(v->guest_ns, 0);
	tl_profile_destroy(p);
}

static void test_first_exits_lost(void **state)
{
	struct tl_profile *p = profile_of(1);

	(void)state;
	leave(p, 0, 100, 8, EC_HVC);
	assert_int_equal(p->vcpus[0]->missed, 7);
	assert_int_equal(p->vcpus[0]->gaps[0].from, 0);
	tl_profile_destroy(p);
}

static void test_count_that_goes_back(void **state)
{
	struct tl_profile *p = profile_of(1);
	const struct tl_profile_vcpu *v = p->vcpus[0];

	(void)state;
	leave(p, 0, 100, 1, EC_HVC);
	enter(p, 0, 110, 1);
	leave(p, 0, 120, 1, EC_HVC);
	enter(p, 0, 130, 0);
	assert_int_equal(v->disorder, 2);
	assert_int_equal(v->missed, 0);
	assert_int_equal(v->last_count, 1);
	assert_int_equal(v->classes[HVC].time->count, 1);
	tl_profile_destroy(p);
}

static void test_many_gaps(void **state)
{
	struct tl_profile *p = profile_of(1);

	(void)state;
	for (unsigned int i = 1; i <= 100; i++)
		leave(p, 0, i * 10, i * 2, EC_HVC);
	assert_int_equal(p->vcpus[0]->gap_count, 100);
	assert_int_equal(p->vcpus[0]->missed, 100);
	assert_int_equal(tl_profile_gaps_kept(p->vcpus[0]), TL_PROFILE_GAPS_MAX);
	tl_profile_destroy(p);
}

/* Of many gaps the longest are kept, and they stay in order. */
static void test_longest_gaps(void **state)
{
	static const unsigned int want[TL_PROFILE_GAPS_MAX] = {38, 40, 39, 38, 37, 36, 35, 34};
	struct tl_profile *p = profile_of(1);
	struct tl_profile_gap *gap;
	uint64_t ts = 10, count = 39;

	(void)state;
	leave(p, 0, ts, count, EC_HVC);
	for (unsigned int i = 1; i <= 30; i++)
		leave(p, 0, ts += 10, count += i + 1, EC_HVC);
	for (unsigned int i = 40; i > 0; i--)
		leave(p, 0, ts += 10, count += i + 1, EC_HVC);
	gap = p->vcpus[0]->gaps;
	for (unsigned int i = 0; i < TL_PROFILE_GAPS_MAX; i++) {
		assert_int_equal(gap[i].exits, want[i]);
		if (i)
			assert_true(gap[i - 1].to <= gap[i].from);
	}
	tl_profile_destroy(p);
}

/* Attached to a vCPU that has run before: what it did then is not ours. */
static void test_start_count(void **state)
{
	struct tl_reconciliation r;
	struct tl_profile *p;

	(void)state;
	assert_int_equal(tl_profile_create(&p), 0);
	assert_int_equal(tl_profile_add_vcpu(p, 0, 1, 500), 0);
	enter(p, 0, 10, 500);
	leave(p, 0, 20, 501, EC_HVC);
	set_kernel_exits(p, 0, 1);
	r = tl_profile_reconcile(p);
	assert_int_equal(r.kernel, 1);
	assert_int_equal(r.last, 1);
	assert_true(r.equal);
	tl_profile_destroy(p);
}

static void test_stock_kernel(void **state)
{
	struct tl_profile *p = profile_of(2);
	struct tl_reconciliation r;

	(void)state;
	stock(p, TL_EVENT_ENTRY, 101, 100);
	stock(p, TL_EVENT_EXIT, 101, 200);
	stock(p, TL_EVENT_ENTRY, 101, 250);
	stock(p, TL_EVENT_EXIT, 101, 300);
	stock(p, TL_EVENT_EXIT, 999, 300);
	assert_int_equal(p->vcpus[0]->exits, 0);
	assert_int_equal(p->vcpus[1]->exits, 2);
	assert_int_equal(p->vcpus[1]->classes[HVC].time->sum, 50);
	assert_int_equal(p->strangers, 1);
	r = tl_profile_reconcile(p);
	assert_false(r.has_last);
	assert_false(r.has_lost);
	assert_false(r.equal);
	set_kernel_exits(p, 0, 0);
	set_kernel_exits(p, 1, 5);
	r = tl_profile_reconcile(p);
	assert_false(r.has_last);
	assert_true(r.has_lost);
	assert_int_equal(r.lost, 3);
	assert_false(r.equal);
	tl_profile_destroy(p);
}

/* Without counts only the ring buffer tells of a loss, and it may be any vCPU's. */
static void test_stock_kernel_loss(void **state)
{
	struct tl_profile *p = profile_of(1);
	const struct tl_profile_vcpu *v = p->vcpus[0];

	(void)state;
	stock(p, TL_EVENT_EXIT, 100, 100);
	lost(p, TL_EVENT_LOST_BEGIN, 7);
	stock(p, TL_EVENT_ENTRY, 100, 200);
	stock(p, TL_EVENT_EXIT, 100, 210);
	stock(p, TL_EVENT_ENTRY, 100, 290);
	lost(p, TL_EVENT_LOST_END, 0);
	assert_int_equal(v->exits, 2);
	assert_null(v->classes[HVC].time);
	assert_int_equal(v->classes[HVC].untimed, 2);
	assert_int_equal(v->guest_ns, 0);
	stock(p, TL_EVENT_EXIT, 100, 300);
	stock(p, TL_EVENT_ENTRY, 100, 310);
	assert_int_equal(v->classes[HVC].time->sum, 10);
	assert_int_equal(p->ring_lost, 7);
	lost(p, TL_EVENT_LOST_BEGIN, 0);
	assert_int_equal(p->gaps_unsized, 1);
	tl_profile_destroy(p);
}

/* With counts a loss on some CPU does not disturb a vCPU that lost nothing. */
static void test_patched_kernel_loss_elsewhere(void **state)
{
	struct tl_profile *p = profile_of(1);

	(void)state;
	leave(p, 0, 100, 1, EC_HVC);
	lost(p, TL_EVENT_LOST_BEGIN, 7);
	enter(p, 0, 150, 1);
	assert_int_equal(p->vcpus[0]->classes[HVC].time->sum, 50);
	tl_profile_destroy(p);
}

static void test_user_exits(void **state)
{
	struct tl_profile *p = profile_of(1);
	struct tl_event event = {
		.kind = TL_EVENT_USER_EXIT, .vcpu = TL_EVENT_NO_VCPU, .tid = 100, .reason = 6};

	(void)state;
	tl_profile_event(p, &event);
	tl_profile_event(p, &event);
	event.error = -EINTR; /* the reason is stale then */
	tl_profile_event(p, &event);
	assert_int_equal(p->vcpus[0]->userspace_exits, 2);
	assert_int_equal(p->vcpus[0]->interrupted, 1);
	tl_profile_destroy(p);
}

/* One vCPU that lost exits must show in the sum even if another has too many. */
static void test_sum_hides_nothing(void **state)
{
	struct tl_profile *p = profile_of(2);
	struct tl_reconciliation r;

	(void)state;
	leave(p, 0, 10, 1, EC_HVC);
	leave(p, 0, 20, 2, EC_HVC);
	leave(p, 1, 10, 2, EC_HVC);
	set_kernel_exits(p, 0, 1);
	set_kernel_exits(p, 1, 2);
	r = tl_profile_reconcile(p);
	assert_int_equal(r.seen, 3);
	assert_int_equal(r.kernel, 3);
	assert_int_equal(r.lost, 1);
	assert_false(r.equal);
	tl_profile_destroy(p);
}

/* A secondary that nobody started: no events at all, and nothing is wrong with that. */
static void test_vcpu_never_started(void **state)
{
	struct tl_profile *p = profile_of(2);
	struct tl_reconciliation r;

	(void)state;
	leave(p, 0, 10, 1, EC_HVC);
	set_kernel_exits(p, 0, 1);
	set_kernel_exits(p, 1, 0);
	r = tl_profile_reconcile(p);
	assert_true(r.has_last);
	assert_true(r.equal);
	tl_profile_destroy(p);
}

static void test_vcpu_ids(void **state)
{
	struct tl_profile *p;

	(void)state;
	assert_int_equal(tl_profile_create(&p), 0);
	assert_int_equal(tl_profile_add_vcpu(p, 7, 1, 0), 0);
	assert_int_equal(tl_profile_add_vcpu(p, 2, 2, 0), 0);
	assert_int_equal(tl_profile_add_vcpu(p, 900, 3, 0), 0);
	assert_int_equal(tl_profile_add_vcpu(p, 7, 4, 0), -EEXIST);
	assert_int_equal(p->vcpu_count, 3);
	assert_int_equal(tl_profile_vcpu(p, 2)->tid, 2);
	assert_int_equal(tl_profile_vcpu(p, 7)->tid, 1);
	assert_int_equal(tl_profile_vcpu(p, 900)->tid, 3);
	assert_null(tl_profile_vcpu(p, 3));
	assert_null(tl_profile_vcpu(p, UINT32_MAX));
	assert_int_equal(p->vcpus[0]->id, 2);
	assert_int_equal(set_kernel_exits(p, 5, 1), -ENOENT);
	tl_profile_destroy(p);
	tl_profile_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_two_vcpus),
		cmocka_unit_test(test_open_last_exit),
		cmocka_unit_test(test_gap_in_the_count),
		cmocka_unit_test(test_gap_before_an_entry),
		cmocka_unit_test(test_lost_entry),
		cmocka_unit_test(test_first_exits_lost),
		cmocka_unit_test(test_count_that_goes_back),
		cmocka_unit_test(test_many_gaps),
		cmocka_unit_test(test_longest_gaps),
		cmocka_unit_test(test_start_count),
		cmocka_unit_test(test_stock_kernel),
		cmocka_unit_test(test_stock_kernel_loss),
		cmocka_unit_test(test_patched_kernel_loss_elsewhere),
		cmocka_unit_test(test_user_exits),
		cmocka_unit_test(test_sum_hides_nothing),
		cmocka_unit_test(test_vcpu_never_started),
		cmocka_unit_test(test_vcpu_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
