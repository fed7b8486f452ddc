/* SPDX-License-Identifier: MIT */
/*
 * A virtqueue by itself in the RAM of vq.h, between the driver's side and the device's. Include
 * after unit.h; link vmm/dev/virtio/queue.c and vmm/core/mem.c.
 */
#ifndef TL_TESTS_VQ_ALONE_H
#define TL_TESTS_VQ_ALONE_H

#include "tests/unit/vq.h"

#define SIZE 8u

static struct tl_vq vq;
static struct tl_vq_chain chain;

static inline int vq_setup(void **state)
{
	(void)state;
	vq = (struct tl_vq){.mem = &mem, .size = SIZE, .desc = DESC, .avail = AVAIL, .used = USED};
	return ram_init();
}

static inline int vq_teardown(void **state)
{
	(void)state;
	tl_mem_fini(&ram);
	return 0;
}

static inline void start(uint32_t size, bool event_idx, bool indirect)
{
	vq.size = size;
	vq.desc = DESC;
	vq.avail = AVAIL;
	vq.used = USED;
	/* Behind the table lies what would do. */
	put(DESC, size, (struct desc){DATA, 16, 0, 0});
	vq.event_idx = event_idx;
	vq.indirect = indirect;
	assert_int_equal(tl_vq_start(&vq), 0);
	assert_true(vq.running);
}

/* One request in descriptor 0, ready to be popped `count` times. */
static inline void offer_simple(unsigned int count)
{
	put(DESC, 0, (struct desc){DATA, 16, 0, 0});
	while (count--)
		offer(vq.size, 0);
}

static inline void pop(uint16_t head, unsigned int out, unsigned int in)
{
	assert_int_equal(tl_vq_pop(&vq, &chain), 1);
	assert_int_equal(chain.head, head);
	assert_int_equal(chain.out, out);
	assert_int_equal(chain.in, in);
}

#endif
