/* SPDX-License-Identifier: MIT */
/*
 * UNIX sockets that others connect to: for their owner only, and in the place of one that a
 * dead process has left.
 */
#ifndef TL_BASE_UNIX_SOCKET_H
#define TL_BASE_UNIX_SOCKET_H

#include <sys/types.h>

struct tl_unix_listener {
	const char *what, *path; /* the caller's */
	int fd;                  /* -1: it does not listen, and there is nothing to be closed */
	int spare_fd;            /* given up where the process has no more descriptors */
	dev_t dev;               /* the socket that was made, which alone is removed */
	ino_t ino;
};

/*
 * Makes a stream socket at `path` with mode 0600 and listens; nothing about it blocks. `what`
 * is what messages call it, such as "--ctl". What is there and is not a socket of a dead
 * process stays. Returns 0 or -errno (logged): -EADDRINUSE where somebody listens, -EEXIST
 * where something else is, -ENAMETOOLONG.
 */
int tl_unix_listen(struct tl_unix_listener *listener, const char *what, const char *path);

/* Listens no more, and removes the socket. */
void tl_unix_unlisten(struct tl_unix_listener *listener);

/*
 * Takes one who has connected; nothing about it blocks. Others than this process's own user
 * and root are turned away, with the text `refusal` if it is not NULL. So is everybody when
 * there are no more descriptors: one who stays in the backlog would wake the caller for ever.
 * Returns a file descriptor, -EAGAIN (nobody), or -errno (logged): -EPERM, -EMFILE.
 */
int tl_unix_accept(struct tl_unix_listener *listener, const char *refusal);

/* Connects. Returns a file descriptor, which blocks, or -errno. */
int tl_unix_connect(const char *path);

/* The same at once, or not at all: -EAGAIN where the other's backlog is full. Never blocks. */
int tl_unix_connect_now(const char *path);

#endif
