/* SPDX-License-Identifier: MIT */
/*
 * A worker for each queue. One request alone is carried out by the worker itself, which is the
 * cheapest and, while nothing else waits, the quickest; several go to the kernel together, by
 * io_uring, and come back in the order in which they are done. FLUSH covers what was
 * acknowledged before, whatever way it went, because all goes through the host's page cache.
 */
#include "vmm/dev/virtio/blk.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "vmm/dev/virtio/blk_request.h"
#include "vmm/dev/virtio/blk_ring.h"
#include "vmm/dev/virtio/virtio.h"

#define DEVICE_ID  2u
#define QUEUES_MAX 8u
/* Requests of a queue in a row, before the lock is let go for a reset. */
#define SERVE_MAX 256u

/* Feature bits: section 5.2.3. */
#define F_SEG_MAX      2
#define F_RO           5
#define F_BLK_SIZE     6
#define F_FLUSH        9
#define F_MQ           12
#define F_DISCARD      13
#define F_WRITE_ZEROES 14

struct blk;

/* What a queue's worker has. */
struct queue {
	struct blk *blk;
	unsigned int index;
	struct tl_blk_ring *ring; /* made when it is first of use, or NULL */
	bool watched;             /* the worker waits for the ring */
};

struct blk {
	struct tl_virtio virtio;
	struct tl_blk_file file;
	enum tl_disk_io io;
	unsigned int number;
	_Atomic bool no_ring; /* the host has none for us */
	struct queue queues[QUEUES_MAX];
};

/* Section 5.2.4. */
struct config {
	uint64_t capacity;
	uint32_t size_max, seg_max;
	uint16_t cylinders;
	uint8_t heads, sectors;
	uint32_t blk_size;
	uint8_t physical_block_exp, alignment_offset;
	uint16_t min_io_size;
	uint32_t opt_io_size;
	uint8_t writeback, unused0;
	uint16_t num_queues;
	uint32_t max_discard_sectors, max_discard_seg, discard_sector_alignment;
	uint32_t max_write_zeroes_sectors, max_write_zeroes_seg;
	uint8_t write_zeroes_may_unmap, unused1[3];
} __attribute__((packed));

/* Given back, but the driver is not told yet. */
static void done(void *opaque, uint16_t head, uint32_t written)
{
	struct queue *queue = opaque;
	struct tl_virtio *virtio = &queue->blk->virtio;

	/* What comes back after the driver broke the rules is too late. */
	if (tl_virtio_works(virtio))
		tl_vq_push(&virtio->queues[queue->index], head, written);
}

/* Once for all that were given back together. */
static void tell(struct queue *queue)
{
	struct tl_virtio *virtio = &queue->blk->virtio;

	if (tl_vq_must_interrupt(&virtio->queues[queue->index]))
		tl_virtio_interrupt(virtio);
}

static void drop_ring(struct queue *queue, int why)
{
	struct blk *blk = queue->blk;

	if (!blk->no_ring)
		tl_log_info("disk '%s': no io_uring (%s): one request after the other",
			blk->file.path, strerror(-why));
	blk->no_ring = true;
	if (queue->watched)
		(void)tl_virtio_watch(&blk->virtio, queue->index, tl_blk_ring_fd(queue->ring), 0);
	queue->watched = false;
	tl_blk_ring_destroy(queue->ring);
	queue->ring = NULL;
}

/* The queue's ring, made now if it must be; NULL: there is none. */
static struct tl_blk_ring *ring_of(struct queue *queue)
{
	struct blk *blk = queue->blk;
	int ret;

	if (queue->ring || blk->no_ring)
		return queue->ring;
	ret = tl_blk_ring_create(&queue->ring, &blk->file, done, queue);
	if (ret)
		drop_ring(queue, ret);
	return queue->ring;
}

