// SPDX-License-Identifier: GPL-2.0-only
/*
 * The profile, in the kernel: each exit is counted and timed where it happens, by
 * vCPU, class, detail, PC and handler. No event leaves the kernel, and memory does
 * not grow. Raw tracepoints with scalars only, so that no type information of the
 * kernel is needed.
 *
 * A vCPU's state lives in a slot. On a patched kernel the events say whose they
 * are; the stock ones are told apart by their thread, which maps to a slot. Where
 * an event has no vCPU, the CPU's last slot is asked first: the events of one exit
 * mostly come without anybody in between.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "trace/bpf/exits.h"
#include "trace/decode/detail.h"

/* arch/arm64/include/asm/kvm_asm.h, ARM_EXCEPTION_*; bit 31: an SError is pending too. */
#define RET_SERROR_PENDING (1u << 31)
#define RET_IRQ            0
#define RET_SERROR         1
#define RET_TRAP           2
#define RET_IL             3

#define EC_WFX   0x01
#define EC_HVC32 0x12
#define EC_SMC32 0x13
#define EC_HVC64 0x16
#define EC_SMC64 0x17
#define EC_SYS64 0x18
#define EC_IABT  0x20
#define EC_DABT  0x24

/* Of 32-bit guests */
#define EC_CP15_32 0x03
#define EC_CP15_64 0x04
#define EC_CP14_MR 0x05
#define EC_CP14_LS 0x06
#define EC_CP10_ID 0x08
#define EC_CP14_64 0x0c

#define WHERE_GUEST 1
#define WHERE_HOST  2

#define EINTR 4

char LICENSE[] SEC("license") = "GPL";

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

static __always_inline int in_ram(__u64 ipa)
{
	for (__u32 i = 0; i < TL_BPF_RANGES; i++) {
		if (i >= config.ranges)
			break;
		if (ipa >= config.ram[i].base && ipa < config.ram[i].end)
			return 1;
	}
	return 0;
}

/* Without x0, a call has only its immediate: the kvm_hvc_arm64 event fills in the rest. */
static __always_inline __u64 detail_of(__u32 ec, __u64 esr, __u64 ipa, __u64 x0, __u64 x1)
{
	switch (ec) {
	case EC_SYS64:
		return esr & TL_DETAIL_SYS64_MASK;
	case EC_DABT:
		return tl_detail_of_abort(esr, ipa, in_ram(ipa));
	case EC_IABT:
		/* Never a write, whatever the bit says there. */
		return tl_detail_of_abort(
			esr & ~(__u64)(TL_ESR_WNR | TL_ESR_ISV), ipa, in_ram(ipa));
	case EC_WFX:
		return esr & TL_DETAIL_WFX_MASK;
	case EC_HVC32:
	case EC_HVC64:
	case EC_SMC32:
	case EC_SMC64:
		return tl_detail_of_call(esr, x0, x1);
	case EC_CP15_32:
	case EC_CP14_MR:
	case EC_CP10_ID:
		return esr & TL_DETAIL_CP32_MASK;
	case EC_CP15_64:
	case EC_CP14_64:
		return esr & TL_DETAIL_CP64_MASK;
	case EC_CP14_LS:
		return esr & TL_DETAIL_CP_LS_MASK;
	default:
		return 0;
	}
}

static __always_inline __u32 class_of(__u32 ret, __u32 ec)
{
	switch (ret & ~RET_SERROR_PENDING) {
	case RET_TRAP:
		return ec & 0x3f;
	case RET_IRQ:
		return TL_BPF_CLASS_IRQ;
	case RET_SERROR:
		return TL_BPF_CLASS_SERROR;
	case RET_IL:
		return TL_BPF_CLASS_IL;
	default:
		return TL_BPF_CLASS_OTHER;
	}
}

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
		if (__sync_val_compare_and_swap(
			    &entry->used, TL_BPF_ENTRY_FREE, TL_BPF_ENTRY_CLAIMED) ==
			TL_BPF_ENTRY_FREE) {
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
	slot->open.pc = pc;
	slot->open.rest = TL_BPF_REST(index, exit_class, TL_BPF_BY_KERNEL, mode & 0xff);
}

