/* SPDX-License-Identifier: MIT */
/*
 * How many file descriptors this process has: for tests that look for leaks.
 */
#ifndef TL_TESTS_FDS_H
#define TL_TESTS_FDS_H

#include <dirent.h>

static inline unsigned int fds_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

#endif
