/* SPDX-License-Identifier: MIT */
/*
 * What ends a run from outside: signals and --timeout. Main thread.
 */
#ifndef TL_VMM_EVENTS_H
#define TL_VMM_EVENTS_H

#include <stdbool.h>

struct tl_loop;

struct tl_events {
	struct tl_loop *loop; /* not owned */
	int signal_fd;
	int timer_fd;
	unsigned int timeout_s;
	int status; /* the exit status, once `ended` */
	bool ended;
};

/* Blocks the signals that end a run and takes them through the loop. 0 or -errno. */
int tl_events_init(struct tl_events *events, struct tl_loop *loop);
void tl_events_fini(struct tl_events *events);

/* Starts the time-out (0: none). */
void tl_events_watch_stop(struct tl_events *events, unsigned int timeout_s);

/* Whether the run is to end, and then with which exit status. */
bool tl_events_status(const struct tl_events *events, int *status);

#endif
