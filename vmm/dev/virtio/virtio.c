/* SPDX-License-Identifier: MIT */
/*
 * A virtio device at work: its workers, from the driver's notification to the interrupt, and
 * its life.
 */
#include "vmm/dev/virtio/virtio.h"

#include <errno.h>
#include <linux/kvm.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/arch/arm64/gic.h"
#include "vmm/core/kvm.h"
#include "vmm/dev/virtio/transport.h"

/* How often a device says that its driver broke the rules. */
#define BROKEN_LOGGED 8u
/* Requests of one queue in a row, before others have their turn: a reset, another queue. */
#define SERVE_MAX 256u

#define INTERRUPT_USED   1u
#define INTERRUPT_CONFIG 2u

static void interrupt(struct tl_virtio *virtio, uint32_t why)
{
	atomic_fetch_or_explicit(&virtio->interrupt_status, why, memory_order_seq_cst);
	if (eventfd_write(virtio->irq_fd, 1))
		tl_log_warn("%s: interrupt: %s", virtio->ops->name, strerror(errno));
}

/* The driver breaks the rules: nothing more until it resets the device. */
static void needs_reset(struct tl_virtio *virtio, const char *why)
{
	uint32_t old = atomic_fetch_or(&virtio->status, TL_VIRTIO_S_NEEDS_RESET);

	if (old & TL_VIRTIO_S_NEEDS_RESET)
		return;
	/* A guest may do it again and again. */
	if (virtio->broken++ < BROKEN_LOGGED)
		tl_log_warn("%s at %#llx: the guest's driver %s; the device is down until it is "
			    "reset",
			virtio->ops->name, (unsigned long long)virtio->dev.base, why);
	interrupt(virtio, INTERRUPT_CONFIG);
}

bool tl_virtio_has(const struct tl_virtio *virtio, unsigned int feature)
{
	return virtio->driver_features >> feature & 1;
}

bool tl_virtio_works(struct tl_virtio *virtio)
{
	uint32_t status = atomic_load(&virtio->status);

	return (status & TL_VIRTIO_S_DRIVER_OK) && !(status & TL_VIRTIO_S_NEEDS_RESET);
}

void tl_virtio_push(struct tl_virtio *virtio, unsigned int queue, uint16_t head, uint32_t written)
{
	tl_vq_push(&virtio->queues[queue], head, written);
	/* At once: the next request may take long. */
	if (tl_vq_must_interrupt(&virtio->queues[queue]))
		interrupt(virtio, INTERRUPT_USED);
}

void tl_virtio_interrupt(struct tl_virtio *virtio)
{
	interrupt(virtio, INTERRUPT_USED);
}

void tl_virtio_kick(struct tl_virtio *virtio, unsigned int queue)
{
	/* Fails only where the counter is full, and then it is kicked. */
	(void)eventfd_write(virtio->kick_fds[queue], 1);
}

void tl_virtio_set_config(
	struct tl_virtio *virtio, uint64_t offset, const void *bytes, unsigned int size)
{
	pthread_mutex_lock(&virtio->config_lock);
	memcpy(virtio->config + offset, bytes, size);
	virtio->config_generation++;
	pthread_mutex_unlock(&virtio->config_lock);
	if (tl_virtio_works(virtio))
		interrupt(virtio, INTERRUPT_CONFIG);
}

int tl_virtio_watch(struct tl_virtio *virtio, unsigned int worker, int fd, short events)
{
	struct tl_virtio_worker *w = &virtio->workers[worker];
	unsigned int at = TL_VIRTIO_WATCHES;

	for (unsigned int i = TL_VIRTIO_WATCHES; i-- > 0;) {
		if (w->watches[i].fd == fd) {
			at = i;
			break;
		}
		if (w->watches[i].fd < 0)
			at = i;
	}
	if (at == TL_VIRTIO_WATCHES)
		return -ENOSPC;
	w->watches[at].fd = events ? fd : -1;
	w->watches[at].events = events;
	if (pthread_equal(pthread_self(), w->thread))
		w->changed = true;
	else
		(void)eventfd_write(w->wake_fd, 1);
	return 0;
}

