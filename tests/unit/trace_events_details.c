/* SPDX-License-Identifier: MIT */
/*
 * What exits were for, from events: exits that tell when the guest was entered, details by
 * class of patched and of stock kernels, who handled them, bursts, and vCPUs and VMs that
 * nobody named.
 * Links: trace/profile/profile.c trace/profile/span.c trace/profile/burst.c
 * Links: trace/profile/event_detail.c
 * Links: trace/profile/switch.c trace/profile/detail.c trace/profile/hist.c trace/decode/esr.c
 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "trace/profile/profile.h"

#define GHZ 1000000000u

#define EC_WFX  0x01
#define EC_FP   0x07
#define EC_HVC  0x16
#define EC_SMC  0x17
#define EC_SYS  0x18
#define EC_IABT 0x20
#define EC_DABT 0x24
#define HVC     (TL_CLASS_EC + EC_HVC)
#define DABT    (TL_CLASS_EC + EC_DABT)

#define RET_IRQ  0
#define RET_TRAP 2

/* ESR_ELx.ISS of aborts, DDI 0487. */
#define ISV    (1u << 24)
#define SAS(n) ((uint32_t)(n) << 22)
#define WNR    (1u << 6)

#define WRITE UINT64_C(0x8000000000000000)
#define RAM   UINT64_C(0x4000000000000000)
#define WORD  UINT64_C(0x2800000000000000) /* its size is known, and is 4 bytes */

/* A counter of 1 GHz: ticks are ns. RAM from 1 GiB on, 256 MiB. */
static int set_up(void **state)
{
	static const struct tl_vm_region regions[] = {
		{"pl011", 0x9000000, 0x1000}, {"ram", 0x40000000, 0x10000000}};
	struct tl_profile *profile;

	if (tl_profile_create(&profile))
		return -1;
	tl_profile_set_counter(profile, GHZ);
	for (unsigned int i = 0; i < ARRAY_LEN(regions); i++)
		profile->map.regions[profile->map.count++] = regions[i];
	*state = profile;
	return tl_profile_add_vcpu(profile, 0, 100, 0);
}

static int tear_down(void **state)
{
	tl_profile_destroy(*state);
	return 0;
}

/* Exit number `n`, of vCPU 0 unless it says otherwise. The clock is not the counter. */
static void leave(struct tl_profile *p, uint64_t n, struct tl_event event)
{
	event.kind = TL_EVENT_EXIT;
	event.has_exits = 1;
	event.exits = n;
	event.ts = 1000000 + n * 70000;
	tl_profile_event(p, &event);
}

/* An event of thread `tid`, as a stock kernel tells it. */
static void stock(struct tl_profile *p, pid_t tid, enum tl_event_kind kind, struct tl_event event)
{
	event.kind = kind;
	event.vcpu = TL_EVENT_NO_VCPU;
	event.tid = tid;
	event.ret = RET_TRAP;
	tl_profile_event(p, &event);
}

#define EVENT(...)               ((struct tl_event){__VA_ARGS__})
#define LEAVE(p, n, ...)         leave(p, n, EVENT(.has_syndrome = 1, .ret = RET_TRAP, __VA_ARGS__))
#define STOCK(p, tid, kind, ...) stock(p, tid, kind, EVENT(__VA_ARGS__))

static uint64_t count_details(const struct tl_profile *p)
{
	uint64_t count = 0;

	for (size_t i = 0; i < p->details.count; i++)
		count += p->details.list[i].count;
	return count;
}

