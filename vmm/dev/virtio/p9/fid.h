/* SPDX-License-Identifier: MIT */
/*
 * Fids: the numbers that a client gives to files. A fid is a path beneath the folder, and a
 * descriptor once it is opened. What the client does to names is done to the paths of its other
 * fids, too: they follow a file that is moved, and never name what took its place.
 * How much memory they take is bounded.
 */
#ifndef TL_VMM_VIRTIO_P9_FID_H
#define TL_VMM_VIRTIO_P9_FID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No fid: 9P's ~0. */
#define TL_P9_NOFID UINT32_MAX

/* Of all fids with their paths: some 300 thousand files that a client keeps at a time. */
#define TL_P9_FID_BYTES (32u << 20)

#define TL_P9_FID_BUCKETS 1024

struct tl_p9_fid {
	struct tl_p9_fid *next;
	char *path;
	uint32_t number;
	int fd;       /* of an open file, or -1 */
	int flags;    /* it was opened with, for open(2) */
	uint8_t type; /* of its qid */
	bool gone;    /* removed: nothing has this path any more */
};

struct tl_p9_fids {
	struct tl_p9_fid *buckets[TL_P9_FID_BUCKETS];
	size_t bytes;
	unsigned int open; /* how many have a descriptor */
};

/* The fid of that number, or NULL. */
struct tl_p9_fid *tl_p9_fid_find(const struct tl_p9_fids *fids, uint32_t number);

/* A new one. Returns 0, -EINVAL (the number is in use, or none) or -ENFILE (there are too many). */
int tl_p9_fid_add(struct tl_p9_fids *fids, uint32_t number, const char *path, uint8_t type);

/* Gives it another path. Returns 0 or -ENFILE. */
int tl_p9_fid_set_path(struct tl_p9_fids *fids, struct tl_p9_fid *fid, const char *path);

/* Takes over the descriptor. */
void tl_p9_fid_set_open(struct tl_p9_fids *fids, struct tl_p9_fid *fid, int fd, int flags);

/* Closes and forgets one, or all. */
void tl_p9_fid_drop(struct tl_p9_fids *fids, struct tl_p9_fid *fid);
void tl_p9_fid_drop_all(struct tl_p9_fids *fids);

/* The file of that path was removed. */
void tl_p9_fid_removed(struct tl_p9_fids *fids, const char *path);

/* The file or folder of that path is now the other one, in the place of what was there. */
void tl_p9_fid_moved(struct tl_p9_fids *fids, const char *from, const char *to);

#endif