static void forget_watches(struct tl_virtio_worker *worker)
{
	for (unsigned int i = 0; i < TL_VIRTIO_WATCHES; i++)
		worker->watches[i].fd = -1;
	(void)eventfd_write(worker->wake_fd, 1);
}

/* Requests that are there, for a kind of device that carries them out one by one. */
static int serve_requests(struct tl_virtio *virtio, unsigned int index)
{
	static _Thread_local struct tl_vq_chain chain;
	struct tl_vq *vq = &virtio->queues[index];
	unsigned int served = 0;
	int ret;

	while ((ret = tl_vq_next(vq, &chain)) > 0) {
		int64_t written = virtio->ops->request(virtio, index, &chain);

		if (written < 0)
			return (int)written;
		tl_virtio_push(virtio, index, chain.head, (uint32_t)written);
		if (++served == SERVE_MAX) {
			tl_virtio_kick(virtio, index);
			return 0;
		}
	}
	return ret;
}

static void serve(struct tl_virtio_worker *worker, unsigned int index)
{
	struct tl_virtio *virtio = worker->virtio;
	int ret = 0;

	pthread_mutex_lock(&worker->lock);
	if (tl_virtio_works(virtio) && virtio->queues[index].running)
		ret = virtio->ops->kick ? virtio->ops->kick(virtio, index)
					: serve_requests(virtio, index);
	if (ret)
		needs_reset(virtio, virtio->queues[index].running ? "made a request that is none"
								  : "broke its queue");
	pthread_mutex_unlock(&worker->lock);
}

static void see_watch(struct tl_virtio_worker *worker, const struct pollfd *polled)
{
	struct tl_virtio *virtio = worker->virtio;
	bool watched = false;

	pthread_mutex_lock(&worker->lock);
	/* It may have been taken back meanwhile, or the device may be down: then it is now. */
	for (unsigned int i = 0; i < TL_VIRTIO_WATCHES; i++) {
		if (worker->watches[i].fd != polled->fd)
			continue;
		watched = tl_virtio_works(virtio);
		if (!watched) {
			worker->watches[i].fd = -1;
			worker->changed = true;
		}
	}
	if (watched && virtio->ops->ready(virtio, worker->index, polled->fd, polled->revents) < 0)
		needs_reset(virtio, "broke its queue");
	pthread_mutex_unlock(&worker->lock);
}

/* What a worker waits for: its wake_fd, its queues, its watches. */
static unsigned int fill_polls(struct tl_virtio_worker *worker, struct pollfd *polls)
{
	struct tl_virtio *virtio = worker->virtio;
	unsigned int n = 0;

	polls[n++] = (struct pollfd){.fd = worker->wake_fd, .events = POLLIN};
	for (unsigned int i = 0; i < worker->queues; i++) {
		unsigned int queue = worker->first_queue + i;
		bool ours = !(virtio->kernel_queues >> queue & 1);

		/* poll(2) passes over negative ones. */
		polls[n++] = (struct pollfd){
			.fd = ours ? virtio->kick_fds[queue] : -1, .events = POLLIN};
	}
	pthread_mutex_lock(&worker->lock);
	for (unsigned int i = 0; i < TL_VIRTIO_WATCHES; i++) {
		if (worker->watches[i].fd >= 0)
			polls[n++] = (struct pollfd){
				.fd = worker->watches[i].fd, .events = worker->watches[i].events};
	}
	pthread_mutex_unlock(&worker->lock);
	worker->changed = false;
	return n;
}

static void *work(void *arg)
{
	struct tl_virtio_worker *worker = arg;
	struct pollfd polls[1 + TL_VIRTIO_QUEUES + TL_VIRTIO_WATCHES];
	unsigned int n = fill_polls(worker, polls);
	eventfd_t count;

	tl_gate_pass(worker->virtio->env.gate, worker->virtio->ops->thread);
	/* Pairs with the store in stop_workers(). */
	while (!atomic_load_explicit(&worker->quit, memory_order_acquire)) {
		if (poll(polls, n, -1) < 0) {
			if (errno == EINTR)
				continue;
			break;
		}
		for (unsigned int i = 0; i < worker->queues; i++) {
			const struct pollfd *polled = &polls[1 + i];

			if (polled->revents && !eventfd_read(polled->fd, &count))
				serve(worker, worker->first_queue + i);
		}
		for (unsigned int i = 1 + worker->queues; i < n; i++) {
			if (polls[i].revents)
				see_watch(worker, &polls[i]);
		}
		if (polls[0].revents)
			(void)eventfd_read(worker->wake_fd, &count);
		if (polls[0].revents || worker->changed)
			n = fill_polls(worker, polls);
	}
	return NULL;
}

