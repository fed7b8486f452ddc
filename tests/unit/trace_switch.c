/* SPDX-License-Identifier: MIT */
/*
 * What vCPUs' threads waited for between exit and entry, and which host interrupt it was
 * that an exit was for.
 * Links: trace/profile/profile.c trace/profile/span.c trace/profile/burst.c
 * Links: trace/profile/event_detail.c
 * Links: trace/profile/switch.c trace/profile/detail.c trace/profile/hist.c trace/decode/esr.c
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "trace/decode/detail.h"
#include "trace/profile/profile.h"

#define EC_WFX 0x01
#define EC_HVC 0x16
#define HVC    (TL_CLASS_EC + EC_HVC)

#define RET_IRQ  0
#define RET_TRAP 2

/* Threads 100 and 101 are vCPUs 0 and 1, that of vCPU 2 is not known; 0 is an idle CPU. */
static int set_up(void **state)
{
	struct tl_profile *profile;

	if (tl_profile_create(&profile))
		return -1;
	*state = profile;
	return tl_profile_add_vcpu(profile, 0, 100, 0) || tl_profile_add_vcpu(profile, 1, 101, 0) ||
	       tl_profile_add_vcpu(profile, 2, 0, 0);
}

static int tear_down(void **state)
{
	tl_profile_destroy(*state);
	return 0;
}

static void leave(struct tl_profile *p, pid_t tid, uint64_t ts, uint32_t ec)
{
	tl_profile_event(p, &(struct tl_event){.kind = TL_EVENT_EXIT,
				    .vcpu = TL_EVENT_NO_VCPU,
				    .tid = tid,
				    .ts = ts,
				    .ret = RET_TRAP,
				    .ec = ec});
}

static void enter(struct tl_profile *p, pid_t tid, uint64_t ts)
{
	tl_profile_event(
		p, &(struct tl_event){
			   .kind = TL_EVENT_ENTRY, .vcpu = TL_EVENT_NO_VCPU, .tid = tid, .ts = ts});
}

static void change(struct tl_profile *p, uint64_t ts, pid_t from, pid_t to)
{
	tl_profile_event(p, &(struct tl_event){.kind = TL_EVENT_SWITCH,
				    .vcpu = TL_EVENT_NO_VCPU,
				    .tid = from,
				    .other_tid = to,
				    .ts = ts});
}

static void preempt(struct tl_profile *p, uint64_t ts, pid_t from, pid_t to)
{
	tl_profile_event(p, &(struct tl_event){.kind = TL_EVENT_SWITCH,
				    .vcpu = TL_EVENT_NO_VCPU,
				    .tid = from,
				    .other_tid = to,
				    .ts = ts,
				    .preempted = 1});
}

static void wake(struct tl_profile *p, uint64_t ts, pid_t waker, pid_t tid)
{
	tl_profile_event(p, &(struct tl_event){.kind = TL_EVENT_WAKE,
				    .vcpu = TL_EVENT_NO_VCPU,
				    .tid = waker,
				    .other_tid = tid,
				    .ts = ts});
}

static void interrupt(struct tl_profile *p, pid_t tid, uint32_t irq, const char *name)
{
	tl_profile_event(p, &(struct tl_event){.kind = TL_EVENT_IRQ,
				    .vcpu = TL_EVENT_NO_VCPU,
				    .tid = tid,
				    .ts = 5000,
				    .irq = irq,
				    .label = name});
}

/* An exit for a host interrupt, as either kernel tells it. Returns its detail. */
static uint64_t leave_irq(struct tl_profile *p, pid_t tid, int is_patched)
{
	struct tl_profile_vcpu *v = p->vcpus[tid - 100];

	tl_profile_event(p, &(struct tl_event){.kind = TL_EVENT_EXIT,
				    .vcpu = is_patched ? v->id : TL_EVENT_NO_VCPU,
				    .has_exits = is_patched,
				    .exits = v->last_count + 1,
				    .has_syndrome = is_patched,
				    .tid = tid,
				    .ts = 6000,
				    .ret = RET_IRQ});
	assert_int_equal(v->open.exit_class, TL_CLASS_IRQ);
	return v->open.detail;
}

static void expect_waits(
	const struct tl_profile *p, unsigned int id, uint64_t slept, uint64_t delayed)
{
	assert_int_equal(p->vcpus[id]->slept_ns, slept);
	assert_int_equal(p->vcpus[id]->delayed_ns, delayed);
}

