/* SPDX-License-Identifier: MIT */
/*
 * Puts the parts together: instance -> ring -> decoder -> profile. The profile
 * belongs to the collector thread while that runs, and to the caller before and
 * after, so it needs no lock.
 */
#include "trace/collect/session.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "trace/collect/instance.h"
#include "trace/collect/kvm_stats.h"
#include "trace/collect/ring.h"
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

struct tl_session {
	struct tl_instance *instance;
	struct tl_ring *ring;
	struct tl_kvm_format format;
	struct tl_profile *profile;
	struct tl_vcpu_desc *vcpus; /* a copy; stats_fds borrowed */
	unsigned int vcpu_count;
	struct pollfd *polls; /* the stop event, then each CPU's buffer */
	unsigned int poll_count;
	int stop_fd;
	int running;        /* the thread exists */
	int stopped;        /* tl_session_stop has been here */
	int collect_result; /* the thread's first error; read after join */
	uint64_t undecoded;
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
static int open_ring(struct tl_session *session)
{
	unsigned int cpus = 0;
	size_t page_size = 0;
	int *fds = NULL;
	int ret = tl_instance_open_buffers(session->instance, &fds, &cpus, &page_size);

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

int tl_session_create(struct tl_session **out)
{
	struct tl_session *session = calloc(1, sizeof(*session));
	int ret;

	*out = NULL;
	if (!session)
		return -ENOMEM;
	session->stop_fd = eventfd(0, EFD_CLOEXEC);
	ret = session->stop_fd < 0 ? -errno : 0;
	ret = ret ? ret : tl_profile_create(&session->profile);
	ret = ret ? ret : tl_instance_create(&session->instance, BUFFER_BYTES);
	ret = ret ? ret : tl_instance_load_format(session->instance, &session->format);
	ret = ret ? ret : open_ring(session);
	if (ret) {
		tl_session_destroy(session);
		return ret;
	}
	session->profile->patched = tl_kvm_format_is_patched(&session->format);
	*out = session;
	return 0;
}

/* Adds the vCPUs to the profile, each with the exit count that it has already. */
static int name_vcpus(struct tl_session *session)
{
	int ret = 0;

	for (unsigned int i = 0; i < session->vcpu_count && !ret; i++) {
		const struct tl_vcpu_desc *vcpu = &session->vcpus[i];
		uint64_t exits = 0;

		if (vcpu->stats_fd >= 0)
			(void)tl_kvm_stats_read(vcpu->stats_fd, "exits", &exits);
		ret = tl_profile_add_vcpu(session->profile, vcpu->id, vcpu->tid, exits);
	}
	return ret;
}

int tl_session_set_vm(struct tl_session *session, const struct tl_vm_desc *desc)
{
	pid_t *tids = calloc(desc->vcpu_count + 1, sizeof(*tids));
	int ret = 0;

	session->vcpus = calloc(desc->vcpu_count + 1, sizeof(session->vcpus[0]));
	if (!tids || !session->vcpus) {
		free(tids);
		return -ENOMEM;
	}
	session->vcpu_count = desc->vcpu_count;
	for (unsigned int i = 0; i < desc->vcpu_count; i++) {
		session->vcpus[i] = desc->vcpus[i];
		tids[i] = desc->vcpus[i].tid;
	}
	session->profile->pid = desc->pid;
	ret = name_vcpus(session);
	if (ret)
		tl_log_error("cannot profile: naming the vCPUs: %s", strerror(-ret));
	/* From here to join_thread the profile belongs to the collector. */
	ret = ret ? ret : start_thread(session);
	ret = ret ? ret : tl_instance_set_threads(session->instance, tids, desc->vcpu_count);
	ret = ret ? ret : tl_instance_set_tracing(session->instance, 1);
	free(tids);
	return ret;
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
		const struct tl_vcpu_desc *vcpu = &session->vcpus[i];
		uint64_t exits;
		int ret;

		if (vcpu->stats_fd < 0)
			continue;
		ret = tl_kvm_stats_read(vcpu->stats_fd, "exits", &exits);
		if (!ret)
			(void)tl_profile_set_kernel_exits(session->profile, vcpu->id, exits);
		else
			tl_log_warn("profile: reading KVM's statistics of vCPU %u: %s", vcpu->id,
				strerror(-ret));
	}
}

int tl_session_stop(struct tl_session *session)
{
	uint64_t lost = 0;
	int ret;

	if (session->stopped)
		return session->collect_result;
	session->stopped = 1;
	ret = tl_instance_set_tracing(session->instance, 0);
	join_thread(session);
	collect(session, UINT64_MAX);
	if (!tl_instance_lost(session->instance, &lost) && lost >= session->profile->ring_lost) {
		session->profile->ring_lost = lost;
		session->profile->gaps_unsized = 0;
	}
	read_statistics(session);
	if (session->undecoded)
		tl_log_warn("profile: %llu events were shorter than their format says",
			(unsigned long long)session->undecoded);
	if (!session->collect_result)
		session->collect_result = ret;
	return session->collect_result;
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
	tl_ring_destroy(session->ring);
	tl_instance_destroy(session->instance);
	tl_profile_destroy(session->profile);
	if (session->stop_fd >= 0)
		close(session->stop_fd);
	free(session->polls);
	free(session->vcpus);
	free(session);
}
