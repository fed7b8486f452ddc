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

#include "trace/decode/detail.h"
#include "trace/profile/burst.h"
#include "trace/profile/event_detail.h"
#include "trace/profile/switch.h"

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
			tl_hist_destroy(profile->vcpus[i]->classes[c].time);
		free(profile->vcpus[i]);
	}
	free(profile->vcpus);
	for (unsigned int i = 0; i < TL_PROFILE_IRQS; i++)
		free((void *)profile->irq_names[i]);
	tl_details_fini(&profile->details);
	free(profile);
}

void tl_profile_set_counter(struct tl_profile *profile, uint64_t hz)
{
	profile->counter_hz = hz;
	/* Rounded up, so that whole ns come out whole. */
	profile->ns_mult = hz ? ((UINT64_C(1000000000) << 32) + hz - 1) / hz : 0;
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

static uint64_t counter_ns(const struct tl_profile *profile, uint64_t ticks)
{
	return (uint64_t)((unsigned __int128)ticks * profile->ns_mult >> 32);
}

/* When an event was, for the listener. */
static uint64_t time_of(const struct tl_profile *profile, uint64_t ts, uint64_t counter)
{
	return profile->clock.is_set && counter
		       ? tl_span_clock_at(&profile->clock, counter_ns(profile, counter))
		       : ts;
}

/* Tells of what ends at `to`, after `ns`; < 0: after a time that is not known. */
static void tell_span(struct tl_profile *profile, struct tl_profile_vcpu *vcpu,
	const struct tl_profile_detail *exit, uint64_t to, int64_t ns)
{
	const struct tl_span_listener *listener = profile->listener;
	struct tl_span span = {.exit = exit, .from = vcpu->open_at, .timed = ns >= 0};

	if (!listener || !listener->span)
		return;
	if (span.from < vcpu->spanned)
		span.from = vcpu->spanned;
	span.to = span.timed && to > span.from ? to : span.from;
	span.ns = span.timed ? (uint64_t)ns : 0;
	span.number = exit ? vcpu->open_number : vcpu->exits + 1;
	if (!exit && vcpu->has_counts)
		span.number = vcpu->last_count;
	vcpu->spanned = span.to;
	listener->span(listener->ctx, profile, vcpu, &span);
}

/* The exit that is open is over at `to`; `ns` < 0: after a time that is not known. */
static void close_exit(
	struct tl_profile *profile, struct tl_profile_vcpu *vcpu, uint64_t to, int64_t ns)
{
	struct tl_profile_class *exit_class = &vcpu->classes[vcpu->open.exit_class];
	struct tl_profile_detail *detail = tl_details_find(&profile->details, &vcpu->open);

	if (ns >= 0 && !exit_class->time)
		exit_class->time = tl_hist_create();
	if (detail) {
		detail->count++;
		detail->slept += vcpu->open.slept;
		detail->delayed += vcpu->open.delayed;
		if (ns >= 0 && !detail->time)
			detail->time = tl_hist_create();
	}
	profile->failed |= !detail || (ns >= 0 && (!exit_class->time || !detail->time));
	if (ns >= 0 && exit_class->time)
		tl_hist_add(exit_class->time, (uint64_t)ns);
	else
		exit_class->untimed++;
	if (ns >= 0) {
		vcpu->slept_ns += vcpu->open.slept;
		vcpu->delayed_ns += vcpu->open.delayed;
	}
	if (ns >= 0 && detail && detail->time)
		tl_hist_add(detail->time, (uint64_t)ns);
	tl_burst_count(vcpu, ns >= 0 ? (uint64_t)ns : 0);
	tell_span(profile, vcpu, &vcpu->open, to, ns);
}

/* Nothing is known of what this vCPU does now: an exit that was open stays untimed. */
static void vcpu_forget(struct tl_profile *profile, struct tl_profile_vcpu *vcpu)
{
	if (vcpu->where == TL_VCPU_HOST)
		close_exit(profile, vcpu, 0, -1);
	vcpu->where = TL_VCPU_UNKNOWN;
}

/* Keeps the gap if there is room for it, or if it is longer than one that is kept. */
static void vcpu_missed(struct tl_profile_vcpu *vcpu, uint64_t exits, uint64_t ts)
{
	unsigned int kept = tl_profile_gaps_kept(vcpu), out = 0;

	vcpu->gap_count++;
	vcpu->missed += exits;
	if (kept == TL_PROFILE_GAPS_MAX) {
		for (unsigned int i = 1; i < kept; i++)
			if (vcpu->gaps[i].exits < vcpu->gaps[out].exits)
				out = i;
		if (vcpu->gaps[out].exits >= exits)
			return;
		kept--;
		memmove(&vcpu->gaps[out], &vcpu->gaps[out + 1], (kept - out) * sizeof(*vcpu->gaps));
	}
	vcpu->gaps[kept] = (struct tl_profile_gap){vcpu->last_ts, ts, exits};
}

/*
 * Holds the count that an event carries against the one that is expected. Where
 * they differ, what came before does not belong to this event.
 */
static void vcpu_check_count(struct tl_profile *profile, struct tl_profile_vcpu *vcpu,
	uint64_t count, uint64_t expected, uint64_t ts)
{
	vcpu->has_counts = 1;
	if (count > expected) {
		vcpu_missed(vcpu, count - expected, ts);
		vcpu_forget(profile, vcpu);
	} else if (count < expected) {
		vcpu->disorder++;
		vcpu_forget(profile, vcpu);
	}
	if (count > vcpu->last_count)
		vcpu->last_count = count;
}

/* ns from what is open to a time; negative where the clock went back. */
static int64_t elapsed(const struct tl_profile *profile, const struct tl_profile_vcpu *vcpu,
	uint64_t ts, uint64_t counter)
{
	if (!profile->ns_mult || !counter || !vcpu->open_counter)
		return (int64_t)(ts - vcpu->open_ts);
	if (counter < vcpu->open_counter)
		return -1;
	return (int64_t)counter_ns(profile, counter - vcpu->open_counter);
}

static void vcpu_open(const struct tl_profile *profile, struct tl_profile_vcpu *vcpu, uint64_t ts,
	uint64_t counter)
{
	vcpu->open_ts = ts;
	vcpu->open_counter = counter;
	vcpu->open_at = profile->listener ? time_of(profile, ts, counter) : 0;
}

/* `count`: exits up to this entry, where the kernel tells. */
static void on_entry(struct tl_profile *profile, struct tl_profile_vcpu *vcpu,
	const struct tl_event *event, uint64_t count, uint64_t counter)
{
	if (event->has_exits)
		vcpu_check_count(profile, vcpu, count, vcpu->last_count, event->ts);
	if (vcpu->where == TL_VCPU_HOST)
		close_exit(profile, vcpu, time_of(profile, event->ts, counter),
			elapsed(profile, vcpu, event->ts, counter));
	vcpu->where = TL_VCPU_GUEST;
	vcpu_open(profile, vcpu, event->ts, counter);
	if (profile->open_gaps && !event->has_exits)
		vcpu_forget(profile, vcpu);
}

static void on_exit_event(
	struct tl_profile *profile, struct tl_profile_vcpu *vcpu, const struct tl_event *event)
{
	unsigned int exit_class = tl_esr_class(event->ret, event->ec);
	int64_t ns;

	if (profile->listener && event->counter && profile->ns_mult)
		tl_span_clock_note(&profile->clock, event->ts, counter_ns(profile, event->counter));
	/* The entry that it tells of came right before it, at a time by the counter only. */
	if (event->entered && profile->ns_mult)
		on_entry(profile, vcpu, event, event->exits - 1, event->entered);
	if (event->has_exits)
		vcpu_check_count(profile, vcpu, event->exits, vcpu->last_count + 1, event->ts);
	ns = elapsed(profile, vcpu, event->ts, event->counter);
	if (vcpu->where == TL_VCPU_GUEST && ns > 0)
		vcpu->guest_ns += (uint64_t)ns;
	if (vcpu->where == TL_VCPU_GUEST && ns >= 0)
		tell_span(profile, vcpu, NULL, time_of(profile, event->ts, event->counter), ns);
	/* Two exits with no entry between them: the entry was lost, and with it the time. */
	vcpu_forget(profile, vcpu);
	vcpu->exits++;
	vcpu->classes[exit_class].count++;
	vcpu->where = TL_VCPU_HOST;
	vcpu->open = (struct tl_profile_detail){
		.vcpu = vcpu->id, .exit_class = exit_class, .pc = event->pc, .mode = event->mode};
	vcpu->open_told = event->has_syndrome;
	if (event->has_syndrome && exit_class != TL_CLASS_IRQ)
		vcpu->open.detail = tl_event_detail(&profile->map, event, exit_class);
	else if (exit_class == TL_CLASS_IRQ && vcpu->irq_ts)
		vcpu->open.detail = TL_DETAIL_IRQ(vcpu->irq);
	vcpu->irq_ts = 0;
	vcpu->open_number = vcpu->has_counts ? event->exits : vcpu->exits;
	vcpu_open(profile, vcpu, event->ts, event->counter);
	if (profile->open_gaps && !event->has_exits)
		vcpu_forget(profile, vcpu);
}

static void on_user_exit(struct tl_profile_vcpu *vcpu, const struct tl_event *event)
{
	/* After -EINTR the exit reason is stale: no exit was handed out. */
	if (event->error == -EINTR) {
		vcpu->interrupted++;
		return;
	}
	vcpu->userspace_exits++;
	if (vcpu->where == TL_VCPU_HOST)
		vcpu->open.handler = TL_HANDLER_USER;
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
			vcpu_forget(profile, profile->vcpus[i]);
	}
}

