/* SPDX-License-Identifier: MIT */
/*
 * Registers of devices by their offset: single ones, arrays, devices side by side,
 * and what has no name.
 * Links: trace/decode/device_regs.c
 */
#include "tests/unit/unit.h"

#include "trace/decode/device_regs.h"

static void expect_name(const char *device, uint64_t offset, const char *name)
{
	char buffer[48];

	assert_string_equal(tl_device_reg_name(device, offset, buffer, sizeof(buffer)), name);
}

static void test_single(void **state)
{
	(void)state;
	expect_name("pl011", 0x000, "UARTDR");
	expect_name("pl011", 0x018, "UARTFR");
	expect_name("pl011", 0x038, "UARTIMSC");
	expect_name("pl011", 0x048, "UARTDMACR");
	expect_name("pl031", 0x000, "RTCDR");
	expect_name("pl031", 0x01c, "RTCICR");
	expect_name("pl061", 0x020, "GPIODATA");
	expect_name("pl061", 0x3fc, "GPIODATA");
	expect_name("pl061", 0x41c, "GPIOIC");
	expect_name("sp804", 0x02c, "Timer2IntClr");
	expect_name("vexpress-sysreg", 0x0a8, "SYS_CFGSTAT");
	expect_name("gicc", 0x00c, "GICC_IAR");
	expect_name("gicd", 0x0004, "GICD_TYPER");
	expect_name("gicd", 0x0f00, "GICD_SGIR");
	expect_name("gicd", 0xffe8, "GICD_PIDR2");
}

/* Another device's registers are not this one's. */
static void test_devices(void **state)
{
	(void)state;
	expect_name("pl011", 0x008, "+0x8");
	expect_name("pl031", 0x008, "RTCLR");
	expect_name("pl011", 0x004, "UARTRSR");
	expect_name("pl031", 0x004, "RTCMR");
}

/* A part of a register is the register. */
static void test_inside(void **state)
{
	(void)state;
	expect_name("pl011", 0x003, "UARTDR");
	expect_name("pl011", 0x01b, "UARTFR");
	expect_name("pl011", 0x01c, "+0x1c");
	expect_name("pl011", 0x017, "+0x17");
}

static void test_array(void **state)
{
	(void)state;
	expect_name("pl011", 0xfe0, "UARTPeriphID[0]");
	expect_name("pl011", 0xfec, "UARTPeriphID[3]");
	expect_name("pl011", 0xff0, "UARTPCellID[0]");
	expect_name("pl011", 0xffc, "UARTPCellID[3]");
	expect_name("gicd", 0x100, "GICD_ISENABLER[0]");
	expect_name("gicd", 0x104, "GICD_ISENABLER[1]");
	expect_name("gicd", 0x17c, "GICD_ISENABLER[31]");
	expect_name("gicd", 0x180, "GICD_ICENABLER[0]");
	/* A byte of a word */
	expect_name("gicd", 0x423, "GICD_IPRIORITYR[8]");
	/* Of 8 bytes each: the number is that of the interrupt */
	expect_name("gicd", 0x6100, "GICD_IROUTER[32]");
	expect_name("gicd", 0x6104, "GICD_IROUTER[32]");
	expect_name("gicd", 0x6108, "GICD_IROUTER[33]");
	expect_name("gicd", 0x7ff8, "GICD_IROUTER[1023]");
	expect_name("gicd", 0x8000, "+0x8000");
}

/* What takes messages: an ITS, or a frame of GICv2m. */
static void test_messages(void **state)
{
	(void)state;
	expect_name("gicits", 0x00000, "GITS_CTLR");
	expect_name("gicits", 0x0008c, "GITS_CWRITER");
	expect_name("gicits", 0x00108, "GITS_BASER[1]");
	expect_name("gicits", 0x10040, "GITS_TRANSLATER");
	expect_name("gicits", 0x10044, "+0x10044");
	expect_name("gicm", 0x008, "MSI_TYPER");
	expect_name("gicm", 0x040, "MSI_SETSPI_NS");
	expect_name("gicm", 0xfcc, "MSI_IIDR");
}

