/* SPDX-License-Identifier: MIT */
/*
 * The threads of a process, as /proc has them.
 */
#ifndef TL_TRACE_THREADS_H
#define TL_TRACE_THREADS_H

#include <stdbool.h>
#include <sys/types.h>

#define TL_THREADS_MAX 4096

/* Its threads now, at most TL_THREADS_MAX. Returns how many, or -errno. Any thread. */
int tl_threads_of(pid_t process, pid_t tids[TL_THREADS_MAX]);

/* Whether the thread is there. */
bool tl_threads_is_alive(pid_t process, pid_t tid);

/* The process that a thread belongs to, 0: it is gone. */
pid_t tl_threads_process(pid_t tid);

/* Their names, as lines of "TID NAME" (trace-cmd.dat.v6(5)). The caller's to free; NULL: no memory.
 */
char *tl_threads_names(const pid_t *tids, unsigned int count);

#endif
