/* SPDX-License-Identifier: MIT */
/*
 * A page of device registers that the guest reads without an exit: a read-only memory slot over
 * them (KVM_MEM_READONLY), while writes still exit as MMIO. It is right for registers whose
 * reads have no effect, for as long as their values here are kept up to date.
 */
#ifndef TL_VMM_CORE_STATUS_PAGE_H
#define TL_VMM_CORE_STATUS_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tl_status_page {
	int vm_fd;     /* not owned */
	uint32_t slot; /* enum tl_mem_slot */
	uint64_t gpa;
	uint32_t *words; /* as the guest reads them; NULL: there is no such page on this host */
	size_t size;     /* bytes */
	size_t dirty;    /* words [0, dirty) may not have reached memory */
	bool shown;      /* the guest reads it, else its reads exit */
};

/* A state that tl_status_page_fini() accepts. */
#define TL_STATUS_PAGE_INIT ((struct tl_status_page){.words = NULL})

/*
 * Makes a hidden page of zeros for [gpa, gpa + size). Returns 0 or -errno: -ENOTSUP, the kernel
 * has no read-only slots, or its pages are not of this size.
 */
int tl_status_page_init(
	struct tl_status_page *page, int vm_fd, uint32_t slot, uint64_t gpa, size_t size);

/* Unmaps the page. No vCPU runs, nor will. */
void tl_status_page_fini(struct tl_status_page *page);

/* Sets the register at `offset`, a multiple of 4. The caller serialises this and all below. */
void tl_status_page_set(struct tl_status_page *page, uint64_t offset, uint32_t value);

/* After this guests see what was set, also those whose reads do not look into caches. */
void tl_status_page_clean(struct tl_status_page *page);

/*
 * Lets reads come from the page, or exit. Once it is hidden no read is under way any more. 0 or
 * -errno, and then nothing has changed.
 */
int tl_status_page_show(struct tl_status_page *page, bool show);

#endif
