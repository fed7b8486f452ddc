/* SPDX-License-Identifier: MIT */
/*
 * The confinement of a VMM: what is left of it to whoever takes it over from inside the guest.
 * Set up before there are threads, it closes behind them when all that needs more rights has
 * been done, before the first KVM_RUN. docs/security.md has the whole of it.
 *
 * A new call in a thread is a line in rules.c; a new file that is opened while the guest runs
 * is a line in vmm/confine.c.
 */
#ifndef TL_VMM_SANDBOX_H
#define TL_VMM_SANDBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "vmm/sandbox/gate.h"
#include "vmm/sandbox/landlock.h"
#include "vmm/sandbox/privileges.h"
#include "vmm/sandbox/rules.h"
#include "vmm/sandbox/seccomp.h"

/* Shares, sockets, and what a profile needs. */
#define TL_SANDBOX_PATHS 96

enum tl_sandbox_mode {
	TL_SANDBOX_ON,
	TL_SANDBOX_OFF,
	TL_SANDBOX_NAMESPACES, /* on, and these as well */
};

struct tl_sandbox_config {
	enum tl_sandbox_mode mode;
	const char *user; /* "USER[:GROUP]", or NULL: nobody, when root starts it, or */
	const char *stay; /* why it has to stay who it is (for messages), or NULL */
	/* Bits of tl_sandbox_thread and tl_sandbox_with: what the VM has. 0: no rules at all. */
	unsigned int with;
};

struct tl_sandbox {
	struct tl_gate gate; /* first */
	struct tl_sandbox_config config;
	struct tl_privileges privileges;
	bool is_child; /* of a process that stayed behind, see tl_sandbox_isolate() */
	struct tl_sandbox_path paths[TL_SANDBOX_PATHS];
	unsigned int path_count;
	/* Of the kinds that there are. */
	struct tl_seccomp filters[TL_SANDBOX_THREADS];
	int rulesets[TL_SANDBOX_THREADS]; /* -1: none */
	pthread_mutex_t lock;             /* guards what follows */
	pthread_cond_t changed;
	enum { TL_GATE_SHUT, TL_GATE_CONFINES, TL_GATE_OPEN } state;
	unsigned int expected, passed;
	int error; /* why a thread could not be confined */
};

/* Main thread. Returns 0 or -EINVAL (logged): there is no such user, or it cannot be had. */
int tl_sandbox_init(struct tl_sandbox *sandbox, const struct tl_sandbox_config *config);

/*
 * With namespaces, goes on in a process that has a PID namespace of its own, and the caller's
 * stays behind (tl_namespaces_fork()), unless the VM is profiled. Main thread, before there are
 * others. Returns 0 or -errno (logged).
 */
int tl_sandbox_isolate(struct tl_sandbox *sandbox);

/*
 * What `threads` (bits) may open while the guest runs: a file, or a folder with all in it. Where
 * there is nothing of that name there is nothing to allow. Returns 0 or -errno (logged).
 */
int tl_sandbox_allow(struct tl_sandbox *sandbox, unsigned int threads,
	enum tl_sandbox_access access, const char *path);

/* Confines all threads that wait at the gate, and the calling one. Returns 0 or -errno (logged). */
int tl_sandbox_enter(struct tl_sandbox *sandbox);

/* No thread waits at the gate any more. */
void tl_sandbox_fini(struct tl_sandbox *sandbox);

#endif
