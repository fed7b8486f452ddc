/* SPDX-License-Identifier: MIT */
/*
 * proc(5), /proc/PID/task.
 */
#include "trace/collect/threads.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int tl_threads_of(pid_t process, pid_t tids[TL_THREADS_MAX])
{
	struct dirent *entry;
	char path[40];
	int count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)process);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir)) && count < TL_THREADS_MAX) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (tid > 0)
			tids[count++] = tid;
	}
	closedir(dir);
	return count;
}

bool tl_threads_is_alive(pid_t process, pid_t tid)
{
	/* EPERM: there it is, and somebody else's. */
	return !syscall(SYS_tgkill, process, tid, 0) || errno != ESRCH;
}

pid_t tl_threads_process(pid_t tid)
{
	char path[40], line[128];
	int process = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file) && sscanf(line, "Tgid: %d", &process) != 1)
		;
	fclose(file);
	return process;
}

char *tl_threads_names(const pid_t *tids, unsigned int count)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	for (unsigned int i = 0; out && i < count; i++) {
		char path[48], name[32] = "";
		FILE *comm;

		snprintf(path, sizeof(path), "/proc/%d/comm", (int)tids[i]);
		comm = fopen(path, "re");
		if (comm && fgets(name, sizeof(name), comm))
			fprintf(out, "%d %s", (int)tids[i], name);
		if (comm)
			fclose(comm);
	}
	if (out)
		fclose(out);
	return text;
}
