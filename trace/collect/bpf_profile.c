/* SPDX-License-Identifier: MIT */
/*
 * Slots become vCPUs, keys become details and, added up, classes.
 */
#include "trace/collect/bpf_profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/collect/bpf_key.h"
#include "trace/collect/system_counter.h"

struct fill {
	struct tl_profile *profile;
	const struct tl_bpf_state *state;
	bool patched;
	struct tl_profile_vcpu *vcpus[TL_BPF_SLOTS]; /* by slot; NULL: nobody's */
};

static struct tl_hist *hist_of(const struct tl_bpf_value *value)
{
	struct tl_hist *hist = tl_hist_create();

	if (!hist)
		return NULL;
	for (unsigned int b = 0; b < TL_BPF_HIST_BUCKETS; b++)
		tl_hist_add_many(hist, tl_bpf_key_bucket_middle(b), value->hist[b]);
	/* These are known exactly, where the buckets are not. */
	hist->sum = value->ns;
	hist->max = value->max;
	if (hist->min > hist->max)
		hist->min = hist->max;
	return hist;
}

/* Where the class's times are added to; NULL: no memory. */
static struct tl_hist *class_time(struct fill *fill, struct tl_profile_class *exit_class)
{
	if (!exit_class->time)
		exit_class->time = tl_hist_create();
	if (!exit_class->time)
		fill->profile->failed = 1;
	return exit_class->time;
}

static struct tl_profile_detail detail_of(const struct tl_bpf_key *key)
{
	return (struct tl_profile_detail){
		.exit_class = tl_bpf_key_class_of(key->rest),
		.detail = key->detail,
		.pc = key->pc,
		.mode = TL_BPF_REST_MODE(key->rest),
		.handler = tl_bpf_key_handler(key->rest),
	};
}

static int on_key(void *ctx, const struct tl_bpf_key *key, const struct tl_bpf_value *value)
{
	struct fill *fill = ctx;
	uint32_t slot = TL_BPF_REST_SLOT(key->rest);
	struct tl_profile_vcpu *vcpu = slot < TL_BPF_SLOTS ? fill->vcpus[slot] : NULL;
	struct tl_profile_detail detail = detail_of(key);
	struct tl_hist *sum;

	detail.count = value->count;
	detail.slept = value->slept;
	detail.delayed = value->delayed;
	detail.time = hist_of(value);
	if (!detail.time)
		return -ENOMEM;
	if (!vcpu) {
		tl_hist_destroy(detail.time);
		return 0;
	}
	detail.vcpu = vcpu->id;
	vcpu->classes[detail.exit_class].count += value->count;
	sum = class_time(fill, &vcpu->classes[detail.exit_class]);
	if (sum)
		tl_hist_merge(sum, detail.time);
	return tl_details_add(&fill->profile->details, &detail);
}

/* The exit that its entry did not follow: counted, without a time. */
static int add_open_exit(
	struct fill *fill, struct tl_profile_vcpu *vcpu, const struct tl_bpf_slot *slot)
{
	struct tl_profile_detail detail = detail_of(&slot->open);

	detail.vcpu = vcpu->id;
	detail.count = 1;
	vcpu->where = TL_VCPU_HOST;
	vcpu->classes[detail.exit_class].count++;
	return tl_details_add(&fill->profile->details, &detail);
}

/* Stamps are ticks of the system counter, or on a stock kernel ns. */
static uint64_t to_ns(const struct fill *fill, uint64_t stamp)
{
	uint64_t hz = fill->patched ? fill->profile->counter_hz : 0;

	return hz ? tl_counter_ns(stamp, hz) : stamp;
}

static struct tl_profile_burst burst_of(const struct tl_bpf_burst *burst)
{
	return (struct tl_profile_burst){
		.exit_class = tl_bpf_key_class_of(burst->rest),
		.detail = burst->detail,
		.handler = tl_bpf_key_handler(burst->rest),
		.pc = burst->pc,
		.count = burst->count,
		.ns = burst->ns,
	};
}

/* The one that went on at the end counts as well. */
static void fill_bursts(struct tl_profile_vcpu *vcpu, const struct tl_bpf_slot *slot)
{
	const struct tl_bpf_burst *last = &slot->burst;

	vcpu->longest = burst_of(last->count > slot->longest.count ? last : &slot->longest);
	vcpu->costliest = burst_of(
		last->ns > slot->costliest.ns && TL_BPF_REST_CLASS(last->rest) != TL_ESR_EC_WFX
			? last
			: &slot->costliest);
}

