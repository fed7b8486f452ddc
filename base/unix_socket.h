/* SPDX-License-Identifier: MIT */
/*
 * UNIX sockets that others connect to: for their owner only, and in the place of one that a
 * dead process has left.
 */
#ifndef TL_BASE_UNIX_SOCKET_H
#define TL_BASE_UNIX_SOCKET_H

/*
 * Makes a stream socket at `path` with mode 0600 and listens; nothing about it blocks. `what`
 * is what messages call it, such as "--ctl". What is there and is not a socket of a dead
 * process stays. Returns its file descriptor, which the caller closes, or -errno (logged):
 * -EADDRINUSE where somebody listens, -EEXIST where something else is, -ENAMETOOLONG.
 */
int tl_unix_listen(const char *what, const char *path);

/*
 * Takes one who has connected; nothing about it blocks. Others than this process's own user
 * and root are turned away. Returns a file descriptor, -EAGAIN (nobody), -EPERM or -errno.
 */
int tl_unix_accept(int fd);

/* Connects. Returns a file descriptor, which blocks, or -errno. */
int tl_unix_connect(const char *path);

#endif
