/* SPDX-License-Identifier: MIT */
/*
 * The event loop of the main thread (epoll): signals, timers, the console, and
 * word from the vCPUs. All functions are for the main thread, except for
 * tl_loop_wake().
 */
#ifndef TL_VMM_CORE_LOOP_H
#define TL_VMM_CORE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/* Called when `fd` has any of the `events` (EPOLLIN, EPOLLOUT, ...) it was added for. */
typedef void tl_loop_fn(void *opaque, uint32_t events);

#define TL_LOOP_SOURCES 32

struct tl_loop_source {
	int fd; /* not owned */
	tl_loop_fn *fn;
	void *opaque;
};

struct tl_loop {
	int epoll_fd;
	int wake_fd; /* eventfd */
	struct tl_loop_source sources[TL_LOOP_SOURCES];
};

#define TL_LOOP_INIT ((struct tl_loop){.epoll_fd = -1, .wake_fd = -1})

/* Returns 0 or -errno. */
int tl_loop_init(struct tl_loop *loop);
void tl_loop_fini(struct tl_loop *loop);

/*
 * Adds `fd`, which stays the caller's. Returns 0, -ENOSPC, or -errno; -EPERM
 * means that the file is always ready (a regular file), and cannot be waited for.
 */
int tl_loop_add(struct tl_loop *loop, int fd, uint32_t events, tl_loop_fn *fn, void *opaque);

/* Changes what is waited for. Returns 0 or -errno. */
int tl_loop_change(struct tl_loop *loop, int fd, uint32_t events);

/* Forgets `fd`; nothing happens if it is not there. */
void tl_loop_remove(struct tl_loop *loop, int fd);

/* Makes a tl_loop_once() that waits, or the next one, return. Thread-safe, async-signal-safe. */
void tl_loop_wake(struct tl_loop *loop);

/*
 * Waits up to `timeout_ms` (-1: for ever) and calls what is ready. Returns 0 or -errno.
 */
int tl_loop_once(struct tl_loop *loop, int timeout_ms);

#endif