static void test_entered(void **state)
{
	struct tl_profile *p = *state;
	const struct tl_profile_vcpu *v = p->vcpus[0];

	LEAVE(p, 1, .ec = EC_HVC, .entered = 100, .counter = 150, .pc = 0x10, .mode = 5);
	assert_int_equal(v->guest_ns, 50);
	assert_int_equal(v->where, TL_VCPU_HOST);
	assert_int_equal(p->details.count, 0);
	LEAVE(p, 2, .ec = EC_FP, .entered = 180, .counter = 300);
	LEAVE(p, 3, .ec = EC_HVC, .entered = 900, .counter = 901, .pc = 0x10, .mode = 5);
	assert_int_equal(v->guest_ns, 171);
	assert_int_equal(v->exits, 3);
	assert_int_equal(v->missed + v->disorder, 0);
	assert_int_equal(v->classes[HVC].time->sum, 30);
	assert_int_equal(v->classes[HVC].untimed, 0);
	assert_int_equal(v->classes[TL_CLASS_EC + EC_FP].time->sum, 600);
	assert_int_equal(p->details.count, 2);
	assert_int_equal(p->details.list[0].pc, 0x10);
	assert_int_equal(p->details.list[0].mode, 5);
	assert_int_equal(p->details.list[0].count, 1);
	assert_int_equal(p->details.list[0].time->sum, 30);
	LEAVE(p, 4, .ec = EC_HVC, .entered = 911, .counter = 912);
	assert_int_equal(p->details.list[0].count, 2);
	assert_int_equal(p->details.list[0].time->sum, 40);
	assert_int_equal(p->details.list[0].time->max, 30);
}

/* Where the entry has an event of its own, that it is told again changes nothing. */
static void test_entered_twice(void **state)
{
	struct tl_profile *p = *state;
	const struct tl_profile_vcpu *v = p->vcpus[0];

	LEAVE(p, 1, .ec = EC_HVC, .entered = 100, .counter = 150);
	tl_profile_event(
		p, &EVENT(.kind = TL_EVENT_ENTRY, .has_exits = 1, .exits = 1, .counter = 180));
	LEAVE(p, 2, .ec = EC_HVC, .entered = 180, .counter = 300);
	assert_int_equal(v->guest_ns, 170);
	assert_int_equal(v->classes[HVC].time->count, 1);
	assert_int_equal(v->classes[HVC].time->sum, 30);
	assert_int_equal(v->missed + v->disorder, 0);
	assert_int_equal(count_details(p), 1);
}

/* What was entered then was not what came out first. */
static void test_entered_after_a_gap(void **state)
{
	struct tl_profile *p = *state;
	const struct tl_profile_vcpu *v = p->vcpus[0];

	LEAVE(p, 1, .ec = EC_HVC, .entered = 100, .counter = 150);
	LEAVE(p, 5, .ec = EC_HVC, .entered = 900, .counter = 960);
	LEAVE(p, 6, .ec = EC_HVC, .entered = 1000, .counter = 1001);
	assert_int_equal(v->missed, 3);
	assert_int_equal(v->disorder, 0);
	assert_int_equal(v->gap_count, 1);
	assert_int_equal(v->gaps[0].from, 1070000);
	assert_int_equal(v->gaps[0].to, 1350000);
	assert_int_equal(v->gaps[0].exits, 3);
	assert_int_equal(v->last_count, 6);
	/* The guest's time is told by one event, and is known of all three. */
	assert_int_equal(v->guest_ns, 50 + 60 + 1);
	assert_int_equal(v->classes[HVC].untimed, 1);
	assert_int_equal(v->classes[HVC].time->count, 1);
	assert_int_equal(v->classes[HVC].time->sum, 40);
	assert_int_equal(p->details.list[0].count, 2);
	assert_int_equal(p->details.list[0].time->count, 1);
}

/* Counter values that nobody can convert: no times, rather than those with the guest's in. */
static void test_entered_without_frequency(void **state)
{
	struct tl_profile *p = *state;
	const struct tl_profile_vcpu *v = p->vcpus[0];

	tl_profile_set_counter(p, 0);
	LEAVE(p, 1, .ec = EC_HVC, .entered = 100, .counter = 150);
	LEAVE(p, 2, .ec = EC_HVC, .entered = 180, .counter = 300);
	assert_null(v->classes[HVC].time);
	assert_int_equal(v->classes[HVC].untimed, 1);
	assert_int_equal(v->guest_ns, 0);
	assert_int_equal(v->missed + v->disorder, 0);
	assert_int_equal(count_details(p), 1);
}

