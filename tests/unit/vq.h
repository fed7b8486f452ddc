/* SPDX-License-Identifier: MIT */
/*
 * The driver's side of a virtqueue (virtio 1.2, section 2.7): a guest's RAM between pages that
 * nobody may touch, with one queue in it. Include after unit.h; link vmm/core/mem.c.
 */
#ifndef TL_TESTS_VQ_H
#define TL_TESTS_VQ_H

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "vmm/dev/virtio/queue.h"

#define NEXT     1u
#define WRITE    2u
#define INDIRECT 4u

#define GUARD    UINT64_C(0x10000)
#define BASE     UINT64_C(0x40000000)
#define RAM_SIZE (UINT64_C(64) << 20)
#define END      (BASE + RAM_SIZE)
#define DESC     (BASE + 0x1000)
#define AVAIL    (BASE + 0x3000)
#define USED     (BASE + 0x4000)
#define TABLE    (BASE + 0x6000)
#define DATA     (BASE + 0x10000)

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

static struct tl_mem ram, mem; /* with what lies around it, and without */

static inline int ram_init(void)
{
	if (tl_mem_init(&ram, BASE - GUARD, RAM_SIZE + 2 * GUARD))
		return -1;
	mem = (struct tl_mem){.base = BASE, .size = RAM_SIZE, .host = ram.host + GUARD};
	return mprotect(ram.host, GUARD, PROT_NONE) ||
	       mprotect(mem.host + RAM_SIZE, GUARD, PROT_NONE);
}

static inline void *at(uint64_t gpa)
{
	assert_in_range(gpa, BASE, END - 1);
	return mem.host + (gpa - BASE);
}

static inline uint16_t *at16(uint64_t gpa)
{
	return at(gpa);
}

static inline uint32_t *at32(uint64_t gpa)
{
	return at(gpa);
}

static inline void put(uint64_t table, unsigned int i, struct desc desc)
{
	memcpy(at(table + 16ul * i), &desc, sizeof(desc));
}

/* The driver makes a chain available, after those that are. */
static inline void offer(unsigned int size, uint16_t head)
{
	uint16_t idx = *at16(AVAIL + 2);

	*at16(AVAIL + 4 + 2ul * (idx % size)) = head;
	__atomic_store_n(at16(AVAIL + 2), (uint16_t)(idx + 1), __ATOMIC_RELEASE);
}

/* How many came back, since the start. */
static inline uint16_t used_idx(void)
{
	return __atomic_load_n(at16(USED + 2), __ATOMIC_ACQUIRE);
}

#endif
