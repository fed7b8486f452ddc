/* SPDX-License-Identifier: MIT */
/*
 * Puts the parts together: instance -> ring -> decoder -> profile, and what the
 * kernel has counted on its own. Where there can be no instance, that alone is the
 * profile. It belongs to the collector thread while that runs, and to the caller
 * before and after, so it needs no lock.
 */
#include "trace/collect/session.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "trace/collect/bpf_profile.h"
#include "trace/collect/instance.h"
#include "trace/collect/irq_names.h"
#include "trace/collect/kvm_counts.h"
#include "trace/collect/ring.h"
#include "trace/collect/system_counter.h"
#include "trace/decode/kvm_event.h"

/* About 100,000 exits: at a million a second still 40 ms from half full to overrun. */
#define BUFFER_BYTES (8u << 20)
/* How often the buffers are emptied even if none is half full. */
#define PERIOD_MS 100
/*
 * How long a writer may take from its time stamp to the end of its record and
 * still come in order: it runs with preemption off, so this is interrupts only,
 * or a host that is itself a guest and was not scheduled.
 */
#define MARGIN_NS 10000000u

struct session_vcpu {
	struct tl_vcpu_desc desc;       /* a copy; stats_fd borrowed */
	struct tl_kernel_counts before; /* as they were at the start */
};

struct tl_session {
	struct tl_bpf *bpf;           /* counts in the kernel, or NULL: then */
	struct tl_instance *instance; /* events are read; NULL as well: only counts */
	struct tl_ring *ring;
	struct tl_kvm_format format;
	struct tl_profile *profile;
	struct session_vcpu *vcpus;
	unsigned int vcpu_count;
	struct pollfd *polls; /* the stop event, then each CPU's buffer */
	unsigned int poll_count;
	int stop_fd;
	void (*on_thread)(void *opaque); /* see struct tl_vm_desc */
	void *opaque;
	int running;        /* the thread exists */
	int stopped;        /* tl_session_stop has been here */
	int collect_result; /* the thread's first error; read after join */
	uint64_t undecoded;
	struct tl_instance_problem problem; /* why nothing is traced */
	pthread_t thread;
};

static void on_record(void *ctx, uint64_t ts, const void *data, size_t size)
{
	struct tl_session *session = ctx;
	struct tl_event event;
	int ret = tl_kvm_format_decode(&session->format, data, size, ts, &event);

	if (!ret)
		tl_profile_event(session->profile, &event);
	else if (ret != -ENOENT)
		session->undecoded++;
}

static void on_lost_begin(void *ctx, uint64_t count)
{
	struct tl_session *session = ctx;

	tl_profile_event(
		session->profile, &(struct tl_event){.kind = TL_EVENT_LOST_BEGIN, .lost = count});
}

static void on_lost_end(void *ctx)
{
	struct tl_session *session = ctx;

	tl_profile_event(session->profile, &(struct tl_event){.kind = TL_EVENT_LOST_END});
}

static const struct tl_ring_ops ring_ops = {
	.record = on_record,
	.lost_begin = on_lost_begin,
	.lost_end = on_lost_end,
};

static void collect(struct tl_session *session, uint64_t mark)
{
	int ret = tl_ring_round(session->ring, mark, &ring_ops, session);

	if (ret && !session->collect_result) {
		session->collect_result = ret;
		tl_log_error("profile: reading the trace buffers: %s; exits will be missing",
			strerror(-ret));
	}
}

static uint64_t mark_now(void)
{
	struct timespec now;
	uint64_t ns;

	/* The buffers' clock is "mono", which is this one. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	return ns > MARGIN_NS ? ns - MARGIN_NS : 0;
}

static void *collector(void *arg)
{
	struct tl_session *session = arg;

	if (session->on_thread)
		session->on_thread(session->opaque);
	for (;;) {
		int n = poll(session->polls, session->poll_count, PERIOD_MS);

		if (n < 0 && errno != EINTR)
			break;
		if (n > 0 && session->polls[0].revents)
			break;
		/* A CPU that is offline has no buffer to wait for: it would wake us for ever. */
		for (unsigned int i = 1; n > 0 && i < session->poll_count; i++) {
			if (session->polls[i].revents & (POLLERR | POLLNVAL))
				session->polls[i].fd = -1;
		}
		collect(session, mark_now());
	}
	return NULL;
}

