/* SPDX-License-Identifier: MIT */
/*
 * Everything that is written to or read from tracefs, except the event data. Of
 * libtracefs only the part that deals in files is used: loading all events, or
 * plugins, would cost more than the demo's whole boot, and static programs have
 * no plugins.
 */
#include "trace/collect/instance.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event-parse.h>
#include <tracefs.h>

#include "base/log.h"

#define NAME_PREFIX      "trapline-"
#define BUFFER_MIN_BYTES (256u << 10)
#define CPUS_MAX         8192u

struct tl_instance {
	struct tracefs_instance *tracefs;
	char name[sizeof(NAME_PREFIX) + 20];
};

/* libtracefs reports by return value and leaves errno, mostly. */
static int last_errno(void)
{
	return errno ? -errno : -EIO;
}

/* Keeps the words in `problem`; returns `ret`. */
__attribute__((format(printf, 3, 4))) static int fail(
	struct tl_instance_problem *problem, int ret, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(problem->text, sizeof(problem->text), fmt, ap);
	va_end(ap);
	return ret;
}

static int write_file(struct tl_instance *instance, const char *file, const char *text,
	struct tl_instance_problem *problem)
{
	int ret;

	errno = 0;
	if (tracefs_instance_file_write(instance->tracefs, file, text) >= 0)
		return 0;
	ret = last_errno();
	return fail(problem, ret, "writing '%s' to tracefs file instances/%s/%s: %s", text,
		instance->name, file, strerror(-ret));
}

/* The same, for what cannot be done without. */
static int write_or_log(struct tl_instance *instance, const char *file, const char *text)
{
	struct tl_instance_problem problem;
	int ret = write_file(instance, file, text, &problem);

	if (ret)
		tl_log_error("%s", problem.text);
	return ret;
}

/* Removes instances whose process is gone. One that is in use answers EBUSY and stays. */
static void sweep(void)
{
	char **names = tracefs_instances("^" NAME_PREFIX "[0-9][-0-9a-z]*$");

	for (unsigned int i = 0; names && names[i]; i++) {
		long pid = strtol(names[i] + strlen(NAME_PREFIX), NULL, 10);
		struct tracefs_instance *stale;

		if (pid <= 0 || pid > INT32_MAX || !kill((pid_t)pid, 0) || errno != ESRCH)
			continue;
		stale = tracefs_instance_alloc(NULL, names[i]);
		if (!stale)
			continue;
		if (!tracefs_instance_destroy(stale))
			tl_log_info(
				"removed tracefs instance %s of a process that is gone", names[i]);
		tracefs_instance_free(stale);
	}
	tracefs_list_free(names);
}

static int make_instance(struct tl_instance *instance)
{
	for (int try = 0; try < 2; try++) {
		errno = 0;
		instance->tracefs = tracefs_instance_create(instance->name);
		if (!instance->tracefs)
			return last_errno();
		if (tracefs_instance_is_new(instance->tracefs))
			return 0;
		/* The pid is ours now, so this was left by a process that had it before. */
		if (tracefs_instance_destroy(instance->tracefs))
			break;
		tracefs_instance_free(instance->tracefs);
		instance->tracefs = NULL;
	}
	/* In use (by a process of another pid namespace): not ours to remove. */
	tracefs_instance_free(instance->tracefs);
	instance->tracefs = NULL;
	return -EBUSY;
}

/* A sixteenth of what is free for all CPUs together is ours to take, not more. */
static size_t affordable(size_t wanted)
{
	long pages = sysconf(_SC_AVPHYS_PAGES);
	long page = sysconf(_SC_PAGESIZE);
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t share;

	if (pages <= 0 || page <= 0 || cpus <= 0)
		return wanted;
	share = (size_t)pages / 16 / (size_t)cpus * (size_t)page;
	if (share < BUFFER_MIN_BYTES)
		share = BUFFER_MIN_BYTES;
	return share < wanted ? share : wanted;
}

