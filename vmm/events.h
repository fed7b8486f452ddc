/* SPDX-License-Identifier: MIT */
/*
 * What ends a run from outside: signals and --timeout. The first SIGTERM presses the machine's
 * power key and gives the guest --grace seconds to power off. Main thread.
 */
#ifndef TL_VMM_EVENTS_H
#define TL_VMM_EVENTS_H

#include <stdbool.h>

struct tl_loop;
struct tl_power_key;

struct tl_events {
	struct tl_loop *loop;           /* not owned */
	const struct tl_power_key *key; /* not owned; NULL: there is none */
	int signal_fd;
	int timer_fd;   /* --timeout */
	int grace_fd;   /* from the first SIGTERM on */
	int release_fd; /* while the power key is down */
	unsigned int timeout_s;
	unsigned int grace_s;
	bool paused;      /* set by the run's owner: a guest that does not run hears nothing */
	bool term_signal; /* there was a SIGTERM */
	int status;       /* the exit status, once `ended` */
	bool ended;
};

/* A state that tl_events_fini() accepts. */
#define TL_EVENTS_INIT                                                                             \
	((struct tl_events){.signal_fd = -1, .timer_fd = -1, .grace_fd = -1, .release_fd = -1})

/* Blocks the signals that end a run and takes them through the loop. 0 or -errno. */
int tl_events_init(struct tl_events *events, struct tl_loop *loop);
void tl_events_fini(struct tl_events *events);

/*
 * Starts the time-out (0: none), and says how long a guest has to power off after SIGTERM (0:
 * it ends the run at once).
 */
void tl_events_watch_stop(struct tl_events *events, unsigned int timeout_s, unsigned int grace_s);

/*
 * Presses the power key, for half a second. Returns 0, or -ENXIO: the guest has never asked for
 * the key's interrupt, or there is no key.
 */
int tl_events_press_key(struct tl_events *events);

/* Whether the run is to end, and then with which exit status. */
bool tl_events_status(const struct tl_events *events, int *status);

#endif
