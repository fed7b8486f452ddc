/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An exit from where it happens to its entry in the table of counts. A vCPU writes only
 * its own entries, so nothing is locked.
 */
#ifndef TL_TRACE_BPF_TABLE_BPF_H
#define TL_TRACE_BPF_TABLE_BPF_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "trace/bpf/exits.h"
#include "trace/bpf/detail.bpf.h"
#include "trace/bpf/slots.bpf.h"

#define WHERE_GUEST 1
#define WHERE_HOST  2

static __always_inline __u32 bucket_of(__u64 ns)
{
	__u32 exponent = 0, bucket;
	__u64 rest = ns;

	if (rest >> 32)
		exponent += 32, rest >>= 32;
	if (rest >> 16)
		exponent += 16, rest >>= 16;
	if (rest >> 8)
		exponent += 8, rest >>= 8;
	if (rest >> 4)
		exponent += 4, rest >>= 4;
	if (rest >> 2)
		exponent += 2, rest >>= 2;
	if (rest >> 1)
		exponent += 1;
	if (exponent < TL_BPF_HIST_MIN)
		return 0;
	/* The two bits behind the leading one. */
	bucket = (exponent - TL_BPF_HIST_MIN) * 4 + (ns >> (exponent - 2) & 3);
	return bucket < TL_BPF_HIST_BUCKETS ? bucket : TL_BPF_HIST_BUCKETS - 1;
}

static __always_inline void count_plain(struct tl_bpf_slot *slot)
{
	__u32 exit_class = TL_BPF_REST_CLASS(slot->open.rest);

	if (exit_class < TL_BPF_CLASSES)
		slot->plain[exit_class]++;
}

/* One multiplication for each word: what differs is mostly in the low bits. */
static __always_inline __u32 hash_of(const struct tl_bpf_key *key)
{
	__u64 h = key->pc * 0x9e3779b97f4a7c15ull;

	h = (h ^ key->detail ^ key->rest) * 0xff51afd7ed558ccdull;
	return h >> 40;
}

/*
 * The entry of a key. Places are tried one after the other; an empty one is claimed.
 * Two CPUs that claim at the same time leave at worst an entry twice, which adds up
 * all the same. NULL: all places are taken by others.
 */
static __always_inline struct tl_bpf_entry *find_entry(const struct tl_bpf_key *key)
{
	__u32 hash = hash_of(key);

	for (__u32 i = 0; i < TL_BPF_PROBES; i++) {
		struct tl_bpf_entry *entry = &state.entries[(hash + i) & (TL_BPF_ENTRIES - 1)];

		if (entry->used == TL_BPF_ENTRY_VALID) {
			if (entry->key.pc == key->pc && entry->key.detail == key->detail &&
				entry->key.rest == key->rest)
				return entry;
			continue;
		}
		if (__sync_val_compare_and_swap(&entry->used, TL_BPF_ENTRY_FREE,
			    TL_BPF_ENTRY_CLAIMED) == TL_BPF_ENTRY_FREE) {
			entry->key = *key;
			/* An exchange orders the key before it. */
			__sync_lock_test_and_set(&entry->used, TL_BPF_ENTRY_VALID);
			return entry;
		}
	}
	return 0;
}

/* Only where a burst ends is it held against the others. */
static __always_inline void count_burst(struct tl_bpf_slot *slot, __u64 ns)
{
	struct tl_bpf_burst *burst = &slot->burst;

	if (burst->detail == slot->open.detail && burst->rest == slot->open.rest) {
		burst->count++;
		burst->ns += ns;
		return;
	}
	if (burst->count > slot->longest.count)
		slot->longest = *burst;
	if (burst->ns > slot->costliest.ns && TL_BPF_REST_CLASS(burst->rest) != EC_WFX)
		slot->costliest = *burst;
	burst->detail = slot->open.detail;
	burst->rest = slot->open.rest;
	burst->pc = slot->open.pc;
	burst->count = 1;
	burst->ns = ns;
}

/* The exit that was open has been handled. */
static __always_inline void close_exit(struct tl_bpf_slot *slot, __u64 ns)
{
	struct tl_bpf_entry *entry = find_entry(&slot->open);
	__u32 bucket;

	if (!entry) {
		count_plain(slot);
		return;
	}
	entry->value.count++;
	entry->value.ns += ns;
	if (slot->open_slept | slot->open_delayed) {
		entry->value.slept += slot->open_slept;
		entry->value.delayed += slot->open_delayed;
		slot->slept += slot->open_slept;
		slot->delayed += slot->open_delayed;
	}
	if (ns > entry->value.max)
		entry->value.max = ns;
	bucket = bucket_of(ns);
	if (bucket < TL_BPF_HIST_BUCKETS)
		entry->value.hist[bucket]++;
	count_burst(slot, ns);
}

static __always_inline void open_exit(struct tl_bpf_slot *slot, __u32 index, __u32 ret, __u32 ec,
	__u64 pc, __u64 detail, __u32 mode, __u64 now)
{
	__u32 exit_class = class_of(ret, ec);

	/* The host interrupt that it was for: its handler has run by now. */
	if (exit_class == TL_BPF_CLASS_IRQ)
		detail = slot->irq;
	slot->irq = 0;
	slot->exits++;
	slot->stamp = now;
	slot->where = WHERE_HOST;
	slot->open_slept = 0;
	slot->open_delayed = 0;
	slot->open.detail = detail;
	slot->open.pc = config.no_pcs ? 0 : pc;
	slot->open.rest =
		TL_BPF_REST(index, exit_class, TL_BPF_BY_KERNEL, config.no_pcs ? 0 : mode & 0xff);
}

#endif
