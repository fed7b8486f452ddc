/* SPDX-License-Identifier: MIT */
/*
 * The thread reads a sub-buffer at a time, as the kernel hands them out, and writes several
 * at once. It never waits for the disk with a lock held, nor does any vCPU wait for it: what
 * it cannot keep up with the kernel drops, and says how much.
 */
#include "trace/collect/recorder.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/command_line.h"
#include "base/log.h"
#include "base/version.h"
#include "trace/collect/instance.h"
#include "trace/collect/kvm_counts.h"
#include "trace/collect/pieces.h"
#include "trace/collect/system_counter.h"
#include "trace/collect/threads.h"
#include "trace/record/recording.h"

/* About 150,000 exits of a CPU: at a million a second 150 ms without us. */
#define BUFFER_BYTES (16u << 20)
/* How often the buffers are emptied even if none is half full. */
#define PERIOD_MS   100
#define WRITE_BYTES (64u << 10)

struct recorded_vcpu {
	int stats_fd; /* borrowed */
	struct tl_kernel_counts before;
};

struct tl_recorder {
	struct tl_recorder_config config;
	struct tl_instance *instance;
	struct tl_kvm_format format;
	struct tl_pieces pieces;
	struct tl_vm_json vm;
	struct recorded_vcpu *vcpus;
	int *fds; /* of the kernel's buffers, one a CPU */
	unsigned int cpus;
	struct pollfd *polls; /* the stop event, then the buffers */
	unsigned char *buffer;
	int stop_fd, ended_fd;
	void (*on_thread)(void *opaque); /* see struct tl_vm_desc */
	void *opaque;
	int running, stopped;
	int result;             /* the thread's first error; read after join */
	_Atomic uint64_t bytes; /* of pieces; read by tl_recorder_bytes() */
	pthread_t thread;
};

/* No more is recorded; whoever waits is told. */
static void end_by(struct tl_recorder *recorder, const char *why)
{
	const uint64_t one = 1;

	(void)tl_instance_set_tracing(recorder->instance, 0);
	if (!recorder->vm.ended_by[0])
		snprintf(recorder->vm.ended_by, sizeof(recorder->vm.ended_by), "%s", why);
	if (write(recorder->ended_fd, &one, sizeof(one)) != sizeof(one))
		tl_log_warn("recording: telling that it has ended: %s", strerror(errno));
}

static void fail(struct tl_recorder *recorder, const char *what, int ret)
{
	if (recorder->result)
		return;
	recorder->result = ret;
	tl_log_error("recording to %s: %s: %s; it ends here, and what was written stays",
		recorder->config.path, what, strerror(-ret));
	end_by(recorder, strerror(-ret));
}

/* Reads sub-buffers of a CPU into recorder->buffer; returns how many bytes. */
static size_t read_pages(struct tl_recorder *recorder, unsigned int cpu)
{
	size_t page = recorder->pieces.page_size, filled = 0;

	while (filled + page <= WRITE_BYTES) {
		ssize_t n = read(recorder->fds[cpu], recorder->buffer + filled, page);

		if (n < 0 && errno == EINTR)
			continue;
		/* ENODEV: a CPU that was never online has no buffer. */
		if (n < 0 && errno != EAGAIN && errno != ENODEV)
			fail(recorder, "reading the trace buffers", -errno);
		if (n <= 0)
			break;
		/* Pages in a file are whole. */
		memset(recorder->buffer + filled + n, 0, page - (size_t)n);
		filled += page;
	}
	return filled;
}

static void drain(struct tl_recorder *recorder)
{
	int ret;

	for (unsigned int i = 0; i < recorder->cpus; i++) {
		size_t size;

		do {
			size = read_pages(recorder, i);
			ret = size && !recorder->result ? tl_pieces_write(&recorder->pieces, i,
								  recorder->buffer, size)
							: 0;
			if (ret)
				fail(recorder, "writing", ret);
		} while (size + recorder->pieces.page_size > WRITE_BYTES);
	}
	ret = tl_pieces_turn(&recorder->pieces, tl_clock_ns());
	if (ret)
		fail(recorder, "changing files", ret);
	tl_pieces_flush(&recorder->pieces, tl_clock_ns());
	atomic_store_explicit(&recorder->bytes, recorder->pieces.bytes, memory_order_relaxed);
	if (recorder->config.size_limit && !recorder->config.last_s &&
		recorder->pieces.bytes >= recorder->config.size_limit && !recorder->vm.ended_by[0])
		end_by(recorder, "its size");
}

