/* SPDX-License-Identifier: MIT */
/*
 * Pairs exits with entries. On the patched kernel each event carries the vCPU's
 * exit count, which proves that two events belong together: exit N and the entry
 * that follows carry the same N. On a stock kernel the order of events must do,
 * together with what the ring buffer says about losses.
 */
#include "trace/profile/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int tl_profile_create(struct tl_profile **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void tl_profile_destroy(struct tl_profile *profile)
{
	if (!profile)
		return;
	for (unsigned int i = 0; i < profile->vcpu_count; i++) {
		for (unsigned int c = 0; c < TL_CLASS_COUNT; c++)
			free(profile->vcpus[i]->classes[c].time);
		free(profile->vcpus[i]);
	}
	free(profile->vcpus);
	tl_details_fini(&profile->details);
	free(profile);
}

struct tl_profile_vcpu *tl_profile_vcpu(const struct tl_profile *profile, unsigned int id)
{
	unsigned int low = 0, high = profile->vcpu_count;

	/* Nearly always vCPU ids are 0, 1, 2...: the id is the index. */
	if (id < high && profile->vcpus[id]->id == id)
		return profile->vcpus[id];
	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (profile->vcpus[middle]->id == id)
			return profile->vcpus[middle];
		if (profile->vcpus[middle]->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

int tl_profile_add_vcpu(
	struct tl_profile *profile, unsigned int id, pid_t tid, uint64_t start_count)
{
	struct tl_profile_vcpu **grown, *vcpu;
	unsigned int at = profile->vcpu_count;

	if (tl_profile_vcpu(profile, id))
		return -EEXIST;
	if (profile->vcpu_count >= TL_PROFILE_VCPUS_MAX)
		return -E2BIG;
	grown = realloc(profile->vcpus, (at + 1) * sizeof(struct tl_profile_vcpu *));
	if (!grown)
		return -ENOMEM;
	profile->vcpus = grown;
	vcpu = calloc(1, sizeof(*vcpu));
	if (!vcpu)
		return -ENOMEM;
	vcpu->id = id;
	vcpu->tid = tid;
	vcpu->start_count = start_count;
	vcpu->last_count = start_count;
	while (at && grown[at - 1]->id > id) {
		grown[at] = grown[at - 1];
		at--;
	}
	grown[at] = vcpu;
	profile->vcpu_count++;
	return 0;
}

/* The vCPU that an event is about: by id where it has one, else by its thread. */
static struct tl_profile_vcpu *event_vcpu(
	const struct tl_profile *profile, const struct tl_event *event)
{
	if (event->vcpu != TL_EVENT_NO_VCPU)
		return tl_profile_vcpu(profile, event->vcpu);
	for (unsigned int i = 0; i < profile->vcpu_count; i++) {
		if (profile->vcpus[i]->tid == event->tid && event->tid)
			return profile->vcpus[i];
	}
	return NULL;
}

/* Nothing is known of what this vCPU does now: an exit that was open stays untimed. */
static void vcpu_forget(struct tl_profile_vcpu *vcpu)
{
	if (vcpu->where == TL_VCPU_HOST)
		vcpu->classes[vcpu->open_class].untimed++;
	vcpu->where = TL_VCPU_UNKNOWN;
}

static void vcpu_missed(struct tl_profile_vcpu *vcpu, uint64_t exits, uint64_t ts)
{
	if (vcpu->gap_count < TL_PROFILE_GAPS_MAX)
		vcpu->gaps[vcpu->gap_count] = (struct tl_profile_gap){vcpu->last_ts, ts, exits};
	vcpu->gap_count++;
	vcpu->missed += exits;
}

/*
 * Holds the count that an event carries against the one that is expected. Where
 * they differ, what came before does not belong to this event.
 */
static void vcpu_check_count(
	struct tl_profile_vcpu *vcpu, const struct tl_event *event, uint64_t expected)
{
	if (!event->has_exits)
		return;
	vcpu->has_counts = 1;
	if (event->exits > expected) {
		vcpu_missed(vcpu, event->exits - expected, event->ts);
		vcpu_forget(vcpu);
	} else if (event->exits < expected) {
		vcpu->disorder++;
		vcpu_forget(vcpu);
	}
	if (event->exits > vcpu->last_count)
		vcpu->last_count = event->exits;
}

static void add_time(struct tl_profile *profile, struct tl_profile_class *exit_class, uint64_t ns)
{
	if (!exit_class->time)
		exit_class->time = calloc(1, sizeof(*exit_class->time));
	if (!exit_class->time) {
		profile->failed = 1;
		exit_class->untimed++;
		return;
	}
	tl_hist_add(exit_class->time, ns);
}

/* ns from what is open to this event; negative where the clock went back. */
static int64_t elapsed(const struct tl_profile *profile, const struct tl_profile_vcpu *vcpu,
	const struct tl_event *event)
{
	uint64_t hz = profile->counter_hz, ticks = event->counter - vcpu->open_counter;

	if (!hz || !event->counter || !vcpu->open_counter)
		return (int64_t)(event->ts - vcpu->open_ts);
	if (event->counter < vcpu->open_counter)
		return -1;
	return (int64_t)(ticks / hz * 1000000000u + ticks % hz * 1000000000u / hz);
}

static void vcpu_open(struct tl_profile_vcpu *vcpu, const struct tl_event *event)
{
	vcpu->open_ts = event->ts;
	vcpu->open_counter = event->counter;
}

static void on_exit_event(
	struct tl_profile *profile, struct tl_profile_vcpu *vcpu, const struct tl_event *event)
{
	unsigned int exit_class = tl_esr_class(event->ret, event->ec);

	vcpu_check_count(vcpu, event, vcpu->last_count + 1);
	if (vcpu->where == TL_VCPU_GUEST && elapsed(profile, vcpu, event) > 0)
		vcpu->guest_ns += (uint64_t)elapsed(profile, vcpu, event);
	/* Two exits with no entry between them: the entry was lost, and with it the time. */
	vcpu_forget(vcpu);
	vcpu->exits++;
	vcpu->classes[exit_class].count++;
	vcpu->where = TL_VCPU_HOST;
	vcpu->open_class = exit_class;
	vcpu_open(vcpu, event);
	if (profile->open_gaps && !event->has_exits)
		vcpu_forget(vcpu);
}

static void on_entry_event(
	struct tl_profile *profile, struct tl_profile_vcpu *vcpu, const struct tl_event *event)
{
	vcpu_check_count(vcpu, event, vcpu->last_count);
	if (vcpu->where == TL_VCPU_HOST) {
		int64_t ns = elapsed(profile, vcpu, event);

		if (ns >= 0)
			add_time(profile, &vcpu->classes[vcpu->open_class], (uint64_t)ns);
		else
			vcpu->classes[vcpu->open_class].untimed++;
	}
	vcpu->where = TL_VCPU_GUEST;
	vcpu_open(vcpu, event);
	if (profile->open_gaps && !event->has_exits)
		vcpu_forget(vcpu);
}

static void on_lost(struct tl_profile *profile, const struct tl_event *event)
{
	if (event->kind == TL_EVENT_LOST_BEGIN) {
		profile->open_gaps++;
		profile->ring_lost += event->lost;
		profile->gaps_unsized += !event->lost;
	} else if (profile->open_gaps) {
		profile->open_gaps--;
	}
	/* Counts tell better than this which vCPU lost something; without them, any may have. */
	for (unsigned int i = 0; i < profile->vcpu_count; i++) {
		if (!profile->vcpus[i]->has_counts)
			vcpu_forget(profile->vcpus[i]);
	}
}

void tl_profile_event(struct tl_profile *profile, const struct tl_event *event)
{
	struct tl_profile_vcpu *vcpu;

	if (event->kind == TL_EVENT_LOST_BEGIN || event->kind == TL_EVENT_LOST_END) {
		on_lost(profile, event);
		return;
	}
	vcpu = event_vcpu(profile, event);
	if (!vcpu) {
		profile->strangers++;
		return;
	}
	if (!profile->first_ts)
		profile->first_ts = event->ts;
	if (event->ts > profile->last_ts)
		profile->last_ts = event->ts;
	switch (event->kind) {
	case TL_EVENT_EXIT:
		on_exit_event(profile, vcpu, event);
		break;
	case TL_EVENT_ENTRY:
		on_entry_event(profile, vcpu, event);
		break;
	default:
		/* After -EINTR the exit reason is stale: no exit was handed out. */
		if (event->error == -EINTR)
			vcpu->interrupted++;
		else
			vcpu->userspace_exits++;
		break;
	}
	vcpu->last_ts = event->ts;
}

int tl_profile_set_kernel_counts(
	struct tl_profile *profile, unsigned int id, const struct tl_kernel_counts *counts)
{
	struct tl_profile_vcpu *vcpu = tl_profile_vcpu(profile, id);

	if (!vcpu)
		return -ENOENT;
	vcpu->kernel = *counts;
	return 0;
}

uint64_t tl_profile_class_count(const struct tl_profile *profile,
	const struct tl_profile_vcpu *vcpu, unsigned int exit_class)
{
	return profile->no_events ? vcpu->kernel.classes[exit_class]
				  : vcpu->classes[exit_class].count;
}

uint64_t tl_profile_exits(const struct tl_profile *profile, const struct tl_profile_vcpu *vcpu)
{
	return profile->no_events ? vcpu->kernel.exits : vcpu->exits;
}

/* Whether the kernel's counts by class fit its exits, and what was seen of each class. */
static void reconcile_classes(struct tl_reconciliation *r, const struct tl_profile_vcpu *vcpu)
{
	uint64_t sum = 0;

	r->has_classes = vcpu->kernel.has_classes;
	r->classes_equal = 1;
	for (unsigned int c = 0; c < TL_CLASS_COUNT; c++) {
		sum += vcpu->kernel.classes[c];
		r->classes_equal &= vcpu->kernel.classes[c] == vcpu->classes[c].count;
	}
	r->classes_add_up = r->has_classes && sum == vcpu->kernel.exits;
	r->classes_equal &= r->has_classes;
}

static void reconcile_finish(struct tl_reconciliation *r)
{
	uint64_t most = 0;

	if (r->has_kernel)
		most = r->kernel;
	if (r->has_last && r->last > most)
		most = r->last;
	r->has_lost = r->has_kernel || r->has_last;
	r->lost = r->has_lost && most > r->seen ? most - r->seen : 0;
	r->equal = r->has_kernel && r->has_last && r->kernel == r->seen && r->last == r->seen;
}

struct tl_reconciliation tl_profile_reconcile_vcpu(const struct tl_profile_vcpu *vcpu)
{
	/* A vCPU that was never entered has no events, and its count is that of the start. */
	int idle = !vcpu->exits && vcpu->where == TL_VCPU_UNKNOWN;
	struct tl_reconciliation r = {
		.seen = vcpu->exits,
		.has_kernel = vcpu->kernel.has_exits,
		.kernel = vcpu->kernel.exits,
		.has_last = vcpu->has_counts || idle,
		.last = vcpu->last_count - vcpu->start_count,
	};

	reconcile_classes(&r, vcpu);
	reconcile_finish(&r);
	return r;
}

struct tl_reconciliation tl_profile_reconcile(const struct tl_profile *profile)
{
	struct tl_reconciliation all = {.has_kernel = 1,
		.has_last = 1,
		.equal = 1,
		.has_classes = 1,
		.classes_add_up = 1,
		.classes_equal = 1};
	int any_counts = 0;
	uint64_t lost = 0;
	int equal = 1;

	for (unsigned int i = 0; i < profile->vcpu_count; i++) {
		struct tl_reconciliation r = tl_profile_reconcile_vcpu(profile->vcpus[i]);

		all.seen += r.seen;
		all.kernel += r.kernel;
		all.last += r.last;
		all.has_kernel &= r.has_kernel;
		all.has_last &= r.has_last;
		all.has_classes &= r.has_classes;
		all.classes_add_up &= r.classes_add_up;
		all.classes_equal &= r.classes_equal;
		any_counts |= profile->vcpus[i]->has_counts;
		lost += r.lost;
		equal &= r.equal;
	}
	/* If no event carried a count, "0" would only mean that there were no events. */
	all.has_last &= any_counts;
	reconcile_finish(&all);
	/* A surplus of one vCPU must not cover up what another lost. */
	all.lost = lost;
	all.equal &= equal;
	/* Where nothing was to be seen, nothing was lost. */
	if (profile->no_events) {
		all.has_lost = all.has_last = all.equal = 0;
		all.lost = 0;
	}
	return all;
}
