/* SPDX-License-Identifier: MIT */
/*
 * The live table of exits: differences, VMs that come and go, time that goes on, and room
 * that is made. The kernel's side is a table that the test writes.
 * Links: trace/collect/live.c trace/collect/live_rows.c trace/collect/bpf_key.c
 * Wraps: clock_gettime
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "trace/collect/bpf.h"
#include "trace/collect/live.h"
#include "trace/collect/threads.h"
#include "trace/decode/esr.h"

#define HVC 0x16
#define WFX 0x01
#define MS  UINT64_C(1000000)

static struct tl_bpf_state state;
static bool patched;
static int create_result;
static uint64_t clock_now;
static pid_t dead_tid;
static unsigned int freed_slots;

int __wrap_clock_gettime(clockid_t id, struct timespec *now);
int __wrap_clock_gettime(clockid_t id, struct timespec *now)
{
	(void)id;
	now->tv_sec = (time_t)(clock_now / 1000000000u);
	now->tv_nsec = (long)(clock_now % 1000000000u);
	return 0;
}

/* In the place of trace/collect/bpf.c and threads.c. */
int tl_bpf_create(struct tl_bpf **out, const struct tl_bpf_options *options, char *problem,
	size_t problem_size)
{
	(void)options;
	*out = create_result ? NULL : (struct tl_bpf *)&state;
	if (create_result)
		strncpy(problem, "no BPF", problem_size);
	return create_result;
}

int tl_bpf_start(struct tl_bpf *bpf)
{
	(void)bpf;
	return 0;
}

bool tl_bpf_is_patched(const struct tl_bpf *bpf)
{
	(void)bpf;
	return patched;
}

const struct tl_bpf_state *tl_bpf_state(const struct tl_bpf *bpf)
{
	(void)bpf;
	return &state;
}

void tl_bpf_leave_entry(struct tl_bpf *bpf, unsigned int index)
{
	(void)bpf;
	assert_int_equal(state.entries[index].used, TL_BPF_ENTRY_VALID);
	state.entries[index].used = TL_BPF_ENTRY_LEAVING;
}

void tl_bpf_free_entry(struct tl_bpf *bpf, unsigned int index)
{
	(void)bpf;
	memset(&state.entries[index], 0, sizeof(state.entries[index]));
}

int tl_bpf_free_slot(struct tl_bpf *bpf, unsigned int index)
{
	(void)bpf;
	memset(&state.slots[index], 0, sizeof(state.slots[index]));
	freed_slots++;
	return 0;
}

void tl_bpf_destroy(struct tl_bpf *bpf)
{
	(void)bpf;
}

bool tl_threads_is_alive(pid_t process, pid_t tid)
{
	(void)process;
	return tid != dead_tid;
}

/* Threads 3x belong to process 300. */
pid_t tl_threads_process(pid_t tid)
{
	return tid / 10 * 100;
}

static int set_up(void **out)
{
	struct tl_vm_map map = {0};
	struct tl_live *live;
	char problem[64];

	memset(&state, 0, sizeof(state));
	patched = true;
	create_result = 0;
	clock_now = 1000 * MS;
	dead_tid = 0;
	freed_slots = 0;
	if (tl_live_create(&live, 0, true, &map, problem, sizeof(problem)))
		return -1;
	*out = live;
	return 0;
}

static int tear_down(void **live)
{
	tl_live_destroy(*live);
	return 0;
}

static struct tl_bpf_slot *add_slot(uint32_t vm, uint32_t vcpu, uint32_t tid)
{
	struct tl_bpf_slot *slot = &state.slots[state.slots_used++];

	slot->vm_id = vm;
	slot->vcpu_id = vcpu;
	slot->tid = tid;
	slot->exits = 1;
	return slot;
}

static struct tl_bpf_entry *add_entry(
	unsigned int index, unsigned int slot, unsigned int exit_class, uint64_t pc, uint64_t count)
{
	struct tl_bpf_entry *entry = &state.entries[index];

	entry->used = TL_BPF_ENTRY_VALID;
	entry->key.rest = TL_BPF_REST(slot, exit_class, TL_BPF_BY_KERNEL, 5);
	entry->key.pc = pc;
	entry->value.count = count;
	entry->value.ns = count * 1000;
	entry->value.hist[20] = count;
	return entry;
}

