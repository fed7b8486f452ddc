/* SPDX-License-Identifier: MIT */
/*
 * The ring of coalesced writes. The kernel moves `last`, we move `first`; the guest decides
 * what is written, never how much is in the ring.
 */
#include "vmm/core/coalesced.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/core/bus.h"
#include "vmm/core/kvm.h"

void tl_coalesced_blank(struct tl_coalesced *coalesced)
{
	memset(coalesced, 0, sizeof(*coalesced));
	coalesced->vm_fd = -1;
	pthread_mutex_init(&coalesced->lock, NULL);
}

void tl_coalesced_fini(struct tl_coalesced *coalesced)
{
	pthread_mutex_destroy(&coalesced->lock);
}

void tl_coalesced_init(struct tl_coalesced *coalesced, int vm_fd, struct kvm_run *run,
	size_t run_size, struct tl_bus *bus)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	/* The page of the mapping that the ring is in; 0: there is none. */
	size_t at = (size_t)tl_kvm_check(vm_fd, KVM_CAP_COALESCED_MMIO);

	if (at == 0 || at >= run_size / page)
		return;
	coalesced->vm_fd = vm_fd;
	coalesced->bus = bus;
	coalesced->ring = (void *)((uint8_t *)run + at * page);
	/* KVM_COALESCED_MMIO_MAX, which wants the page size to be a constant. */
	coalesced->entries = (uint32_t)((page - sizeof(*coalesced->ring)) /
					sizeof(coalesced->ring->coalesced_mmio[0]));
}

int tl_coalesced_zone(struct tl_coalesced *coalesced, uint64_t base, uint32_t size, bool on)
{
	struct kvm_coalesced_mmio_zone zone = {.addr = base, .size = size};

	if (!coalesced->ring)
		return -ENOTSUP;
	return tl_kvm_ioctl_ptr(coalesced->vm_fd,
		on ? KVM_REGISTER_COALESCED_MMIO : KVM_UNREGISTER_COALESCED_MMIO, &zone);
}

static void deliver(struct tl_bus *bus, const struct kvm_coalesced_mmio *write)
{
	struct tl_mmio access = {.size = write->len <= 8 ? write->len : 8, .is_write = true};

	for (unsigned int i = 0; i < access.size; i++)
		access.value |= (uint64_t)write->data[i] << (8 * i);
	if (!tl_bus_access(bus, write->phys_addr, &access) &&
		tl_bus_note_unhandled(bus, write->phys_addr))
		tl_log_warn("write of %u bytes at %#" PRIx64 ", where no device answers; ignored",
			access.size, (uint64_t)write->phys_addr);
}

void tl_coalesced_drain(struct tl_coalesced *coalesced)
{
	struct kvm_coalesced_mmio_ring *ring = coalesced->ring;
	uint32_t first, last;

	if (!ring)
		return;
	pthread_mutex_lock(&coalesced->lock);
	first = ring->first;
	/* Pairs with the smp_wmb() of coalesced_mmio_write() in the kernel. */
	last = __atomic_load_n(&ring->last, __ATOMIC_ACQUIRE);
	/* Up to what was there: vCPUs that go on writing do not keep us here. */
	while (first != last && first < coalesced->entries && last < coalesced->entries) {
		struct kvm_coalesced_mmio write = ring->coalesced_mmio[first];

		deliver(coalesced->bus, &write);
		first = (first + 1) % coalesced->entries;
		/* After the device: see tl_coalesced_pending(). The kernel may reuse the entry. */
		__atomic_store_n(&ring->first, first, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&coalesced->lock);
}
