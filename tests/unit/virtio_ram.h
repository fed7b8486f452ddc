/* SPDX-License-Identifier: MIT */
/*
 * The device of fake_virtio.h in the RAM of vq.h, made before a test and released after it.
 * Include after unit.h; link what these two want, and tests/unit/fake_log.c.
 */
#ifndef TL_TESTS_VIRTIO_RAM_H
#define TL_TESTS_VIRTIO_RAM_H

#include "tests/unit/fake_log.h"
#include "tests/unit/fake_virtio.h"
#include "tests/unit/vq.h"

#define SIZE 8u

static inline int virtio_setup(void **state)
{
	fake_log_reset(NULL);
	memset(&fake_virtio, 0, sizeof(fake_virtio));
	return ram_init() || fake_virtio_make((struct tl_virtio **)state, &mem);
}

static inline int virtio_teardown(void **state)
{
	struct tl_dev *dev = *state;

	dev->ops->fini(dev);
	tl_mem_fini(&ram);
	return fake_virtio.finis != 1 || fake_virtio.bad_calls || fake_log_count();
}

#endif