/* A redistributor of each vCPU, of two 64 KiB frames. */
static void test_redistributors(void **state)
{
	(void)state;
	expect_name("gicr", 0x00014, "#0 GICR_WAKER");
	expect_name("gicr", 0x0000c, "#0 GICR_TYPER");
	expect_name("gicr", 0x10100, "#0 GICR_ISENABLER0");
	expect_name("gicr", 0x20008, "#1 GICR_TYPER");
	expect_name("gicr", 0x30404, "#1 GICR_IPRIORITYR[1]");
	expect_name("gicr", 0xfe0014, "#127 GICR_WAKER");
	/* The offset of what has no name is the whole one. */
	expect_name("gicr", 0x20018, "+0x20018");
	/* Another range of them. */
	expect_name("gicr@123", 0x00014, "#123 GICR_WAKER");
	expect_name("gicr@123", 0x30404, "#124 GICR_IPRIORITYR[1]");
	expect_name("gicrx", 0x00014, "+0x14");
}

/* 32 of them in a row, where QEMU and Trapline put them. */
static void test_virtio(void **state)
{
	(void)state;
	expect_name("virtio-mmio", 0x050, "#0 QueueNotify");
	expect_name("virtio-mmio", 0x250, "#1 QueueNotify");
	expect_name("virtio-mmio", 0x264, "#1 InterruptACK");
	expect_name("virtio-mmio", 0x3e60, "#31 InterruptStatus");
	expect_name("virtio-mmio", 0x0fc, "#0 ConfigGeneration");
	expect_name("virtio-mmio", 0x100, "#0 Config[0]");
	expect_name("virtio-mmio", 0x1ff, "#0 Config[255]");
	expect_name("virtio-mmio", 0x200, "#1 MagicValue");
	expect_name("virtio-mmio", 0x0b0, "+0xb0");
}

static void test_no_name(void **state)
{
	(void)state;
	expect_name("fw-cfg", 0x18, "+0x18");
	expect_name("", 0, "+0x0");
	expect_name("pl011x", 0x18, "+0x18");
	expect_name("pl01", 0x18, "+0x18");
	expect_name("pl011", 0x1000, "+0x1000");
	/* Not cut to 32 bits */
	expect_name("pl011", 0x100000018, "+0x100000018");
	expect_name("pl011", UINT64_MAX, "+0xffffffffffffffff");
	expect_name("virtio-mmio", UINT64_MAX, "#36028797018963967 Config[255]");
}

/* Too small a buffer is filled and not overrun: 4 bytes, and a guard behind them. */
static void test_small_buffer(void **state)
{
	char buffer[8] = "xxxxxxx";

	(void)state;
	assert_string_equal(tl_device_reg_name("gicd", 0x104, buffer, 4), "GIC");
	assert_int_equal(buffer[4], 'x');
	assert_string_equal(tl_device_reg_name("fw-cfg", 0x104, buffer, 4), "+0x");
	assert_int_equal(buffer[4], 'x');
	assert_string_equal(tl_device_reg_name("pl011", 0, NULL, 0), "UARTDR");
}

/* The number of a device alone takes more than there is. */
static void test_buffer_of_a_number(void **state)
{
	char buffer[8] = "xxxxxxx";

	(void)state;
	assert_string_equal(tl_device_reg_name("virtio-mmio", 0xfe60, buffer, 4), "#12");
	assert_int_equal(buffer[4], 'x');
	assert_string_equal(tl_device_reg_name("virtio-mmio", 0xff00, buffer, 4), "#12");
	assert_int_equal(buffer[4], 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_inside),
		cmocka_unit_test(test_array),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_redistributors),
		cmocka_unit_test(test_virtio),
		cmocka_unit_test(test_no_name),
		cmocka_unit_test(test_small_buffer),
		cmocka_unit_test(test_buffer_of_a_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