static int set_buffer_size(
	struct tl_instance *instance, size_t bytes, struct tl_instance_problem *problem)
{
	int ret = -ENOMEM;

	for (bytes = affordable(bytes); bytes >= BUFFER_MIN_BYTES; bytes /= 2) {
		errno = 0;
		if (!tracefs_instance_set_buffer_size(instance->tracefs, bytes >> 10, -1))
			return 0;
		ret = last_errno();
		if (ret != -ENOMEM)
			break;
	}
	return fail(
		problem, ret, "trace buffers of %zu KiB a CPU: %s", bytes >> 10, strerror(-ret));
}

char *tl_instance_read(struct tl_instance *instance, const char *file, size_t *size)
{
	int length = 0;
	char *text;

	errno = 0;
	text = tracefs_instance_file_read(instance->tracefs, file, &length);
	if (size)
		*size = (size_t)length;
	return text;
}

/* Learns where the fields of this kernel's events are, of those that it has. */
static int load_format(struct tl_instance *instance, struct tl_kvm_format *format,
	struct tl_instance_problem *problem)
{
	tl_kvm_format_init(format);
	for (unsigned int kind = 0; kind < TL_KVM_FORMATS; kind++) {
		const char *system = tl_kvm_event_system(kind), *name = tl_kvm_event_name(kind);
		char file[96];
		size_t size;
		char *text;
		int ret;

		snprintf(file, sizeof(file), "events/%s/%s/format", system, name);
		text = tl_instance_read(instance, file, &size);
		ret = text ? tl_kvm_format_add(format, text, size) : 0;
		free(text);
		if (ret)
			return fail(problem, ret, "the format of event %s:%s: %s", system, name,
				strerror(-ret));
	}
	return 0;
}

/* Whether this kernel's events of that kind tell something that others do not. */
static int is_wanted(
	enum tl_event_kind kind, enum tl_instance_events events, const struct tl_kvm_format *format)
{
	switch (kind) {
	case TL_EVENT_EXIT:
	case TL_EVENT_USER_EXIT:
		return 1;
	case TL_EVENT_ENTRY:
		return !tl_kvm_format_has_entered(format);
	case TL_EVENT_SYSREG:
	case TL_EVENT_CALL:
	case TL_EVENT_FAULT:
	case TL_EVENT_WFX:
		return !tl_kvm_format_has_syndrome(format);
	default:
		return events == TL_INSTANCE_THREADS;
	}
}

static int enable_events(struct tl_instance *instance, enum tl_instance_events events,
	const struct tl_kvm_format *format, struct tl_instance_problem *problem)
{
	for (unsigned int kind = 0; kind < TL_KVM_FORMATS; kind++) {
		const char *system = tl_kvm_event_system(kind), *name = tl_kvm_event_name(kind);
		int ret;

		if (format->event[kind].id < 0 || !is_wanted(kind, events, format))
			continue;
		errno = 0;
		if (tracefs_event_file_write(instance->tracefs, system, name, "enable", "1") >= 0)
			continue;
		ret = last_errno();
		return fail(problem, ret, "enabling event %s:%s: %s", system, name, strerror(-ret));
	}
	return 0;
}

static int set_up(struct tl_instance *instance, enum tl_instance_events events, size_t buffer_bytes,
	struct tl_kvm_format *format, struct tl_instance_problem *problem)
{
	int ret = write_file(instance, "tracing_on", "0", problem);

	if (ret)
		return ret;
	if (!tracefs_event_file_exists(instance->tracefs, "kvm", "kvm_exit", "format"))
		return fail(problem, -ENOSYS,
			"this kernel has no event kvm:kvm_exit, for want of CONFIG_EVENT_TRACING");
	ret = write_file(instance, "trace_clock", "mono", problem);
	ret = ret ? ret : set_buffer_size(instance, buffer_bytes, problem);
	ret = ret ? ret : load_format(instance, format, problem);
	ret = ret ? ret : enable_events(instance, events, format, problem);
	/* When poll wakes the reader. Older kernels have no such file, and wake it earlier. */
	(void)tracefs_instance_file_write(instance->tracefs, "buffer_percent", "50");
	return ret;
}

