/* SPDX-License-Identifier: MIT */
/*
 * The BPF programs' table, read again and again: which vCPUs there are, and how they spend
 * their time. The rows are live_rows.c's.
 */
#include "trace/collect/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "trace/collect/bpf.h"
#include "trace/collect/bpf_key.h"
#include "trace/collect/live_parts.h"
#include "trace/collect/system_counter.h"
#include "trace/collect/threads.h"
#include "trace/decode/esr.h"

#define WHERE_HOST 2

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int tl_live_create(struct tl_live **out, pid_t process, bool pcs, const struct tl_vm_map *map,
	char *problem, size_t problem_size)
{
	struct tl_bpf_range ram[TL_BPF_RANGES];
	struct tl_bpf_options options = {
		.vm = process, .no_pcs = !pcs, .ram = ram, .ram_count = tl_bpf_key_ram(map, ram)};
	struct tl_live *live = calloc(1, sizeof(*live));
	int ret;

	*out = NULL;
	if (!live)
		return -ENOMEM;
	ret = tl_bpf_create(&live->bpf, &options, problem, problem_size);
	/* Attaching takes its time, and counting begins with it. */
	live->sample.now_ns = clock_ns();
	if (!ret) {
		ret = tl_bpf_start(live->bpf);
		if (ret)
			snprintf(problem, problem_size, "attaching BPF programs: %s",
				strerror(-ret));
	}
	if (ret) {
		tl_live_destroy(live);
		return ret;
	}
	live->state = tl_bpf_state(live->bpf);
	live->patched = tl_bpf_is_patched(live->bpf);
	live->counter_hz = live->patched ? tl_counter_frequency() : 0;
	*out = live;
	return 0;
}

bool tl_live_is_patched(const struct tl_live *live)
{
	return live->patched;
}

/* Stamps are ticks of the system counter, or on a stock kernel ns. */
static uint64_t to_ns(const struct tl_live *live, uint64_t stamp)
{
	return live->counter_hz ? tl_counter_ns(stamp, live->counter_hz) : stamp;
}

/* The number of the vCPUs of that process that have been seen before. */
static unsigned int next_id(const struct tl_live *live, pid_t process)
{
	unsigned int id = 0;

	for (unsigned int i = 0; i < live->sample.vcpu_count; i++) {
		if (live->vcpus[i].process == process && live->vcpus[i].id >= id)
			id = live->vcpus[i].id + 1;
	}
	return id;
}

/*
 * What the open exit has taken so far, where that can be told: a thread that has been switched
 * off is not in the guest. Without it a vCPU that sleeps would do nothing at all.
 */
static void add_open(struct tl_live *live, struct tl_live_slot *own, const struct tl_bpf_slot *slot)
{
	uint64_t now = live->counter_hz ? tl_counter_now() : live->sample.now_ns;
	uint64_t stamp = slot->stamp, ns, delayed = slot->open_delayed;

	own->open_ns = own->open_delayed = 0;
	if (slot->where != WHERE_HOST || slot->wait == TL_BPF_WAIT_NONE || now < stamp)
		return;
	ns = to_ns(live, now - stamp);
	if (slot->wait == TL_BPF_WAIT_CPU && live->sample.now_ns > slot->wait_since)
		delayed += live->sample.now_ns - slot->wait_since;
	own->open_ns = ns;
	own->open_delayed = delayed < ns ? delayed : ns;
	tl_live_add_time(
		&own->now, tl_bpf_key_class_of(slot->open.rest), own->open_ns, own->open_delayed);
}

void tl_live_add_time(
	struct tl_live_counts *counts, unsigned int exit_class, uint64_t ns, uint64_t delayed)
{
	uint64_t rest = tl_live_since(ns, delayed);

	if (exit_class == TL_CLASS_WFX)
		counts->idle_ns += rest;
	else
		counts->away_ns += rest;
	counts->delayed_ns += delayed;
}

/* Times are added from the rows. */
static void read_slot(struct tl_live *live, unsigned int index)
{
	const struct tl_bpf_slot *slot = &live->state->slots[index];
	struct tl_live_slot *own = &live->slots[index];

	own->before = own->now;
	own->now = (struct tl_live_counts){
		.exits = slot->exits,
		.user_exits = slot->user_exits,
		.interrupted = slot->interrupted,
		.missed = slot->missed,
		.guest_ns = to_ns(live, slot->guest),
	};
	add_open(live, own, slot);
	own->tid = (pid_t)slot->tid;
	own->gone = !tl_threads_is_alive(own->process, own->tid);
}

