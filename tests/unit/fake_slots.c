/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/fake_slots.h"
#include "vmm/arch/arm64/dcache.h"
#include "vmm/core/kvm.h"

#define VM_FD 77

struct fake_slots fake_slots;

void fake_slots_reset(void)
{
	memset(&fake_slots, 0, sizeof(fake_slots));
	fake_slots.readonly = fake_slots.coalesced = true;
	fake_slots.fd = -1;
}

uint32_t fake_slots_read(uint64_t offset)
{
	assert_int_equal(fake_slots.slot.memory_size, FAKE_PAGE);
	return *(uint32_t *)(uintptr_t)(fake_slots.slot.userspace_addr + offset);
}

bool fake_slots_write(uint64_t gpa, unsigned int size, uint64_t value)
{
	struct kvm_coalesced_mmio_ring *ring = (void *)(fake_slots.run + FAKE_PAGE);
	uint32_t entries = (FAKE_PAGE - sizeof(*ring)) / sizeof(ring->coalesced_mmio[0]);
	struct kvm_coalesced_mmio *entry = &ring->coalesced_mmio[ring->last];

	if (gpa < fake_slots.zone.addr || gpa + size > fake_slots.zone.addr + fake_slots.zone.size)
		return false;
	if ((ring->last + 1) % entries == ring->first)
		return false;
	entry->phys_addr = gpa;
	entry->len = size;
	memcpy(entry->data, &value, size);
	ring->last = (ring->last + 1) % entries;
	return true;
}

int tl_kvm_check(int fd, long capability)
{
	assert_int_equal(fd, VM_FD);
	if (capability == KVM_CAP_READONLY_MEM)
		return fake_slots.readonly;
	return capability == KVM_CAP_COALESCED_MMIO && fake_slots.coalesced;
}

int tl_kvm_ioctl_ptr(int fd, unsigned long request, void *arg)
{
	assert_int_equal(fd, VM_FD);
	if (request == fake_slots.fail)
		return -ENOMEM;
	switch (request) {
	case KVM_SET_USER_MEMORY_REGION:
		/* Neither twice the same, nor one that is not there taken away. */
		assert_int_not_equal(((struct kvm_userspace_memory_region *)arg)->memory_size,
			fake_slots.slot.memory_size);
		fake_slots.slot = *(struct kvm_userspace_memory_region *)arg;
		fake_slots.slot_calls++;
		return 0;
	case KVM_REGISTER_COALESCED_MMIO:
		assert_int_equal(fake_slots.zone.size, 0);
		fake_slots.zone = *(struct kvm_coalesced_mmio_zone *)arg;
		fake_slots.zone_calls++;
		return 0;
	case KVM_UNREGISTER_COALESCED_MMIO:
		assert_memory_equal(arg, &fake_slots.zone, sizeof(fake_slots.zone));
		if (fake_slots.late)
			assert_true(fake_slots_write(
				fake_slots.zone.addr, 1, (uint8_t)fake_slots.late));
		memset(&fake_slots.zone, 0, sizeof(fake_slots.zone));
		fake_slots.zone_calls++;
		return 0;
	default:
		fail_msg("no such ioctl: %#lx", request);
		return -ENOTTY;
	}
}

void tl_dcache_clean(const void *start, size_t size)
{
	(void)start;
	fake_slots.cleans++;
	fake_slots.cleaned = size;
}

int tl_loop_add(struct tl_loop *loop, int fd, uint32_t events, tl_loop_fn *fn, void *opaque)
{
	(void)loop;
	(void)events;
	if (fake_slots.add_error)
		return -fake_slots.add_error;
	fake_slots.fd = fd;
	fake_slots.fn = fn;
	fake_slots.opaque = opaque;
	return 0;
}

void tl_loop_remove(struct tl_loop *loop, int fd)
{
	(void)loop;
	if (fd == fake_slots.fd)
		fake_slots.fd = -1;
}
