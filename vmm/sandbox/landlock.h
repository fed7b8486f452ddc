/* SPDX-License-Identifier: MIT */
/*
 * Which files a thread may open (Documentation/userspace-api/landlock.rst): none but those that
 * were named. Files that are open stay open. It also ends TCP (Linux 6.7) and UNIX sockets with
 * abstract names (6.12), which the VMM never needs.
 */
#ifndef TL_VMM_SANDBOX_LANDLOCK_H
#define TL_VMM_SANDBOX_LANDLOCK_H

#include <stddef.h>

enum tl_sandbox_access {
	TL_ACCESS_READ,   /* files and folders */
	TL_ACCESS_WRITE,  /* and change, make and remove: no devices, nothing is executed */
	TL_ACCESS_REMOVE, /* remove what is in the folder */
};

/* A file or folder, with all beneath it. */
struct tl_sandbox_path {
	int fd; /* O_PATH, owned by the sandbox */
	unsigned int threads;
	enum tl_sandbox_access access;
};

/* The version of the kernel's Landlock from 1 on, or -ENOSYS: it has none, or not for now. */
int tl_landlock_probe(void);

/*
 * What a kind of thread may open of `paths`: those with its bit. Returns a file descriptor or
 * -errno.
 */
int tl_landlock_make(
	int version, const struct tl_sandbox_path *paths, size_t count, unsigned int thread);

/* For the calling thread, for ever; no_new_privs is set. Returns 0 or -errno. */
int tl_landlock_apply(int fd);

#endif
