// SPDX-License-Identifier: GPL-2.0-only
/*
 * The profile, in the kernel: each exit is counted and timed where it happens, by
 * vCPU, class, detail, PC and handler. No event leaves the kernel, and memory does
 * not grow. Raw tracepoints with scalars only, so that no type information of the
 * kernel is needed. The programs are here, what they share is in headers of this folder.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "trace/bpf/detail.bpf.h"
#include "trace/bpf/exits.h"
#include "trace/bpf/slots.bpf.h"
#include "trace/bpf/table.bpf.h"

#define EINTR 4

char LICENSE[] SEC("license") = "GPL";

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