static void test_sleep(void **state)
{
	struct tl_profile *p = *state;

	leave(p, 100, 100, EC_WFX);
	assert_false(p->vcpus[0]->has_switches);
	change(p, 200, 100, 0);
	wake(p, 1200, 0, 100);
	change(p, 1500, 0, 100);
	enter(p, 100, 1600);
	assert_true(p->vcpus[0]->has_switches);
	expect_waits(p, 0, 1000, 300);
	assert_int_equal(p->details.count, 1);
	assert_int_equal(p->details.list[0].slept, 1000);
	assert_int_equal(p->details.list[0].delayed, 300);
	/* Which are part of the time that it took. */
	assert_int_equal(p->details.list[0].time->sum, 1500);
	assert_int_equal(p->strangers, 0);
}

/* Every exit has its own, and each kind of exit the sum of these. */
static void test_details(void **state)
{
	struct tl_profile *p = *state;

	for (uint64_t t = 0; t < 30000; t += 10000) {
		leave(p, 100, t + 100, EC_WFX);
		change(p, t + 200, 100, 7);
		wake(p, t + 300, 7, 100);
		change(p, t + 310, 7, 100);
		change(p, t + 400, 100, 0);
		wake(p, t + 600, 7, 100);
		change(p, t + 620, 0, 100);
		enter(p, 100, t + 700);
		leave(p, 100, t + 800, EC_HVC);
		change(p, t + 900, 100, 0);
		wake(p, t + 901, 7, 100);
		change(p, t + 903, 0, 100);
		enter(p, 100, t + 910);
		leave(p, 100, t + 920, 0);
		enter(p, 100, t + 930);
	}
	expect_waits(p, 0, 3 * 301, 3 * 32);
	assert_int_equal(p->details.count, 3);
	assert_int_equal(p->details.list[0].slept, 3 * 300);
	assert_int_equal(p->details.list[0].delayed, 3 * 30);
	assert_int_equal(p->details.list[1].exit_class, HVC);
	assert_int_equal(p->details.list[1].slept, 3);
	assert_int_equal(p->details.list[1].delayed, 6);
	assert_int_equal(p->details.list[2].slept + p->details.list[2].delayed, 0);
}

/* It could have gone on, so it does not sleep, and nobody need wake it. */
static void test_preemption(void **state)
{
	struct tl_profile *p = *state;

	leave(p, 100, 100, EC_HVC);
	preempt(p, 200, 100, 7);
	wake(p, 300, 7, 100);
	change(p, 700, 7, 100);
	preempt(p, 750, 100, 7);
	preempt(p, 760, 7, 100);
	enter(p, 100, 800);
	expect_waits(p, 0, 0, 510);
	assert_int_equal(p->details.list[0].delayed, 510);
	assert_int_equal(p->details.list[0].slept, 0);
}

/* One vCPU takes the other's place, and wakes it. */
static void test_two_vcpus(void **state)
{
	struct tl_profile *p = *state;

	leave(p, 100, 100, EC_WFX);
	change(p, 200, 100, 101);
	assert_true(p->vcpus[0]->has_switches && p->vcpus[1]->has_switches);
	enter(p, 101, 210);
	leave(p, 101, 290, EC_HVC);
	wake(p, 300, 101, 100);
	preempt(p, 350, 101, 100);
	enter(p, 100, 360);
	change(p, 400, 100, 101);
	enter(p, 101, 410);
	expect_waits(p, 0, 100, 50);
	expect_waits(p, 1, 0, 50);
	assert_int_equal(p->details.count, 2);
	assert_int_equal(p->details.list[0].slept, 100);
	assert_int_equal(p->details.list[1].delayed, 50);
}

/* What matters is the first time that it could have run again. */
static void test_woken_twice(void **state)
{
	struct tl_profile *p = *state;

	leave(p, 100, 50, EC_WFX);
	change(p, 100, 100, 0);
	wake(p, 200, 7, 100);
	wake(p, 250, 7, 100);
	change(p, 300, 0, 100);
	enter(p, 100, 310);
	expect_waits(p, 0, 100, 100);
}

