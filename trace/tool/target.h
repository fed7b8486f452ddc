/* SPDX-License-Identifier: MIT */
/*
 * Whose exits are watched: a running VMM, a command that is started for it, or every VM of
 * the host. One thread.
 */
#ifndef TL_TRACE_TARGET_H
#define TL_TRACE_TARGET_H

#include "trace/decode/symbols.h"
#include "base/vm_desc.h"

struct tl_target_config {
	pid_t pid;           /* of the VMM; 0: the command's, or every VM */
	char **command;      /* run it and watch it; NULL: no */
	const char *map;     /* name of a memory map, NULL: by the VMM's name */
	const char *dtb;     /* file: the guest's device tree, which tells it better; or NULL */
	const char *symbols; /* file with the guest's symbols, or NULL */
};

struct tl_target {
	const struct tl_target_config *config;
	pid_t pid;                  /* 0: every VM */
	struct tl_vm_map map;       /* empty: not known */
	struct tl_symbols *symbols; /* or NULL */
	int pid_fd, signal_fd, go_fd;
};

/*
 * Blocks SIGINT, SIGTERM and SIGHUP, finds the process or starts the command, which does
 * not run yet, and finds out what is known of its guest. Returns 0 or -errno (logged).
 * `config` must outlive the target, which is to be released either way.
 */
int tl_target_init(struct tl_target *target, const struct tl_target_config *config);

/* Lets the command run. Returns 0 or -errno (logged). */
int tl_target_go(struct tl_target *target);

/*
 * Until `seconds` have passed (0: no limit), one of the signals came, the process has ended
 * or `other_fd` (-1: none) is readable. Returns 0 if it was the time, else 1.
 */
int tl_target_wait(struct tl_target *target, unsigned int seconds, int other_fd);

/* The command's exit status, 0 if there is none or it still runs. */
int tl_target_status(const struct tl_target *target);

void tl_target_fini(struct tl_target *target);

#endif
