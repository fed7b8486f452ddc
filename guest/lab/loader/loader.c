/* SPDX-License-Identifier: MIT */
/*
 * A boot loader. It asks the hypervisor where memory is, looks at what the CPU says that it can,
 * reads a program from a disk to where the program wants to be, and jumps there. With "unknown"
 * on its command line it first makes a hypercall that nobody knows.
 */
#include "base/hypercall.h"
#include "guest.h"
#include "guest/iobench/iobench.h"

/* Where the virt machine, and so the program, expects a flat binary. */
#define PROGRAM (TL_RAM_BASE + 0x80000ul)
/* Virtio 1.2, 5.2 and 4.2.2: a disk, and where it tells its size in sectors. */
#define DISK       2
#define PLACE(spi) (0x0a000000ul + ((uint64_t)(spi)-16) * 0x200)
#define CAPACITY   0x100
#define SECTOR     512u

static struct entry {
	uint64_t base, length;
	uint32_t type, zero;
} map[8];

static void say(const char *what, uint64_t value)
{
	tl_uart_puts(what);
	tl_uart_puthex(value);
	tl_uart_putc('\n');
}

/* The map is one hypercall. A read between two pieces of RAM finds nobody. */
static size_t find_memory(void)
{
	int64_t count = tl_smccc_hvc(TL_HVC_MEMORY_MAP, (uintptr_t)map, 8, 0);

	for (int64_t i = 0; i < count; i++) {
		say("memory at ", map[i].base);
		say("  bytes   ", map[i].length);
	}
	if (count > 1)
		say("in between: ", tl_mmio_read32(map[0].base + map[0].length));
	return count > 0 ? (size_t)count : 0;
}

/* Four bits a field (DDI 0487, ID_AA64PFR0_EL1 and ID_AA64ISAR0_EL1). */
static void show_cpu(void)
{
	uint64_t pfr0 = tl_sysreg_read(id_aa64pfr0_el1), isar0 = tl_sysreg_read(id_aa64isar0_el1);

	tl_uart_puts(pfr0 >> 8 & 15 ? "EL2: yes" : "EL2: no");
	tl_uart_puts(isar0 >> 4 & 15 ? ", AES: yes" : ", AES: no");
	tl_uart_puts(isar0 >> 16 & 15 ? ", CRC32: yes\n" : ", CRC32: no\n");
}

/* Reads the whole disk in one request. Returns its bytes, 0 if that does not work. */
static uint64_t read_disk(uint64_t to)
{
	static uint64_t header[2]; /* read (0), from sector 0 */
	static volatile uint8_t result = 0xff;
	int spi = iobench_virtio_start(DISK, 0);
	uint64_t bytes = spi < 0 ? 0 : tl_mmio_read32(PLACE(spi) + CAPACITY) * SECTOR;
	struct iobench_piece pieces[] = {{(uintptr_t)header, sizeof(header), 0},
		{to, (uint32_t)bytes, 1}, {(uintptr_t)&result, 1, 1}};

	if (!bytes)
		return 0;
	iobench_virtio_add(0, pieces, 3);
	iobench_virtio_kick();
	while (iobench_virtio_take() < 0)
		;
	return result ? 0 : bytes;
}

int main(const void *dtb)
{
	size_t count;
	uint64_t bytes;

	if (tl_args_has(tl_fdt_bootargs(dtb), "unknown"))
		say("an unknown call: ", (uint64_t)tl_smccc_hvc(0xc60001ff, 0, 0, 0));
	count = find_memory();
	show_cpu();
	if (!count || map[0].base > PROGRAM || map[0].base + map[0].length <= PROGRAM)
		return 0;
	bytes = read_disk(PROGRAM);
	say("read bytes ", bytes);
	/* Caches hold nothing older of it, neither for data nor for code. */
	for (uint64_t at = PROGRAM; at < PROGRAM + bytes; at += 16)
		__asm__ volatile("dc civac, %0" : : "r"(at) : "memory");
	__asm__ volatile("dsb sy\n\tic iallu\n\tdsb sy\n\tisb" : : : "memory");
	if (bytes)
		((void (*)(const void *))PROGRAM)(dtb);
	return 0;
}
