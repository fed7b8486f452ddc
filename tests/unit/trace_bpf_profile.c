/* SPDX-License-Identifier: MIT */
/*
 * From what the BPF programs counted to a profile: slots to vCPUs, keys to details and
 * classes, buckets to times, on a patched kernel and on a stock one.
 * Links: trace/profile/reconcile.c trace/profile/burst.c trace/profile/event_detail.c
 * Links: trace/profile/switch.c
 * Links: trace/collect/bpf_key.c trace/collect/bpf_profile.c trace/profile/profile.c
 * Links: trace/profile/span.c trace/profile/detail.c
 * Links: trace/profile/hist.c trace/profile/kernel_counts.c trace/decode/esr.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "trace/collect/bpf_profile.h"

#define HVC  0x16
#define WFX  0x01
#define DABT 0x24

/* In the place of trace/collect/bpf.c: what a test says that there is. */
static struct tl_bpf_state counted;
static bool patched;
static unsigned int key_count;
static int for_each_result;
static struct {
	struct tl_bpf_key key;
	struct tl_bpf_value value;
} keys[8];

const struct tl_bpf_state *tl_bpf_state(const struct tl_bpf *bpf)
{
	(void)bpf;
	return &counted;
}

bool tl_bpf_is_patched(const struct tl_bpf *bpf)
{
	(void)bpf;
	return patched;
}

int tl_bpf_for_each(struct tl_bpf *bpf,
	int (*each)(void *ctx, const struct tl_bpf_key *key, const struct tl_bpf_value *value),
	void *ctx)
{
	(void)bpf;
	for (unsigned int i = 0; i < key_count; i++) {
		int ret = each(ctx, &keys[i].key, &keys[i].value);

		if (ret)
			return ret;
	}
	return for_each_result;
}

static int set_up(void **state)
{
	struct tl_profile *profile;

	memset(&counted, 0, sizeof(counted));
	memset(keys, 0, sizeof(keys));
	patched = true;
	key_count = 0;
	for_each_result = 0;
	if (tl_profile_create(&profile))
		return -1;
	profile->patched = 1;
	profile->counter_hz = 1000000; /* a tick is a us */
	*state = profile;
	return 0;
}

static int tear_down(void **state)
{
	tl_profile_destroy(*state);
	return 0;
}

/* `count` exits of the same time each, in the bucket that they belong to. */
static void add_key(uint64_t rest, uint64_t detail, uint64_t pc, unsigned int bucket,
	uint32_t count, uint64_t ns)
{
	assert_true(key_count < ARRAY_LEN(keys));
	keys[key_count].key = (struct tl_bpf_key){.detail = detail, .pc = pc, .rest = rest};
	keys[key_count].value = (struct tl_bpf_value){.count = count, .ns = count * ns, .max = ns};
	keys[key_count++].value.hist[bucket] = count;
}

static struct tl_bpf_slot *use_slot(unsigned int slot, uint32_t tid, uint64_t exits)
{
	counted.slots[slot].tid = tid;
	counted.slots[slot].exits = exits;
	counted.slots[slot].first = 1000;
	counted.slots[slot].stamp = 5000;
	return &counted.slots[slot];
}

static void test_vcpu(void **state)
{
	struct tl_profile *p = *state;
	struct tl_bpf_slot *slot = use_slot(3, 33, 12);
	const struct tl_profile_vcpu *vcpu;

	assert_int_equal(tl_profile_add_vcpu(p, 3, 33, 100), 0);
	slot->count = 117;
	slot->guest = 2500000;
	slot->missed = 5;
	slot->user_exits = 4;
	slot->interrupted = 2;
	assert_int_equal(tl_bpf_profile_fill(NULL, p), 0);
	vcpu = tl_profile_vcpu(p, 3);
	assert_int_equal(vcpu->exits, 12);
	assert_int_equal(vcpu->start_count, 100);
	assert_true(vcpu->has_counts);
	assert_int_equal(vcpu->last_count, 117);
	assert_int_equal(vcpu->missed, 5);
	assert_int_equal(vcpu->userspace_exits, 4);
	assert_int_equal(vcpu->interrupted, 2);
	/* Ticks of 1 us */
	assert_int_equal(vcpu->guest_ns, 2500000000);
	assert_int_equal(p->first_ts, 1000000);
	assert_int_equal(p->last_ts, 5000000);
	assert_int_equal(p->strangers, 0);
}

