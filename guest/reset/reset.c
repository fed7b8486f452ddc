/* SPDX-License-Identifier: MIT */
/*
 * Asks for PSCI SYSTEM_RESET at its first start and powers off at the second.
 * It knows them apart by a word in RAM outside of its image: like a warm reset
 * of hardware, a reset in place keeps what RAM held and loads the image anew.
 * Also checks that its own initialised data are what they were at first, and that each device is:
 * before the reset it leaves something in all of them. `disk` on the command line: there is a
 * virtio device as well.
 */
#include "guest.h"

#define MARK_ADDRESS (TL_RAM_BASE + 0x02000000)
#define MARK         0x7472617072657365

static volatile uint64_t initialised = 1;

/* Registers, what is left in them, and what they hold after a reset. */
static const struct {
	const char *name;
	uint32_t address, dirt, clean;
} registers[] = {
	{"UARTIBRD", TL_UART_BASE + 0x24, 13, 0},
	{"UARTLCR_H", TL_UART_BASE + 0x2c, 0x70, 0},
	{"UARTCR", TL_UART_BASE + 0x30, 0x301, 0x300},
	{"UARTIFLS", TL_UART_BASE + 0x34, 0x24, 0x12},
	{"UARTIMSC", TL_UART_BASE + 0x38, 0x7ff, 0},
	{"RTCMR", 0x09010004, 5, 0},
	{"RTCLR", 0x09010008, 5, 0},
	{"RTCIMSC", 0x09010010, 1, 0},
	{"RTCRIS", 0x09010014, 0, 0}, /* by RTCMR: the alarm is due at once */
	{"GPIODIR", 0x09030400, 0xf7, 0},
	{"GPIOIS", 0x09030404, 0x08, 0},
	{"GPIOIE", 0x09030410, 0x08, 0}, /* a low level: the interrupt is there at once */
	{"GPIORIS", 0x09030414, 0, 0},
	{"GPIOAFSEL", 0x09030420, 0xff, 0},
	{"GICD_ISENABLER1", 0x08000104, 0xffffffff, 0},
	{"GICD_ISPENDR1", 0x08000204, 0, 0},
	{"GICD_IPRIORITYR8", 0x08000420, 0xa0a0a0a0, 0},
	{"GICD_ICFGR2", 0x08000c08, 0xaaaaaaaa, 0},
};

#define DISK_STATUS      0x0a000070
#define DISK_QUEUE_READY 0x0a000044

/* The level of their interrupt lines is what shows in this one. */
static const uint32_t pending = 0x08000204;

static void leave_dirt(int disk)
{
	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		tl_mmio_write32(registers[i].address, registers[i].dirt);
	if (disk)
		tl_mmio_write32(DISK_STATUS, 3);
	/* Of the UART, whose interrupt is not there without input, nothing is asked. */
	if ((tl_mmio_read32(pending) & 0x84) != 0x84)
		tl_uart_puts("reset: the interrupts that should be pending are not\n");
}

static void look(const char *name, uint32_t address, uint32_t clean)
{
	uint32_t value = tl_mmio_read32(address);

	if (value == clean)
		return;
	tl_uart_puts("reset: ");
	tl_uart_puts(name);
	tl_uart_puts(" is ");
	tl_uart_puthex(value);
	tl_uart_putc('\n');
}

static void look_for_dirt(int disk)
{
	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		look(registers[i].name, registers[i].address, registers[i].clean);
	if (disk) {
		look("Status of the disk", DISK_STATUS, 0);
		look("QueueReady of the disk", DISK_QUEUE_READY, 0);
	}
}

int main(const void *dtb)
{
	volatile uint64_t *mark = (volatile uint64_t *)MARK_ADDRESS;
	int disk = tl_args_has(tl_fdt_bootargs(dtb), "disk");

	if (*mark != MARK) {
		*mark = MARK;
		initialised = 2;
		tl_uart_puts("reset: first start\n");
		leave_dirt(disk);
		tl_psci_reset();
	}
	*mark = 0;
	look_for_dirt(disk);
	tl_uart_puts(initialised == 1 ? "reset: second start\n"
				      : "reset: second start, but the image was not loaded anew\n");
	return 0;
}
