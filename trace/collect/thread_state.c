/* SPDX-License-Identifier: MIT */
/*
 * proc(5), /proc/PID/task/TID/stat, syscall and wchan. The last two need the right to trace
 * the process; without it there is only the state.
 */
#include "trace/collect/thread_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/kvm.h>

#include "trace/decode/syscall.h"

#define FILE_BYTES 1024
#define NR_IOCTL   29

/* "" if it cannot be read. */
static void read_file(char text[FILE_BYTES], pid_t process, pid_t tid, const char *name)
{
	char path[64];
	ssize_t n;
	int fd;

	text[0] = 0;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", (int)process, (int)tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, text, FILE_BYTES - 1);
	text[n > 0 ? n : 0] = 0;
	close(fd);
}

/* "TID (NAME) STATE ...": the name may have anything in it, also a bracket. */
static int parse_stat(struct tl_thread_state *state, const char *stat)
{
	const char *open = strchr(stat, '('), *close = strrchr(stat, ')');
	unsigned long user, system;
	char *rest;

	if (!open || !close || close < open || strlen(close) < 4)
		return -EPROTO;
	snprintf(state->name, sizeof(state->name), "%.*s", (int)(close - open - 1), open + 1);
	state->tid = (pid_t)strtol(stat, NULL, 10);
	state->state = close[2];
	if (sscanf(close + 3, " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu", &user, &system) !=
		2)
		return -EPROTO;
	state->cpu_ns = (user + system) * (UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK));
	/* Field 39; field 3 is the state. */
	rest = (char *)close + 2;
	for (unsigned int field = 3; rest && field < 39; field++) {
		rest = strchr(rest, ' ');
		rest = rest ? rest + 1 : NULL;
	}
	state->cpu = rest ? (int)strtol(rest, NULL, 10) : -1;
	return 0;
}

int tl_thread_state_parse(
	struct tl_thread_state *state, const char *stat, const char *syscall, const char *wchan)
{
	unsigned long long first, second;

	*state = (struct tl_thread_state){.call = -1};
	if (parse_stat(state, stat))
		return -EPROTO;
	/* Else "running", or -1 outside of a call. */
	if (sscanf(syscall, "%ld %llx %llx", &state->call, &first, &second) == 3) {
		state->args[0] = first;
		state->args[1] = second;
	} else {
		state->call = -1;
	}
	if (strcmp(wchan, "0") != 0)
		snprintf(
			state->wait, sizeof(state->wait), "%.*s", (int)strcspn(wchan, "\n"), wchan);
	return 0;
}

int tl_thread_state_read(struct tl_thread_state *state, pid_t process, pid_t tid)
{
	char stat[FILE_BYTES], syscall[FILE_BYTES] = "", wchan[FILE_BYTES] = "";
	int ret;

	read_file(stat, process, tid, "stat");
	if (!stat[0])
		return -ESRCH;
	ret = tl_thread_state_parse(state, stat, "", "");
	if (ret || state->state == 'R')
		return ret;
	read_file(syscall, process, tid, "syscall");
	read_file(wchan, process, tid, "wchan");
	return tl_thread_state_parse(state, stat, syscall, wchan);
}

const char *tl_thread_state_text(char *buffer, size_t size, const struct tl_thread_state *state)
{
	const char *call = tl_syscall_name(state->call);

	if (state->call == NR_IOCTL && (uint32_t)state->args[1] == KVM_RUN)
		call = "KVM_RUN";
	if (!state->state)
		snprintf(buffer, size, "gone");
	else if (state->state == 'R')
		snprintf(buffer, size, "CPU %d", state->cpu);
	else if (call && state->wait[0])
		snprintf(buffer, size, "%s: %s", call, state->wait);
	else if (call || state->wait[0])
		snprintf(buffer, size, "%s", call ? call : state->wait);
	else
		snprintf(buffer, size, "%s", state->state == 'T' ? "stopped" : "waits");
	return buffer;
}
