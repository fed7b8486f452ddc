/* SPDX-License-Identifier: MIT */
/*
 * Layouts: virtio 1.2, sections 2.7.5 (descriptors), 2.7.6 (available ring) and 2.7.8 (used
 * ring). Little endian, as all machines here are.
 */
#include "vmm/dev/virtio/queue.h"

#include <errno.h>
#include <string.h>

#define DESC_NEXT     1u
#define DESC_WRITE    2u
#define DESC_INDIRECT 4u

#define AVAIL_NO_INTERRUPT 1u

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

struct used_elem {
	uint32_t id, len;
};

/* Offsets in the rings, in bytes. */
#define RING_FLAGS        0u
#define RING_IDX          2u
#define AVAIL_ENTRY(i)    (4u + 2u * (i))
#define USED_ENTRY(i)     (4u + 8u * (i))
#define AVAIL_BYTES(size) (6u + 2u * (size))
#define USED_BYTES(size)  (6u + 8u * (size))

static uint16_t load16(const void *ring, size_t offset)
{
	return __atomic_load_n((const uint16_t *)((const char *)ring + offset), __ATOMIC_RELAXED);
}

static void store16(void *ring, size_t offset, uint16_t value)
{
	__atomic_store_n((uint16_t *)((char *)ring + offset), value, __ATOMIC_RELAXED);
}

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

int tl_vq_start(struct tl_vq *vq)
{
	uint64_t desc_bytes = 16ul * vq->size, avail_bytes = AVAIL_BYTES(vq->size),
		 used_bytes = USED_BYTES(vq->size);

	vq->running = false;
	if (!vq->size || vq->size > TL_VQ_SIZE_MAX || (vq->size & (vq->size - 1)))
		return -EPROTO;
	if (vq->desc % 16 || vq->avail % 2 || vq->used % 4)
		return -EPROTO;
	vq->desc_at = tl_mem_at(vq->mem, vq->desc, desc_bytes);
	vq->avail_at = tl_mem_at(vq->mem, vq->avail, avail_bytes);
	vq->used_at = tl_mem_at(vq->mem, vq->used, used_bytes);
	if (!vq->desc_at || !vq->avail_at || !vq->used_at)
		return -EPROTO;
	/* What we write must not be what the driver does. */
	if (overlap(vq->used, used_bytes, vq->desc, desc_bytes) ||
		overlap(vq->used, used_bytes, vq->avail, avail_bytes))
		return -EPROTO;
	vq->next_avail = vq->next_used = vq->told_used = 0;
	vq->running = true;
	return 0;
}

void tl_vq_reset(struct tl_vq *vq)
{
	*vq = (struct tl_vq){.mem = vq->mem};
}

/* Where a chain is read from: the queue's own table, or an indirect one. */
struct table {
	const unsigned char *at;
	uint32_t size;
	bool indirect;
};

static int enter_indirect(const struct tl_vq *vq, struct table *table, const struct desc *desc)
{
	if (!vq->indirect || table->indirect || (desc->flags & DESC_NEXT) || !desc->len ||
		desc->len % 16 || desc->len / 16 > vq->size)
		return -EPROTO;
	table->at = tl_mem_at(vq->mem, desc->addr, desc->len);
	table->size = desc->len / 16;
	table->indirect = true;
	return table->at ? 0 : -EPROTO;
}

static int add_segment(const struct tl_vq *vq, struct tl_vq_chain *chain, const struct desc *desc)
{
	unsigned int count = chain->out + chain->in;
	void *at = tl_mem_at(vq->mem, desc->addr, desc->len);

	if (!desc->len || !at || count == TL_VQ_SEGMENTS)
		return -EPROTO;
	chain->iov[count] = (struct iovec){at, desc->len};
	if (desc->flags & DESC_WRITE) {
		chain->in++;
		chain->in_bytes += desc->len;
	} else if (chain->in) {
		return -EPROTO; /* to be read after to be written */
	} else {
		chain->out++;
		chain->out_bytes += desc->len;
	}
	return chain->in_bytes + chain->out_bytes > UINT32_MAX ? -EPROTO : 0;
}

static int walk(const struct tl_vq *vq, struct tl_vq_chain *chain)
{
	struct table table = {vq->desc_at, vq->size, false};
	uint32_t index = chain->head;

	/* A chain has no more descriptors than the queue, and one more that names a table. */
	for (uint32_t steps = 0; steps <= vq->size; steps++) {
		struct desc desc;
		int ret;

		if (index >= table.size)
			return -EPROTO;
		memcpy(&desc, table.at + 16ul * index, sizeof(desc));
		if (desc.flags & DESC_INDIRECT) {
			ret = enter_indirect(vq, &table, &desc);
			if (ret)
				return ret;
			index = 0;
			continue;
		}
		ret = add_segment(vq, chain, &desc);
		if (ret || !(desc.flags & DESC_NEXT))
			return ret;
		index = desc.next;
	}
	return -EPROTO;
}