int tl_instance_create(struct tl_instance **out, enum tl_instance_events events,
	size_t buffer_bytes, struct tl_kvm_format *format, struct tl_instance_problem *problem)
{
	struct tl_instance *instance;
	int ret;

	*out = NULL;
	errno = 0;
	if (!tracefs_tracing_dir()) {
		ret = last_errno();
		return fail(problem, ret,
			"no tracefs in /sys/kernel/tracing, and it cannot be mounted: %s%s",
			strerror(-ret), geteuid() ? "; run as root" : "; it needs CONFIG_FTRACE");
	}
	instance = calloc(1, sizeof(*instance));
	if (!instance)
		return fail(problem, -ENOMEM, "out of memory");
	/* A process may have one of each. */
	snprintf(instance->name, sizeof(instance->name), NAME_PREFIX "%d%s", (int)getpid(),
		events == TL_INSTANCE_THREADS ? "-record" : "");
	sweep();
	ret = make_instance(instance);
	if (ret) {
		fail(problem, ret, "creating tracefs instance %s/instances/%s: %s%s",
			tracefs_tracing_dir(), instance->name, strerror(-ret),
			ret == -EACCES || ret == -EPERM ? "; run as root" : "");
		free(instance);
		return ret;
	}
	ret = set_up(instance, events, buffer_bytes, format, problem);
	if (ret) {
		tl_instance_destroy(instance);
		return ret;
	}
	*out = instance;
	return 0;
}

/* The size of a sub-buffer: not always a page, so ask (events/header_page). */
static int sub_buffer_size(struct tl_instance *instance, size_t *bytes)
{
	struct tep_handle *tep = tep_alloc();
	char *text = NULL;
	int size = 0;
	int ret = -ENOMEM;

	if (tep) {
		errno = 0;
		text = tracefs_instance_file_read(instance->tracefs, "events/header_page", &size);
		ret = text ? 0 : last_errno();
	}
	if (!ret && tep_parse_header_page(tep, text, (unsigned long)size, (int)sizeof(long)))
		ret = -EPROTO;
	if (!ret)
		*bytes = (size_t)tep_get_sub_buffer_size(tep);
	free(text);
	tep_free(tep);
	return ret;
}

/* One more than the highest CPU of per_cpu/. */
static unsigned int count_cpus(DIR *dir)
{
	unsigned int count = 0, cpu;
	struct dirent *entry;

	while ((entry = readdir(dir))) {
		if (sscanf(entry->d_name, "cpu%u", &cpu) == 1 && cpu < CPUS_MAX && cpu >= count)
			count = cpu + 1;
	}
	return count;
}

/* Opens the buffer of each CPU, in their order; returns how many, or -errno with all closed. */
static int open_all(int dir_fd, int *fds, unsigned int cpus)
{
	unsigned int count = 0;
	int ret = 0;

	for (unsigned int cpu = 0; cpu < cpus && !ret; cpu++) {
		char path[64];

		snprintf(path, sizeof(path), "cpu%u/trace_pipe_raw", cpu);
		fds[count] = openat(dir_fd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fds[count] >= 0)
			count++;
		else if (errno != ENOENT)
			ret = -errno;
	}
	while (ret && count)
		close(fds[--count]);
	return ret ? ret : (int)count;
}