static const struct tl_live_sample *read_after(struct tl_live *live, uint64_t ns)
{
	const struct tl_live_sample *sample;

	clock_now += ns;
	sample = tl_live_read(live);
	assert_non_null(sample);
	return sample;
}

static void test_problem(void **unused)
{
	struct tl_vm_map map = {0};
	struct tl_live *live;
	char problem[64];

	(void)unused;
	create_result = -EPERM;
	assert_int_equal(tl_live_create(&live, 0, true, &map, problem, sizeof(problem)), -EPERM);
	assert_string_equal(problem, "no BPF");
	assert_null(live);
}

static void test_differences(void **live)
{
	struct tl_bpf_slot *slot = add_slot(300, 1, 31);
	struct tl_bpf_entry *entry = add_entry(7, 0, HVC, 0x4000, 50);
	const struct tl_live_sample *sample = read_after(*live, 1000 * MS);

	assert_int_equal(sample->now_ns - sample->before_ns, 1000 * MS);
	assert_int_equal(sample->vcpu_count, 1);
	assert_int_equal(sample->vcpus[0].process, 300);
	assert_int_equal(sample->vcpus[0].id, 1);
	assert_int_equal(sample->row_count, 1);
	assert_int_equal(sample->rows[0].exit_class, TL_CLASS_EC + HVC);
	assert_int_equal(sample->rows[0].pc, 0x4000);
	assert_int_equal(sample->rows[0].now.count, 50);
	assert_int_equal(sample->rows[0].before.count, 0);
	assert_int_equal(sample->rows[0].hist[20], 50);

	entry->value.count = 70;
	entry->value.ns += 12345;
	slot->exits = 71;
	slot->guest = 500;
	sample = read_after(*live, 500 * MS);
	assert_int_equal(sample->rows[0].now.count - sample->rows[0].before.count, 20);
	assert_int_equal(sample->rows[0].now.ns - sample->rows[0].before.ns, 12345);
	assert_int_equal(sample->vcpus[0].now.exits - sample->vcpus[0].before.exits, 70);
	assert_int_equal(sample->vcpus[0].now.guest_ns, 500);
	assert_int_equal(sample->vcpus[0].now.away_ns - sample->vcpus[0].before.away_ns, 12345);
}

static void test_order_and_places(void **live)
{
	const struct tl_live_sample *sample;

	add_slot(500, 0, 51);
	add_slot(300, 1, 32);
	add_slot(300, 0, 31);
	add_entry(1, 0, HVC, 1, 1);
	add_entry(2, 2, HVC, 1, 2);
	sample = read_after(*live, MS);
	assert_int_equal(sample->vcpu_count, 3);
	assert_int_equal(sample->vcpus[0].tid, 31);
	assert_int_equal(sample->vcpus[1].tid, 32);
	assert_int_equal(sample->vcpus[2].tid, 51);
	assert_int_equal(sample->rows[0].vcpu, 2);
	assert_int_equal(sample->rows[1].vcpu, 0);
}

/* A stock kernel tells threads only. */
static void test_stock(void **live)
{
	const struct tl_live_sample *sample;
	struct tl_vm_map map = {0};
	struct tl_live *stock;
	char problem[64];

	(void)live;
	patched = false;
	assert_int_equal(tl_live_create(&stock, 0, true, &map, problem, sizeof(problem)), 0);
	assert_false(tl_live_is_patched(stock));
	add_slot(0, 35, 35);
	add_slot(0, 51, 51);
	add_slot(0, 31, 31);
	sample = read_after(stock, MS);
	assert_int_equal(sample->vcpu_count, 3);
	assert_int_equal(sample->vcpus[0].process, 300);
	assert_int_equal(sample->vcpus[0].id, 0);
	assert_int_equal(sample->vcpus[0].tid, 35);
	assert_int_equal(sample->vcpus[1].id, 1);
	assert_int_equal(sample->vcpus[2].process, 500);
	add_slot(0, 36, 36);
	sample = read_after(stock, MS);
	assert_int_equal(sample->vcpus[2].id, 2);
	assert_int_equal(sample->vcpus[2].tid, 36);
	tl_live_destroy(stock);
}