int tl_vq_pop(struct tl_vq *vq, struct tl_vq_chain *chain)
{
	uint16_t idx, waiting;
	int ret;

	if (!vq->running)
		return 0;
	idx = load16(vq->avail_at, RING_IDX);
	waiting = (uint16_t)(idx - vq->next_avail);
	if (!waiting)
		return 0;
	/* Pairs with the driver's barrier between the ring's entries and idx. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	chain->head = load16(vq->avail_at, AVAIL_ENTRY(vq->next_avail % vq->size));
	chain->out = chain->in = 0;
	chain->out_bytes = chain->in_bytes = 0;
	ret = waiting > vq->size || chain->head >= vq->size ? -EPROTO : walk(vq, chain);
	if (ret) {
		vq->running = false;
		return ret;
	}
	vq->next_avail++;
	return 1;
}

bool tl_vq_more(const struct tl_vq *vq)
{
	return vq->running && load16(vq->avail_at, RING_IDX) != vq->next_avail;
}

void tl_vq_fill(struct tl_vq *vq, unsigned int index, uint16_t head, uint32_t written)
{
	const struct used_elem elem = {head, written};

	memcpy((char *)vq->used_at + USED_ENTRY((vq->next_used + index) % vq->size), &elem,
		sizeof(elem));
}

void tl_vq_flush(struct tl_vq *vq, unsigned int count)
{
	vq->next_used += (uint16_t)count;
	/* The entries are to be there before the index says so; pairs with the driver's read. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	store16(vq->used_at, RING_IDX, vq->next_used);
}

void tl_vq_push(struct tl_vq *vq, uint16_t head, uint32_t written)
{
	tl_vq_fill(vq, 0, head, written);
	tl_vq_flush(vq, 1);
}

bool tl_vq_must_interrupt(struct tl_vq *vq)
{
	uint16_t old = vq->told_used, event;

	if (vq->next_used == old)
		return false;
	/* Our index first, then what the driver wants: it does the reverse (section 2.7.10). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	vq->told_used = vq->next_used;
	if (!vq->event_idx)
		return !(load16(vq->avail_at, RING_FLAGS) & AVAIL_NO_INTERRUPT);
	event = load16(vq->avail_at, AVAIL_ENTRY(vq->size));
	return (uint16_t)(vq->next_used - event - 1) < (uint16_t)(vq->next_used - old);
}

bool tl_vq_wait(struct tl_vq *vq)
{
	if (!vq->running)
		return false;
	if (vq->event_idx)
		store16(vq->used_at, USED_ENTRY(vq->size), vq->next_avail);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return load16(vq->avail_at, RING_IDX) != vq->next_avail;
}

int tl_vq_next(struct tl_vq *vq, struct tl_vq_chain *chain)
{
	int ret = tl_vq_pop(vq, chain);

	return !ret && tl_vq_wait(vq) ? tl_vq_pop(vq, chain) : ret;
}

unsigned int tl_virtio_slice(const struct iovec *iov, unsigned int count, uint64_t from,
	uint64_t bytes, struct iovec *out)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < count && bytes; i++) {
		uint64_t cut = from < iov[i].iov_len ? from : iov[i].iov_len;
		uint64_t left = iov[i].iov_len - cut;

		from -= cut;
		left = left < bytes ? left : bytes;
		bytes -= left;
		if (left)
			out[n++] = (struct iovec){(char *)iov[i].iov_base + cut, left};
	}
	return n;
}

size_t tl_virtio_copy_out(
	const struct tl_vq_chain *chain, uint64_t offset, void *buffer, size_t size)
{
	size_t done = 0;

	for (unsigned int i = 0; i < chain->out && done < size; i++) {
		const struct iovec *iov = &chain->iov[i];
		size_t n;

		if (offset >= iov->iov_len) {
			offset -= iov->iov_len;
			continue;
		}
		n = iov->iov_len - offset < size - done ? iov->iov_len - offset : size - done;
		memcpy((char *)buffer + done, (const char *)iov->iov_base + offset, n);
		done += n;
		offset = 0;
	}
	return done;
}

size_t tl_virtio_copy_in(
	const struct tl_vq_chain *chain, uint64_t offset, const void *buffer, size_t size)
{
	size_t done = 0;

	for (unsigned int i = chain->out; i < chain->out + chain->in && done < size; i++) {
		const struct iovec *iov = &chain->iov[i];
		size_t n;

		if (offset >= iov->iov_len) {
			offset -= iov->iov_len;
			continue;
		}
		n = iov->iov_len - offset < size - done ? iov->iov_len - offset : size - done;
		memcpy((char *)iov->iov_base + offset, (const char *)buffer + done, n);
		done += n;
		offset = 0;
	}
	return done;
}
