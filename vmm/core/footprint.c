/* SPDX-License-Identifier: MIT */
/*
 * Most of the program's code runs once: it reads images, builds the device tree, makes the VM.
 * The kernel maps 64 KiB around each page of a file that is touched, so at the end of the start
 * nearly the whole program is mapped, which is most of what a small VM's process takes.
 */
#include "vmm/core/footprint.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* The program itself is the first object; what it can write to has no other copy, and stays. */
static int drop_constants(struct dl_phdr_info *info, size_t size, void *opaque)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size;
	(void)opaque;
	for (unsigned int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		uintptr_t start = (info->dlpi_addr + part->p_vaddr) & ~(page - 1);
		uintptr_t end = info->dlpi_addr + part->p_vaddr + part->p_filesz;

		/* It is an advice: where it is not taken nothing is wrong. */
		if (part->p_type == PT_LOAD && !(part->p_flags & PF_W))
			(void)madvise((void *)start, end - start, MADV_DONTNEED);
	}
	return 1;
}

void tl_footprint_trim(void)
{
	(void)malloc_trim(0);
	(void)dl_iterate_phdr(drop_constants, NULL);
}