/* A vCPU that nobody named, from its first exit on. */
static struct tl_profile_vcpu *learn_vcpu(struct tl_profile *profile, const struct tl_event *event)
{
	unsigned int id = event->has_exits ? event->vcpu : profile->vcpu_count;

	if (event->kind != TL_EVENT_EXIT || tl_profile_add_vcpu(profile, id, event->tid,
						    event->has_exits ? event->exits - 1 : 0))
		return NULL;
	return tl_profile_vcpu(profile, id);
}

/* Events of threads: what one does or waits for between an exit and the next entry. */
static void on_thread_event(struct tl_profile *profile, const struct tl_event *event)
{
	for (unsigned int i = 0; i < profile->vcpu_count; i++) {
		struct tl_profile_vcpu *vcpu = profile->vcpus[i];

		if (vcpu->tid && (vcpu->tid == event->tid || vcpu->tid == event->other_tid))
			tl_switch_event(profile, vcpu, event);
	}
}

static void on_vcpu_event(
	struct tl_profile *profile, struct tl_profile_vcpu *vcpu, const struct tl_event *event)
{
	if (!profile->first_ts)
		profile->first_ts = event->ts;
	if (event->ts > profile->last_ts)
		profile->last_ts = event->ts;
	switch (event->kind) {
	case TL_EVENT_EXIT:
		on_exit_event(profile, vcpu, event);
		break;
	case TL_EVENT_ENTRY:
		on_entry(profile, vcpu, event, event->exits, event->counter);
		break;
	case TL_EVENT_USER_EXIT:
		on_user_exit(vcpu, event);
		break;
	default:
		/* What a stock kernel tells of the exit that is open. */
		if (vcpu->where == TL_VCPU_HOST && !vcpu->open_told)
			vcpu->open.detail =
				tl_event_detail(&profile->map, event, vcpu->open.exit_class);
		break;
	}
	vcpu->last_ts = event->ts;
}

