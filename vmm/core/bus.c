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

bool tl_bus_note_unhandled(struct tl_bus *bus, uint64_t gpa)
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
