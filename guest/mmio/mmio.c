/* SPDX-License-Identifier: MIT */
/*
 * Touches addresses where no device is: every size, reads and writes, one
 * address again and again from two places in the code. The VMM must answer
 * zero, name each address once with the PC, count all, and let the guest go on.
 */
#include "guest.h"

/* Two pages of the hole between the virtio transports and PCIe. */
#define HOLE_A 0x0f000000
#define HOLE_B 0x0f001008

#define READ(type, modifier, suffix, address)                                                      \
	({                                                                                         \
		type value_;                                                                       \
		__asm__ volatile("ldr" suffix " %" modifier "0, [%1]"                              \
				 : "=r"(value_)                                                    \
				 : "r"((uint64_t)(address))                                        \
				 : "memory");                                                      \
		(uint64_t) value_;                                                                 \
	})

static void print(const char *what, uint64_t value)
{
	tl_uart_puts(what);
	tl_uart_puts(" reads ");
	tl_uart_puthex(value);
	tl_uart_putc('\n');
}

int main(const void *dtb)
{
	uint64_t sum = 0;

	(void)dtb;
	for (int i = 0; i < 5; i++)
		sum |= tl_mmio_read32(HOLE_A);
	print("hole A, first place", sum);
	for (int i = 0; i < 5; i++)
		sum |= tl_mmio_read32(HOLE_A);
	print("hole A, second place", sum);

	print("hole B, 1 byte", READ(uint32_t, "w", "b", HOLE_B));
	print("hole B, 2 bytes", READ(uint32_t, "w", "h", HOLE_B));
	print("hole B, 4 bytes", READ(uint32_t, "w", "", HOLE_B));
	print("hole B, 8 bytes", READ(uint64_t, "x", "", HOLE_B));
	tl_mmio_write32(HOLE_B, 42);
	print("hole B, after a write", tl_mmio_read32(HOLE_B));
	return 0;
}