static void *collector(void *arg)
{
	struct tl_recorder *recorder = arg;
	unsigned int count = recorder->cpus + 1;

	if (recorder->on_thread)
		recorder->on_thread(recorder->opaque);
	for (;;) {
		int n = poll(recorder->polls, count, PERIOD_MS);

		if (n < 0 && errno != EINTR)
			break;
		if (n > 0 && recorder->polls[0].revents)
			break;
		/* A CPU that is offline has no buffer to wait for: it would wake us for ever. */
		for (unsigned int i = 1; n > 0 && i < count; i++) {
			if (recorder->polls[i].revents & (POLLERR | POLLNVAL))
				recorder->polls[i].fd = -1;
		}
		drain(recorder);
	}
	return NULL;
}

static int start_thread(struct tl_recorder *recorder)
{
	sigset_t all, old;
	int ret;

	/* A new thread inherits the mask: signals are the main thread's business. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&recorder->thread, NULL, collector, recorder);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (ret) {
		tl_log_error("cannot record: starting a thread: %s", strerror(ret));
		return -ret;
	}
	recorder->running = 1;
	pthread_setname_np(recorder->thread, "trapline-record");
	return 0;
}

static char *thread_names(const struct tl_recorder *recorder)
{
	const struct tl_recorder_config *config = &recorder->config;
	static pid_t found[TL_THREADS_MAX];
	int count;

	if (!config->process)
		return tl_threads_names(config->tids, config->tid_count);
	count = tl_threads_of(config->process, found);
	return tl_threads_names(found, count > 0 ? (unsigned int)count : 0);
}

/* The texts that are the header of trace.dat, freed by free_header. */
static void read_header(
	struct tl_recorder *recorder, struct tl_dat_header *header, struct tl_dat_event *events)
{
	header->header_page = tl_instance_read(recorder->instance, "events/header_page", NULL);
	header->header_event = tl_instance_read(recorder->instance, "events/header_event", NULL);
	header->clock = tl_instance_read(recorder->instance, "trace_clock", NULL);
	header->cmdlines = thread_names(recorder);
	header->events = events;
	for (unsigned int kind = 0; kind < TL_KVM_FORMATS; kind++) {
		char file[96];
		char *text;

		snprintf(file, sizeof(file), "events/%s/%s/format", tl_kvm_event_system(kind),
			tl_kvm_event_name(kind));
		text = tl_instance_read(recorder->instance, file, NULL);
		if (text)
			events[header->event_count++] =
				(struct tl_dat_event){tl_kvm_event_system(kind), text};
	}
}

static void free_header(struct tl_dat_header *header)
{
	free((void *)header->header_page);
	free((void *)header->header_event);
	free((void *)header->clock);
	free((void *)header->cmdlines);
	for (unsigned int i = 0; i < header->event_count; i++)
		free((void *)header->events[i].format);
}

static int create_files(struct tl_recorder *recorder, size_t page_size)
{
	struct tl_dat_event events[TL_KVM_FORMATS];
	struct tl_dat_header header = {.page_size = page_size,
		.cpus = recorder->cpus,
		.uname = recorder->vm.kernel,
		.version = "trapline"};
	int ret;

	read_header(recorder, &header, events);
	ret = tl_pieces_create(&recorder->pieces, recorder->config.path, &header);
	free_header(&header);
	recorder->pieces.last_ns = recorder->config.last_s * UINT64_C(1000000000);
	return ret;
}

static int open_buffers(struct tl_recorder *recorder, size_t *page_size)
{
	struct tl_instance_problem problem;
	uint64_t bytes = recorder->config.buffer_bytes;
	int ret = tl_instance_create(&recorder->instance, TL_INSTANCE_THREADS,
		bytes ? bytes : BUFFER_BYTES, &recorder->format, &problem);

	ret = ret ? ret
		  : tl_instance_open_buffers(recorder->instance, &recorder->fds, &recorder->cpus,
			    page_size, &problem);
	if (ret)
		tl_log_error("cannot record: %s", problem.text);
	return ret;
}

static int allocate(struct tl_recorder *recorder)
{
	recorder->stop_fd = eventfd(0, EFD_CLOEXEC);
	recorder->ended_fd = eventfd(0, EFD_CLOEXEC);
	if (recorder->stop_fd < 0 || recorder->ended_fd < 0)
		return -errno;
	recorder->polls = calloc(recorder->cpus + 1, sizeof(*recorder->polls));
	recorder->buffer = malloc(WRITE_BYTES);
	if (!recorder->polls || !recorder->buffer)
		return -ENOMEM;
	recorder->polls[0] = (struct pollfd){.fd = recorder->stop_fd, .events = POLLIN};
	for (unsigned int i = 0; i < recorder->cpus; i++)
		recorder->polls[i + 1] = (struct pollfd){.fd = recorder->fds[i], .events = POLLIN};
	return 0;
}

/* How the recording is made. */
static void name_origin(struct tl_vm_json *vm)
{
	struct utsname name;

	snprintf(vm->program, sizeof(vm->program), "trapline %s", tl_version());
	tl_command_line(vm->command, sizeof(vm->command));
	if (!uname(&name)) {
		snprintf(vm->kernel, sizeof(vm->kernel), "%.40s %.60s %.16s", name.release,
			name.version, name.machine);
		snprintf(vm->host, sizeof(vm->host), "%s", name.nodename);
	}
	vm->counter_hz = tl_counter_frequency();
}

int tl_recorder_create(struct tl_recorder **out, const struct tl_recorder_config *config)
{
	struct tl_recorder *recorder = calloc(1, sizeof(*recorder));
	size_t page_size = 0;
	int ret;

	*out = NULL;
	if (!recorder) {
		tl_log_error("cannot record: out of memory");
		return -ENOMEM;
	}
	recorder->config = *config;
	recorder->stop_fd = recorder->ended_fd = recorder->pieces.dat_fd = -1;
	name_origin(&recorder->vm);
	ret = open_buffers(recorder, &page_size);
	ret = ret ? ret : create_files(recorder, page_size);
	if (!ret) {
		ret = allocate(recorder);
		if (ret)
			tl_log_error("cannot record: %s", strerror(-ret));
	}
	if (ret) {
		tl_recorder_destroy(recorder);
		return ret;
	}
	*out = recorder;
	return 0;
}

int tl_recorder_set_vm(struct tl_recorder *recorder, const struct tl_vm_desc *desc)
{
	struct tl_vm_json *vm = &recorder->vm;

	vm->pid = desc->pid;
	recorder->on_thread = desc->on_thread;
	recorder->opaque = desc->opaque;
	if (desc->map)
		vm->map = *desc->map;
	if (!desc->vcpu_count)
		return 0;
	vm->vcpus = calloc(desc->vcpu_count, sizeof(*vm->vcpus));
	recorder->vcpus = calloc(desc->vcpu_count, sizeof(*recorder->vcpus));
	if (!vm->vcpus || !recorder->vcpus) {
		tl_log_error("cannot record: out of memory");
		return -ENOMEM;
	}
	vm->vcpu_count = desc->vcpu_count;
	for (unsigned int i = 0; i < desc->vcpu_count; i++) {
		struct recorded_vcpu *vcpu = &recorder->vcpus[i];

		vcpu->stats_fd = desc->vcpus[i].stats_fd;
		if (vcpu->stats_fd >= 0)
			(void)tl_kvm_counts_read(vcpu->stats_fd, &vcpu->before);
		vm->vcpus[i] = (struct tl_vm_json_vcpu){.id = desc->vcpus[i].id,
			.tid = desc->vcpus[i].tid,
			.start_exits = vcpu->before.exits};
	}
	return 0;
}

static int write_vm(struct tl_recorder *recorder)
{
	char path[PATH_MAX];
	int ret;

	snprintf(path, sizeof(path), "%s/" TL_RECORDING_VM, recorder->pieces.path);
	ret = tl_vm_json_write(path, &recorder->vm);
	if (ret)
		tl_log_error("recording: writing %s: %s", path, strerror(-ret));
	return ret;
}

/*
 * The threads of a process, and all that they will start. One that was started while they
 * were listed has no parent in the list, so they are listed again.
 */
static int follow_process(struct tl_recorder *recorder)
{
	static pid_t first[TL_THREADS_MAX], again[TL_THREADS_MAX];
	int known = tl_threads_of(recorder->config.process, first), count;
	int ret = known < 0 ? known
			    : tl_instance_set_threads(
				      recorder->instance, first, (unsigned int)known, 1);

	if (ret) {
		tl_log_error("cannot record: process %d: %s", (int)recorder->config.process,
			strerror(-ret));
		return ret;
	}
	count = tl_threads_of(recorder->config.process, again);
	return count > 0 ? tl_instance_add_threads(recorder->instance, again, (unsigned int)count)
			 : 0;
}

static int set_threads(struct tl_recorder *recorder)
{
	const struct tl_recorder_config *config = &recorder->config;

	if (config->process)
		return follow_process(recorder);
	return config->tid_count ? tl_instance_set_threads(
					   recorder->instance, config->tids, config->tid_count, 0)
				 : 0;
}

int tl_recorder_start(struct tl_recorder *recorder)
{
	int ret = write_vm(recorder);

	ret = ret ? ret : set_threads(recorder);
	ret = ret ? ret : start_thread(recorder);
	return ret ? ret : tl_instance_set_tracing(recorder->instance, 1);
}

int tl_recorder_ended_fd(const struct tl_recorder *recorder)
{
	return recorder->ended_fd;
}

static void join_thread(struct tl_recorder *recorder)
{
	const uint64_t one = 1;

	if (!recorder->running)
		return;
	if (write(recorder->stop_fd, &one, sizeof(one)) != sizeof(one))
		tl_log_warn("recording: its thread could not be told to stop: %s", strerror(errno));
	pthread_join(recorder->thread, NULL);
	recorder->running = 0;
}

static void read_statistics(struct tl_recorder *recorder)
{
	for (unsigned int i = 0; i < recorder->vm.vcpu_count; i++) {
		struct tl_vm_json_vcpu *vcpu = &recorder->vm.vcpus[i];

		if (recorder->vcpus[i].stats_fd < 0 ||
			tl_kvm_counts_read(recorder->vcpus[i].stats_fd, &vcpu->kernel))
			continue;
		tl_kernel_counts_subtract(&vcpu->kernel, &recorder->vcpus[i].before);
	}
}

static int write_symbols(struct tl_recorder *recorder, const struct tl_symbols *symbols)
{
	char path[PATH_MAX];
	FILE *out;
	int ret;

	if (!symbols)
		return 0;
	tl_symbols_loaded(symbols, &recorder->vm.symbols_linked, &recorder->vm.symbols_loaded,
		&recorder->vm.symbols_size);
	snprintf(path, sizeof(path), "%s/" TL_RECORDING_SYMBOLS, recorder->pieces.path);
	out = fopen(path, "we");
	ret = out ? tl_symbols_write(symbols, out) : -errno;
	if (out && fclose(out) && !ret)
		ret = -errno;
	if (ret) {
		tl_log_error("recording: writing %s: %s", path, strerror(-ret));
		unlink(path);
	}
	return ret;
}

int tl_recorder_stop(struct tl_recorder *recorder, const struct tl_symbols *symbols)
{
	int ret, err;

	if (recorder->stopped)
		return recorder->result;
	recorder->stopped = 1;
	(void)tl_instance_set_tracing(recorder->instance, 0);
	join_thread(recorder);
	drain(recorder);
	(void)tl_instance_lost(recorder->instance, &recorder->vm.lost_events);
	read_statistics(recorder);
	ret = recorder->result;
	err = write_symbols(recorder, symbols);
	ret = ret ? ret : err;
	/* What could not all be written is a recording that was cut off. */
	recorder->vm.complete = !recorder->result;
	if (!recorder->vm.ended_by[0])
		snprintf(recorder->vm.ended_by, sizeof(recorder->vm.ended_by), "its end");
	err = tl_pieces_join(&recorder->pieces);
	ret = ret ? ret : err;
	err = write_vm(recorder);
	return recorder->result = ret ? ret : err;
}

uint64_t tl_recorder_bytes(const struct tl_recorder *recorder)
{
	return atomic_load_explicit(&recorder->bytes, memory_order_relaxed);
}

void tl_recorder_destroy(struct tl_recorder *recorder)
{
	if (!recorder)
		return;
	join_thread(recorder);
	/* An instance with open buffers cannot be removed. */
	for (unsigned int i = 0; recorder->fds && i < recorder->cpus; i++)
		close(recorder->fds[i]);
	tl_instance_destroy(recorder->instance);
	tl_pieces_fini(&recorder->pieces);
	tl_vm_json_fini(&recorder->vm);
	if (recorder->stop_fd >= 0)
		close(recorder->stop_fd);
	if (recorder->ended_fd >= 0)
		close(recorder->ended_fd);
	free(recorder->vcpus);
	free(recorder->fds);
	free(recorder->polls);
	free(recorder->buffer);
	free(recorder);
}
