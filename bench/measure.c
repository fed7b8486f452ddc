/* SPDX-License-Identifier: MIT */
/*
 * Runs a VMM on the board and measures it from outside, any VMM alike: when a
 * line of the guest's console appears, when the program ends, how many exits it
 * caused and how many of these went to user space, how much memory it took
 * beyond the guest's own, how late the guest's lines came. Writes NAME VALUE lines.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRACING "/sys/kernel/tracing/events/kvm/"

struct options {
	const char *out;    /* where the figures go */
	const char *marker; /* text in the child's output to wait for, or NULL */
	bool events;        /* count exits; costs a little time at each */
	uint64_t guest_kib; /* size of the guest's RAM, to tell it from the rest; 0: no memory
			       figure */
	bool lines; /* the guest prints "t NS" lines, with its own time: how late are they? */
	char **command;
};

/* What was seen; times are CLOCK_MONOTONIC in ns, 0 for never. */
struct figures {
	uint64_t start, marker, end;
	uint64_t exits, userspace_exits, faults;
	/* Of the guest's lines: our time at arrival less the guest's at writing. */
	int64_t least_late, most_late;
	uint64_t lines;
	uint64_t own_kib, resident_kib;
	int status;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
	exit(125);
}

/* Counts a tracepoint in `child` and all its threads, from its next exec on. */
static int open_counter(const char *event, pid_t child)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.disabled = 1,
		.inherit = 1,
		.enable_on_exec = 1,
	};
	char path[128];
	unsigned long long id;
	FILE *file;
	int fd;

	snprintf(path, sizeof(path), TRACING "%s/id", event);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%llu", &id) != 1)
		die(path);
	fclose(file);
	attr.config = id;
	fd = (int)syscall(SYS_perf_event_open, &attr, child, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		die(event);
	return fd;
}

static uint64_t read_counter(int fd)
{
	uint64_t value = 0;

	if (read(fd, &value, sizeof(value)) != sizeof(value))
		die("reading a counter");
	close(fd);
	return value;
}

/*
 * Adds up what is resident apart from the guest's RAM, which is known by the size
 * of its mapping (Documentation/filesystems/proc.rst, smaps).
 */
static void read_memory(pid_t child, uint64_t guest_kib, struct figures *f)
{
	unsigned long long from, to, kib;
	bool guest = false;
	char line[512];
	FILE *file;

	snprintf(line, sizeof(line), "/proc/%d/smaps", (int)child);
	file = fopen(line, "re");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%llx-%llx ", &from, &to) == 2)
			guest = (to - from) / 1024 >= guest_kib;
		else if (sscanf(line, "Rss: %llu kB", &kib) == 1) {
			f->resident_kib += kib;
			if (!guest)
				f->own_kib += kib;
		}
	}
	fclose(file);
}

/* The guest's clock and ours differ by a constant, which the line that was least late tells. */
static void note_lines(const char *text, size_t length, struct figures *f)
{
	static char line[64];
	static size_t used;
	int64_t now = (int64_t)now_ns(), late;
	unsigned long long at;

	for (size_t i = 0; i < length; i++) {
		if (text[i] != '\n') {
			if (used < sizeof(line) - 1)
				line[used++] = text[i];
			continue;
		}
		line[used] = 0;
		used = 0;
		if (sscanf(line, "t %llu", &at) != 1)
			continue;
		late = now - (int64_t)at;
		if (!f->lines || late < f->least_late)
			f->least_late = late;
		if (!f->lines || late > f->most_late)
			f->most_late = late;
		f->lines++;
	}
}

/* Passes the child's output on and notes when the marker came by. */
static void watch_output(int fd, pid_t child, const struct options *o, struct figures *f)
{
	/* Keeps enough of the past that a marker in two pieces is found. */
	char seen[8192];
	size_t length = 0;
	ssize_t n;

	while ((n = read(fd, seen + length, sizeof(seen) - 1 - length)) > 0) {
		fwrite(seen + length, 1, (size_t)n, stdout);
		if (o->lines)
			note_lines(seen + length, (size_t)n, f);
		length += (size_t)n;
		seen[length] = 0;
		if (o->marker && !f->marker && strstr(seen, o->marker)) {
			f->marker = now_ns();
			if (o->guest_kib)
				read_memory(child, o->guest_kib, f);
		}
		if (length > sizeof(seen) / 2) {
			memmove(seen, seen + length - 256, 256);
			length = 256;
		}
	}
	fflush(stdout);
}

static void run(const struct options *o, struct figures *f)
{
	int output[2], go[2], exits = -1, userspace = -1, faults = -1, status;
	char byte = 0;
	pid_t child;

	if (pipe2(output, O_CLOEXEC) || pipe2(go, O_CLOEXEC))
		die("pipe");
	child = fork();
	if (child < 0)
		die("fork");
	if (child == 0) {
		dup2(output[1], 1);
		if (read(go[0], &byte, 1) != 1)
			_exit(125);
		execvp(o->command[0], o->command);
		die(o->command[0]);
	}
	close(output[1]);
	if (o->events) {
		exits = open_counter("kvm_exit", child);
		userspace = open_counter("kvm_userspace_exit", child);
		faults = open_counter("kvm_guest_fault", child);
	}
	f->start = now_ns();
	if (write(go[1], &byte, 1) != 1)
		die("starting the command");
	watch_output(output[0], child, o, f);
	if (waitpid(child, &status, 0) != child)
		die("waitpid");
	f->end = now_ns();
	f->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (o->events) {
		f->exits = read_counter(exits);
		f->userspace_exits = read_counter(userspace);
		f->faults = read_counter(faults);
	}
}

static void write_figures(const struct options *o, const struct figures *f)
{
	FILE *file = fopen(o->out, "we");

	if (!file)
		die(o->out);
	fprintf(file, "status %d\nend_ns %llu\n", f->status,
		(unsigned long long)(f->end - f->start));
	if (f->marker)
		fprintf(file, "marker_ns %llu\n", (unsigned long long)(f->marker - f->start));
	if (f->resident_kib)
		fprintf(file, "own_kib %llu\n", (unsigned long long)f->own_kib);
	if (o->events)
		fprintf(file, "exits %llu\nuserspace_exits %llu\nfaults %llu\n",
			(unsigned long long)f->exits, (unsigned long long)f->userspace_exits,
			(unsigned long long)f->faults);
	if (f->lines)
		fprintf(file, "lines %llu\nlate_ns %lld\n", (unsigned long long)f->lines,
			(long long)(f->most_late - f->least_late));
	if (fclose(file))
		die(o->out);
}

int main(int argc, char **argv)
{
	struct options o = {0};
	struct figures f = {0};
	int c;

	while ((c = getopt(argc, argv, "+o:m:er:l")) != -1) {
		switch (c) {
		case 'o':
			o.out = optarg;
			break;
		case 'm':
			o.marker = optarg;
			break;
		case 'e':
			o.events = true;
			break;
		case 'l':
			o.lines = true;
			break;
		case 'r':
			o.guest_kib = strtoull(optarg, NULL, 10);
			break;
		default:
			return 2;
		}
	}
	if (!o.out || optind == argc) {
		fputs("usage: measure -o FILE [-m MARKER] [-e] [-r GUEST_KIB] [-l] COMMAND...\n",
			stderr);
		return 2;
	}
	o.command = argv + optind;
	run(&o, &f);
	write_figures(&o, &f);
	return f.status;
}
