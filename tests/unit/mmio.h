/* SPDX-License-Identifier: MIT */
/*
 * Accesses to a device's registers, as the bus makes them.
 */
#ifndef TL_TESTS_MMIO_H
#define TL_TESTS_MMIO_H

#include "vmm/dev/dev.h"

static inline enum tl_mmio_result mmio_access(struct tl_dev *dev, struct tl_mmio *access)
{
	enum tl_mmio_result result;

	tl_lock_acquire(&dev->lock);
	result = dev->ops->mmio(dev, access);
	tl_lock_release(&dev->lock);
	return result;
}

/* Of a word, which the device must handle. */
static inline uint64_t get(struct tl_dev *dev, uint64_t offset)
{
	struct tl_mmio access = {.offset = offset, .size = 4};

	assert_int_equal(mmio_access(dev, &access), TL_MMIO_HANDLED);
	assert_true(access.value <= UINT32_MAX);
	return access.value;
}

static inline void set(struct tl_dev *dev, uint64_t offset, uint64_t value)
{
	struct tl_mmio access = {.offset = offset, .size = 4, .is_write = true, .value = value};

	assert_int_equal(mmio_access(dev, &access), TL_MMIO_HANDLED);
}

#endif
