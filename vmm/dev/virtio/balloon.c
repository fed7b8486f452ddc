/* SPDX-License-Identifier: MIT */
/*
 * What the guest gives back goes to the host at once: madvise(MADV_DONTNEED). A page that the
 * guest takes again is a new one, of zeros.
 */
#include "vmm/dev/virtio/balloon.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/dev/virtio/virtio.h"

#define DEVICE_ID 5u
/* Section 5.5.6: page frame numbers are of 4096 bytes, whatever pages the guest has. */
#define PFN_SHIFT 12

#define F_DEFLATE_ON_OOM 2
#define F_PAGE_REPORTING 5

/*
 * Section 5.5.2. Queues of features that are not there do not exist, and it is not said whether
 * the numbers of the others move up: Linux moves them, others may not. So each behind the
 * first two is one for reports.
 */
#define Q_INFLATE 0u
#define Q_DEFLATE 1u
#define QUEUES    5u

/* Section 5.5.4, as far as the features need it. */
struct config {
	uint32_t num_pages, actual;
	uint32_t free_page_hint_cmd_id, poison_val;
};

struct balloon {
	struct tl_virtio virtio;
	uint64_t host_page; /* bytes */
	_Atomic uint64_t inflated, reported;
};

/* Gives the whole pages of the host in the range back. Returns how many bytes. */
static uint64_t give_back(const struct balloon *balloon, char *from, uint64_t bytes)
{
	uint64_t head = -(uintptr_t)from & (balloon->host_page - 1);

	if (bytes < head)
		return 0;
	bytes = (bytes - head) & ~(balloon->host_page - 1);
	if (!bytes)
		return 0;
	return madvise(from + head, bytes, MADV_DONTNEED) ? 0 : bytes;
}

/*
 * Page frame numbers, one after the other. Runs of them are given back together; where the
 * host's pages are larger than 4096 bytes, only what is a whole one.
 */
static int64_t inflate(struct balloon *balloon, struct tl_vq_chain *chain)
{
	uint64_t run = 0, run_bytes = 0;
	uint32_t pfns[64];

	for (uint64_t at = 0; at < chain->out_bytes; at += sizeof(pfns)) {
		size_t n = tl_virtio_copy_out(chain, at, pfns, sizeof(pfns)) / sizeof(*pfns);

		for (size_t i = 0; i < n; i++) {
			uint64_t gpa = (uint64_t)pfns[i] << PFN_SHIFT;

			/* A guest that lies harms only itself, but only RAM is given back. */
			if (!tl_mem_contains(balloon->virtio.env.mem, gpa, 1u << PFN_SHIFT))
				return -EPROTO;
			if (run_bytes && gpa == run + run_bytes) {
				run_bytes += 1u << PFN_SHIFT;
				continue;
			}
			if (run_bytes)
				balloon->inflated += give_back(balloon,
					tl_mem_at(balloon->virtio.env.mem, run, run_bytes),
					run_bytes);
			run = gpa;
			run_bytes = 1u << PFN_SHIFT;
		}
	}
	if (run_bytes)
		balloon->inflated += give_back(
			balloon, tl_mem_at(balloon->virtio.env.mem, run, run_bytes), run_bytes);
	return 0;
}

/* Section 5.5.6.7: each buffer is free memory itself. */
static int64_t report(struct balloon *balloon, const struct tl_vq_chain *chain)
{
	for (unsigned int i = 0; i < chain->in; i++) {
		const struct iovec *iov = &chain->iov[chain->out + i];

		balloon->reported += give_back(balloon, iov->iov_base, iov->iov_len);
	}
	return 0;
}

/* Numbers are whole, no more than there are pages, and there is nothing to write. */
static bool are_numbers(const struct tl_virtio *virtio, const struct tl_vq_chain *chain)
{
	return !chain->in && chain->out_bytes % sizeof(uint32_t) == 0 &&
	       chain->out_bytes / sizeof(uint32_t) <= virtio->env.mem->size >> PFN_SHIFT;
}

