/* SPDX-License-Identifier: MIT */
/*
 * Plain reads of small files.
 */
#include "trace/collect/kvm_debugfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"

/* The process in "PID-FD"; 0: it is another file. */
static pid_t process_of(const char *name)
{
	const char *dash = strchr(name, '-');
	char text[16];
	uint64_t pid;

	if (!dash || dash - name >= (int)sizeof(text) || strspn(dash + 1, "0123456789") == 0)
		return 0;
	snprintf(text, sizeof(text), "%.*s", (int)(dash - name), name);
	return tl_parse_u64(text, 1, INT32_MAX, &pid) ? 0 : (pid_t)pid;
}

int tl_kvm_debugfs_each(
	const char *path, void (*each)(void *ctx, pid_t process, const char *vm), void *ctx)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		pid_t process = process_of(entry->d_name);

		if (process)
			each(ctx, process, entry->d_name);
	}
	closedir(dir);
	return 0;
}

int tl_kvm_debugfs_value(const char *dir, const char *vm, const char *stat, uint64_t *value)
{
	char path[512], text[32];
	int fd, ret;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s/%s", dir, vm, stat);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	ret = n < 0 ? -errno : 0;
	close(fd);
	if (ret)
		return ret;
	text[n] = 0;
	text[strcspn(text, "\n")] = 0;
	return tl_parse_u64(text, 0, UINT64_MAX, value);
}
