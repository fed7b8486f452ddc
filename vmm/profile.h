/* SPDX-License-Identifier: MIT */
/*
 * `run --profile`: introduces the VM to the profiler and prints what that saw.
 */
#ifndef TL_VMM_PROFILE_H
#define TL_VMM_PROFILE_H

#include "trace/collect/session.h"

struct tl_vm;

/* Tells the session which threads are vCPUs. They are parked. Returns 0 or -errno (logged). */
int tl_vmm_profile_attach(struct tl_session *session, const struct tl_vm *vm);

/*
 * Ends the session (vCPUs parked), prints the table on standard error and, if
 * `json` is not NULL, writes it there. Returns 0 or -errno (logged).
 */
int tl_vmm_profile_report(struct tl_session *session, const char *json);

#endif