/* Whether the ring is better than the worker itself. */
static bool wants_ring(const struct queue *queue, const struct tl_blk_request *request)
{
	const struct blk *blk = queue->blk;

	if (request->type == TL_BLK_T_IN || request->type == TL_BLK_T_OUT) {
		if (!request->bytes)
			return false;
	} else if (request->type != TL_BLK_T_FLUSH) {
		return false;
	}
	if (blk->io != TL_DISK_IO_AUTO)
		return blk->io == TL_DISK_IO_URING;
	/* There it would go by way of other threads, and no quicker. */
	if (blk->file.in_memory)
		return false;
	/* A flush takes long, and what comes meanwhile should not wait for it. */
	return request->type == TL_BLK_T_FLUSH ||
	       (queue->ring && tl_blk_ring_in_flight(queue->ring)) ||
	       tl_vq_more(&blk->virtio.queues[queue->index]);
}

/* Begins with a request, or carries it out. Returns 0 or -EPROTO. */
static int begin(struct queue *queue, const struct tl_vq_chain *chain)
{
	struct blk *blk = queue->blk;
	struct tl_blk_request request;
	struct tl_blk_ring *ring;
	int ret = tl_blk_request_parse(&request, &blk->file, chain);

	if (ret < 0)
		return ret;
	if (!ret) {
		done(queue, chain->head, 1);
		return 0;
	}
	ring = wants_ring(queue, &request) ? ring_of(queue) : NULL;
	/* A driver that has more of them than its queue has places. */
	if (ring && tl_blk_ring_in_flight(ring) == TL_VQ_SIZE_MAX)
		return -EPROTO;
	if (ring && !tl_blk_ring_add(ring, &request))
		return 0;
	done(queue, chain->head, tl_blk_request_do(&request, &blk->file, blk->number));
	/* At once: the next request may take long. */
	tell(queue);
	return 0;
}

/* What was added is submitted, and what is done already given back. */
static void submit(struct queue *queue)
{
	struct tl_blk_ring *ring = queue->ring;
	bool busy;
	int ret;

	if (!ring)
		return;
	ret = tl_blk_ring_submit(ring);
	if (!ret)
		ret = tl_blk_ring_reap(ring);
	if (ret) {
		drop_ring(queue, ret);
		return;
	}
	busy = tl_blk_ring_in_flight(ring);
	if (busy != queue->watched && !tl_virtio_watch(&queue->blk->virtio, queue->index,
					      tl_blk_ring_fd(ring), busy ? POLLIN : 0))
		queue->watched = busy;
}

static int serve(struct queue *queue)
{
	static _Thread_local struct tl_vq_chain chain;
	struct tl_virtio *virtio = &queue->blk->virtio;
	struct tl_vq *vq = &virtio->queues[queue->index];
	unsigned int served = 0;
	int ret;

	do {
		while ((ret = tl_vq_pop(vq, &chain)) > 0) {
			ret = begin(queue, &chain);
			if (ret)
				return ret;
			if (++served == SERVE_MAX) {
				tl_virtio_kick(virtio, queue->index);
				return 0;
			}
		}
		if (ret < 0)
			return ret;
		submit(queue);
		tell(queue);
	} while (tl_vq_wait(vq));
	return 0;
}

static int kick(struct tl_virtio *virtio, unsigned int index)
{
	struct queue *queue = &((struct blk *)virtio)->queues[index];
	int ret = serve(queue);

	submit(queue);
	tell(queue);
	return ret;
}

static int ready(struct tl_virtio *virtio, unsigned int worker, int fd, short events)
{
	struct queue *queue = &((struct blk *)virtio)->queues[worker];

	(void)fd;
	(void)events;
	submit(queue);
	tell(queue);
	return 0;
}

static void start(struct tl_virtio *virtio)
{
	struct blk *blk = (struct blk *)virtio;

	/* Section 5.2.6.2: who cannot flush is not to need it. */
	blk->file.write_through = !tl_virtio_has(virtio, F_FLUSH);
}

static void stop(struct tl_virtio *virtio)
{
	struct blk *blk = (struct blk *)virtio;

	for (unsigned int i = 0; i < virtio->queue_count; i++) {
		if (blk->queues[i].ring)
			tl_blk_ring_drain(blk->queues[i].ring);
		blk->queues[i].watched = false;
	}
}

