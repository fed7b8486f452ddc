/* SPDX-License-Identifier: MIT */
/*
 * `trapline profile`: the exits of VMs that other programs run, for a while or until
 * they end. Whatever uses KVM will do; it is not asked, and not disturbed.
 */
#ifndef TL_TRACE_WATCH_H
#define TL_TRACE_WATCH_H

#include <sys/types.h>

struct tl_watch_config {
	pid_t pid;            /* of the VMM; 0: every VM of this host */
	char **command;       /* run it and watch it; NULL: no */
	unsigned int seconds; /* 0: until Ctrl-C, or the VMM's end */
	const char *map;      /* name of a memory map, NULL: by the VMM's name */
	const char *symbols;  /* file with the guest's symbols, or NULL */
	const char *json;     /* file to write to, or NULL */
};

/* Exit statuses beyond 0 and 1 (TL_STATUS_* has the same). */
#define TL_WATCH_NO_HOST 4 /* this host does not let us */

/*
 * Watches, and prints a profile for each VM on standard error. Returns an exit status:
 * that of the command, or 0, 1 (output), 4 (no permission, no BPF, no such process).
 */
int tl_watch_run(const struct tl_watch_config *config);

/* Names of the memory maps, separated by ", ". */
const char *tl_watch_map_names(void);

/* Whether there is a map of that name. */
int tl_watch_has_map(const char *name);

#endif
