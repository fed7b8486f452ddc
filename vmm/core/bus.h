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
 * Carries out an access of `size` bytes at `gpa`. What no device handles reads
 * as zero and is counted. Returns true if it was handled, else false, and then
 * *first is true if this address was not seen before and is to be logged.
 * Any vCPU's thread.
 */
bool tl_bus_access(struct tl_bus *bus, uint64_t gpa, unsigned int size, bool is_write,
	uint64_t *value, bool *first);

/* How many accesses nobody handled. Thread-safe. */
uint64_t tl_bus_unhandled(struct tl_bus *bus);

/* Calls every device's reset. Main thread, no vCPU runs. */
void tl_bus_reset(struct tl_bus *bus);

#endif