static void test_patched(void **state)
{
	static const struct {
		uint32_t ec;
		uint64_t esr, ipa, x0, x1, detail;
	} cases[] = {
		/* Whatever register it was read into. */
		{EC_SYS, 0x62300ca1, 0, 0, 0, 0x300c01},
		{EC_SYS, 0x62300fe0, 0, 0, 0, 0x300c00},
		{EC_HVC, 0x5a000000, 0, 0x84000001, 7, 0x84000001},
		{EC_HVC, 0x5a000000, 0, 0xffffffff84000001, 7, 0x84000001},
		{EC_HVC, 0x5a001234, 0, 1, 2, UINT64_C(0x123400000001)},
		/* PSCI CPU_ON of Aff0 0; of Aff1 1, Aff0 3: CPU 19, as KVM has 16 in each. */
		{EC_HVC, 0x5a000000, 0, 0xc4000003, 0, UINT64_C(0x00010000c4000003)},
		{EC_HVC, 0x5a000000, 0, 0x84000003, 0x103, UINT64_C(0x0014000084000003)},
		{EC_SMC, 0x5e000000, 0, 0x84000003, 1, UINT64_C(0x0002000084000003)},
		/* All of RAM is one thing, by what was wrong there; a device is its registers. */
		{EC_DABT, ISV | SAS(2) | WNR | 7, 0x40000000, 0, 0, WRITE | RAM | 7},
		{EC_DABT, 0xb, 0x4fffffff, 0, 0, RAM | 0xb},
		{EC_DABT, 7, 0x50000000, 0, 0, 0x50000000},
		{EC_DABT, ISV | SAS(2) | WNR | 7, 0x9000030, 0, 0, WRITE | WORD | 0x9000030},
		{EC_DABT, ISV | SAS(2) | 7, 0x9000018, 0, 0, WORD | 0x9000018},
		{EC_DABT, SAS(2) | 7, 0xa000000, 0, 0, 0xa000000},
		/* Bits of other meaning. */
		{EC_IABT, ISV | WNR | 6, 0x40001000, 0, 0, RAM | 6},
		{EC_IABT, ISV | WNR | 6, 0x9000000, 0, 0, 0x9000000},
		{EC_WFX, 0x06000000, 0, 0, 0, 0},
		{EC_WFX, 0x06000001, 0, 0, 0, 1},
		{EC_WFX, 0x06000042, 0, 0, 0, 2},
		{EC_WFX, 0x0600004b, 0, 0, 0, 3},
		{EC_FP, 0x1e000041, 0x9000000, 1, 1, 0},
	};
	struct tl_profile *p = *state;

	for (unsigned int i = 0; i < ARRAY_LEN(cases); i++) {
		LEAVE(p, i + 1, .ec = cases[i].ec, .esr = cases[i].esr, .ipa = cases[i].ipa,
			.far = 0xfff, .x0 = cases[i].x0, .x1 = cases[i].x1);
		assert_int_equal(p->vcpus[0]->open.exit_class, TL_CLASS_EC + cases[i].ec);
		if (p->vcpus[0]->open.detail != cases[i].detail)
			fail_msg(
				"case %u: 0x%llx", i, (unsigned long long)p->vcpus[0]->open.detail);
	}
}

static void test_without_syndrome(void **state)
{
	struct tl_profile *p = *state;

	leave(p, 1, EVENT(.ret = RET_TRAP, .ec = EC_DABT, .ipa = 0x9000000));
	assert_int_equal(p->vcpus[0]->open.detail, 0);
	/* The syndrome is that of an exit before. */
	leave(p, 2, EVENT(.has_syndrome = 1, .ret = RET_IRQ, .ec = EC_DABT, .ipa = 0x9000000));
	assert_int_equal(p->vcpus[0]->open.exit_class, TL_CLASS_IRQ);
	assert_int_equal(p->vcpus[0]->open.detail, 0);
}

