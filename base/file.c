/* SPDX-License-Identifier: MIT */
/*
 * A temporary file beside the one that is meant, then rename.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Writes all, or returns -errno; always closes. Only here can a full disk show. */
static int write_text(int fd, const char *text)
{
	size_t left = strlen(text);
	int ret = 0;

	while (left && !ret) {
		ssize_t n = write(fd, text, left);

		if (n >= 0) {
			text += n;
			left -= (size_t)n;
		} else if (errno != EINTR) {
			ret = -errno;
		}
	}
	/* EINVAL: it is a pipe or a terminal. */
	if (!ret && fsync(fd) && errno != EINVAL && errno != EROFS)
		ret = -errno;
	if (close(fd) && !ret)
		ret = -errno;
	return ret;
}

/*
 * rename() may reach the disk before what it names, and a power cut then leaves an empty file:
 * the file first, the folder's entry after it. A folder that cannot be opened or synced is as
 * it was before: the entry comes with time.
 */
static void sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	free(folder);
	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

static int replace_file(const char *target, const char *text)
{
	size_t size = strlen(target) + sizeof(".XXXXXX");
	char *temporary = malloc(size);
	mode_t mask;
	int fd, ret;

	if (!temporary)
		return -ENOMEM;
	snprintf(temporary, size, "%s.XXXXXX", target);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		ret = -errno;
		free(temporary);
		return ret;
	}
	/* mkostemp makes it private; a report is a file like any other. */
	mask = umask(0);
	umask(mask);
	ret = fchmod(fd, 0666 & ~mask) ? -errno : 0;
	if (ret)
		close(fd);
	else
		ret = write_text(fd, text);
	if (!ret && rename(temporary, target))
		ret = -errno;
	if (ret)
		unlink(temporary);
	else
		sync_folder(target);
	free(temporary);
	return ret;
}

int tl_file_replace(const char *path, const char *text)
{
	struct stat st;
	char *target;
	int fd, ret;

	if (stat(path, &st))
		return errno == ENOENT ? replace_file(path, text) : -errno;
	if (!S_ISREG(st.st_mode)) {
		fd = open(path, O_WRONLY | O_CLOEXEC);
		return fd < 0 ? -errno : write_text(fd, text);
	}
	/* Through a link to the file itself: rename would replace the link. */
	target = realpath(path, NULL);
	ret = target ? replace_file(target, text) : -errno;
	free(target);
	return ret;
}
