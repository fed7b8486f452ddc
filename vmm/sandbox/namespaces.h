/* SPDX-License-Identifier: MIT */
/*
 * Namespaces of a thread's own (namespaces(7)): a network without interfaces, and mounts of
 * which the root is an empty folder. What is open stays open.
 */
#ifndef TL_VMM_SANDBOX_NAMESPACES_H
#define TL_VMM_SANDBOX_NAMESPACES_H

#include <stdbool.h>

/*
 * For the calling thread, which has CAP_SYS_ADMIN. With `files` the root stays, for there are
 * files to be opened by their names. Returns 0 or -errno.
 */
int tl_namespaces_enter(bool files);

#endif
