/* SPDX-License-Identifier: MIT */
/*
 * What the BPF program of the profile and the program that loads it share: both
 * sides of its maps. Plain types of fixed size; included by C for BPF and for the
 * host alike.
 */
#ifndef TL_TRACE_BPF_EXITS_H
#define TL_TRACE_BPF_EXITS_H

#include <linux/types.h>

/* vCPUs that can be told apart at a time; a power of two. */
#define TL_BPF_SLOTS 1024
/* Different combinations of vCPU, class, detail, PC and handler; a power of two. */
#define TL_BPF_ENTRIES 8192
/* How many places an entry may be at. */
#define TL_BPF_PROBES 8
#define TL_BPF_RANGES 8

/*
 * Histogram of ns: 4 buckets an octave from 2^MIN on; bucket 0 also has all that
 * is less, the last one all that is more.
 */
#define TL_BPF_HIST_MIN     6
#define TL_BPF_HIST_BUCKETS 104

/* Exit classes behind the 64 exception classes. */
#define TL_BPF_CLASS_IRQ    64
#define TL_BPF_CLASS_SERROR 65
#define TL_BPF_CLASS_IL     66
#define TL_BPF_CLASS_OTHER  67
#define TL_BPF_CLASSES      68

/* What a thread that does not run waits for. */
#define TL_BPF_WAIT_NONE  0
#define TL_BPF_WAIT_SLEEP 1 /* something to do */
#define TL_BPF_WAIT_CPU   2

/* Who was the last to handle it. */
#define TL_BPF_BY_KERNEL 0
#define TL_BPF_BY_USER   1

struct tl_bpf_range {
	__u64 base, end; /* guest physical; end is behind it */
};

/* Set before the program is loaded. */
struct tl_bpf_config {
	__u32 vm_id;         /* only this VM, or 0: any; patched kernel */
	__u32 tgid;          /* only this process, or 0: any; stock kernel */
	__u32 lookup;        /* vCPUs of several VMs: a slot is found by a map, not by vCPU id */
	__u32 known_threads; /* slot_of_tid has been filled in: no thread need be learned */
	__u32 ranges;        /* how many there are */
	__u32 no_pcs;        /* exits are not told apart by PC and exception level: fewer entries */
	__u64 ns_mult, ns_shift;                /* ticks of the system counter to ns */
	struct tl_bpf_range ram[TL_BPF_RANGES]; /* where an abort is a stage-2 fault, not MMIO */
};

/* What is counted apart. */
struct tl_bpf_key {
	__u64 detail; /* by class, see TL_DETAIL_* in trace/decode/detail.h */
	__u64 pc;
	__u64 rest; /* the following, in one word to be compared at once */
};

/* slot, TL_BPF_CLASS_* or an exception class, TL_BPF_BY_*, SPSR.M */
#define TL_BPF_REST(slot, exit_class, handler, mode)                                               \
	((__u64)(slot) << 32 | (__u64)(exit_class) << 24 | (__u64)(handler) << 16 | (mode))
#define TL_BPF_REST_SLOT(rest)    ((__u32)((rest) >> 32))
#define TL_BPF_REST_CLASS(rest)   ((__u32)(rest) >> 24)
#define TL_BPF_REST_HANDLER(rest) ((__u32)(rest) >> 16 & 0xff)
#define TL_BPF_REST_MODE(rest)    ((__u32)(rest)&0xffff)
#define TL_BPF_REST_USER          TL_BPF_REST(0, 0, TL_BPF_BY_USER, 0)

struct tl_bpf_value {
	__u64 count, ns, max;
	__u64 slept, delayed; /* of `ns`: with nothing to do, and with no CPU */
	__u64 hist[TL_BPF_HIST_BUCKETS];
};

/*
 * A place in the table of counts. `used` is claimed by whoever comes first, and VALID once
 * the key is there. Two vCPUs never share an entry, so its counts have one writer. Who reads
 * makes it LEAVING: no exit is counted there any more but one that is just being counted.
 */
#define TL_BPF_ENTRY_FREE    0
#define TL_BPF_ENTRY_CLAIMED 1
#define TL_BPF_ENTRY_VALID   2
#define TL_BPF_ENTRY_LEAVING 3

struct tl_bpf_entry {
	__u64 used; /* TL_BPF_ENTRY_* */
	struct tl_bpf_key key;
	struct tl_bpf_value value;
};

/* Exits of one kind in a row, wherever in the guest they came from. */
struct tl_bpf_burst {
	__u64 detail, rest; /* as in a key */
	__u64 pc;           /* of the first one */
	__u64 count, ns;
};

/* A vCPU. Written by its own thread only. */
struct tl_bpf_slot {
	__u32 where; /* 0 unknown, 1 in the guest, 2 in the host: `open` waits for its entry */
	__u32 tid;
	__u64 stamp; /* of the last entry or exit: ticks, or ns on a stock kernel */
	struct tl_bpf_key open;
	struct tl_bpf_burst burst; /* the one that goes on; `longest` and `costliest` have ended */
	__u64 exits;               /* seen */
	__u64 count;               /* the kernel's exit count in the last event */
	__u64 guest;               /* ticks, or ns, in the guest */
	__u64 first;               /* stamp of the first event */
	__u64 missed;              /* gaps in `count` */
	__u64 user_exits, interrupted;
	__u32 vm_id, vcpu_id;
	struct tl_bpf_burst longest, costliest;
	/* The thread: while it does not run, why and since when (ns); and since the open exit. */
	__u64 wait, wait_since;
	__u64 open_slept, open_delayed;
	__u64 slept, delayed; /* sums of those of exits that are over */
	__u64 irq; /* host interrupt that came since the last exit, 1 more than its number */
	/* Exits of a class that no entry counts: there was no room, or no entry event. */
	__u64 plain[TL_BPF_CLASSES];
};

/* All that the programs write. */
struct tl_bpf_state {
	__u32 slots_used; /* unless threads are known */
	__u32 pad;
	__u64 strangers; /* events of vCPUs for which there was no slot */
	struct tl_bpf_slot slots[TL_BPF_SLOTS];
	struct tl_bpf_entry entries[TL_BPF_ENTRIES];
};

#endif
