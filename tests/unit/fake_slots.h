/* SPDX-License-Identifier: MIT */
/*
 * What a device that saves exits asks of KVM, for its tests: memory slots, zones of coalesced
 * writes with their ring, and the timer of the loop. It stands in for vmm/core/kvm.c,
 * vmm/core/loop.c and vmm/arch/arm64/dcache.c.
 */
#ifndef TL_TESTS_FAKE_SLOTS_H
#define TL_TESTS_FAKE_SLOTS_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/core/loop.h"

#define FAKE_PAGE 4096

struct fake_slots {
	/* Set by the test, after fake_slots_reset(). */
	bool readonly, coalesced; /* the capabilities */
	unsigned long fail;       /* this ioctl fails with ENOMEM */
	int add_error;            /* errno of tl_loop_add() */
	char late;                /* the guest writes it before a zone is gone; 0: nothing */

	/* Set by the fake. */
	struct kvm_userspace_memory_region slot; /* size 0: there is none */
	unsigned int slot_calls, zone_calls;
	struct kvm_coalesced_mmio_zone zone; /* size 0: there is none */
	size_t cleaned;                      /* bytes from the page's start, of the last clean */
	unsigned int cleans;
	int fd; /* in the loop; -1: none */
	tl_loop_fn *fn;
	void *opaque;
	/* A run area: struct kvm_run, then the ring. */
	_Alignas(FAKE_PAGE) uint8_t run[2 * FAKE_PAGE];
};

extern struct fake_slots fake_slots;

/* A host that has everything. */
void fake_slots_reset(void);

/* What the guest reads at an offset of the page; fails the test if there is no slot. */
uint32_t fake_slots_read(uint64_t offset);

/* The guest writes a byte or more: whether the kernel takes it (coalesced_mmio_write()). */
bool fake_slots_write(uint64_t gpa, unsigned int size, uint64_t value);

#endif
