/* SPDX-License-Identifier: MIT */
/*
 * Filters of system calls (Documentation/userspace-api/seccomp_filter.rst), made of the table
 * in rules.c. A call that is not in it ends the process: one line names the thread and the
 * call, and the exit status is TL_STATUS_SANDBOX.
 */
#ifndef TL_VMM_SANDBOX_SECCOMP_H
#define TL_VMM_SANDBOX_SECCOMP_H

#include <stddef.h>

#include "vmm/sandbox/gate.h"

struct tl_seccomp {
	void *program; /* struct sock_filter[]; NULL: none */
	size_t bytes;
};

/* 0, or -ENOSYS where the kernel has no filters, as with CONFIG_SECCOMP_FILTER=n. */
int tl_seccomp_probe(void);

/*
 * Makes the filter of a kind of thread in a VM that has `with` (bits of tl_sandbox_thread and
 * tl_sandbox_with). Returns 0 or -errno.
 */
int tl_seccomp_make(struct tl_seccomp *filter, enum tl_sandbox_thread thread, unsigned int with);
void tl_seccomp_fini(struct tl_seccomp *filter);

/* What a violation does, for the process; before any filter. Returns 0 or -errno. */
int tl_seccomp_catch(void);

/*
 * The calling thread, and those that it starts, are under the filter for ever. no_new_privs is
 * set. Returns 0 or -errno.
 */
int tl_seccomp_apply(const struct tl_seccomp *filter);

#endif
