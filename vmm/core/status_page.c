/* SPDX-License-Identifier: MIT */
/*
 * The page behind a read-only memory slot. A guest maps device registers as Device memory. With
 * FEAT_S2FWB KVM's stage 2 makes of that a cacheable access all the same; without, its reads
 * pass by the caches (DDI 0487, combining stage 1 and 2 attributes), so what we write has to be
 * cleaned to the point of coherency. Doing so always is right, and cheap: user space is not told
 * whether the CPU has FEAT_S2FWB.
 */
#include "vmm/core/status_page.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/arch/arm64/dcache.h"
#include "vmm/core/kvm.h"

int tl_status_page_init(
	struct tl_status_page *page, int vm_fd, uint32_t slot, uint64_t gpa, size_t size)
{
	void *map;

	*page = TL_STATUS_PAGE_INIT;
	/* A slot is whole pages of the host: a larger one would cover the neighbours too. */
	if (size != (size_t)sysconf(_SC_PAGESIZE) || !tl_kvm_check(vm_fd, KVM_CAP_READONLY_MEM))
		return -ENOTSUP;
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
		-1, 0);
	if (map == MAP_FAILED)
		return -errno;
	page->vm_fd = vm_fd;
	page->slot = slot;
	page->gpa = gpa;
	page->words = map;
	page->size = size;
	return 0;
}

void tl_status_page_fini(struct tl_status_page *page)
{
	if (page->words)
		munmap(page->words, page->size);
	*page = TL_STATUS_PAGE_INIT;
}

void tl_status_page_set(struct tl_status_page *page, uint64_t offset, uint32_t value)
{
	size_t i = offset / sizeof(page->words[0]);

	if (!page->words || page->words[i] == value)
		return;
	/* Single-copy atomic: a vCPU may read it at this moment. */
	__atomic_store_n(&page->words[i], value, __ATOMIC_RELEASE);
	if (page->dirty <= i)
		page->dirty = i + 1;
}

void tl_status_page_clean(struct tl_status_page *page)
{
	if (page->dirty)
		tl_dcache_clean(page->words, page->dirty * sizeof(page->words[0]));
	page->dirty = 0;
}

int tl_status_page_show(struct tl_status_page *page, bool show)
{
	struct kvm_userspace_memory_region region = {
		.slot = page->slot,
		.flags = KVM_MEM_READONLY,
		.guest_phys_addr = page->gpa,
		.memory_size = show ? page->size : 0, /* 0 deletes the slot */
		.userspace_addr = (uintptr_t)page->words,
	};
	int ret;

	if (!page->words)
		return show ? -ENOTSUP : 0;
	if (page->shown == show)
		return 0;
	tl_status_page_clean(page);
	ret = tl_kvm_ioctl_ptr(page->vm_fd, KVM_SET_USER_MEMORY_REGION, &region);
	if (!ret)
		page->shown = show;
	return ret;
}