static int64_t request(struct tl_virtio *virtio, unsigned int queue, struct tl_vq_chain *chain)
{
	struct balloon *balloon = (struct balloon *)virtio;

	switch (queue) {
	case Q_INFLATE:
		return are_numbers(virtio, chain) ? inflate(balloon, chain) : -EPROTO;
	case Q_DEFLATE:
		return are_numbers(virtio, chain) ? 0 : -EPROTO;
	default:
		if (!tl_virtio_has(virtio, F_PAGE_REPORTING))
			return -EPROTO;
		return report(balloon, chain);
	}
}

/* The driver tells how much it has given back (section 5.5.6). */
static bool write_config(
	struct tl_virtio *virtio, uint64_t offset, unsigned int size, uint64_t value)
{
	const uint32_t actual = (uint32_t)value;

	if (offset != offsetof(struct config, actual) || size != sizeof(actual))
		return false;
	pthread_mutex_lock(&virtio->config_lock);
	memcpy(virtio->config + offset, &actual, sizeof(actual));
	pthread_mutex_unlock(&virtio->config_lock);
	return true;
}

/* A new driver has nothing in the balloon. */
static void stop(struct tl_virtio *virtio)
{
	pthread_mutex_lock(&virtio->config_lock);
	memset(virtio->config + offsetof(struct config, actual), 0, sizeof(uint32_t));
	pthread_mutex_unlock(&virtio->config_lock);
}

static const struct tl_virtio_ops balloon_ops = {.name = "virtio-balloon",
	.thread = TL_SANDBOX_BALLOON,
	.id = DEVICE_ID,
	.queues = QUEUES,
	.request = request,
	.stop = stop,
	.write_config = write_config};

/* Never more than there is: the guest's kernel would take all of its memory. */
static uint32_t pages_of(const struct tl_virtio *virtio, uint64_t bytes)
{
	uint64_t most = virtio->env.mem->size;

	return (uint32_t)((bytes < most ? bytes : most) >> PFN_SHIFT);
}

int tl_virtio_balloon_create(struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base,
	unsigned int spi, uint64_t bytes)
{
	struct balloon *balloon = calloc(1, sizeof(*balloon));
	struct config config = {0};

	*dev = NULL;
	if (!balloon) {
		tl_log_error("--balloon: out of memory");
		return -ENOMEM;
	}
	balloon->host_page = (uint64_t)sysconf(_SC_PAGESIZE);
	balloon->virtio.env = *env;
	balloon->virtio.features = UINT64_C(1) << F_DEFLATE_ON_OOM | UINT64_C(1)
									     << F_PAGE_REPORTING;
	config.num_pages = pages_of(&balloon->virtio, bytes);
	memcpy(balloon->virtio.config, &config, sizeof(config));
	balloon->virtio.config_size = sizeof(config);
	if (tl_virtio_init(&balloon->virtio, env, &balloon_ops, base, spi))
		return -EIO;
	*dev = &balloon->virtio.dev;
	return 0;
}

void tl_virtio_balloon_ask(struct tl_dev *dev, uint64_t bytes)
{
	struct tl_virtio *virtio = (struct tl_virtio *)dev;
	const uint32_t pages = pages_of(virtio, bytes);

	tl_virtio_set_config(virtio, offsetof(struct config, num_pages), &pages, sizeof(pages));
}

struct tl_balloon_state tl_virtio_balloon_state(struct tl_dev *dev)
{
	struct balloon *balloon = (struct balloon *)dev;
	struct config config;

	pthread_mutex_lock(&balloon->virtio.config_lock);
	memcpy(&config, balloon->virtio.config, sizeof(config));
	pthread_mutex_unlock(&balloon->virtio.config_lock);
	return (struct tl_balloon_state){.asked = (uint64_t)config.num_pages << PFN_SHIFT,
		.given = (uint64_t)config.actual << PFN_SHIFT,
		.inflated = atomic_load(&balloon->inflated),
		.reported = atomic_load(&balloon->reported)};
}