/* From the first event of all vCPUs to the last. */
static void test_duration(void **state)
{
	struct tl_profile *p = *state;

	tl_profile_add_vcpu(p, 0, 10, 0);
	tl_profile_add_vcpu(p, 1, 11, 0);
	use_slot(0, 10, 1)->first = 700;
	use_slot(1, 11, 1)->stamp = 9000;
	assert_int_equal(tl_bpf_profile_fill(NULL, p), 0);
	assert_int_equal(p->first_ts, 700000);
	assert_int_equal(p->last_ts, 9000000);
}

/* A vCPU that was only seen to exit: it began then, and not when the host booted. */
static void test_duration_without_entry(void **state)
{
	struct tl_profile *p = *state;

	tl_profile_add_vcpu(p, 0, 10, 0);
	tl_profile_add_vcpu(p, 1, 11, 0);
	use_slot(0, 10, 1)->stamp = 9000;
	use_slot(1, 11, 1)->first = 0;
	assert_int_equal(tl_bpf_profile_fill(NULL, p), 0);
	assert_int_equal(p->first_ts, 1000000);
	assert_int_equal(p->last_ts, 9000000);
}

/* Ticks of which a billionfold does not fit into 64 bits. */
static void test_many_ticks(void **state)
{
	struct tl_profile *p = *state;

	tl_profile_add_vcpu(p, 0, 10, 0);
	use_slot(0, 10, 1)->stamp = 62500000ull * 1000000 + 31250000;
	p->counter_hz = 62500000;
	assert_int_equal(tl_bpf_profile_fill(NULL, p), 0);
	assert_int_equal(p->last_ts, 1000000500000000);
}

/* No vCPU in the events: by its thread. Stamps are ns, and nothing is counted. */
static void test_stock(void **state)
{
	struct tl_profile *p = *state;
	struct tl_bpf_slot *slot = use_slot(5, 70, 9);

	patched = false;
	tl_profile_add_vcpu(p, 0, 60, 0);
	tl_profile_add_vcpu(p, 1, 70, 0);
	slot->guest = 1234;
	slot->count = 99;
	add_key(TL_BPF_REST(5, HVC, TL_BPF_BY_KERNEL, 5), 1, 0x80, 4, 9, 100);
	assert_int_equal(tl_bpf_profile_fill(NULL, p), 0);
	assert_int_equal(p->vcpus[0]->exits, 0);
	assert_int_equal(p->vcpus[1]->exits, 9);
	assert_false(p->vcpus[1]->has_counts);
	assert_int_equal(p->vcpus[1]->guest_ns, 1234);
	assert_int_equal(p->first_ts, 1000);
	assert_int_equal(p->details.count, 1);
	assert_int_equal(p->details.list[0].vcpu, 1);
}

static void test_strangers(void **state)
{
	struct tl_profile *p = *state;

	tl_profile_add_vcpu(p, 0, 10, 0);
	use_slot(0, 10, 3);
	use_slot(1, 11, 40);
	counted.strangers = 500;
	add_key(TL_BPF_REST(1, HVC, TL_BPF_BY_KERNEL, 5), 1, 0x80, 4, 40, 100);
	add_key(TL_BPF_REST(TL_BPF_SLOTS, HVC, TL_BPF_BY_KERNEL, 5), 1, 0x80, 4, 1, 100);
	assert_int_equal(tl_bpf_profile_fill(NULL, p), 0);
	assert_int_equal(p->strangers, 540);
	assert_int_equal(p->details.count, 0);
}

