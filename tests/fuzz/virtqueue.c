/* SPDX-License-Identifier: MIT */
/*
 * Virtqueues: the input is how a driver places its queue, and the guest's RAM with the rings
 * in it. Every request that comes out of it must lie inside RAM.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fake_virtio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define POPS 300

struct placement {
	uint16_t size, flags; /* bit 0: event index, 1: indirect, 2: addresses as they are */
	uint64_t desc, avail, used;
};

#define EVENT_IDX 1u
#define INDIRECT  2u
#define ANYWHERE  4u

/* A good place, as most inputs would else not even start. */
static uint64_t place(uint64_t addr, uint32_t align, const struct placement *in)
{
	return in->flags & ANYWHERE ? addr : BASE + addr % RAM_SIZE / align * align;
}

static void check(const struct tl_mem *mem, const struct tl_vq_chain *chain, uint32_t queue_size)
{
	uint64_t bytes[2] = {0, 0};

	if (chain->out + chain->in == 0 || chain->out + chain->in > TL_VQ_SEGMENTS ||
		chain->out + chain->in > queue_size || chain->head >= queue_size)
		abort();
	for (unsigned int i = 0; i < chain->out + chain->in; i++) {
		const uint8_t *at = chain->iov[i].iov_base;
		size_t length = chain->iov[i].iov_len;

		if (!length || at < mem->host || at >= mem->host + mem->size ||
			length > (size_t)(mem->host + mem->size - at))
			abort();
		bytes[i >= chain->out] += length;
	}
	if (bytes[0] != chain->out_bytes || bytes[1] != chain->in_bytes ||
		bytes[0] + bytes[1] > UINT32_MAX)
		abort();
}

/* As a device does it, which writes to what it may write: rings and tables, too. */
static void serve(struct tl_vq *vq)
{
	static struct tl_vq_chain chain;
	unsigned int pops = 0;

	do {
		while (pops++ < POPS && tl_vq_pop(vq, &chain) > 0) {
			check(vq->mem, &chain, vq->size);
			for (unsigned int i = 0; i < chain.in; i++)
				memset(chain.iov[chain.out + i].iov_base, (int)pops, 1);
			tl_vq_push(vq, chain.head, (uint32_t)chain.in_bytes);
			if (pops % 4 == 0)
				(void)tl_vq_must_interrupt(vq);
		}
	} while (tl_vq_wait(vq) && pops < POPS);
	(void)tl_vq_must_interrupt(vq);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct placement in;
	struct tl_vq vq = {0};

	if (size < sizeof(in))
		return 0;
	memcpy(&in, data, sizeof(in));
	vq.mem = fuzz_ram(data + sizeof(in), size - sizeof(in));
	vq.size = in.flags & ANYWHERE ? in.size : 1u << in.size % 9;
	vq.desc = place(in.desc, 16, &in);
	vq.avail = place(in.avail, 2, &in);
	vq.used = place(in.used, 4, &in);
	vq.event_idx = in.flags & EVENT_IDX;
	vq.indirect = in.flags & INDIRECT;
	if (tl_vq_start(&vq)) {
		if (vq.running)
			abort();
		return 0;
	}
	serve(&vq);
	tl_vq_reset(&vq);
	return 0;
}
