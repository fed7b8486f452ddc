/* SPDX-License-Identifier: MIT */
/*
 * The registers of a virtio device (vmm/dev/virtio/mmio.c): the input is accesses to them, and
 * the guest's RAM, where the queues are that they lead to. Each request that comes of it must lie
 * inside RAM, and no queue may run that was not agreed on.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fake_virtio.h"
#include "vmm/dev/virtio/transport.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS  64u
#define QUEUES 3u
#define POPS   50u

struct step {
	uint16_t offset;
	uint8_t flags; /* bits 0, 1: log2 of the size; 2: a write; 3: any offset; 7: serve */
	uint8_t base;  /* added to the value, in the place of RAM's address */
	uint32_t value;
};

static bool write_config(
	struct tl_virtio *virtio, uint64_t offset, unsigned int size, uint64_t value)
{
	if (size > 4 || offset + size > virtio->config_size)
		abort();
	memcpy(virtio->config + offset, &value, size);
	return true;
}

static const struct tl_virtio_ops ops = {
	.name = "fuzz", .id = 99, .queues = QUEUES, .write_config = write_config};
static struct tl_virtio virtio;

void tl_virtio_start(struct tl_virtio *started)
{
	uint32_t status = atomic_load(&started->status);

	if (!(status & TL_VIRTIO_S_FEATURES_OK) || !(status & TL_VIRTIO_S_DRIVER_OK) ||
		started->driver_features & ~started->features ||
		!(started->driver_features >> TL_VIRTIO_F_VERSION_1 & 1))
		abort();
	for (unsigned int i = 0; i < QUEUES; i++) {
		if (started->queue_ready[i] && tl_vq_start(&started->queues[i]))
			atomic_fetch_or(&started->status, TL_VIRTIO_S_NEEDS_RESET);
	}
}

void tl_virtio_reset(struct tl_virtio *reset)
{
	for (unsigned int i = 0; i < QUEUES; i++)
		tl_vq_reset(&reset->queues[i]);
	memset(reset->queue_ready, 0, sizeof(reset->queue_ready));
	reset->driver_features = 0;
	atomic_store(&reset->status, 0);
	atomic_store(&reset->interrupt_status, 0);
}

static void serve(struct tl_vq *vq)
{
	static struct tl_vq_chain chain;

	for (unsigned int i = 0; vq->running && i < POPS && tl_vq_pop(vq, &chain) > 0; i++) {
		for (unsigned int s = 0; s < chain.out + chain.in; s++) {
			const uint8_t *at = chain.iov[s].iov_base;

			if (at < vq->mem->host || at >= vq->mem->host + vq->mem->size ||
				chain.iov[s].iov_len > (size_t)(vq->mem->host + vq->mem->size - at))
				abort();
		}
		tl_vq_push(vq, chain.head, 0);
		(void)tl_vq_must_interrupt(vq);
	}
}

static void touch(const struct step *step)
{
	struct tl_mmio access = {.size = 1u << (step->flags & 3), .is_write = step->flags >> 2 & 1};
	uint32_t before = atomic_load(&virtio.status), after;

	access.offset = step->offset % (0x200 - access.size + 1);
	if (!(step->flags & 8)) {
		access.size = 4;
		access.offset = step->offset % 0x180 & ~3u;
	}
	access.value = access.is_write ? step->value : 0;
	/* An address, mostly of RAM. */
	if (access.is_write && step->base & 1)
		access.value = BASE + step->value % RAM_SIZE;
	(void)tl_virtio_mmio(&virtio.dev, &access);
	after = atomic_load(&virtio.status);
	/* The driver cannot take back what the device says, but by a reset. */
	if (after && (before & TL_VIRTIO_S_NEEDS_RESET & ~after))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct step step;
	struct tl_mem *mem;

	if (size < 1)
		return 0;
	mem = fuzz_ram(data, size);
	memset(&virtio, 0, sizeof(virtio));
	virtio.ops = &ops;
	virtio.queue_count = QUEUES;
	virtio.config_size = 1 + data[0] % sizeof(virtio.config);
	virtio.features = UINT64_C(1) << TL_VIRTIO_F_VERSION_1 | 0x30000000 | data[0];
	pthread_mutex_init(&virtio.config_lock, NULL);
	for (unsigned int i = 0; i < QUEUES; i++)
		virtio.queues[i].mem = mem;
	/* The accesses are at the end, so that the rings may be at the beginning. */
	for (unsigned int i = 0; i < STEPS && size >= (i + 1) * sizeof(step); i++) {
		memcpy(&step, data + size - (i + 1) * sizeof(step), sizeof(step));
		touch(&step);
		if (step.flags & 128)
			serve(&virtio.queues[step.base % QUEUES]);
	}
	tl_virtio_reset(&virtio);
	pthread_mutex_destroy(&virtio.config_lock);
	return 0;
}