/* Awake already, or another one's, or by this one. */
static void test_not_woken(void **state)
{
	struct tl_profile *p = *state;

	leave(p, 100, 50, EC_WFX);
	wake(p, 100, 7, 100);
	change(p, 150, 0, 100);
	expect_waits(p, 0, 0, 0);
	change(p, 200, 100, 0);
	wake(p, 210, 100, 7);
	wake(p, 220, 7, 8);
	wake(p, 230, 7, 101);
	change(p, 300, 0, 100);
	enter(p, 100, 310);
	expect_waits(p, 0, 100, 0);
	expect_waits(p, 1, 0, 0);
}

static void test_clock_goes_back(void **state)
{
	struct tl_profile *p = *state;

	change(p, 500, 100, 0);
	wake(p, 400, 7, 100);
	change(p, 300, 0, 100);
	expect_waits(p, 0, 0, 0);
}

/* Idle CPUs are thread 0 as well, and so are vCPUs of which the thread is not known. */
static void test_no_thread(void **state)
{
	struct tl_profile *p = *state;

	change(p, 100, 0, 7);
	wake(p, 200, 7, 0);
	change(p, 300, 7, 0);
	change(p, 400, 0, 7);
	interrupt(p, 0, 27, "timer");
	assert_false(p->vcpus[2]->has_switches);
	expect_waits(p, 2, 0, 0);
	assert_int_equal(p->vcpus[2]->irq_ts, 0);
	assert_null(p->irq_names[27]);
	assert_int_equal(p->strangers, 0);
}

/* The interrupt's handler runs before the exit that it caused is told of. */
static void test_irq(void **state)
{
	struct tl_profile *p = *state;

	for (int is_patched = 0; is_patched < 2; is_patched++) {
		interrupt(p, 100, 27, "arch_timer");
		assert_int_equal(leave_irq(p, 100, is_patched), 28);
		/* Only of the next exit; of the one after that nothing is known. */
		assert_int_equal(leave_irq(p, 100, is_patched), 0);
		interrupt(p, 100, 0, NULL);
		assert_int_equal(leave_irq(p, 100, is_patched), 1);
	}
	assert_string_equal(p->irq_names[27], "arch_timer");
	assert_null(p->irq_names[0]);
}

/* Those that came in while the thread was in the kernel are over. */
static void test_last_irq(void **state)
{
	struct tl_profile *p = *state;

	interrupt(p, 100, 40, "eth0");
	interrupt(p, 100, 27, "arch_timer");
	assert_int_equal(leave_irq(p, 100, 1), 28);
	interrupt(p, 100, 40, "eth0");
	leave(p, 100, 7000, EC_HVC);
	assert_int_equal(p->vcpus[0]->open.detail, 0);
	assert_int_equal(leave_irq(p, 100, 1), 0);
	assert_string_equal(p->irq_names[40], "eth0");
}

static void test_irq_of_others(void **state)
{
	struct tl_profile *p = *state;

	interrupt(p, 7, 27, "arch_timer");
	interrupt(p, 0, 28, "eth0");
	interrupt(p, 101, 29, "disk");
	assert_int_equal(leave_irq(p, 100, 1), 0);
	assert_null(p->irq_names[27]);
	assert_null(p->irq_names[28]);
	assert_int_equal(leave_irq(p, 101, 1), 30);
	assert_string_equal(p->irq_names[29], "disk");
	assert_int_equal(p->strangers, 0);
}

/* The name is in the record, which does not last; the first one that is known stays. */
static void test_irq_names(void **state)
{
	struct tl_profile *p = *state;
	char name[8] = "one";

	interrupt(p, 100, 255, NULL);
	interrupt(p, 100, 255, name);
	strcpy(name, "two");
	assert_string_equal(p->irq_names[255], "one");
	interrupt(p, 100, 255, name);
	assert_string_equal(p->irq_names[255], "one");
	/* A number for which there is no room is a number still. */
	interrupt(p, 100, 256, name);
	assert_int_equal(leave_irq(p, 100, 1), 257);
	interrupt(p, 100, UINT32_MAX, name);
	assert_int_equal(leave_irq(p, 100, 1), UINT64_C(0x100000000));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sleep),
		TEST(test_details),
		TEST(test_preemption),
		TEST(test_two_vcpus),
		TEST(test_woken_twice),
		TEST(test_not_woken),
		TEST(test_clock_goes_back),
		TEST(test_no_thread),
		TEST(test_irq),
		TEST(test_last_irq),
		TEST(test_irq_of_others),
		TEST(test_irq_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
