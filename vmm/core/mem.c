/* SPDX-License-Identifier: MIT */
/*
 * Guest memory. Alignment matters more than anything else here: KVM maps a
 * 2 MiB block at stage 2 only where guest and host address agree modulo 2 MiB,
 * and every block saves up to 511 stage-2 faults.
 */
#include "vmm/core/mem.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define BLOCK_SIZE (UINT64_C(2) << 20)

/* Reserved at once (no MAP_NORESERVE): a fault that finds none left would be a SIGBUS. */
static int init_huge(struct tl_mem *mem, uint64_t base, uint64_t size)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 21 << MAP_HUGE_SHIFT;
	uint8_t *map;

	if (size % BLOCK_SIZE)
		return -EINVAL;
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (map == MAP_FAILED)
		return -errno;
	(void)madvise(map, size, MADV_DONTDUMP);
	*mem = (struct tl_mem){.base = base, .size = size, .host = map};
	return 0;
}

int tl_mem_init(struct tl_mem *mem, uint64_t base, uint64_t size)
{
	return tl_mem_init_backed(mem, base, size, TL_MEM_THP);
}

int tl_mem_init_backed(
	struct tl_mem *mem, uint64_t base, uint64_t size, enum tl_mem_backing backing)
{
	uint8_t *map;
	uint64_t head;

	*mem = TL_MEM_INIT;
	if (size == 0 || size > SIZE_MAX - BLOCK_SIZE)
		return -ENOMEM;
	if (backing == TL_MEM_HUGE)
		return init_huge(mem, base, size);
	map = mmap(NULL, size + BLOCK_SIZE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return -errno;
	/* Give back what lies before the first aligned byte and behind the last one. */
	head = (BLOCK_SIZE - (uintptr_t)map % BLOCK_SIZE) % BLOCK_SIZE;
	if (head)
		munmap(map, head);
	map += head;
	munmap(map + size, BLOCK_SIZE - head);
	/* Advice only: without huge pages the guest runs, with more stage-2 faults. */
	(void)madvise(map, size, backing == TL_MEM_MERGE ? MADV_MERGEABLE : MADV_HUGEPAGE);
	(void)madvise(map, size, MADV_DONTDUMP);
	mem->base = base;
	mem->size = size;
	mem->host = map;
	return 0;
}

int tl_mem_punch(struct tl_mem *mem, uint64_t hole, uint64_t size)
{
	if (hole % TL_MEM_HOLE_ALIGN || size % TL_MEM_HOLE_ALIGN || !size || hole <= mem->base ||
		hole - mem->base >= mem->size || size >= mem->size - (hole - mem->base))
		return -EINVAL;
	if (munmap(mem->host + (hole - mem->base), size))
		return -errno;
	mem->hole = hole;
	mem->hole_size = size;
	return 0;
}

unsigned int tl_mem_pieces(const struct tl_mem *mem, struct tl_mem_piece pieces[2])
{
	uint64_t low = mem->hole - mem->base, high = low + mem->hole_size;

	pieces[0] = (struct tl_mem_piece){mem->base, mem->size, mem->host};
	if (!mem->size || !mem->hole_size)
		return mem->size ? 1 : 0;
	pieces[0].size = low;
	pieces[1] = (struct tl_mem_piece){mem->base + high, mem->size - high, mem->host + high};
	return 2;
}

void tl_mem_fini(struct tl_mem *mem)
{
	if (mem->host)
		munmap(mem->host, mem->size);
	*mem = TL_MEM_INIT;
}

bool tl_mem_contains(const struct tl_mem *mem, uint64_t gpa, uint64_t len)
{
	if (!mem->host || gpa < mem->base || gpa - mem->base > mem->size ||
		len > mem->size - (gpa - mem->base))
		return false;
	return !mem->hole_size || gpa + len <= mem->hole || gpa >= mem->hole + mem->hole_size;
}

void *tl_mem_at(const struct tl_mem *mem, uint64_t gpa, uint64_t len)
{
	return tl_mem_contains(mem, gpa, len) ? mem->host + (gpa - mem->base) : NULL;
}

int tl_mem_write(const struct tl_mem *mem, uint64_t gpa, const void *from, uint64_t len)
{
	void *to = tl_mem_at(mem, gpa, len);

	if (!to)
		return -EFAULT;
	memcpy(to, from, len);
	return 0;
}

int tl_mem_zero(const struct tl_mem *mem, uint64_t gpa, uint64_t len)
{
	void *to = tl_mem_at(mem, gpa, len);

	if (!to)
		return -EFAULT;
	memset(to, 0, len);
	return 0;
}
