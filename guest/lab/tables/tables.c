/* SPDX-License-Identifier: MIT */
/*
 * Two stages of page tables. The guest has its own, of three blocks of 1 GiB; the host has another
 * behind it, which is filled as the guest touches memory. What each kind of access costs shows
 * which of the two said no, and who was asked then.
 */
#include "guest/classes/classes.h"
#include "guest/hostile/hostile.h"
#include "guest/lab/lab.h"

#define PAGE  4096ul
#define BLOCK 0x200000ul
#define FRESH 0x42000000ul
/* Not in the guest's table; in it, but nothing is there; a page of the host's that is read-only. */
#define NO_STAGE1 0x80000000ul
#define NO_STAGE2 0x0f000000ul
#define READ_ONLY 0x09000020ul /* UARTILPR: docs/uart.md */

static void read_at(uint64_t at)
{
	(void)tl_mmio_read32(at);
}

static void write_at(uint64_t at)
{
	tl_mmio_write32(at, 0);
}

/* The fault's handler returns to whoever called this (guest/classes/vectors.S). */
static __attribute__((noinline)) void faulting_read(uint64_t at)
{
	__asm__ volatile("ldr wzr, [%0]" : : "r"(at) : "memory");
}

static void show(
	const char *what, void (*once)(uint64_t at), uint64_t at, uint64_t step, uint64_t n)
{
	uint64_t begin = lab_now();

	for (uint64_t i = 0; i < n; i++)
		once(at + i * step);
	lab_row(lab_now() - begin, n, what);
}

int main(const void *dtb)
{
	(void)dtb;
	__asm__ volatile("msr vbar_el1, %0\n\tisb" : : "r"(classes_vectors));
	mmu_on();
	show("first write to a block of 2 MiB", write_at, FRESH, BLOCK, 4);
	show("first write to another page in it", write_at, FRESH + PAGE, PAGE, 64);
	show("second write to a page", write_at, FRESH + PAGE, PAGE, 64);
	show("stage 1 has no such page: the guest's own fault", faulting_read, NO_STAGE1, PAGE, 64);
	show("stage 2 has none: nobody is there, the VMM is asked", read_at, NO_STAGE2, 0, 64);
	show("stage 2 is read-only: a read", read_at, READ_ONLY, 0, 64);
	show("stage 2 is read-only: a write, the VMM is asked", write_at, READ_ONLY, 0, 64);
	return 0;
}
