/* SPDX-License-Identifier: MIT */
/*
 * The MMIO bus: which device answers at an address, and what happens where
 * none does. Devices are added before the vCPUs start; then the bus is frozen
 * and look-up takes no lock.
 */
#ifndef TL_VMM_CORE_BUS_H
#define TL_VMM_CORE_BUS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/dev/dev.h"

#define TL_BUS_DEVICES 64
/* How many different addresses of unhandled accesses are logged one by one. */
#define TL_BUS_UNHANDLED_SEEN 64

struct tl_bus {
	struct tl_dev *devices[TL_BUS_DEVICES]; /* sorted by base; owned */
	size_t count;
	bool frozen;
	struct tl_dev *last;  /* that answered; atomic: of all vCPUs */
	pthread_mutex_t lock; /* guards what follows */
	uint64_t seen[TL_BUS_UNHANDLED_SEEN];
	size_t seen_count;
	uint64_t unhandled;
};

void tl_bus_init(struct tl_bus *bus);

/* Calls every device's fini. */
void tl_bus_fini(struct tl_bus *bus);

/*
 * Adds a device at [dev->base, dev->base + dev->size) and takes ownership of it
 * if that works. Returns 0, -EEXIST (overlaps another), -ENOSPC, -EINVAL (empty
 * or wrapping range) or -EBUSY (frozen).
 */
int tl_bus_add(struct tl_bus *bus, struct tl_dev *dev);

/* No device may be added any more; from now on tl_bus_access() may be called. */
void tl_bus_freeze(struct tl_bus *bus);

/* The device whose range holds `gpa`, or NULL. Thread-safe once frozen. */
struct tl_dev *tl_bus_find(const struct tl_bus *bus, uint64_t gpa);

/*
 * Carries out an access at `gpa`, whose offset is set here; the value of a read is 0 before.
 * Returns whether a device has handled it. If not, it reads as zero, and
 * tl_bus_note_unhandled() is to be called. Inline: every exit to a device comes this way. Any
 * vCPU's thread.
 */
static inline bool tl_bus_access(struct tl_bus *bus, uint64_t gpa, struct tl_mmio *access)
{
	/* The device that answered last: a driver is often at one for long. */
	struct tl_dev *dev = __atomic_load_n(&bus->last, __ATOMIC_RELAXED);
	enum tl_mmio_result result;

	/* An access that starts in a device and ends outside of it belongs to nobody. */
	if (!dev || !tl_dev_has(dev, gpa, access->size)) {
		dev = tl_bus_find(bus, gpa);
		__atomic_store_n(&bus->last, dev, __ATOMIC_RELAXED);
		if (!dev || !tl_dev_has(dev, gpa, access->size))
			return false;
	}
	access->offset = gpa - dev->base;
	tl_lock_acquire(&dev->lock);
	result = dev->ops->mmio(dev, access);
	tl_lock_release(&dev->lock);
	return result == TL_MMIO_HANDLED;
}

/* Counts an access that nobody handled. True if its address is new, and to be logged. Thread-safe.
 */
bool tl_bus_note_unhandled(struct tl_bus *bus, uint64_t gpa);

/* How many accesses nobody handled. Thread-safe. */
uint64_t tl_bus_unhandled(struct tl_bus *bus);

/* Calls every device's reset. Main thread, no vCPU runs. */
void tl_bus_reset(struct tl_bus *bus);

#endif
