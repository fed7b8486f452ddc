/* SPDX-License-Identifier: MIT */
/*
 * The threads of VMMs from one look to the next: what they do, and how much CPU they use.
 */
#ifndef TL_TOP_THREADS_H
#define TL_TOP_THREADS_H

#include <stdint.h>

#include "trace/collect/thread_state.h"

struct tl_top_thread {
	pid_t process;
	struct tl_thread_state state;
	double cpu;        /* of one CPU, 0 to 1, since the look before; -1: there was none */
	uint64_t ns;       /* CLOCK_MONOTONIC of the look */
	unsigned int look; /* number of it */
};

/* All zero is empty. */
struct tl_top_threads {
	unsigned int look;
	unsigned int count, room;
	struct tl_top_thread *list;
};

/* Begins another look: what nobody has asked for in the last one is forgotten. */
void tl_top_threads_next(struct tl_top_threads *threads);

/*
 * A thread, read at most once in a look, at `now_ns`. NULL: it is gone, or no memory. Good until
 * the next call.
 */
const struct tl_top_thread *tl_top_threads_get(
	struct tl_top_threads *threads, pid_t process, pid_t tid, uint64_t now_ns);

void tl_top_threads_fini(struct tl_top_threads *threads);

#endif