static void lock_workers(struct tl_virtio *virtio)
{
	for (unsigned int i = 0; i < virtio->worker_count; i++)
		pthread_mutex_lock(&virtio->workers[i].lock);
}

static void unlock_workers(struct tl_virtio *virtio)
{
	for (unsigned int i = virtio->worker_count; i-- > 0;)
		pthread_mutex_unlock(&virtio->workers[i].lock);
}

void tl_virtio_reset(struct tl_virtio *virtio)
{
	lock_workers(virtio);
	if (virtio->ops->stop)
		virtio->ops->stop(virtio);
	for (unsigned int i = 0; i < virtio->worker_count; i++)
		forget_watches(&virtio->workers[i]);
	for (unsigned int i = 0; i < virtio->queue_count; i++) {
		tl_vq_reset(&virtio->queues[i]);
		virtio->queue_ready[i] = false;
	}
	atomic_store(&virtio->status, 0);
	atomic_store(&virtio->interrupt_status, 0);
	virtio->driver_features = 0;
	unlock_workers(virtio);
	virtio->features_sel = virtio->driver_features_sel = virtio->queue_sel = 0;
}

void tl_virtio_start(struct tl_virtio *virtio)
{
	bool bad = false;

	lock_workers(virtio);
	for (unsigned int i = 0; i < virtio->queue_count; i++) {
		struct tl_vq *vq = &virtio->queues[i];

		vq->event_idx = tl_virtio_has(virtio, TL_VIRTIO_F_EVENT_IDX);
		vq->indirect = tl_virtio_has(virtio, TL_VIRTIO_F_INDIRECT);
		bad |= virtio->queue_ready[i] && tl_vq_start(vq);
	}
	if (bad)
		needs_reset(virtio, "placed a queue where none can be");
	else if (virtio->ops->start)
		virtio->ops->start(virtio);
	unlock_workers(virtio);
	/* What was made available before DRIVER_OK is not notified again. */
	for (unsigned int i = 0; i < virtio->queue_count; i++)
		tl_virtio_kick(virtio, i);
}

static void on_reset(struct tl_dev *dev)
{
	tl_virtio_reset((struct tl_virtio *)dev);
}

static void stop_workers(struct tl_virtio *virtio)
{
	tl_gate_cancel(virtio->env.gate);
	for (unsigned int i = 0; i < virtio->worker_count; i++) {
		struct tl_virtio_worker *worker = &virtio->workers[i];

		if (worker->has_thread) {
			/* Pairs with the load in work(). */
			atomic_store_explicit(&worker->quit, true, memory_order_release);
			(void)eventfd_write(worker->wake_fd, 1);
			pthread_join(worker->thread, NULL);
		}
		if (worker->wake_fd >= 0)
			close(worker->wake_fd);
	}
}

static void fini(struct tl_dev *dev)
{
	struct tl_virtio *virtio = (struct tl_virtio *)dev;

	stop_workers(virtio);
	if (virtio->ops->fini)
		virtio->ops->fini(virtio);
	for (unsigned int i = 0; i < virtio->queue_count; i++) {
		if (virtio->kick_fds[i] >= 0)
			close(virtio->kick_fds[i]);
	}
	if (virtio->irq_fd >= 0)
		close(virtio->irq_fd);
	for (unsigned int i = 0; i < virtio->worker_count; i++)
		pthread_mutex_destroy(&virtio->workers[i].lock);
	pthread_mutex_destroy(&virtio->config_lock);
	free(virtio);
}

