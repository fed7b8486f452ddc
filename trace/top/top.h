/* SPDX-License-Identifier: MIT */
/*
 * `trapline top`: the exits of running VMs, now.
 */
#ifndef TL_TOP_TOP_H
#define TL_TOP_TOP_H

#include "trace/tool/target.h"

struct tl_top_config {
	struct tl_target_config target; /* pid 0: every VM; no command, no dtb */
	unsigned int interval_ms;       /* from TL_TOP_INTERVAL_MIN to TL_TOP_INTERVAL_MAX */
	unsigned int count; /* end after so many plain outputs; 0: a screen, if it can be */
};

/*
 * Shows until told to end. Returns an exit status: 0; 1 output; 4 no permission, no such
 * process.
 */
int tl_top_run(const struct tl_top_config *config);

#endif