static void test_details(void **state)
{
	struct tl_profile *p = *state;
	const struct tl_profile_detail *detail;

	tl_profile_add_vcpu(p, 2, 10, 0);
	use_slot(2, 10, 30);
	add_key(TL_BPF_REST(2, DABT, TL_BPF_BY_USER, 0x3c5), 0x9000018, 0x80400, 0, 10, 64);
	add_key(TL_BPF_REST(2, HVC, TL_BPF_BY_KERNEL, 4), 0x84000003, UINT64_MAX, 8, 20, 300);
	assert_int_equal(tl_bpf_profile_fill(NULL, p), 0);
	assert_int_equal(p->details.count, 2);
	detail = &p->details.list[0];
	assert_int_equal(detail->vcpu, 2);
	assert_int_equal(detail->exit_class, TL_CLASS_EC + DABT);
	assert_int_equal(detail->detail, 0x9000018);
	assert_int_equal(detail->pc, 0x80400);
	assert_int_equal(detail->mode, 0x3c5);
	assert_int_equal(detail->handler, TL_HANDLER_USER);
	assert_int_equal(detail->count, 10);
	detail = &p->details.list[1];
	assert_int_equal(detail->handler, TL_HANDLER_KERNEL);
	assert_true(detail->pc == UINT64_MAX);
	assert_int_equal(detail->time->count, 20);
}

/* What has no class of its own in the events has one here. */
static void test_classes(void **state)
{
	static const struct {
		unsigned int bpf, exit_class;
	} classes[] = {
		{TL_BPF_CLASS_IRQ, TL_CLASS_IRQ},
		{TL_BPF_CLASS_SERROR, TL_CLASS_SERROR},
		{TL_BPF_CLASS_IL, TL_CLASS_IL},
		{TL_BPF_CLASS_OTHER, TL_CLASS_OTHER},
		{TL_BPF_CLASSES, TL_CLASS_OTHER},
		{0, TL_CLASS_EC},
		{63, TL_CLASS_EC + 63},
	};
	struct tl_profile *p = *state;

	tl_profile_add_vcpu(p, 0, 10, 0);
	use_slot(0, 10, 7);
	for (unsigned int i = 0; i < ARRAY_LEN(classes); i++)
		add_key(TL_BPF_REST(0, classes[i].bpf, 0, 0), 0, 0, 0, 1, 64);
	assert_int_equal(tl_bpf_profile_fill(NULL, p), 0);
	for (unsigned int i = 0; i < ARRAY_LEN(classes); i++)
		assert_int_equal(p->details.list[i].exit_class, classes[i].exit_class);
	assert_int_equal(p->vcpus[0]->classes[TL_CLASS_OTHER].count, 2);
	assert_int_equal(p->vcpus[0]->classes[TL_CLASS_EC + 63].count, 1);
}

/* Of a class together; the sum and the largest are exact, the rest as buckets are. */
static void test_times(void **state)
{
	struct tl_profile *p = *state;
	const struct tl_profile_class *hvc;

	tl_profile_add_vcpu(p, 0, 10, 0);
	use_slot(0, 10, 100);
	/* 64 to 80 ns; 2048 to 2560 */
	add_key(TL_BPF_REST(0, HVC, 0, 0), 1, 0x10, 0, 90, 65);
	add_key(TL_BPF_REST(0, HVC, 0, 0), 2, 0x20, 20, 10, 2500);
	assert_int_equal(tl_bpf_profile_fill(NULL, p), 0);
	hvc = &p->vcpus[0]->classes[TL_CLASS_EC + HVC];
	assert_int_equal(hvc->count, 100);
	assert_int_equal(hvc->untimed, 0);
	assert_int_equal(hvc->time->count, 100);
	assert_int_equal(hvc->time->sum, 90 * 65 + 10 * 2500);
	assert_int_equal(hvc->time->max, 2500);
	assert_true(hvc->time->min <= 65);
	assert_in_range(tl_hist_percentile(hvc->time, 50), 64, 80);
	assert_in_range(tl_hist_percentile(hvc->time, 95), 2048, 2560);
	assert_int_equal(p->details.list[1].time->sum, 25000);
	assert_true(p->details.list[1].time->min <= 2500);
	assert_false(p->failed);
}