static void test_stock(void **state)
{
	struct tl_profile *p = *state;
	const struct tl_profile_detail *open = &p->vcpus[0]->open;

	STOCK(p, 100, TL_EVENT_EXIT, .ec = EC_SYS, .pc = 0x80);
	assert_int_equal(open->detail, 0);
	STOCK(p, 100, TL_EVENT_SYSREG, .esr = 0x300ca1);
	assert_int_equal(open->detail, 0x300c01);
	assert_int_equal(open->pc, 0x80);
	/* Not of x1, which it does not tell. */
	STOCK(p, 100, TL_EVENT_EXIT, .ec = EC_HVC);
	STOCK(p, 100, TL_EVENT_CALL, .x0 = 0xc4000003, .imm = 0);
	assert_int_equal(open->detail, 0xc4000003);
	STOCK(p, 100, TL_EVENT_EXIT, .ec = EC_HVC);
	STOCK(p, 100, TL_EVENT_CALL, .x0 = 1, .imm = 9);
	assert_int_equal(open->detail, UINT64_C(0x900000001));
	/* Its IPA is that of the page. */
	STOCK(p, 100, TL_EVENT_EXIT, .ec = EC_DABT);
	STOCK(p, 100, TL_EVENT_FAULT, .esr = ISV | SAS(2) | WNR | 7, .ipa = 0x9000000,
		.far = 0xffffffc008765030);
	assert_int_equal(open->detail, WRITE | WORD | 0x9000030);
	STOCK(p, 100, TL_EVENT_EXIT, .ec = EC_DABT);
	STOCK(p, 100, TL_EVENT_FAULT, .esr = WNR | 7, .ipa = 0x4ffff000, .far = 0xfff);
	assert_int_equal(open->detail, WRITE | RAM | 7);
	STOCK(p, 100, TL_EVENT_EXIT, .ec = EC_WFX);
	STOCK(p, 100, TL_EVENT_WFX, .imm = 1);
	assert_int_equal(open->detail, 1);
	STOCK(p, 100, TL_EVENT_EXIT, .ec = EC_WFX);
	STOCK(p, 100, TL_EVENT_WFX, .imm = 0);
	assert_int_equal(open->detail, 0);
	tl_profile_finish(p);
	assert_int_equal(count_details(p), 7);
	assert_int_equal(p->details.count, 7);
}

/* It comes between exit and entry, or it is not of this exit. */
static void test_stock_too_late(void **state)
{
	struct tl_profile *p = *state;

	STOCK(p, 100, TL_EVENT_WFX, .imm = 1);
	STOCK(p, 100, TL_EVENT_EXIT, .ec = EC_WFX);
	STOCK(p, 100, TL_EVENT_ENTRY, .ts = 1);
	STOCK(p, 100, TL_EVENT_WFX, .imm = 1);
	STOCK(p, 100, TL_EVENT_EXIT, .ec = EC_WFX);
	STOCK(p, 101, TL_EVENT_WFX, .imm = 1);
	STOCK(p, 100, TL_EVENT_ENTRY, .ts = 2);
	assert_int_equal(p->strangers, 1);
	assert_int_equal(p->details.count, 1);
	assert_int_equal(p->details.list[0].detail, 0);
	assert_int_equal(p->details.list[0].count, 2);
}

static void test_handler(void **state)
{
	struct tl_profile *p = *state;

	for (unsigned int n = 1; n <= 5; n++) {
		LEAVE(p, n, .ec = EC_DABT, .ipa = 0x9000000, .entered = n * 100 - 10,
			.counter = n * 100);
		if (n & 1)
			STOCK(p, 100, TL_EVENT_USER_EXIT, .reason = 6);
		else
			STOCK(p, 100, TL_EVENT_USER_EXIT, .error = -EINTR);
	}
	assert_int_equal(p->details.count, 2);
	assert_int_equal(p->details.list[0].handler, TL_HANDLER_USER);
	assert_int_equal(p->details.list[0].count, 2);
	assert_int_equal(p->details.list[0].time->sum, 180);
	assert_int_equal(p->details.list[1].handler, TL_HANDLER_KERNEL);
	assert_int_equal(p->details.list[1].count, 2);
	assert_int_equal(p->vcpus[0]->userspace_exits, 3);
}

/* `times` exits of one kind, each of `ns`; the first is number `first`. */
static void burst(struct tl_profile *p, uint64_t first, unsigned int times, uint32_t ec,
	uint64_t ipa, uint64_t ns)
{
	static uint64_t now;

	now = first == 1 ? 1000 : now;
	for (uint64_t n = first; n < first + times; n++) {
		LEAVE(p, n, .ec = ec, .ipa = ipa, .pc = n, .entered = now, .counter = now + 10);
		now += 10 + ns;
	}
}

