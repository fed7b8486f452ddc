/* SPDX-License-Identifier: MIT */
/*
 * Resource limits of the process while a guest runs (setrlimit(2)).
 */
#ifndef TL_VMM_SANDBOX_LIMITS_H
#define TL_VMM_SANDBOX_LIMITS_H

#include <stdbool.h>

/*
 * Lowers them for good: no core file, which would have the guest's memory in it; no more file
 * descriptors than may be open now; nothing locked in memory, no real-time priority, no message
 * queues; and no further thread or process, unless `threads`. Main thread, when all others have
 * been started. Returns 0 or -errno.
 */
int tl_limits_lower(bool threads);

#endif