void tl_profile_event(struct tl_profile *profile, const struct tl_event *event)
{
	struct tl_profile_vcpu *vcpu;

	if (event->has_exits && profile->vm_id && event->vm != profile->vm_id)
		return;
	if (event->kind == TL_EVENT_WAKE && profile->listener && profile->listener->wake)
		profile->listener->wake(profile->listener->ctx, profile, event);
	switch (event->kind) {
	case TL_EVENT_LOST_BEGIN:
	case TL_EVENT_LOST_END:
		on_lost(profile, event);
		return;
	case TL_EVENT_SWITCH:
	case TL_EVENT_WAKE:
	case TL_EVENT_IRQ:
		on_thread_event(profile, event);
		return;
	default:
		break;
	}
	vcpu = event_vcpu(profile, event);
	if (!vcpu && profile->learn)
		vcpu = learn_vcpu(profile, event);
	if (vcpu)
		on_vcpu_event(profile, vcpu, event);
	else if (!profile->learn)
		profile->strangers++;
}

void tl_profile_finish(struct tl_profile *profile)
{
	for (unsigned int i = 0; i < profile->vcpu_count; i++) {
		struct tl_profile_vcpu *vcpu = profile->vcpus[i];
		struct tl_profile_detail *detail;

		/* What it is at is not over, so it is neither timed nor untimed. */
		detail = vcpu->where == TL_VCPU_HOST
				 ? tl_details_find(&profile->details, &vcpu->open)
				 : NULL;
		if (detail)
			detail->count++;
		if (vcpu->where == TL_VCPU_HOST)
			tell_span(profile, vcpu, &vcpu->open, 0, -1);
		tl_burst_end(vcpu);
	}
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
