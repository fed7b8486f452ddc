/* SPDX-License-Identifier: MIT */
/*
 * A hash table of fids, by their number. A client that picks numbers of one bucket only makes
 * its own requests slow.
 */
#include "vmm/dev/virtio/p9/fid.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm/dev/virtio/p9/beneath.h"

static size_t bytes_of(const char *path)
{
	/* What malloc(3) adds, twice, is not much less. */
	return sizeof(struct tl_p9_fid) + 32 + strlen(path) + 1;
}

struct tl_p9_fid *tl_p9_fid_find(const struct tl_p9_fids *fids, uint32_t number)
{
	struct tl_p9_fid *fid = fids->buckets[number % TL_P9_FID_BUCKETS];

	while (fid && fid->number != number)
		fid = fid->next;
	return fid;
}

int tl_p9_fid_add(struct tl_p9_fids *fids, uint32_t number, const char *path, uint8_t type)
{
	struct tl_p9_fid **bucket = &fids->buckets[number % TL_P9_FID_BUCKETS], *fid;

	if (number == TL_P9_NOFID || tl_p9_fid_find(fids, number))
		return -EINVAL;
	if (fids->bytes + bytes_of(path) > TL_P9_FID_BYTES)
		return -ENFILE;
	fid = calloc(1, sizeof(*fid));
	if (!fid)
		return -ENFILE;
	fid->path = strdup(path);
	if (!fid->path) {
		free(fid);
		return -ENFILE;
	}
	fid->number = number;
	fid->type = type;
	fid->fd = -1;
	fid->next = *bucket;
	*bucket = fid;
	fids->bytes += bytes_of(path);
	return 0;
}

int tl_p9_fid_set_path(struct tl_p9_fids *fids, struct tl_p9_fid *fid, const char *path)
{
	size_t bytes = fids->bytes - bytes_of(fid->path) + bytes_of(path);
	char *copy;

	if (bytes > TL_P9_FID_BYTES)
		return -ENFILE;
	copy = strdup(path);
	if (!copy)
		return -ENFILE;
	free(fid->path);
	fid->path = copy;
	fids->bytes = bytes;
	return 0;
}

void tl_p9_fid_set_open(struct tl_p9_fids *fids, struct tl_p9_fid *fid, int fd, int flags)
{
	fid->fd = fd;
	fid->flags = flags;
	fids->open++;
}

static void release(struct tl_p9_fids *fids, struct tl_p9_fid *fid)
{
	if (fid->fd >= 0) {
		close(fid->fd);
		fids->open--;
	}
	fids->bytes -= bytes_of(fid->path);
	free(fid->path);
	free(fid);
}

void tl_p9_fid_drop(struct tl_p9_fids *fids, struct tl_p9_fid *fid)
{
	struct tl_p9_fid **at = &fids->buckets[fid->number % TL_P9_FID_BUCKETS];

	while (*at != fid)
		at = &(*at)->next;
	*at = fid->next;
	release(fids, fid);
}

void tl_p9_fid_drop_all(struct tl_p9_fids *fids)
{
	for (unsigned int i = 0; i < TL_P9_FID_BUCKETS; i++) {
		struct tl_p9_fid *fid = fids->buckets[i];

		fids->buckets[i] = NULL;
		while (fid) {
			struct tl_p9_fid *next = fid->next;

			release(fids, fid);
			fid = next;
		}
	}
}

/* What of `path` is behind `top`: "" if they are the same, "/..." beneath it, else NULL. */
static const char *rest_of(const char *path, const char *top)
{
	size_t length = strlen(top);

	if (strncmp(path, top, length) != 0 || (path[length] && path[length] != '/'))
		return NULL;
	return path + length;
}

void tl_p9_fid_removed(struct tl_p9_fids *fids, const char *path)
{
	for (unsigned int i = 0; i < TL_P9_FID_BUCKETS; i++) {
		for (struct tl_p9_fid *fid = fids->buckets[i]; fid; fid = fid->next)
			fid->gone |= rest_of(fid->path, path) != NULL;
	}
}

static void move(struct tl_p9_fids *fids, struct tl_p9_fid *fid, const char *rest, const char *to)
{
	char path[TL_P9_PATH];
	int ret = *rest ? tl_beneath_join(path, to, rest + 1) : tl_beneath_join(path, "", to);

	/* A path that cannot be is one of no file. */
	if (ret || tl_p9_fid_set_path(fids, fid, path))
		fid->gone = true;
}

void tl_p9_fid_moved(struct tl_p9_fids *fids, const char *from, const char *to)
{
	if (!strcmp(from, to))
		return;
	tl_p9_fid_removed(fids, to);
	for (unsigned int i = 0; i < TL_P9_FID_BUCKETS; i++) {
		for (struct tl_p9_fid *fid = fids->buckets[i]; fid; fid = fid->next) {
			const char *rest = rest_of(fid->path, from);

			if (rest && !fid->gone)
				move(fids, fid, rest, to);
		}
	}
}