static __always_inline __u64 to_ns(__u64 ticks)
{
	return ticks * config.ns_mult >> config.ns_shift;
}

/*
 * (ret, esr_ec, vcpu_pc, vm_id, vcpu_id, exits, esr, info1, info2, mode, counter, entered).
 * When the guest was entered is when the exit before this one had been handled, so
 * one program for each exit is enough. info1 and info2 are FAR and IPA, of calls x0 and x1.
 */
SEC("raw_tp/kvm_exit")
int exit_patched(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 ret = ctx->args[0], ec = ctx->args[1] & 0x3f;
	__u32 index = slot_of(ctx->args[3], ctx->args[4]);
	__u64 count = ctx->args[5], entered = ctx->args[11], detail = 0;
	struct tl_bpf_slot *slot;

	if (index >= TL_BPF_SLOTS)
		return 0;
	slot = slot_at(index);
	if (slot->where == WHERE_HOST) {
		if (entered && count == slot->count + 1)
			close_exit(slot, to_ns(entered - slot->stamp));
		else
			count_plain(slot);
		if (count > slot->count + 1)
			slot->missed += count - slot->count - 1;
	} else {
		slot->first = entered;
	}
	slot->count = count;
	if (entered)
		slot->guest += ctx->args[10] - entered;
	if ((ret & ~RET_SERROR_PENDING) == RET_TRAP)
		detail = detail_of(ec, ctx->args[6], ctx->args[8], ctx->args[7], ctx->args[8]);
	open_exit(slot, index, ret, ec, ctx->args[2], detail, ctx->args[9], ctx->args[10]);
	return 0;
}

/* On a stock kernel, a thread is a vCPU. */
static __always_inline __u32 stock_slot(void)
{
	return look_up_slot(0, (__u32)bpf_get_current_pid_tgid());
}

/* (ret, esr_ec, vcpu_pc) */
SEC("raw_tp/kvm_exit")
int exit_stock(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 index = stock_slot();
	__u64 now = bpf_ktime_get_ns();
	struct tl_bpf_slot *slot;

	if (index >= TL_BPF_SLOTS)
		return 0;
	slot = slot_at(index);
	if (slot->where == WHERE_GUEST)
		slot->guest += now - slot->stamp;
	else if (slot->where == WHERE_HOST)
		/* Its entry was not seen. */
		count_plain(slot);
	open_exit(slot, index, ctx->args[0], ctx->args[1] & 0x3f, ctx->args[2], 0, 0, now);
	return 0;
}

/* (vcpu_pc) */
SEC("raw_tp/kvm_entry")
int entry_stock(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 index = stock_slot();
	__u64 now = bpf_ktime_get_ns();
	struct tl_bpf_slot *slot;

	(void)ctx;
	if (index >= TL_BPF_SLOTS)
		return 0;
	slot = slot_at(index);
	if (slot->where == WHERE_HOST)
		close_exit(slot, now - slot->stamp);
	if (!slot->first)
		slot->first = now;
	slot->stamp = now;
	slot->where = WHERE_GUEST;
	return 0;
}

/* (vcpu_pc, r0, imm), stock only. */
SEC("raw_tp/kvm_hvc_arm64")
int hvc(struct bpf_raw_tracepoint_args *ctx)
{
	struct tl_bpf_slot *slot = current_slot();

	if (slot && slot->where == WHERE_HOST)
		slot->open.detail = tl_detail_of_call(ctx->args[2], ctx->args[1], ~0ull);
	return 0;
}

/* (hsr), stock only: the patched exit has it. */
SEC("raw_tp/kvm_handle_sys_reg")
int sys_reg(struct bpf_raw_tracepoint_args *ctx)
{
	struct tl_bpf_slot *slot = current_slot();

	if (slot && slot->where == WHERE_HOST)
		slot->open.detail = ctx->args[0] & TL_DETAIL_SYS64_MASK;
	return 0;
}