static void fini(struct tl_virtio *virtio)
{
	struct blk *blk = (struct blk *)virtio;

	for (unsigned int i = 0; i < virtio->queue_count; i++)
		tl_blk_ring_destroy(blk->queues[i].ring);
	tl_blk_file_close(&blk->file);
}

static const struct tl_virtio_ops blk_ops = {.name = "virtio-blk",
	.thread = TL_SANDBOX_DISK,
	.id = DEVICE_ID,
	.queues = QUEUES_MAX,
	.worker_per_queue = true,
	.kick = kick,
	.ready = ready,
	.start = start,
	.stop = stop,
	.fini = fini};

static void set_config(struct blk *blk)
{
	const struct config config = {.capacity = blk->file.bytes / TL_BLK_SECTOR,
		.seg_max = TL_VQ_SEGMENTS - 2,
		.blk_size = blk->file.block_size,
		.num_queues = (uint16_t)blk->virtio.queue_count,
		.max_discard_sectors = TL_BLK_RANGE_SECTORS,
		.max_discard_seg = 1,
		.discard_sector_alignment =
			blk->file.block_size > 4096 ? blk->file.block_size / TL_BLK_SECTOR : 8,
		.max_write_zeroes_sectors = TL_BLK_RANGE_SECTORS,
		.max_write_zeroes_seg = 1,
		.write_zeroes_may_unmap = 1};

	_Static_assert(sizeof(config) <= TL_VIRTIO_CONFIG, "the configuration does not fit");
	memcpy(blk->virtio.config, &config, sizeof(config));
	blk->virtio.config_size = sizeof(config);
	blk->virtio.features = UINT64_C(1) << F_SEG_MAX | UINT64_C(1) << F_BLK_SIZE |
			       UINT64_C(1) << F_FLUSH | UINT64_C(1) << F_MQ;
	if (blk->file.read_only)
		blk->virtio.features |= UINT64_C(1) << F_RO;
	else
		blk->virtio.features |= UINT64_C(1) << F_DISCARD | UINT64_C(1) << F_WRITE_ZEROES;
}

/* What was asked for by name has to be there. */
static int check_ring(const struct tl_disk *disk, struct tl_blk_file *file)
{
	struct tl_blk_ring *ring;
	int ret;

	if (disk->io != TL_DISK_IO_URING)
		return 0;
	ret = tl_blk_ring_create(&ring, file, NULL, NULL);
	if (ret)
		tl_log_error("--disk '%s': io=uring: this host's kernel has no io_uring for us: %s",
			disk->path, strerror(-ret));
	tl_blk_ring_destroy(ring);
	return ret ? -EIO : 0;
}

/* Behind the gate no more can be made. */
static void make_rings(struct blk *blk)
{
	if (blk->io == TL_DISK_IO_AUTO && blk->file.in_memory)
		blk->no_ring = true;
	for (unsigned int i = 0; i < blk->virtio.queue_count; i++)
		(void)ring_of(&blk->queues[i]);
}

int tl_virtio_blk_create(struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base,
	unsigned int spi, const struct tl_disk *disk, unsigned int number, unsigned int cpus)
{
	struct blk *blk = calloc(1, sizeof(*blk));
	int ret;

	*dev = NULL;
	if (!blk) {
		tl_log_error("--disk '%s': out of memory", disk->path);
		return -ENOMEM;
	}
	ret = tl_blk_file_open(&blk->file, disk);
	if (!ret)
		ret = check_ring(disk, &blk->file);
	if (ret) {
		tl_blk_file_close(&blk->file);
		free(blk);
		return ret;
	}
	blk->number = number;
	blk->io = disk->io;
	blk->no_ring = disk->io == TL_DISK_IO_SYNC;
	blk->virtio.queue_count = cpus < QUEUES_MAX ? cpus : QUEUES_MAX;
	for (unsigned int i = 0; i < blk->virtio.queue_count; i++)
		blk->queues[i] = (struct queue){.blk = blk, .index = i};
	set_config(blk);
	if (env->gate)
		make_rings(blk);
	if (tl_virtio_init(&blk->virtio, env, &blk_ops, base, spi))
		return -EIO;
	*dev = &blk->virtio.dev;
	return 0;
}
