/* SPDX-License-Identifier: MIT */
/*
 * The threads of a process, as /proc has them.
 */
#ifndef TL_TRACE_THREADS_H
#define TL_TRACE_THREADS_H

#include <sys/types.h>

#define TL_THREADS_MAX 4096

/* Its threads now, at most TL_THREADS_MAX. Returns how many, or -errno. Any thread. */
int tl_threads_of(pid_t process, pid_t tids[TL_THREADS_MAX]);

/* Their names, as lines of "TID NAME" (trace-cmd.dat.v6(5)). The caller's to free; NULL: no memory.
 */
char *tl_threads_names(const pid_t *tids, unsigned int count);

#endif