static void test_bursts(void **state)
{
	struct tl_profile *p = *state;
	const struct tl_profile_vcpu *v = p->vcpus[0];

	burst(p, 1, 3, EC_DABT, 0x9000000, 500);
	burst(p, 4, 9, EC_DABT, 0x9000018, 20);
	/* Waiting costs nobody anything. */
	burst(p, 13, 2, EC_WFX, 0, 100000);
	burst(p, 15, 10, EC_DABT, 0x9000018, 20);
	tl_profile_finish(p);
	/* The first one of that length, wherever its exits came from. */
	assert_int_equal(v->longest.count, 9);
	assert_int_equal(v->longest.exit_class, DABT);
	assert_int_equal(v->longest.detail, 0x9000018);
	assert_int_equal(v->longest.handler, TL_HANDLER_KERNEL);
	assert_int_equal(v->longest.pc, 4);
	assert_int_equal(v->longest.ns, 180);
	assert_int_equal(v->costliest.count, 3);
	assert_int_equal(v->costliest.detail, 0x9000000);
	assert_int_equal(v->costliest.pc, 1);
	assert_int_equal(v->costliest.ns, 1500);
}

/* That of the end is seen when it is told that this is the end; who handled it matters. */
static void test_last_burst(void **state)
{
	struct tl_profile *p = *state;
	const struct tl_profile_vcpu *v = p->vcpus[0];

	burst(p, 1, 2, EC_DABT, 0x9000000, 5);
	STOCK(p, 100, TL_EVENT_USER_EXIT, .reason = 6);
	burst(p, 3, 5, EC_DABT, 0x9000000, 5);
	assert_int_equal(v->longest.count, 1);
	tl_profile_finish(p);
	assert_int_equal(v->longest.count, 4);
	assert_int_equal(v->longest.pc, 3);
}

static void test_learn_patched(void **state)
{
	struct tl_profile *p = *state;

	p->learn = 1;
	STOCK(p, 107, TL_EVENT_USER_EXIT, .reason = 6);
	tl_profile_event(p, &EVENT(.kind = TL_EVENT_ENTRY, .has_exits = 1, .vcpu = 7, .exits = 40));
	assert_int_equal(p->vcpu_count, 1);
	LEAVE(p, 41, .vcpu = 7, .tid = 107, .ec = EC_HVC, .entered = 100, .counter = 130);
	LEAVE(p, 42, .vcpu = 7, .tid = 107, .ec = EC_HVC, .entered = 150, .counter = 151);
	LEAVE(p, 10, .vcpu = 3, .tid = 103, .ec = EC_HVC, .counter = 160);
	assert_int_equal(p->vcpu_count, 3);
	assert_int_equal(p->vcpus[1]->id, 3);
	assert_int_equal(p->vcpus[1]->start_count, 9);
	assert_int_equal(p->vcpus[1]->missed + p->vcpus[1]->disorder, 0);
	assert_int_equal(p->vcpus[2]->id, 7);
	assert_int_equal(p->vcpus[2]->tid, 107);
	assert_int_equal(p->vcpus[2]->start_count, 40);
	assert_int_equal(p->vcpus[2]->last_count, 42);
	assert_int_equal(p->vcpus[2]->missed + p->vcpus[2]->disorder, 0);
	assert_int_equal(p->vcpus[2]->exits, 2);
	assert_int_equal(p->vcpus[2]->guest_ns, 31);
	assert_int_equal(p->vcpus[2]->classes[HVC].time->sum, 20);
	STOCK(p, 107, TL_EVENT_USER_EXIT, .reason = 6);
	assert_int_equal(p->vcpus[2]->userspace_exits, 1);
	assert_int_equal(p->strangers, 0);
}

