/* SPDX-License-Identifier: MIT */
/*
 * The control socket: JSON, a line a request and a line an answer (docs/ctl.md). Only for the
 * user whom the VMM runs as, and root. All in the event loop of the main thread; a client that
 * does not read or does not write holds up nobody but itself.
 */
#ifndef TL_VMM_CTL_SERVER_H
#define TL_VMM_CTL_SERVER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/unix_socket.h"

#define TL_CTL_CLIENTS 8
#define TL_CTL_LINE    65536 /* bytes of a request, its newline included */

struct tl_ctl;
struct tl_loop;

struct tl_ctl_client {
	struct tl_ctl *ctl;
	int fd;     /* -1: free */
	char *line; /* TL_CTL_LINE bytes: what was read and not carried out */
	size_t length;
	char *reply; /* what was not written yet, or NULL */
	size_t reply_size, reply_sent;
	bool waiting; /* for an answer: until then nothing more of it is read */
	bool ended;   /* it sends no more, but may read */
	bool closing; /* once the reply is written */
};

struct tl_ctl_ops {
	/* A request: an object. To be answered by one tl_ctl_reply(), now or later. */
	void (*request)(void *opaque, struct tl_ctl_client *client, const json_t *request);
	/* The client has gone while it waited: there is nobody to answer. */
	void (*gone)(void *opaque, struct tl_ctl_client *client);
	void *opaque;
};

struct tl_ctl {
	struct tl_loop *loop; /* not owned */
	struct tl_ctl_ops ops;
	struct tl_unix_listener listener;
	struct tl_ctl_client clients[TL_CTL_CLIENTS];
};

/* A state that tl_ctl_fini() accepts. */
void tl_ctl_blank(struct tl_ctl *ctl);

/*
 * Makes the socket. One that a program left behind which is gone is replaced; nothing else is.
 * Returns 0 or -errno (logged).
 */
int tl_ctl_init(
	struct tl_ctl *ctl, struct tl_loop *loop, const char *path, const struct tl_ctl_ops *ops);

/* Removes the socket, and closes connections after what can be written of answers at once. */
void tl_ctl_fini(struct tl_ctl *ctl);

/*
 * Answers the request of a client that waits. Takes the reference to `reply`, an object; NULL:
 * there was no memory for it.
 */
void tl_ctl_reply(struct tl_ctl_client *client, json_t *reply);

/* Answers that it could not be done, and why: {"ok": false, "error": ...}. */
void tl_ctl_refuse(struct tl_ctl_client *client, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