static int start_thread(struct tl_session *session)
{
	sigset_t all, old;
	int ret;

	/* A new thread inherits the mask: signals are the VMM's main thread's business. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&session->thread, NULL, collector, session);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (ret) {
		tl_log_error("cannot profile: starting the collector thread: %s", strerror(ret));
		return -ret;
	}
	session->running = 1;
	pthread_setname_np(session->thread, "trapline-trace");
	return 0;
}

/* The ring owns the descriptors; what is polled are the same numbers. */
static int open_ring(struct tl_session *session, struct tl_instance_problem *problem)
{
	unsigned int cpus = 0;
	size_t page_size = 0;
	int *fds = NULL;
	int ret = tl_instance_open_buffers(session->instance, &fds, &cpus, &page_size, problem);

	if (ret)
		return ret;
	ret = tl_ring_create(&session->ring, fds, cpus, page_size);
	if (!ret) {
		session->polls = calloc(cpus + 1, sizeof(session->polls[0]));
		if (!session->polls)
			ret = -ENOMEM;
	}
	if (!ret) {
		session->polls[0] = (struct pollfd){.fd = session->stop_fd, .events = POLLIN};
		for (unsigned int i = 0; i < cpus; i++)
			session->polls[i + 1] = (struct pollfd){.fd = fds[i], .events = POLLIN};
		session->poll_count = cpus + 1;
	}
	free(fds);
	return ret;
}

/* Everything that events need. On error nothing of it is left. */
static int open_events(struct tl_session *session, struct tl_instance_problem *problem)
{
	int ret = tl_instance_create(
		&session->instance, TL_INSTANCE_EXITS, BUFFER_BYTES, &session->format, problem);

	ret = ret ? ret : open_ring(session, problem);
	if (!ret) {
		session->profile->patched = tl_kvm_format_is_patched(&session->format);
		tl_profile_set_counter(session->profile, tl_counter_frequency());
		return 0;
	}
	tl_ring_destroy(session->ring);
	tl_instance_destroy(session->instance);
	free(session->polls);
	session->ring = NULL;
	session->instance = NULL;
	session->polls = NULL;
	return ret;
}

/* Counting by BPF programs; where a kernel has no BPF, events are read instead. */
static int open_bpf(struct tl_session *session, const struct tl_bpf_options *options,
	struct tl_instance_problem *problem)
{
	int ret = tl_bpf_create(&session->bpf, options, problem->text, sizeof(problem->text));

	if (ret) {
		tl_log_info("%s: events are read instead", problem->text);
		return ret;
	}
	session->profile->patched = tl_bpf_is_patched(session->bpf);
	tl_profile_set_counter(session->profile, tl_counter_frequency());
	return 0;
}

int tl_session_create(
	struct tl_session **out, enum tl_session_kind kind, const struct tl_bpf_options *options)
{
	struct tl_session *session = calloc(1, sizeof(*session));
	struct tl_instance_problem problem = {"out of memory"};
	int ret;

	*out = NULL;
	if (!session)
		return -ENOMEM;
	session->stop_fd = eventfd(0, EFD_CLOEXEC);
	ret = session->stop_fd < 0 ? -errno : 0;
	ret = ret ? ret : tl_profile_create(&session->profile);
	if (ret) {
		tl_log_error("cannot profile: %s", strerror(-ret));
		tl_session_destroy(session);
		return ret;
	}
	if (kind == TL_SESSION_EVENTS && open_bpf(session, options, &problem) &&
		open_events(session, &problem))
		session->problem = problem;
	session->profile->no_events = !session->instance && !session->bpf;
	*out = session;
	return 0;
}

/* Adds the vCPUs to the profile, each with the exit count that it has already. */
static int name_vcpus(struct tl_session *session, const struct tl_vm_desc *desc)
{
	int ret = 0;

	for (unsigned int i = 0; i < desc->vcpu_count && !ret; i++) {
		struct session_vcpu *vcpu = &session->vcpus[i];

		vcpu->desc = desc->vcpus[i];
		if (vcpu->desc.stats_fd >= 0)
			(void)tl_kvm_counts_read(vcpu->desc.stats_fd, &vcpu->before);
		ret = tl_profile_add_vcpu(
			session->profile, vcpu->desc.id, vcpu->desc.tid, vcpu->before.exits);
	}
	return ret;
}

static void add_word(char *text, size_t size, const char *word)
{
	size_t at = strlen(text);

	snprintf(text + at, size - at, "%s%s", at ? ", " : "", word);
}

/*
 * In one line, what this host does not let us see. Some of it is a matter of
 * permission, the rest of the kernel.
 */
static void say_unseen(const struct tl_session *session)
{
	const struct tl_kernel_counts *counts = &session->vcpus[0].before;
	char text[512] = "";

	if (session->problem.text[0])
		snprintf(text, sizeof(text), "single exits and their times (%s)",
			session->problem.text);
	if (!session->profile->no_events && !session->profile->patched)
		add_word(text, sizeof(text), "where events are missing");
	if ((session->bpf && !session->profile->patched) ||
		(session->instance && !tl_kvm_format_has_syndrome(&session->format)))
		add_word(text, sizeof(text), "host interrupts apart from the guest's time");
	if (session->profile->no_events && !counts->has_classes)
		add_word(text, sizeof(text), "classes of exits");
	if (!counts->has_fixups)
		add_word(text, sizeof(text), "exits that EL2 handles by itself");
	if (!counts->has_exits)
		add_word(text, sizeof(text), "the kernel's count of exits");
	if (text[0])
		tl_log_warn("not seen on this host: %s; see 'trapline caps'", text);
}

static int start_events(struct tl_session *session)
{
	pid_t *tids = calloc(session->vcpu_count + 1, sizeof(*tids));
	int ret;

	if (!tids)
		return -ENOMEM;
	for (unsigned int i = 0; i < session->vcpu_count; i++)
		tids[i] = session->vcpus[i].desc.tid;
	/* From here to join_thread the profile belongs to the collector. */
	ret = start_thread(session);
	ret = ret ? ret : tl_instance_set_threads(session->instance, tids, session->vcpu_count, 0);
	ret = ret ? ret : tl_instance_set_tracing(session->instance, 1);
	free(tids);
	return ret;
}

int tl_session_set_vm(struct tl_session *session, const struct tl_vm_desc *desc)
{
	int ret;

	session->vcpus = calloc(desc->vcpu_count + 1, sizeof(session->vcpus[0]));
	if (!session->vcpus)
		return -ENOMEM;
	session->vcpu_count = desc->vcpu_count;
	session->profile->pid = desc->pid;
	session->on_thread = desc->on_thread;
	session->opaque = desc->opaque;
	if (desc->map)
		session->profile->map = *desc->map;
	ret = name_vcpus(session, desc);
	if (ret) {
		tl_log_error("cannot profile: naming the vCPUs: %s", strerror(-ret));
		return ret;
	}
	say_unseen(session);
	if (session->bpf) {
		for (unsigned int i = 0; i < desc->vcpu_count && !ret; i++)
			ret = tl_bpf_add_thread(
				session->bpf, desc->vcpus[i].tid, desc->vcpus[i].id);
		ret = ret ? ret : tl_bpf_start(session->bpf);
		if (ret)
			tl_log_error("cannot profile: attaching BPF programs: %s", strerror(-ret));
		return ret;
	}
	return session->instance ? start_events(session) : 0;
}

static void join_thread(struct tl_session *session)
{
	const uint64_t one = 1;

	if (!session->running)
		return;
	if (write(session->stop_fd, &one, sizeof(one)) != sizeof(one))
		tl_log_warn("profile: the collector thread could not be told to stop: %s",
			strerror(errno));
	pthread_join(session->thread, NULL);
	session->running = 0;
}

static void read_statistics(struct tl_session *session)
{
	for (unsigned int i = 0; i < session->vcpu_count; i++) {
		const struct session_vcpu *vcpu = &session->vcpus[i];
		struct tl_kernel_counts counts;
		int ret;

		if (vcpu->desc.stats_fd < 0)
			continue;
		ret = tl_kvm_counts_read(vcpu->desc.stats_fd, &counts);
		if (ret) {
			tl_log_warn("profile: reading KVM's statistics of vCPU %u: %s",
				vcpu->desc.id, strerror(-ret));
			continue;
		}
		tl_kernel_counts_subtract(&counts, &vcpu->before);
		(void)tl_profile_set_kernel_counts(session->profile, vcpu->desc.id, &counts);
	}
}

static int stop_events(struct tl_session *session)
{
	uint64_t lost = 0;
	int ret = tl_instance_set_tracing(session->instance, 0);

	join_thread(session);
	collect(session, UINT64_MAX);
	tl_profile_finish(session->profile);
	if (!tl_instance_lost(session->instance, &lost) && lost >= session->profile->ring_lost) {
		session->profile->ring_lost = lost;
		session->profile->gaps_unsized = 0;
	}
	if (session->undecoded)
		tl_log_warn("profile: %llu events were shorter than their format says",
			(unsigned long long)session->undecoded);
	return ret;
}

int tl_session_stop(struct tl_session *session)
{
	int ret = 0;

	if (session->stopped)
		return session->collect_result;
	session->stopped = 1;
	if (session->bpf) {
		tl_bpf_stop(session->bpf);
		ret = tl_bpf_profile_fill(session->bpf, session->profile);
		if (ret)
			tl_log_error("profile: reading what was counted: %s", strerror(-ret));
		tl_irq_names_read(session->profile);
	} else if (session->instance) {
		ret = stop_events(session);
	}
	read_statistics(session);
	if (!session->collect_result)
		session->collect_result = ret;
	return session->collect_result;
}

int tl_session_has_thread(const struct tl_session *session)
{
	return session->running;
}

void tl_session_set_symbols(struct tl_session *session, const struct tl_symbols *symbols)
{
	session->profile->symbols = symbols;
}

const struct tl_profile *tl_session_profile(const struct tl_session *session)
{
	return session->profile;
}

void tl_session_destroy(struct tl_session *session)
{
	if (!session)
		return;
	join_thread(session);
	/* An instance with open buffers cannot be removed. */
	tl_bpf_destroy(session->bpf);
	tl_ring_destroy(session->ring);
	tl_instance_destroy(session->instance);
	tl_profile_destroy(session->profile);
	if (session->stop_fd >= 0)
		close(session->stop_fd);
	free(session->polls);
	free(session->vcpus);
	free(session);
}
