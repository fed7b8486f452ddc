/* SPDX-License-Identifier: MIT */
/*
 * What a device is: a table of functions and its own state. A new device costs
 * one .c, one .h, one line in its machine's table (vmm/machine/) and a test.
 */
#ifndef TL_VMM_DEV_DEV_H
#define TL_VMM_DEV_DEV_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/lock.h"

struct tl_coalesced;
struct tl_console;
struct tl_gate;
struct tl_irqchip;
struct tl_loop;
struct tl_mem;
struct tl_power_key;
struct tl_vm;

/* One access by the guest to a device's registers. */
struct tl_mmio {
	uint64_t offset;   /* bytes from the start of the device's range */
	unsigned int size; /* bytes: 1, 2, 4 or 8 */
	bool is_write;
	uint64_t value; /* written by the guest, or to be returned to it */
};

enum tl_mmio_result {
	TL_MMIO_HANDLED,
	TL_MMIO_UNHANDLED, /* no such register: reads as zero, logged once, counted */
	TL_MMIO_ERROR, /* the device is misused: treated like UNHANDLED, device decides the rest */
};

struct tl_dev;

struct tl_dev_ops {
	const char *name;
	/* An access inside the device's range. On any vCPU's thread, with dev->lock held. */
	enum tl_mmio_result (*mmio)(struct tl_dev *dev, struct tl_mmio *access);
	/* Adds the device's node to the tree `fdt` (libfdt), or completes it; NULL where the
	 * skeleton says it all. Main thread, before the vCPUs start. Returns 0 or -errno. */
	int (*fdt)(struct tl_dev *dev, void *fdt);
	/* Back to the state after power-on. Main thread, no vCPU runs. */
	void (*reset)(struct tl_dev *dev);
	/* Releases the device itself. Main thread, no vCPU runs. */
	void (*fini)(struct tl_dev *dev);
};

struct tl_dev {
	const struct tl_dev_ops *ops;
	struct tl_lock lock; /* held around ops->mmio; never across KVM_RUN or blocking I/O */
	uint64_t base;       /* guest physical address */
	uint64_t size;       /* bytes */
	unsigned int spi;    /* shared peripheral interrupt, counted from 0 (INTID - 32) */
};

/* Whether all `size` bytes at `gpa` are its. */
static inline bool tl_dev_has(const struct tl_dev *dev, uint64_t gpa, unsigned int size)
{
	uint64_t offset = gpa - dev->base;

	return offset < dev->size && size <= dev->size - offset;
}

/* What a device may use of its surroundings. All of it outlives the device. */
struct tl_dev_env {
	struct tl_irqchip *irqchip;
	const struct tl_mem *mem; /* the guest's; for devices that reach it themselves */
	struct tl_loop *loop;
	struct tl_console *console;
	struct tl_power_key *power_key; /* for the device that has it; or NULL */
	struct tl_vm *vm;               /* for the device that turns it off */
	struct tl_coalesced *coalesced; /* for a device that takes writes so; or NULL */
	struct tl_gate *gate;           /* for threads of its own; or NULL */
};

#endif
