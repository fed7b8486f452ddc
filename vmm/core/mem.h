/* SPDX-License-Identifier: MIT */
/*
 * Guest memory: RAM as the guest sees it, and the one way to reach it. An
 * address and a length from the guest are checked here and nowhere else.
 */
#ifndef TL_VMM_CORE_MEM_H
#define TL_VMM_CORE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The VM's memory slots (KVM_SET_USER_MEMORY_REGION), each with its owner. */
enum tl_mem_slot {
	TL_MEM_SLOT_RAM,   /* vmm/core/vm.c */
	TL_MEM_SLOT_FLASH, /* the same: firmware, read-only */
	TL_MEM_SLOT_PL011, /* vmm/dev/pl011_fast.c: its registers, read-only */
	TL_MEM_SLOT_HIGH,  /* vmm/core/vm.c: RAM behind a hole */
};

/* One block of RAM, with at most one hole. The mapping belongs to this object. */
struct tl_mem {
	uint64_t base; /* guest physical address of the first byte */
	uint64_t size; /* bytes, a multiple of the page size; the hole is in them */
	uint8_t *host; /* host virtual address of the first byte, or NULL */
	/* Guest physical; size 0: none. Multiples of TL_MEM_HOLE_ALIGN, and RAM on both sides. */
	uint64_t hole, hole_size;
};

/* Holes begin and end where blocks of stage 2 do. */
#define TL_MEM_HOLE_ALIGN (UINT64_C(2) << 20)

/* A state that tl_mem_fini() accepts. */
#define TL_MEM_INIT ((struct tl_mem){.host = NULL})

/* What backs guest memory. */
enum tl_mem_backing {
	TL_MEM_THP,   /* transparent huge pages where the host has them */
	TL_MEM_HUGE,  /* reserved huge pages of 2 MiB (hugetlbfs): all of them, or an error */
	TL_MEM_MERGE, /* pages that the host may share among guests where they are equal (KSM) */
};

/*
 * tl_mem_init() with what backs it. With TL_MEM_HUGE, -EINVAL: size is no multiple of 2 MiB;
 * -ENOMEM: the host has too few huge pages.
 */
int tl_mem_init_backed(
	struct tl_mem *mem, uint64_t base, uint64_t size, enum tl_mem_backing backing);

/*
 * Maps `size` bytes of zeroed anonymous memory, aligned to 2 MiB so that the
 * kernel may back it with huge pages and map it by stage-2 blocks. Nothing is
 * committed before the guest touches it. Returns 0 or -errno.
 */
int tl_mem_init(struct tl_mem *mem, uint64_t base, uint64_t size);

/*
 * Takes [hole, hole + size) out of the middle of RAM, before anything uses it. Returns 0 or
 * -EINVAL: not aligned, or not with RAM on both sides.
 */
int tl_mem_punch(struct tl_mem *mem, uint64_t hole, uint64_t size);

/* A piece of RAM without a hole. */
struct tl_mem_piece {
	uint64_t base, size;
	uint8_t *host;
};

/* The pieces of RAM, in order: 1, 2 with a hole, 0 where there is no memory. Thread-safe. */
unsigned int tl_mem_pieces(const struct tl_mem *mem, struct tl_mem_piece pieces[2]);

/* Unmaps. No thread may use the memory any more. */
void tl_mem_fini(struct tl_mem *mem);

/* Whether [gpa, gpa + len) lies wholly inside RAM; false if it wraps. Thread-safe. */
bool tl_mem_contains(const struct tl_mem *mem, uint64_t gpa, uint64_t len);

/*
 * The host address of [gpa, gpa + len), or NULL if that is not wholly inside
 * RAM. The guest may change what is there at any time: copy once, check the
 * copy, use the copy. Thread-safe.
 */
void *tl_mem_at(const struct tl_mem *mem, uint64_t gpa, uint64_t len);

/* Copies to RAM. Returns 0 or -EFAULT (not wholly inside RAM; nothing copied). */
int tl_mem_write(const struct tl_mem *mem, uint64_t gpa, const void *from, uint64_t len);

/* Fills a range with zeros. Returns 0 or -EFAULT. */
int tl_mem_zero(const struct tl_mem *mem, uint64_t gpa, uint64_t len);

#endif
