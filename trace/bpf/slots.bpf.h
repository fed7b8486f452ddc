/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vCPU's state lives in a slot. On a patched kernel the events say whose they
 * are; the stock ones are told apart by their thread, which maps to a slot. Where
 * an event has no vCPU, the CPU's last slot is asked first: the events of one exit
 * mostly come without anybody in between.
 */
#ifndef TL_TRACE_BPF_SLOTS_BPF_H
#define TL_TRACE_BPF_SLOTS_BPF_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "trace/bpf/exits.h"

const volatile struct tl_bpf_config config;
struct tl_bpf_state state;

/* Slots by VM and vCPU, and by thread. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TL_BPF_SLOTS);
	__type(key, __u64);
	__type(value, __u32);
} slot_of_vcpu SEC(".maps"), slot_of_tid SEC(".maps");

/* Slots below slots_used that are free again: their vCPUs have ended. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, TL_BPF_SLOTS);
	__type(value, __u32);
} free_slots SEC(".maps");

/* The slot of the CPU's last event. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} last_slot SEC(".maps");

/* The slot of that number, so that the verifier sees where it lies. */
static __always_inline struct tl_bpf_slot *slot_at(__u32 index)
{
	__u64 at = index;

	/* The compiler knows that it is in range, and would leave the check out. */
	asm volatile("" : "+r"(at));
	return &state.slots[at & (TL_BPF_SLOTS - 1)];
}

/* The slot of (vm, vcpu), made if there is none; TL_BPF_SLOTS: there are too many. */
static __noinline __u32 find_slot(__u32 vm_id, __u32 vcpu_id)
{
	__u64 key = (__u64)vm_id << 32 | vcpu_id;
	__u32 *found = bpf_map_lookup_elem(&slot_of_vcpu, &key);
	__u32 index = 0;

	if (found)
		return *found;
	if (bpf_map_pop_elem(&free_slots, &index)) {
		/* It must not wrap, however long strangers go on. */
		if (state.slots_used >= TL_BPF_SLOTS)
			return TL_BPF_SLOTS;
		index = __sync_fetch_and_add(&state.slots_used, 1);
		if (index >= TL_BPF_SLOTS)
			return TL_BPF_SLOTS;
	}
	bpf_map_update_elem(&slot_of_vcpu, &key, &index, BPF_ANY);
	return index;
}

/* A vCPU seems to have moved to this thread: so be it. */
static __noinline int adopt(
	struct tl_bpf_slot *slot, __u32 index, __u32 vm_id, __u32 vcpu_id, __u32 tid)
{
	__u64 key = tid;

	slot->tid = tid;
	slot->vm_id = vm_id;
	slot->vcpu_id = vcpu_id;
	return bpf_map_update_elem(&slot_of_tid, &key, &index, BPF_ANY);
}

/*
 * The slot of (vm, vcpu) where there may be many: the CPU's last one, if it is that
 * vCPU's, needs no more looking up; what it belongs to was checked when it came.
 */
static __always_inline __u32 look_up_slot(__u32 vm_id, __u32 vcpu_id)
{
	__u32 none = 0, *last = bpf_map_lookup_elem(&last_slot, &none), index;
	__u64 both;

	if (last && *last < TL_BPF_SLOTS && state.slots[*last].tid &&
		state.slots[*last].vcpu_id == vcpu_id && state.slots[*last].vm_id == vm_id)
		return *last;
	both = bpf_get_current_pid_tgid();
	if (config.tgid && both >> 32 != config.tgid)
		return TL_BPF_SLOTS;
	index = find_slot(vm_id, vcpu_id);
	if (index < TL_BPF_SLOTS) {
		if (slot_at(index)->tid != (__u32)both)
			adopt(slot_at(index), index, vm_id, vcpu_id, (__u32)both);
		if (last)
			*last = index;
	} else {
		__sync_fetch_and_add(&state.strangers, 1);
	}
	return index;
}

/* The slot of an event that names its vCPU; TL_BPF_SLOTS: not of interest. */
static __always_inline __u32 slot_of(__u32 vm_id, __u32 vcpu_id)
{
	if (!config.known_threads)
		return look_up_slot(vm_id, vcpu_id);
	if (vm_id != config.vm_id)
		return TL_BPF_SLOTS;
	if (vcpu_id >= TL_BPF_SLOTS) {
		__sync_fetch_and_add(&state.strangers, 1);
		return TL_BPF_SLOTS;
	}
	return vcpu_id;
}

/* The slot of the thread that runs, for events without a vCPU. */
static __always_inline struct tl_bpf_slot *current_slot(void)
{
	__u32 none = 0, *last = bpf_map_lookup_elem(&last_slot, &none), *found;
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 key = tid;

	if (last && *last < TL_BPF_SLOTS && state.slots[*last].tid == tid)
		return &state.slots[*last];
	found = bpf_map_lookup_elem(&slot_of_tid, &key);
	return found && *found < TL_BPF_SLOTS ? &state.slots[*found] : 0;
}

#endif
