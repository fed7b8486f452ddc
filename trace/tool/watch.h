/* SPDX-License-Identifier: MIT */
/*
 * `trapline profile`: the exits of VMs that other programs run, for a while or until
 * they end. Whatever uses KVM will do; it is not asked, and not disturbed.
 */
#ifndef TL_TRACE_WATCH_H
#define TL_TRACE_WATCH_H

#include "trace/tool/target.h"

struct tl_watch_config {
	struct tl_target_config target;
	unsigned int seconds; /* 0: until Ctrl-C, or the VMM's end */
	const char *json;     /* file to write to, or NULL */
};

/*
 * Watches, and prints a profile for each VM on standard error. Returns an exit status:
 * that of the command, or 0, 1 (output), 4 (no permission, no BPF, no such process).
 */
int tl_watch_run(const struct tl_watch_config *config);

#endif
