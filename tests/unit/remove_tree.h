/* SPDX-License-Identifier: MIT */
/*
 * Removing a folder with all that is in it, however deep: a name at a time.
 */
#ifndef TL_TESTS_REMOVE_TREE_H
#define TL_TESTS_REMOVE_TREE_H

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* What is in the folder of the descriptor, which is closed. Returns 0, or -1 if something stays. */
static inline int remove_content(int fd)
{
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int ret = dir ? 0 : -1;

	while (dir && (entry = readdir(dir))) {
		const char *name = entry->d_name;

		if (!strcmp(name, ".") || !strcmp(name, "..") || !unlinkat(dirfd(dir), name, 0))
			continue;
		if (remove_content(openat(
			    dirfd(dir), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) ||
			unlinkat(dirfd(dir), name, AT_REMOVEDIR))
			ret = -1;
	}
	if (dir)
		closedir(dir);
	return ret;
}

static inline int remove_tree(const char *path)
{
	return remove_content(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) || rmdir(path);
}

#endif
