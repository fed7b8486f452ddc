/* SPDX-License-Identifier: MIT */
/*
 * What can be asked of a running VM through its control socket (docs/ctl.md). Main thread.
 */
#ifndef TL_VMM_CTL_COMMANDS_H
#define TL_VMM_CTL_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "vmm/ctl/server.h"

struct tl_ctl_profile;
struct tl_events;
struct tl_layout;
struct tl_machine;
struct tl_vm;
struct tl_vmm_config;

/* The VM as the commands see it, and what they want of whoever runs it. */
struct tl_control {
	struct tl_vm *vm;
	struct tl_events *events;
	struct tl_loop *loop;
	const struct tl_machine *machine;
	const struct tl_vmm_config *config;
	const struct tl_layout *layout;
	pid_t pid;           /* the VMM's, as the host knows it */
	uint64_t started_ns; /* CLOCK_MONOTONIC */

	bool paused;    /* the vCPUs stay parked */
	bool continued; /* they are to run again: tl_control_apply() */
	bool quit;      /* the run is to end, with status 0 */

	struct tl_ctl server;
	struct tl_ctl_profile *profile; /* being taken, or NULL */
};

/* Makes the socket, if config->ctl names one. Returns 0 or -errno (logged). */
int tl_control_init(struct tl_control *control);

/* Ends a profile that is being taken, and removes the socket. Accepts what tl_ctl_blank() made. */
void tl_control_fini(struct tl_control *control);

/* Lets vCPUs run that are parked, unless the VM is paused. No reason to stop is open. */
void tl_control_resume(struct tl_control *control);

/* Does what a command left to do until no reason to stop is open. */
void tl_control_apply(struct tl_control *control);

#endif
