/* SPDX-License-Identifier: MIT */
/*
 * The MMIO bus: a sorted array and a binary search.
 */
#include "vmm/core/bus.h"

#include <errno.h>
#include <string.h>

void tl_bus_init(struct tl_bus *bus)
{
	memset(bus, 0, sizeof(*bus));
	pthread_mutex_init(&bus->lock, NULL);
}

void tl_bus_fini(struct tl_bus *bus)
{
	for (size_t i = 0; i < bus->count; i++)
		bus->devices[i]->ops->fini(bus->devices[i]);
	bus->count = 0;
	pthread_mutex_destroy(&bus->lock);
}

int tl_bus_add(struct tl_bus *bus, struct tl_dev *dev)
{
	size_t at = 0;

	if (bus->frozen)
		return -EBUSY;
	if (dev->size == 0 || dev->base + (dev->size - 1) < dev->base)
		return -EINVAL;
	if (bus->count == TL_BUS_DEVICES)
		return -ENOSPC;
	while (at < bus->count && bus->devices[at]->base < dev->base)
		at++;
	if (at < bus->count && bus->devices[at]->base - dev->base < dev->size)
		return -EEXIST;
	if (at > 0 && dev->base - bus->devices[at - 1]->base < bus->devices[at - 1]->size)
		return -EEXIST;
	memmove(&bus->devices[at + 1], &bus->devices[at],
		(bus->count - at) * sizeof(bus->devices[0]));
	bus->devices[at] = dev;
	bus->count++;
	return 0;
}

void tl_bus_freeze(struct tl_bus *bus)
{
	bus->frozen = true;
}

/* The device that answered last, if it is this one: a driver is often at one for long. */
static struct tl_dev *find_again(const struct tl_bus *bus, uint64_t gpa)
{
	struct tl_dev *dev = __atomic_load_n(&bus->last, __ATOMIC_RELAXED);

	return dev && gpa - dev->base < dev->size ? dev : NULL;
}

struct tl_dev *tl_bus_find(const struct tl_bus *bus, uint64_t gpa)
{
	size_t low = 0;
	size_t high = bus->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct tl_dev *dev = bus->devices[middle];

		if (gpa < dev->base)
			high = middle;
		else if (gpa - dev->base >= dev->size)
			low = middle + 1;
		else
			return dev;
	}
	return NULL;
}

/* Counts an access that nobody handled; true if its address is to be logged. */
static bool note_unhandled(struct tl_bus *bus, uint64_t gpa)
{
	bool first;

	pthread_mutex_lock(&bus->lock);
	bus->unhandled++;
	first = bus->seen_count < TL_BUS_UNHANDLED_SEEN;
	for (size_t i = 0; i < bus->seen_count; i++) {
		if (bus->seen[i] == gpa)
			first = false;
	}
	if (first)
		bus->seen[bus->seen_count++] = gpa;
	pthread_mutex_unlock(&bus->lock);
	return first;
}

bool tl_bus_access(struct tl_bus *bus, uint64_t gpa, unsigned int size, bool is_write,
	uint64_t *value, bool *first)
{
	struct tl_dev *dev = find_again(bus, gpa);
	enum tl_mmio_result result = TL_MMIO_UNHANDLED;
	struct tl_mmio access = {
		.size = size,
		.is_write = is_write,
		.value = is_write ? *value : 0,
	};

	if (!dev) {
		dev = tl_bus_find(bus, gpa);
		__atomic_store_n(&bus->last, dev, __ATOMIC_RELAXED);
	}
	*first = false;
	/* An access that starts in a device and ends outside of it belongs to nobody. */
	if (dev && size <= dev->size - (gpa - dev->base)) {
		access.offset = gpa - dev->base;
		pthread_mutex_lock(&dev->lock);
		result = dev->ops->mmio(dev, &access);
		pthread_mutex_unlock(&dev->lock);
	}
	if (result == TL_MMIO_HANDLED) {
		*value = access.value;
		return true;
	}
	*value = 0;
	*first = note_unhandled(bus, gpa);
	return false;
}

uint64_t tl_bus_unhandled(struct tl_bus *bus)
{
	uint64_t count;

	pthread_mutex_lock(&bus->lock);
	count = bus->unhandled;
	pthread_mutex_unlock(&bus->lock);
	return count;
}

void tl_bus_reset(struct tl_bus *bus)
{
	for (size_t i = 0; i < bus->count; i++) {
		if (bus->devices[i]->ops->reset)
			bus->devices[i]->ops->reset(bus->devices[i]);
	}
}