static int connect_fds(struct tl_virtio *virtio)
{
	int vm_fd = virtio->env.irqchip->vm_fd, ret = 0;
	struct kvm_irqfd irqfd = {.gsi = virtio->dev.spi};

	virtio->irq_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (virtio->irq_fd < 0)
		return -errno;
	irqfd.fd = (uint32_t)virtio->irq_fd;
	ret = tl_kvm_ioctl(vm_fd, KVM_IRQFD, (unsigned long)&irqfd);
	for (unsigned int i = 0; i < virtio->queue_count && ret >= 0; i++) {
		struct kvm_ioeventfd notify = {.datamatch = i,
			.addr = virtio->dev.base + TL_VIRTIO_QUEUE_NOTIFY,
			.len = 4,
			.flags = KVM_IOEVENTFD_FLAG_DATAMATCH};

		virtio->kick_fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (virtio->kick_fds[i] < 0)
			return -errno;
		notify.fd = virtio->kick_fds[i];
		ret = tl_kvm_ioctl(vm_fd, KVM_IOEVENTFD, (unsigned long)&notify);
	}
	return ret < 0 ? ret : 0;
}

static int start_worker(struct tl_virtio_worker *worker)
{
	const char *name = worker->virtio->ops->name;
	char text[16];
	sigset_t all, old;
	int ret;

	worker->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->wake_fd < 0)
		return -errno;
	/* Signals are the main thread's business. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&worker->thread, NULL, work, worker);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (ret)
		return -ret;
	worker->has_thread = true;
	tl_gate_expect(worker->virtio->env.gate);
	snprintf(text, sizeof(text), worker->virtio->worker_count > 1 ? "%.11s %u" : "%.15s", name,
		worker->index);
	pthread_setname_np(worker->thread, text);
	return 0;
}

/* The locks and defaults that everything else needs, the worker of each queue included. */
static void prepare(struct tl_virtio *virtio)
{
	virtio->irq_fd = -1;
	pthread_mutex_init(&virtio->config_lock, NULL);
	if (!virtio->queue_count)
		virtio->queue_count = virtio->ops->queues;
	virtio->worker_count = virtio->ops->worker_per_queue ? virtio->queue_count : 1;
	for (unsigned int i = 0; i < virtio->queue_count; i++) {
		virtio->kick_fds[i] = -1;
		virtio->queues[i].mem = virtio->env.mem;
	}
	for (unsigned int i = 0; i < virtio->worker_count; i++) {
		struct tl_virtio_worker *worker = &virtio->workers[i];

		worker->virtio = virtio;
		worker->index = worker->first_queue = i;
		worker->queues = virtio->worker_count > 1 ? 1 : virtio->queue_count;
		worker->wake_fd = -1;
		pthread_mutex_init(&worker->lock, NULL);
		for (unsigned int w = 0; w < TL_VIRTIO_WATCHES; w++)
			worker->watches[w].fd = -1;
	}
}

int tl_virtio_init(struct tl_virtio *virtio, const struct tl_dev_env *env,
	const struct tl_virtio_ops *ops, uint64_t base, unsigned int spi)
{
	static const struct tl_dev_ops dev_ops = {.name = "virtio-mmio",
		.mmio = tl_virtio_mmio,
		.fdt = tl_virtio_mmio_add_node,
		.reset = on_reset,
		.fini = fini};
	int ret;

	virtio->dev =
		(struct tl_dev){.ops = &dev_ops, .base = base, .size = TL_VIRTIO_SIZE, .spi = spi};
	virtio->ops = ops;
	virtio->env = *env;
	virtio->features |= UINT64_C(1) << TL_VIRTIO_F_VERSION_1 |
			    UINT64_C(1) << TL_VIRTIO_F_INDIRECT |
			    UINT64_C(1) << TL_VIRTIO_F_EVENT_IDX;
	prepare(virtio);
	ret = connect_fds(virtio);
	for (unsigned int i = 0; i < virtio->worker_count && !ret; i++)
		ret = start_worker(&virtio->workers[i]);
	if (ret) {
		tl_log_error("%s: cannot connect it to KVM: %s", ops->name, strerror(-ret));
		fini(&virtio->dev);
	}
	return ret;
}
