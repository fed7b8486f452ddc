/* SPDX-License-Identifier: MIT */
/*
 * The one place where the names that a client sent meet the host's file system.
 *
 * What a descriptor was once opened for stays open when another process moves it out of the
 * folder; so descriptors are opened for one operation, and only files that the client has
 * opened are kept.
 */
#include "vmm/dev/virtio/p9/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_beneath(int dir, const char *path, int flags, mode_t mode)
{
	const struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC | O_NOFOLLOW),
		.mode = mode,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	do {
		fd = syscall(SYS_openat2, dir, *path ? path : ".", &how, sizeof(how));
	} while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : (int)fd;
}

int tl_beneath_root(const char *dir)
{
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), probe;

	if (fd < 0)
		return -errno;
	probe = open_beneath(fd, "", O_PATH, 0);
	if (probe < 0) {
		close(fd);
		return probe;
	}
	close(probe);
	return fd;
}

int tl_beneath_join(char *to, const char *path, const char *name)
{
	size_t length = strlen(path), more = strlen(name), slash = length ? 1 : 0;

	if (length + slash + more >= TL_P9_PATH)
		return -ENAMETOOLONG;
	memmove(to, path, length + 1);
	if (slash)
		to[length] = '/';
	memcpy(to + length + slash, name, more + 1);
	return 0;
}

int tl_beneath_dir(int root, const char *path, struct tl_p9_place *place)
{
	*place = (struct tl_p9_place){.dir = root};
	if (!*path)
		return 0;
	place->dir = open_beneath(root, path, O_PATH | O_DIRECTORY, 0);
	if (place->dir < 0)
		return place->dir;
	place->owned = true;
	return 0;
}

int tl_beneath_place(int root, const char *path, struct tl_p9_place *place)
{
	const char *slash = strrchr(path, '/');
	char dir[TL_P9_PATH];
	int ret;

	if (!slash) {
		*place = (struct tl_p9_place){.dir = root, .name = *path ? path : "."};
		return 0;
	}
	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
	ret = tl_beneath_dir(root, dir, place);
	place->name = slash + 1;
	return ret;
}

void tl_beneath_leave(struct tl_p9_place *place)
{
	if (place->owned)
		close(place->dir);
	*place = (struct tl_p9_place){.dir = -1};
}

int tl_beneath_stat(int root, const char *path, struct stat *st)
{
	struct tl_p9_place place;
	int ret = tl_beneath_place(root, path, &place);

	if (ret)
		return ret;
	ret = fstatat(place.dir, place.name, st, AT_SYMLINK_NOFOLLOW) ? -errno : 0;
	tl_beneath_leave(&place);
	return ret;
}

/* Whether opening it does nothing but open it. */
static int may_open(int fd, struct stat *st)
{
	if (fstat(fd, st))
		return -errno;
	if (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode))
		return 0;
	return S_ISLNK(st->st_mode) ? -ELOOP : -EPERM;
}

int tl_beneath_open(int root, const char *path, int flags, struct stat *st)
{
	int fd = open_beneath(root, path, O_PATH, 0), ret;

	if (fd < 0)
		return fd;
	ret = may_open(fd, st);
	close(fd);
	if (ret)
		return ret;
	/* Should it be a FIFO by now, it is not waited for. */
	fd = open_beneath(root, path, flags | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0)
		return fd;
	ret = may_open(fd, st);
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}

int tl_beneath_create(const struct tl_p9_place *place, int flags, mode_t mode)
{
	return open_beneath(
		place->dir, place->name, flags | O_CREAT | O_EXCL | O_NONBLOCK | O_NOCTTY, mode);
}