/* A vCPU that was not there before. */
static void meet(struct tl_live *live, unsigned int index)
{
	const struct tl_bpf_slot *slot = &live->state->slots[index];
	struct tl_live_slot *own = &live->slots[index];

	*own = (struct tl_live_slot){
		.serial = ++live->serials, .process = (pid_t)slot->vm_id, .id = slot->vcpu_id};
	if (live->patched)
		return;
	own->process = tl_threads_process((pid_t)slot->tid);
	/* Those met in this read are not in the list yet: what they are numbered by is. */
	own->id = next_id(live, own->process);
	for (unsigned int i = 0; i < index; i++) {
		if (live->slots[i].serial && live->slots[i].process == own->process &&
			live->slots[i].id >= own->id)
			own->id = live->slots[i].id + 1;
	}
}

/* What became of vCPUs whose end the last sample told. */
static void forget_gone(struct tl_live *live)
{
	for (unsigned int i = 0; i < TL_BPF_SLOTS; i++) {
		struct tl_live_slot *own = &live->slots[i];

		if (!own->serial || !own->gone)
			continue;
		/* Somebody else may have become this vCPU. */
		if ((pid_t)live->state->slots[i].tid != own->tid)
			continue;
		tl_live_forget_rows(live, i);
		(void)tl_bpf_free_slot(live->bpf, i);
		*own = (struct tl_live_slot){0};
	}
}

static int in_order(const void *a, const void *b)
{
	const struct tl_live_vcpu *one = a, *two = b;

	if (one->process != two->process)
		return one->process < two->process ? -1 : 1;
	if (one->id != two->id)
		return one->id < two->id ? -1 : 1;
	return one->serial < two->serial ? -1 : one->serial > two->serial;
}

/* Makes the list of vCPUs; their times are not in it yet. */
static void list_vcpus(struct tl_live *live)
{
	const struct tl_bpf_state *state = live->state;
	unsigned int n = 0,
		     slots = state->slots_used < TL_BPF_SLOTS ? state->slots_used : TL_BPF_SLOTS;

	for (unsigned int i = 0; i < slots; i++) {
		struct tl_live_slot *own = &live->slots[i];

		/* Of one that is just being made, not all is there yet. */
		if (!state->slots[i].tid || !state->slots[i].exits)
			continue;
		if (!own->serial)
			meet(live, i);
		read_slot(live, i);
		/* The thread was gone before it could be asked whose it was. */
		if (!own->process)
			own->gone = true;
		live->vcpus[n++] = (struct tl_live_vcpu){.process = own->process,
			.id = own->id,
			.tid = own->tid,
			.serial = own->serial,
			.gone = own->gone};
	}
	live->sample.vcpu_count = n;
	qsort(live->vcpus, n, sizeof(live->vcpus[0]), in_order);
}

/* Where each slot's vCPU is in the list. */
static void place_vcpus(struct tl_live *live)
{
	for (unsigned int i = 0; i < TL_BPF_SLOTS; i++) {
		struct tl_live_slot *own = &live->slots[i];

		for (unsigned int v = 0; own->serial && v < live->sample.vcpu_count; v++) {
			if (live->vcpus[v].serial == own->serial)
				own->place = v;
		}
	}
}

static void fill_counts(struct tl_live *live)
{
	for (unsigned int i = 0; i < TL_BPF_SLOTS; i++) {
		const struct tl_live_slot *own = &live->slots[i];

		if (!own->serial)
			continue;
		live->vcpus[own->place].now = own->now;
		live->vcpus[own->place].before = own->before;
	}
}

const struct tl_live_sample *tl_live_read(struct tl_live *live)
{
	forget_gone(live);
	live->sample.before_ns = live->sample.now_ns;
	live->sample.now_ns = clock_ns();
	live->sample.strangers = live->state->strangers;
	list_vcpus(live);
	place_vcpus(live);
	if (tl_live_read_rows(live))
		return NULL;
	fill_counts(live);
	live->sample.vcpus = live->vcpus;
	return &live->sample;
}

const struct tl_live_sample *tl_live_sample(const struct tl_live *live)
{
	return &live->sample;
}

void tl_live_destroy(struct tl_live *live)
{
	if (!live)
		return;
	tl_bpf_destroy(live->bpf);
	free(live->rows);
	free(live->folded);
	free(live);
}