/* By thread; ids in the order in which they come. */
static void test_learn_stock(void **state)
{
	struct tl_profile *p = *state;

	p->learn = 1;
	STOCK(p, 105, TL_EVENT_ENTRY, .ts = 10);
	STOCK(p, 105, TL_EVENT_EXIT, .ts = 20, .ec = EC_HVC);
	STOCK(p, 103, TL_EVENT_EXIT, .ts = 25, .ec = EC_HVC);
	STOCK(p, 105, TL_EVENT_ENTRY, .ts = 30);
	STOCK(p, 105, TL_EVENT_EXIT, .ts = 37, .ec = EC_HVC);
	assert_int_equal(p->vcpu_count, 3);
	assert_int_equal(p->vcpus[1]->id, 1);
	assert_int_equal(p->vcpus[1]->tid, 105);
	assert_int_equal(p->vcpus[1]->start_count, 0);
	assert_int_equal(p->vcpus[1]->exits, 2);
	assert_int_equal(p->vcpus[1]->guest_ns, 7);
	assert_int_equal(p->vcpus[1]->classes[HVC].time->sum, 10);
	assert_int_equal(p->vcpus[2]->id, 2);
	assert_int_equal(p->vcpus[2]->tid, 103);
	assert_int_equal(p->vcpus[2]->exits, 1);
	assert_int_equal(p->strangers, 0);
}

static void test_not_learnt(void **state)
{
	struct tl_profile *p = *state;

	LEAVE(p, 1, .vcpu = 7, .ec = EC_HVC);
	STOCK(p, 105, TL_EVENT_EXIT, .ec = EC_HVC);
	assert_int_equal(p->vcpu_count, 1);
	assert_int_equal(p->strangers, 2);
	assert_int_equal(p->vcpus[0]->exits, 0);
}

/* Two VMs have a vCPU 0 each. A stock kernel's events do not say whose they are. */
static void test_vm_id(void **state)
{
	struct tl_profile *p = *state;

	p->vm_id = 55;
	LEAVE(p, 1, .vm = 55, .ec = EC_HVC);
	LEAVE(p, 1, .vm = 56, .ec = EC_HVC);
	LEAVE(p, 9, .vm = 56, .vcpu = 1, .ec = EC_HVC);
	LEAVE(p, 2, .vm = 55, .ec = EC_HVC);
	assert_int_equal(p->vcpus[0]->exits, 2);
	assert_int_equal(p->vcpus[0]->missed + p->vcpus[0]->disorder, 0);
	assert_int_equal(p->strangers, 0);
	STOCK(p, 100, TL_EVENT_USER_EXIT, .reason = 6);
	assert_int_equal(p->vcpus[0]->userspace_exits, 1);
	p->vm_id = 0;
	LEAVE(p, 3, .vm = 57, .ec = EC_HVC);
	assert_int_equal(p->vcpus[0]->exits, 3);
}

/* What goes on at the end is counted, but no time is known, nor will ever be. */
static void test_finish(void **state)
{
	struct tl_profile *p = *state;
	const struct tl_profile_vcpu *v = p->vcpus[0];

	assert_int_equal(tl_profile_add_vcpu(p, 1, 101, 0), 0);
	LEAVE(p, 1, .ec = EC_HVC, .entered = 100, .counter = 150);
	LEAVE(p, 2, .ec = EC_HVC, .entered = 180, .counter = 300);
	STOCK(p, 101, TL_EVENT_EXIT, .ts = 1, .ec = EC_HVC);
	STOCK(p, 101, TL_EVENT_ENTRY, .ts = 9);
	assert_int_equal(count_details(p), 2);
	tl_profile_finish(p);
	assert_int_equal(count_details(p), 3);
	assert_int_equal(p->details.list[0].vcpu, 0);
	assert_int_equal(p->details.list[0].count, 2);
	assert_int_equal(p->details.list[0].time->count, 1);
	assert_int_equal(p->details.list[1].vcpu, 1);
	assert_int_equal(p->details.list[1].count, 1);
	assert_int_equal(v->classes[HVC].count, 2);
	assert_int_equal(v->classes[HVC].untimed, 0);
	assert_false(p->failed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_entered),
		TEST(test_entered_twice),
		TEST(test_entered_after_a_gap),
		TEST(test_entered_without_frequency),
		TEST(test_patched),
		TEST(test_without_syndrome),
		TEST(test_stock),
		TEST(test_stock_too_late),
		TEST(test_handler),
		TEST(test_bursts),
		TEST(test_last_burst),
		TEST(test_learn_patched),
		TEST(test_learn_stock),
		TEST(test_not_learnt),
		TEST(test_vm_id),
		TEST(test_finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