static int fill_vcpu(
	struct fill *fill, struct tl_profile_vcpu *vcpu, const struct tl_bpf_slot *slot)
{
	struct tl_profile *profile = fill->profile;
	/* A vCPU that was seen to exit but not to enter again has no first entry. */
	uint64_t first = to_ns(fill, slot->first ? slot->first : slot->stamp),
		 last = to_ns(fill, slot->stamp);

	vcpu->exits = slot->exits;
	vcpu->userspace_exits = slot->user_exits;
	vcpu->interrupted = slot->interrupted;
	vcpu->guest_ns = to_ns(fill, slot->guest);
	fill_bursts(vcpu, slot);
	/* Set by the first switch; a thread that never let go of its CPU waited for nothing. */
	vcpu->has_switches = 1;
	vcpu->slept_ns = slot->slept;
	vcpu->delayed_ns = slot->delayed;
	if (fill->patched) {
		vcpu->has_counts = 1;
		vcpu->last_count = slot->count;
		vcpu->missed = slot->missed;
	}
	for (unsigned int c = 0; c < TL_BPF_CLASSES; c++) {
		vcpu->classes[tl_bpf_key_class(c)].count += slot->plain[c];
		vcpu->classes[tl_bpf_key_class(c)].untimed += slot->plain[c];
	}
	if (!profile->first_ts || first < profile->first_ts)
		profile->first_ts = first;
	if (last > profile->last_ts)
		profile->last_ts = last;
	return slot->where == 2 ? add_open_exit(fill, vcpu, slot) : 0;
}

/* The vCPU that the program which runs it has named. */
static struct tl_profile_vcpu *named_vcpu(const struct fill *fill, const struct tl_bpf_slot *slot)
{
	const struct tl_profile *profile = fill->profile;

	if (fill->patched)
		return tl_profile_vcpu(profile, (unsigned int)(slot - fill->state->slots));
	for (unsigned int i = 0; i < profile->vcpu_count; i++) {
		if (profile->vcpus[i]->tid == (pid_t)slot->tid)
			return profile->vcpus[i];
	}
	return NULL;
}

static int is_used(const struct tl_bpf_slot *slot)
{
	return slot->first || slot->exits;
}

/* Fills in all vCPUs that are in fill->vcpus, and what is in the table. */
static int fill_all(struct fill *fill, struct tl_bpf *bpf)
{
	int ret = 0;

	for (unsigned int i = 0; i < TL_BPF_SLOTS && !ret; i++) {
		if (fill->vcpus[i])
			ret = fill_vcpu(fill, fill->vcpus[i], &fill->state->slots[i]);
	}
	return ret ? ret : tl_bpf_for_each(bpf, on_key, fill);
}

static struct fill *new_fill(struct tl_bpf *bpf, struct tl_profile *profile)
{
	struct fill *fill = calloc(1, sizeof(*fill));

	if (!fill)
		return NULL;
	fill->profile = profile;
	fill->state = tl_bpf_state(bpf);
	fill->patched = tl_bpf_is_patched(bpf);
	return fill;
}

int tl_bpf_profile_fill(struct tl_bpf *bpf, struct tl_profile *profile)
{
	struct fill *fill = new_fill(bpf, profile);
	int ret;

	if (!fill)
		return -ENOMEM;
	profile->strangers += fill->state->strangers;
	for (unsigned int i = 0; i < TL_BPF_SLOTS; i++) {
		const struct tl_bpf_slot *slot = &fill->state->slots[i];

		if (!is_used(slot))
			continue;
		fill->vcpus[i] = named_vcpu(fill, slot);
		if (!fill->vcpus[i])
			profile->strangers += slot->exits;
	}
	ret = fill_all(fill, bpf);
	free(fill);
	return ret;
}

int tl_bpf_profile_discover(struct tl_bpf *bpf, unsigned int vm_id, struct tl_profile *profile)
{
	struct fill *fill = new_fill(bpf, profile);
	unsigned int number = 0;
	int ret = 0;

	if (!fill)
		return -ENOMEM;
	for (unsigned int i = 0; i < TL_BPF_SLOTS && !ret; i++) {
		const struct tl_bpf_slot *slot = &fill->state->slots[i];
		unsigned int id = fill->patched ? slot->vcpu_id : number;

		if (!is_used(slot) || slot->vm_id != vm_id || !slot->tid)
			continue;
		number++;
		/* What it had counted before the first exit that was seen. */
		ret = tl_profile_add_vcpu(profile, id, (pid_t)slot->tid,
			slot->count > slot->exits + slot->missed
				? slot->count - slot->exits - slot->missed
				: 0);
		if (!ret)
			fill->vcpus[i] = tl_profile_vcpu(profile, id);
	}
	ret = ret ? ret : fill_all(fill, bpf);
	free(fill);
	return ret;
}
