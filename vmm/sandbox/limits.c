/* SPDX-License-Identifier: MIT */
/*
 * Not limited: the size of files (a disk, a recording and where the console goes have theirs)
 * and the address space (the guest's memory is most of it).
 */
#include "vmm/sandbox/limits.h"

#include <errno.h>
#include <stddef.h>
#include <sys/resource.h>

/* Neither may be raised again. */
static int lower(int resource, rlim_t most)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit))
		return -errno;
	if (limit.rlim_cur > most)
		limit.rlim_cur = most;
	limit.rlim_max = limit.rlim_cur;
	return setrlimit(resource, &limit) ? -errno : 0;
}

int tl_limits_lower(bool threads)
{
	static const struct {
		int resource;
		rlim_t most;
	} table[] = {{RLIMIT_CORE, 0}, {RLIMIT_NOFILE, RLIM_INFINITY}, {RLIMIT_MEMLOCK, 0},
		{RLIMIT_MSGQUEUE, 0}, {RLIMIT_RTPRIO, 0}, {RLIMIT_NICE, 0}, {RLIMIT_NPROC, 0}};
	int ret = 0;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]) && !ret; i++) {
		/* BPF programs count as locked before Linux 5.11, and their reader is a thread. */
		if (threads &&
			(table[i].resource == RLIMIT_NPROC || table[i].resource == RLIMIT_MEMLOCK))
			continue;
		ret = lower(table[i].resource, table[i].most);
	}
	return ret;
}
