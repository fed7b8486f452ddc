/* SPDX-License-Identifier: MIT */
/*
 * A profile of one VM from start to end, as the VMM sees it: create before the
 * vCPU threads exist, set_vm once they do and before any calls KVM_RUN, stop when
 * they have stopped, then read the profile. A thread of its own collects
 * meanwhile. These functions are called by one thread, the VMM's.
 */
#ifndef TL_TRACE_SESSION_H
#define TL_TRACE_SESSION_H

#include "base/vm_desc.h"
#include "trace/collect/bpf.h"
#include "trace/profile/profile.h"

struct tl_session;

enum tl_session_kind {
	TL_SESSION_EVENTS, /* trace every exit, and read the kernel's counts */
	TL_SESSION_COUNTS, /* only the kernel's counts: no cost while the guest runs */
};

/*
 * Makes what is needed, for the VM that `options` name; where this host allows no
 * tracing, it will be only the counts. Returns 0 or -errno (logged).
 */
int tl_session_create(
	struct tl_session **out, enum tl_session_kind kind, const struct tl_bpf_options *options);

/*
 * Names the vCPUs, says in one line what cannot be seen here, starts the collector
 * thread (which blocks all signals) and then recording. `desc` is copied; its
 * stats_fds stay the caller's and must be open until stop has returned. Called once.
 * Returns 0 or -errno (logged).
 */
int tl_session_set_vm(struct tl_session *session, const struct tl_vm_desc *desc);

/*
 * Ends recording, takes in what is still in the buffers and reads the kernel's
 * statistics. No vCPU may run any more. Returns 0, or the -errno (logged) of what
 * makes the profile incomplete; what there is of it can be read all the same.
 * A second call does nothing.
 */
int tl_session_stop(struct tl_session *session);

/* Whether it has a thread of its own, which it has not where BPF programs count. */
int tl_session_has_thread(const struct tl_session *session);

/* Names the guest's addresses in reports; after stop. `symbols` must outlive them. */
void tl_session_set_symbols(struct tl_session *session, const struct tl_symbols *symbols);

/* The profile, whole after stop; the session's, valid until destroy. */
const struct tl_profile *tl_session_profile(const struct tl_session *session);

/* Stops what still runs and removes the instance. Accepts NULL. */
void tl_session_destroy(struct tl_session *session);

#endif
