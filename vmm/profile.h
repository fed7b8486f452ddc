/* SPDX-License-Identifier: MIT */
/*
 * `run --profile` and `run --record`: introduces the VM to the profiler and prints what
 * that saw.
 */
#ifndef TL_VMM_PROFILE_H
#define TL_VMM_PROFILE_H

#include <stdio.h>

#include "trace/collect/recorder.h"
#include "trace/collect/session.h"
#include "vmm/core/vm.h"

struct tl_vmm_config;
struct tl_layout;

/* RAM and flash of the VM, where a fault is no access to a device. Returns how many ranges. */
static inline unsigned int tl_vmm_profile_ram(const struct tl_vm *vm, struct tl_bpf_range ranges[3])
{
	struct tl_mem_piece pieces[3];
	unsigned int count = tl_mem_pieces(&vm->mem, pieces);

	count += tl_mem_pieces(&vm->flash, pieces + count);
	for (unsigned int i = 0; i < count; i++)
		ranges[i] = (struct tl_bpf_range){pieces[i].base, pieces[i].base + pieces[i].size};
	return count;
}

/* Tells the session which threads are vCPUs. They are parked. Returns 0 or -errno (logged). */
int tl_vmm_profile_attach(struct tl_session *session, const struct tl_vm *vm);

/*
 * Ends the session (vCPUs parked), prints the tables on standard error and, if
 * config->profile_json is not NULL, writes them there. Addresses get the names in
 * config->symbols, or in the kernel itself. Returns 0 or -errno (logged).
 */
int tl_vmm_profile_report(struct tl_session *session, const struct tl_vmm_config *config,
	const struct tl_layout *layout);

/* The same of a session that has been stopped, to open files. Returns 0 or -errno (not logged). */
int tl_vmm_profile_print(struct tl_session *session, const struct tl_vmm_config *config,
	const struct tl_layout *layout, FILE *text, FILE *json);

/*
 * Starts a recording of the VM in the folder `path`. vCPUs are parked; *recorder is the
 * caller's to destroy, also after an error. Returns 0 or -errno (logged).
 */
int tl_vmm_record_start(struct tl_recorder **recorder, const char *path, const struct tl_vm *vm);

/* Ends it (vCPUs parked), and says where it is. Returns 0 or -errno (logged). */
int tl_vmm_record_stop(struct tl_recorder *recorder, const struct tl_vmm_config *config,
	const struct tl_layout *layout);

#endif
