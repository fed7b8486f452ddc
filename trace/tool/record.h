/* SPDX-License-Identifier: MIT */
/*
 * `trapline record`: every exit of VMs that other programs run, into a folder.
 */
#ifndef TL_TRACE_TOOL_RECORD_H
#define TL_TRACE_TOOL_RECORD_H

#include <stdint.h>

#include "trace/tool/target.h"

struct tl_record_config {
	struct tl_target_config target;
	const char *path;        /* of the folder */
	unsigned int stop_after; /* seconds; 0: until Ctrl-C, or the VMM's end */
	uint64_t size_limit;     /* bytes; 0: none */
	unsigned int last;       /* keep only as many seconds before the end; 0: all */
	uint64_t buffer;         /* bytes of the kernel's buffer, for each CPU; 0: as usual */
};

/*
 * Records. Returns an exit status: that of the command, or 0, 1 (the recording is incomplete),
 * 4 (no permission, no tracefs, no such process).
 */
int tl_record_run(const struct tl_record_config *config);

#endif
