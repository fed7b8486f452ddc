/* SPDX-License-Identifier: MIT */
/*
 * What a thread passes before it does anything for the guest: behind it the thread is confined
 * (sandbox.h). Whoever starts a thread needs no more than this header. No gate (NULL) confines
 * nothing, as in unit tests.
 */
#ifndef TL_VMM_SANDBOX_GATE_H
#define TL_VMM_SANDBOX_GATE_H

/* Kinds of threads; each has its own rules. A worker of a device is its device's. */
enum tl_sandbox_thread {
	TL_SANDBOX_MAIN,
	TL_SANDBOX_VCPU,
	TL_SANDBOX_DISK,
	TL_SANDBOX_NET,
	TL_SANDBOX_CONSOLE,
	TL_SANDBOX_RNG,
	TL_SANDBOX_BALLOON,
	TL_SANDBOX_VSOCK,
	TL_SANDBOX_SHARE,
	TL_SANDBOX_TRACE, /* reads the kernel's trace buffers */
	TL_SANDBOX_THREADS,
};

struct tl_gate {
	/* Main thread: one more will come. */
	void (*expect)(struct tl_gate *gate);
	/* On the thread itself: waits until the gate opens, and confines the thread. */
	void (*pass)(struct tl_gate *gate, enum tl_sandbox_thread thread);
	/* Main thread: opens it without confining anybody, before threads are joined. */
	void (*cancel)(struct tl_gate *gate);
};

static inline void tl_gate_expect(struct tl_gate *gate)
{
	if (gate)
		gate->expect(gate);
}

static inline void tl_gate_pass(struct tl_gate *gate, enum tl_sandbox_thread thread)
{
	if (gate)
		gate->pass(gate, thread);
}

static inline void tl_gate_cancel(struct tl_gate *gate)
{
	if (gate)
		gate->cancel(gate);
}

#endif
