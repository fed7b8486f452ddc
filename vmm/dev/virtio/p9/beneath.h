/* SPDX-License-Identifier: MIT */
/*
 * Files beneath a folder, and no others. A path is relative to the folder, has no "." and ".."
 * in it, and is "" for the folder itself. The kernel goes down it from the folder's descriptor at
 * each use (openat2(2) with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS), so
 * that it makes no difference who moves or replaces what, and when.
 * Functions return 0 or a descriptor, or -errno; nothing is logged.
 */
#ifndef TL_VMM_VIRTIO_P9_BENEATH_H
#define TL_VMM_VIRTIO_P9_BENEATH_H

#include <stdbool.h>
#include <sys/stat.h>

/* Of a path, with the NUL: more is more than the kernel takes. */
#define TL_P9_PATH 4096

/* Where a file is: in this folder, under this name. For calls that follow no links. */
struct tl_p9_place {
	int dir; /* O_PATH */
	bool owned;
	const char *name; /* points into the path; "." for the root */
};

/* Opens the folder (O_PATH). -ENOSYS: the kernel has no openat2(2). */
int tl_beneath_root(const char *dir);

/* `path` and a name, which was checked. `to` holds TL_P9_PATH, and may be `path`. */
int tl_beneath_join(char *to, const char *path, const char *name);

/* The folder of that path, for what is to be made in it; `name` is left NULL. */
int tl_beneath_dir(int root, const char *path, struct tl_p9_place *place);

/* The folder that the file of that path is in. */
int tl_beneath_place(int root, const char *path, struct tl_p9_place *place);
void tl_beneath_leave(struct tl_p9_place *place);

/* What is there; a link itself. */
int tl_beneath_stat(int root, const char *path, struct stat *st);

/*
 * Opens what must be a regular file or a folder: -ELOOP for a link, -EPERM for what might block,
 * or do something by being opened. Returns the descriptor.
 */
int tl_beneath_open(int root, const char *path, int flags, struct stat *st);

/* Makes a regular file, which must not be there yet (O_EXCL), and opens it. */
int tl_beneath_create(const struct tl_p9_place *place, int flags, mode_t mode);

#endif