/* (vcpu_pc, hsr, hxfar, ipa), stock only. The IPA is that of the page. */
SEC("raw_tp/kvm_guest_fault")
int guest_fault(struct bpf_raw_tracepoint_args *ctx)
{
	struct tl_bpf_slot *slot = current_slot();

	if (slot && slot->where == WHERE_HOST)
		slot->open.detail = detail_of(ctx->args[1] >> 26 & 0x3f, ctx->args[1],
			ctx->args[3] | (ctx->args[2] & 0xfff), 0, ~0ull);
	return 0;
}

/* (vcpu_pc, is_wfe), stock only. */
SEC("raw_tp/kvm_wfx_arm64")
int wfx(struct bpf_raw_tracepoint_args *ctx)
{
	struct tl_bpf_slot *slot = current_slot();

	if (slot && slot->where == WHERE_HOST)
		slot->open.detail = ctx->args[1] & 1;
	return 0;
}

/* What a vCPU's thread waited for ends here. */
static __always_inline void end_wait(struct tl_bpf_slot *slot, __u64 now)
{
	__u64 ns = now - slot->wait_since;

	if (slot->where != WHERE_HOST || now < slot->wait_since)
		return;
	if (slot->wait == TL_BPF_WAIT_SLEEP)
		slot->open_slept += ns;
	else if (slot->wait == TL_BPF_WAIT_CPU)
		slot->open_delayed += ns;
}

static __always_inline struct tl_bpf_slot *slot_of_thread(__u32 tid)
{
	__u64 key = tid;
	__u32 *found = bpf_map_lookup_elem(&slot_of_tid, &key);

	return found && *found < TL_BPF_SLOTS ? slot_at(*found) : 0;
}

/* (irq, action, ...) */
SEC("raw_tp/irq_handler_entry")
int irq(struct bpf_raw_tracepoint_args *ctx)
{
	struct tl_bpf_slot *slot = slot_of_thread((__u32)bpf_get_current_pid_tgid());

	if (slot)
		slot->irq = (__u32)ctx->args[0] + 1;
	return 0;
}

/* events/sched/sched_switch/format, the same in all kernels that have it. */
struct switch_event {
	__u64 common;
	char prev_comm[16];
	__s32 prev_pid, prev_prio;
	__u64 prev_state; /* low bits: why it does not go on; 0: it was preempted */
	char next_comm[16];
	__s32 next_pid, next_prio;
};

SEC("tp/sched/sched_switch")
int thread_switch(struct switch_event *ctx)
{
	__u64 now = bpf_ktime_get_ns();
	struct tl_bpf_slot *slot = slot_of_thread(ctx->prev_pid);

	if (slot) {
		slot->wait = ctx->prev_state & 0xff ? TL_BPF_WAIT_SLEEP : TL_BPF_WAIT_CPU;
		slot->wait_since = now;
	}
	slot = slot_of_thread(ctx->next_pid);
	if (slot) {
		end_wait(slot, now);
		slot->wait = TL_BPF_WAIT_NONE;
	}
	return 0;
}

/* events/sched/sched_waking/format */
struct waking_event {
	__u64 common;
	char comm[16];
	__s32 pid, prio;
};

SEC("tp/sched/sched_waking")
int thread_waking(struct waking_event *ctx)
{
	struct tl_bpf_slot *slot = slot_of_thread(ctx->pid);
	__u64 now;

	if (!slot || slot->wait != TL_BPF_WAIT_SLEEP)
		return 0;
	now = bpf_ktime_get_ns();
	end_wait(slot, now);
	slot->wait = TL_BPF_WAIT_CPU;
	slot->wait_since = now;
	return 0;
}

/* (reason, errno) */
SEC("raw_tp/kvm_userspace_exit")
int user_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct tl_bpf_slot *slot = current_slot();
	__s32 error = (__s32)ctx->args[1];

	if (!slot)
		return 0;
	/* After -EINTR the exit reason is stale: no exit was handed out. */
	if (error == -EINTR) {
		slot->interrupted++;
		return 0;
	}
	slot->user_exits++;
	if (slot->where == WHERE_HOST)
		slot->open.rest |= TL_BPF_REST_USER;
	return 0;
}