/* Counted by class alone, and the one that was open in the end. */
static void test_untimed(void **state)
{
	struct tl_profile *p = *state;
	struct tl_bpf_slot *slot = use_slot(0, 10, 8);

	tl_profile_add_vcpu(p, 0, 10, 0);
	slot->plain[WFX] = 3;
	slot->plain[TL_BPF_CLASS_IRQ] = 4;
	slot->where = 2;
	slot->open =
		(struct tl_bpf_key){.detail = 1, .pc = 0x44, .rest = TL_BPF_REST(0, WFX, 0, 0)};
	assert_int_equal(tl_bpf_profile_fill(NULL, p), 0);
	assert_int_equal(p->vcpus[0]->classes[TL_CLASS_WFX].count, 4);
	assert_int_equal(p->vcpus[0]->classes[TL_CLASS_WFX].untimed, 3);
	assert_int_equal(p->vcpus[0]->classes[TL_CLASS_IRQ].untimed, 4);
	assert_int_equal(p->vcpus[0]->where, TL_VCPU_HOST);
	assert_int_equal(p->details.count, 1);
	assert_int_equal(p->details.list[0].pc, 0x44);
	assert_int_equal(p->details.list[0].count, 1);
	assert_null(p->details.list[0].time);
}

/* In the guest in the end: nothing is open, whatever was so last. */
static void test_in_the_guest(void **state)
{
	struct tl_profile *p = *state;

	tl_profile_add_vcpu(p, 0, 10, 0);
	use_slot(0, 10, 8)->where = 1;
	assert_int_equal(tl_bpf_profile_fill(NULL, p), 0);
	assert_int_equal(p->details.count, 0);
	assert_int_equal(p->vcpus[0]->where, TL_VCPU_UNKNOWN);
}

/* Only the VM that is asked for, under the numbers that KVM has for its vCPUs. */
static void test_discover(void **state)
{
	struct tl_profile *p = *state;
	struct tl_bpf_slot *slot = use_slot(0, 10, 5);

	slot->vm_id = 7;
	slot->vcpu_id = 4;
	slot->count = 30;
	slot->missed = 2;
	slot = use_slot(1, 11, 5);
	slot->vm_id = 8;
	slot = use_slot(2, 12, 6);
	slot->vm_id = 7;
	slot->count = 6;
	add_key(TL_BPF_REST(0, HVC, 0, 0), 1, 0x10, 0, 5, 65);
	add_key(TL_BPF_REST(1, HVC, 0, 0), 1, 0x10, 0, 5, 65);
	assert_int_equal(tl_bpf_profile_discover(NULL, 7, p), 0);
	assert_int_equal(p->vcpu_count, 2);
	assert_int_equal(p->vcpus[0]->id, 0);
	assert_int_equal(p->vcpus[0]->exits, 6);
	assert_int_equal(p->vcpus[0]->start_count, 0);
	assert_int_equal(p->vcpus[1]->id, 4);
	assert_int_equal(p->vcpus[1]->tid, 10);
	/* 30, of which 5 were seen and 2 are known to be missing */
	assert_int_equal(p->vcpus[1]->start_count, 23);
	assert_int_equal(p->details.count, 1);
	assert_int_equal(p->details.list[0].vcpu, 4);
}

static void test_discover_stock(void **state)
{
	struct tl_profile *p = *state;

	patched = false;
	use_slot(3, 13, 5)->vcpu_id = 9;
	use_slot(8, 18, 6);
	use_slot(9, 0, 6); /* not all of it has been written */
	assert_int_equal(tl_bpf_profile_discover(NULL, 0, p), 0);
	assert_int_equal(p->vcpu_count, 2);
	assert_int_equal(p->vcpus[0]->id, 0);
	assert_int_equal(p->vcpus[0]->tid, 13);
	assert_int_equal(p->vcpus[1]->id, 1);
	assert_int_equal(p->vcpus[1]->exits, 6);
}

/* The table could not be read; two vCPUs of one number. */
static void test_errors(void **state)
{
	struct tl_profile *p = *state;

	use_slot(0, 10, 5);
	for_each_result = -EIO;
	assert_int_equal(tl_bpf_profile_fill(NULL, p), -EIO);
	assert_int_equal(tl_bpf_profile_discover(NULL, 0, p), -EIO);
	for_each_result = 0;
	assert_int_equal(tl_bpf_profile_discover(NULL, 0, p), -EEXIST);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_vcpu),
		TEST(test_duration),
		TEST(test_duration_without_entry),
		TEST(test_many_ticks),
		TEST(test_stock),
		TEST(test_strangers),
		TEST(test_details),
		TEST(test_classes),
		TEST(test_times),
		TEST(test_untimed),
		TEST(test_in_the_guest),
		TEST(test_discover),
		TEST(test_discover_stock),
		TEST(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
