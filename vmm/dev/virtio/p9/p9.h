/* SPDX-License-Identifier: MIT */
/*
 * A folder served by 9P2000.L: the bytes of a request in, those of its reply out. Nothing here
 * knows of virtio. Whatever the client sends, no file outside the folder is reached: a fid is a
 * path of names that were checked, and each use of it goes down from the folder's descriptor
 * by openat2(2), which refuses to leave it and to follow links.
 * One thread at a time. May block, as file systems do.
 */
#ifndef TL_VMM_VIRTIO_P9_P9_H
#define TL_VMM_VIRTIO_P9_P9_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest message, either way. Linux asks for at most 512000. */
#define TL_P9_MSIZE_MAX (512u << 10)
/* The shortest that the two may agree on, as in Linux. */
#define TL_P9_MSIZE_MIN 4096u

struct tl_p9;

struct tl_p9_config {
	const char *dir; /* must stay as long as the server */
	bool read_only;
	unsigned int open_max; /* files open at a time */
};

/*
 * Opens the folder. Returns 0 or -errno (logged): of the folder, or -EIO if the host's kernel has
 * no openat2(2).
 */
int tl_p9_create(struct tl_p9 **p9, const struct tl_p9_config *config);
void tl_p9_destroy(struct tl_p9 *p9); /* may be NULL */

/* Forgets the client: closes all it has open. */
void tl_p9_reset(struct tl_p9 *p9);

/*
 * Carries out the message of `size` bytes, which must hold still, and writes at most `room` bytes
 * to `reply`. Returns how long the reply is, or 0: it is no message, or has no room for a reply.
 */
size_t tl_p9_handle(
	struct tl_p9 *p9, const uint8_t *message, size_t size, uint8_t *reply, size_t room);

#endif