int tl_instance_open_buffers(struct tl_instance *instance, int **fds, unsigned int *cpus,
	size_t *page_size, struct tl_instance_problem *problem)
{
	char *path = tracefs_instance_get_file(instance->tracefs, "per_cpu");
	DIR *dir = path ? opendir(path) : NULL;
	int ret = -ENOENT;

	*fds = calloc(CPUS_MAX, sizeof(**fds));
	if (!*fds)
		ret = -ENOMEM;
	else if (dir)
		ret = open_all(dirfd(dir), *fds, count_cpus(dir));
	if (dir)
		closedir(dir);
	tracefs_put_tracing_file(path);
	if (ret > 0) {
		*cpus = (unsigned int)ret;
		ret = sub_buffer_size(instance, page_size);
		for (unsigned int i = 0; ret && i < *cpus; i++)
			close((*fds)[i]);
	} else if (!ret) {
		ret = -ENODEV;
	}
	if (ret) {
		fail(problem, ret, "opening the trace buffers of instances/%s: %s", instance->name,
			strerror(-ret));
		free(*fds);
		*fds = NULL;
	}
	return ret;
}

/* "1 2 3"; the caller's to free. */
static char *thread_list(const pid_t *tids, unsigned int count)
{
	size_t size = (size_t)count * 12 + 1, at = 0;
	char *text = malloc(size);

	if (text)
		text[0] = 0;
	for (unsigned int i = 0; text && i < count; i++)
		at += (size_t)snprintf(text + at, size - at, "%s%d", i ? " " : "", (int)tids[i]);
	return text;
}

int tl_instance_set_threads(
	struct tl_instance *instance, const pid_t *tids, unsigned int count, int children)
{
	char *text = thread_list(tids, count);
	int ret = text ? 0 : -ENOMEM;

	/* Before there is a list: whoever is in it then is followed from the start. */
	if (!ret && children)
		ret = write_or_log(instance, "options/event-fork", "1");
	ret = ret ? ret : write_or_log(instance, "set_event_pid", text);
	free(text);
	return ret;
}

int tl_instance_add_threads(struct tl_instance *instance, const pid_t *tids, unsigned int count)
{
	char *text = thread_list(tids, count);
	int ret = text ? 0 : -ENOMEM;

	errno = 0;
	if (!ret && tracefs_instance_file_append(instance->tracefs, "set_event_pid", text) < 0) {
		ret = last_errno();
		tl_log_error("adding threads '%s' to tracefs instance %s: %s", text, instance->name,
			strerror(-ret));
	}
	free(text);
	return ret;
}

int tl_instance_set_tracing(struct tl_instance *instance, int on)
{
	return write_or_log(instance, "tracing_on", on ? "1" : "0");
}

static uint64_t stat_value(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

int tl_instance_lost(struct tl_instance *instance, uint64_t *events)
{
	char *path = tracefs_instance_get_file(instance->tracefs, "per_cpu");
	DIR *dir = path ? opendir(path) : NULL;
	struct dirent *entry;

	tracefs_put_tracing_file(path);
	*events = 0;
	if (!dir)
		return -ENOENT;
	while ((entry = readdir(dir))) {
		char file[64];
		unsigned int cpu;
		char *text;

		if (sscanf(entry->d_name, "cpu%u", &cpu) != 1)
			continue;
		snprintf(file, sizeof(file), "per_cpu/cpu%u/stats", cpu);
		text = tracefs_instance_file_read(instance->tracefs, file, NULL);
		if (!text)
			continue;
		*events += stat_value(text, "\ncommit overrun: ") +
			   stat_value(text, "\noverrun: ") + stat_value(text, "\ndropped events: ");
		free(text);
	}
	closedir(dir);
	return 0;
}

void tl_instance_destroy(struct tl_instance *instance)
{
	if (!instance)
		return;
	if (instance->tracefs) {
		(void)tracefs_trace_off(instance->tracefs);
		errno = 0;
		if (tracefs_instance_destroy(instance->tracefs))
			tl_log_warn("tracefs instance %s could not be removed: %s; "
				    "the next one of ours removes it",
				instance->name, strerror(errno));
		tracefs_instance_free(instance->tracefs);
	}
	free(instance);
}
