/* SPDX-License-Identifier: MIT */
/*
 * A transport without threads, KVM and registers.
 */
#include "tests/fuzz/fake_virtio.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

struct tl_virtio *fuzz_virtio;

static struct tl_mem ram;
static struct {
	int fd;
	short events; /* 0: none */
} watches[TL_VIRTIO_WATCHES];

struct tl_mem *fuzz_ram(const uint8_t *data, size_t size)
{
	if (!ram.host && tl_mem_init(&ram, BASE, RAM_SIZE))
		abort();
	size = size < RAM_SIZE ? size : RAM_SIZE;
	memcpy(ram.host, data, size);
	memset(ram.host + size, 0, RAM_SIZE - size);
	return &ram;
}

int tl_virtio_init(struct tl_virtio *made, const struct tl_dev_env *env,
	const struct tl_virtio_ops *ops, uint64_t base, unsigned int spi)
{
	(void)base;
	(void)spi;
	fuzz_virtio = made;
	made->ops = ops;
	made->env = *env;
	if (!made->queue_count)
		made->queue_count = ops->queues;
	return 0;
}

bool tl_virtio_has(const struct tl_virtio *virtio, unsigned int feature)
{
	return virtio->driver_features >> feature & 1;
}

bool tl_virtio_works(struct tl_virtio *virtio)
{
	return virtio == fuzz_virtio;
}

void tl_virtio_push(struct tl_virtio *virtio, unsigned int queue, uint16_t head, uint32_t written)
{
	if (queue >= virtio->queue_count || head >= virtio->queues[queue].size)
		abort();
	tl_vq_push(&virtio->queues[queue], head, written);
	(void)tl_vq_must_interrupt(&virtio->queues[queue]);
}

void tl_virtio_interrupt(struct tl_virtio *virtio)
{
	(void)virtio;
}

void tl_virtio_set_config(
	struct tl_virtio *virtio, uint64_t offset, const void *bytes, unsigned int size)
{
	if (offset + size > virtio->config_size)
		abort();
	memcpy(virtio->config + offset, bytes, size);
}

int tl_virtio_watch(struct tl_virtio *virtio, unsigned int worker, int fd, short events)
{
	unsigned int at = TL_VIRTIO_WATCHES;

	if (virtio != fuzz_virtio || worker || fd < 0)
		abort();
	for (unsigned int i = TL_VIRTIO_WATCHES; i-- > 0;) {
		if (watches[i].events && watches[i].fd == fd) {
			at = i;
			break;
		}
		if (!watches[i].events)
			at = i;
	}
	if (at == TL_VIRTIO_WATCHES)
		abort();
	watches[at].fd = fd;
	watches[at].events = events;
	return 0;
}

void tl_virtio_kick(struct tl_virtio *virtio, unsigned int queue)
{
	if (virtio != fuzz_virtio || queue >= virtio->queue_count)
		abort();
}

void fuzz_start(uint64_t features)
{
	if (fuzz_virtio->ops->stop)
		fuzz_virtio->ops->stop(fuzz_virtio);
	memset(watches, 0, sizeof(watches));
	fuzz_virtio->driver_features = features;
	for (unsigned int i = 0; i < fuzz_virtio->queue_count; i++) {
		uint64_t rings = BASE + RING * (uint64_t)i;

		fuzz_virtio->queues[i] = (struct tl_vq){.mem = &ram,
			.size = QUEUE_SIZE,
			.desc = rings,
			.avail = rings + AVAIL,
			.used = rings + USED,
			.indirect = true};
		if (tl_vq_start(&fuzz_virtio->queues[i]))
			abort();
	}
	if (fuzz_virtio->ops->start)
		fuzz_virtio->ops->start(fuzz_virtio);
}

int fuzz_kick(unsigned int queue)
{
	static struct tl_vq_chain chain;
	int64_t ret = 0;

	if (fuzz_virtio->ops->kick)
		return fuzz_virtio->ops->kick(fuzz_virtio, queue);
	/* One by one, for a device that has them so. */
	for (unsigned int i = 0; i < QUEUE_SIZE * 4 && ret >= 0; i++) {
		ret = tl_vq_next(&fuzz_virtio->queues[queue], &chain);
		if (ret <= 0)
			return (int)ret;
		ret = fuzz_virtio->ops->request(fuzz_virtio, queue, &chain);
		if (ret >= 0)
			tl_virtio_push(fuzz_virtio, queue, chain.head, (uint32_t)ret);
	}
	return ret < 0 ? (int)ret : 0;
}

int fuzz_ready(void)
{
	int ret = 0;

	for (unsigned int i = 0; i < TL_VIRTIO_WATCHES && !ret; i++) {
		if (watches[i].events)
			ret = fuzz_virtio->ops->ready(fuzz_virtio, 0, watches[i].fd,
				(short)(watches[i].events | POLLHUP));
	}
	return ret;
}

void fuzz_offer(unsigned int queue, unsigned int number, uint64_t addr, uint32_t len, bool write)
{
	const struct {
		uint64_t addr;
		uint32_t len;
		uint16_t flags, next;
	} desc = {addr, len, write ? 2 : 0, 0};
	uint8_t *rings = ram.host + RING * (size_t)queue;
	uint16_t idx, head = (uint16_t)(number % QUEUE_SIZE);

	memcpy(rings + 16ul * head, &desc, sizeof(desc));
	memcpy(&idx, rings + AVAIL + 2, sizeof(idx));
	memcpy(rings + AVAIL + 4 + 2ul * (idx % QUEUE_SIZE), &head, sizeof(head));
	idx++;
	memcpy(rings + AVAIL + 2, &idx, sizeof(idx));
}

void fuzz_end(void)
{
	if (fuzz_virtio->ops->fini)
		fuzz_virtio->ops->fini(fuzz_virtio);
	free(fuzz_virtio);
	fuzz_virtio = NULL;
}