/* Its end is told once; then its places are free, and who has them next begins at 0. */
static void test_gone(void **live)
{
	const struct tl_live_sample *sample;
	uint32_t serial;

	add_slot(300, 0, 31);
	add_entry(5, 0, HVC, 1, 9);
	sample = read_after(*live, MS);
	serial = sample->vcpus[0].serial;
	dead_tid = 31;
	state.entries[5].value.count = 11;
	sample = read_after(*live, MS);
	assert_int_equal(sample->vcpu_count, 1);
	assert_true(sample->vcpus[0].gone);
	assert_int_equal(sample->rows[0].now.count - sample->rows[0].before.count, 2);
	assert_int_equal(freed_slots, 0);
	sample = read_after(*live, MS);
	assert_int_equal(sample->vcpu_count, 0);
	assert_int_equal(sample->row_count, 0);
	assert_int_equal(freed_slots, 1);
	assert_int_equal(state.entries[5].used, TL_BPF_ENTRY_FREE);

	state.slots_used = 0;
	add_slot(700, 0, 71);
	add_entry(5, 0, HVC, 1, 3);
	sample = read_after(*live, MS);
	assert_int_equal(sample->vcpu_count, 1);
	assert_int_not_equal(sample->vcpus[0].serial, serial);
	assert_int_equal(sample->rows[0].now.count - sample->rows[0].before.count, 3);
}

/* A vCPU that sleeps has no exits, and is idle all the same. */
static void test_open(void **live)
{
	struct tl_bpf_slot *slot = add_slot(300, 0, 31);
	struct tl_bpf_entry *entry = add_entry(3, 0, WFX, 0x10, 1);
	const struct tl_live_sample *sample;

	/* Of a VM that the kernel names stamps would be ticks; this is no arm64 machine. */
	slot->where = 2;
	slot->stamp = clock_now;
	slot->open = entry->key;
	slot->wait = TL_BPF_WAIT_SLEEP;
	slot->wait_since = clock_now;
	sample = read_after(*live, 100 * MS);
	assert_int_equal(sample->vcpus[0].now.idle_ns, 100 * MS + 1000);
	assert_int_equal(sample->rows[0].now.ns, 100 * MS + 1000);
	sample = read_after(*live, 50 * MS);
	assert_int_equal(sample->rows[0].now.ns - sample->rows[0].before.ns, 50 * MS);
	/* It wakes up, but gets no CPU. */
	slot->wait = TL_BPF_WAIT_CPU;
	slot->wait_since = clock_now;
	sample = read_after(*live, 30 * MS);
	assert_int_equal(
		sample->vcpus[0].now.delayed_ns - sample->vcpus[0].before.delayed_ns, 30 * MS);
	assert_int_equal(sample->vcpus[0].now.idle_ns - sample->vcpus[0].before.idle_ns, 0);
	/* It runs: whether in the guest or not, nobody knows. */
	slot->wait = TL_BPF_WAIT_NONE;
	entry->value.ns += 180 * MS;
	entry->value.delayed += 30 * MS;
	slot->stamp = clock_now;
	sample = read_after(*live, 10 * MS);
	assert_int_equal(sample->vcpus[0].now.idle_ns, 150 * MS + 1000);
	assert_int_equal(sample->vcpus[0].now.idle_ns - sample->vcpus[0].before.idle_ns, 0);
}

