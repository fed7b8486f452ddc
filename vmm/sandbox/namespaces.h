/* SPDX-License-Identifier: MIT */
/*
 * Namespaces of a thread's own (namespaces(7)): a network without interfaces, and mounts of
 * which the root is an empty folder. What is open stays open. And one of process IDs, which only
 * a new process can be in.
 */
#ifndef TL_VMM_SANDBOX_NAMESPACES_H
#define TL_VMM_SANDBOX_NAMESPACES_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * For the calling thread, which has CAP_SYS_ADMIN. With `files` the root stays, for there are
 * files to be opened by their names. Returns 0 or -errno.
 */
int tl_namespaces_enter(bool files);

/*
 * Goes on as a child, the first process of a PID namespace. The caller stays behind: it hands on
 * the signals that it is sent, and ends as the child does, without running any exit handler. For
 * root, before there are threads. Returns 0 in the child, or -errno in the caller.
 */
int tl_namespaces_fork(void);

/*
 * From now on such a child is killed when who stayed behind is. For its first thread, and again
 * after it has become another user. Returns 0 or -errno.
 */
int tl_namespaces_follow(void);

/* The process ID in the namespace whose /proc is mounted, so the host's; or else getpid(). */
pid_t tl_namespaces_pid(void);

#endif
