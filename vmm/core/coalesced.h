/* SPDX-License-Identifier: MIT */
/*
 * Coalesced MMIO: the kernel puts writes to a zone into a ring and goes on with the guest
 * (Documentation/virt/kvm/api.rst, KVM_REGISTER_COALESCED_MMIO). A VM has one ring. It is
 * emptied before any exit is handled, so that devices see writes in the guest's order; a
 * device that has a zone sees to it that somebody empties the ring while no vCPU exits.
 */
#ifndef TL_VMM_CORE_COALESCED_H
#define TL_VMM_CORE_COALESCED_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tl_bus;

struct tl_coalesced {
	int vm_fd;          /* not owned */
	struct tl_bus *bus; /* not owned */
	/* In a vCPU's run area, shared with the kernel; NULL: this kernel has none. */
	struct kvm_coalesced_mmio_ring *ring;
	uint32_t entries;     /* of the ring */
	pthread_mutex_t lock; /* held while the ring is emptied; taken before a device's lock */
};

/* A state that the functions below accept: no ring. */
void tl_coalesced_blank(struct tl_coalesced *coalesced);
void tl_coalesced_fini(struct tl_coalesced *coalesced);

/*
 * Finds the ring in `run`, the run area of any vCPU, `run_size` bytes, which outlives it. Does
 * nothing where the kernel has no such ring. Main thread, no vCPU runs.
 */
void tl_coalesced_init(struct tl_coalesced *coalesced, int vm_fd, struct kvm_run *run,
	size_t run_size, struct tl_bus *bus);

/* Turns coalescing of writes that lie in [base, base + size) on or off. 0 or -errno. Any thread. */
int tl_coalesced_zone(struct tl_coalesced *coalesced, uint64_t base, uint32_t size, bool on);

/* Whether there are writes that no device has seen. Any thread. */
static inline bool tl_coalesced_pending(const struct tl_coalesced *coalesced)
{
	const struct kvm_coalesced_mmio_ring *ring = coalesced->ring;

	/* Pairs with the release in drain: who finds nothing sees what the devices made of it. */
	return ring && __atomic_load_n(&ring->first, __ATOMIC_ACQUIRE) !=
			       __atomic_load_n(&ring->last, __ATOMIC_ACQUIRE);
}

/*
 * Hands every write in the ring to its device. When it returns, all that were in the ring at the
 * call have been handled. Any thread that holds no device's lock.
 */
void tl_coalesced_drain(struct tl_coalesced *coalesced);

#endif