static void test_no_room(void **live)
{
	struct tl_bpf_slot *slot = add_slot(300, 0, 31);
	const struct tl_live_sample *sample;

	slot->plain[HVC] = 4;
	state.strangers = 6;
	sample = read_after(*live, MS);
	assert_int_equal(sample->row_count, 1);
	assert_true(sample->rows[0].summed);
	assert_int_equal(sample->rows[0].exit_class, TL_CLASS_EC + HVC);
	assert_int_equal(sample->strangers, 6);
	slot->plain[HVC] = 10;
	sample = read_after(*live, MS);
	assert_int_equal(sample->rows[0].now.count - sample->rows[0].before.count, 6);
}

static uint64_t total(const struct tl_live_sample *sample, uint64_t *since)
{
	uint64_t count = 0;

	*since = 0;
	for (size_t i = 0; i < sample->row_count; i++) {
		count += sample->rows[i].now.count;
		*since += sample->rows[i].now.count - sample->rows[i].before.count;
	}
	return count;
}

/* The table fills up with what came once: that is folded, nothing is lost or counted twice. */
static void test_crowded(void **live)
{
	const struct tl_live_sample *sample;
	unsigned int valid = 0;
	uint64_t all = 0, since;

	add_slot(300, 0, 31);
	for (unsigned int i = 0; i < 6000; i++, all += 2)
		add_entry(i, 0, TL_BPF_CLASS_IRQ, 0x1000 + i, 2);
	sample = read_after(*live, MS);
	assert_int_equal(total(sample, &since), all);
	/* One of them goes on, and so stays. */
	for (unsigned int round = 0; round < 100; round++) {
		state.entries[17].value.count++;
		all++;
		sample = read_after(*live, 60 * MS);
		assert_int_equal(total(sample, &since), all);
		assert_int_equal(since, 1);
	}
	for (unsigned int i = 0; i < TL_BPF_ENTRIES; i++)
		valid += state.entries[i].used == TL_BPF_ENTRY_VALID;
	assert_in_range(valid, 1, TL_BPF_ENTRIES / 2);
	assert_int_equal(state.entries[17].used, TL_BPF_ENTRY_VALID);
	assert_in_range(sample->row_count, 2, TL_BPF_ENTRIES / 2 + 1);
}

/* An exit that was being counted when its entry was left is not lost. */
static void test_left_late(void **live)
{
	const struct tl_live_sample *sample;
	uint64_t since;

	add_slot(300, 0, 31);
	for (unsigned int i = 0; i < 5000; i++)
		add_entry(i, 0, HVC, 0x1000 + i, 1);
	read_after(*live, MS);
	read_after(*live, MS);
	assert_int_equal(state.entries[0].used, TL_BPF_ENTRY_LEAVING);
	state.entries[0].value.count++;
	sample = read_after(*live, MS);
	assert_int_equal(total(sample, &since), 5001);
	assert_int_equal(since, 1);
	assert_int_equal(state.entries[0].used, TL_BPF_ENTRY_LEAVING);
	sample = read_after(*live, 60 * MS);
	assert_int_equal(state.entries[0].used, TL_BPF_ENTRY_FREE);
	assert_int_equal(total(sample, &since), 5001);
	assert_int_equal(since, 0);
}

/* As many different details: from some number on they have only a class. */
static void test_many_details(void **live)
{
	const struct tl_live_sample *sample = NULL;
	uint64_t since, all = 0;
	unsigned int summed = 0;

	add_slot(300, 0, 31);
	for (unsigned int round = 0; round < 30; round++) {
		for (unsigned int i = 0; i < TL_BPF_ENTRIES; i++) {
			if (state.entries[i].used)
				continue;
			add_entry(i, 0, HVC, 1, 1)->key.detail = round * TL_BPF_ENTRIES + i;
			all++;
		}
		read_after(*live, MS);
		read_after(*live, MS);
		sample = read_after(*live, 60 * MS);
		assert_int_equal(total(sample, &since), all);
	}
	for (size_t i = 0; i < sample->row_count; i++)
		summed += sample->rows[i].summed;
	assert_int_equal(summed, 1);
	assert_in_range(sample->row_count, 2, TL_BPF_ENTRIES + 2049);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_problem),
		cmocka_unit_test_setup_teardown(test_differences, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_order_and_places, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stock, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_open, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_crowded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_left_late, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many_details, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
