/* SPDX-License-Identifier: MIT */
/*
 * A table for each kind of device; a register may be an array, whose index is told.
 */
#include "trace/decode/device_regs.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reg {
	uint32_t offset, size; /* bytes; size of all of an array */
	const char *name;
	uint32_t stride; /* of an array; 0: no array */
};

/* Arm DDI 0183, table 3-1 */
static const struct reg pl011[] = {
	{0x000, 4, "UARTDR", 0},
	{0x004, 4, "UARTRSR", 0},
	{0x018, 4, "UARTFR", 0},
	{0x020, 4, "UARTILPR", 0},
	{0x024, 4, "UARTIBRD", 0},
	{0x028, 4, "UARTFBRD", 0},
	{0x02c, 4, "UARTLCR_H", 0},
	{0x030, 4, "UARTCR", 0},
	{0x034, 4, "UARTIFLS", 0},
	{0x038, 4, "UARTIMSC", 0},
	{0x03c, 4, "UARTRIS", 0},
	{0x040, 4, "UARTMIS", 0},
	{0x044, 4, "UARTICR", 0},
	{0x048, 4, "UARTDMACR", 0},
	{0xfe0, 16, "UARTPeriphID", 4},
	{0xff0, 16, "UARTPCellID", 4},
	{0, 0, NULL, 0},
};

/* Arm DDI 0224, table 3-1 */
static const struct reg pl031[] = {
	{0x000, 4, "RTCDR", 0},
	{0x004, 4, "RTCMR", 0},
	{0x008, 4, "RTCLR", 0},
	{0x00c, 4, "RTCCR", 0},
	{0x010, 4, "RTCIMSC", 0},
	{0x014, 4, "RTCRIS", 0},
	{0x018, 4, "RTCMIS", 0},
	{0x01c, 4, "RTCICR", 0},
	{0xfe0, 16, "RTCPeriphID", 4},
	{0xff0, 16, "RTCPCellID", 4},
	{0, 0, NULL, 0},
};

/* Arm DDI 0190, table 3-1; the address of the data register holds its mask */
static const struct reg pl061[] = {
	{0x000, 0x400, "GPIODATA", 0},
	{0x400, 4, "GPIODIR", 0},
	{0x404, 4, "GPIOIS", 0},
	{0x408, 4, "GPIOIBE", 0},
	{0x40c, 4, "GPIOIEV", 0},
	{0x410, 4, "GPIOIE", 0},
	{0x414, 4, "GPIORIS", 0},
	{0x418, 4, "GPIOMIS", 0},
	{0x41c, 4, "GPIOIC", 0},
	{0x420, 4, "GPIOAFSEL", 0},
	{0xfe0, 16, "GPIOPeriphID", 4},
	{0xff0, 16, "GPIOPCellID", 4},
	{0, 0, NULL, 0},
};

/* Arm DDI 0271, table 3-1: two timers */
static const struct reg sp804[] = {
	{0x000, 4, "Timer1Load", 0},
	{0x004, 4, "Timer1Value", 0},
	{0x008, 4, "Timer1Control", 0},
	{0x00c, 4, "Timer1IntClr", 0},
	{0x010, 4, "Timer1RIS", 0},
	{0x014, 4, "Timer1MIS", 0},
	{0x018, 4, "Timer1BGLoad", 0},
	{0x020, 4, "Timer2Load", 0},
	{0x024, 4, "Timer2Value", 0},
	{0x028, 4, "Timer2Control", 0},
	{0x02c, 4, "Timer2IntClr", 0},
	{0x030, 4, "Timer2RIS", 0},
	{0x034, 4, "Timer2MIS", 0},
	{0x038, 4, "Timer2BGLoad", 0},
	{0xfe0, 16, "TimerPeriphID", 4},
	{0xff0, 16, "TimerPCellID", 4},
	{0, 0, NULL, 0},
};

/* Arm DUI 0447, chapter 4: the motherboard of a Versatile Express */
static const struct reg vexpress_sysreg[] = {
	{0x000, 4, "SYS_ID", 0},
	{0x004, 4, "SYS_SW", 0},
	{0x008, 4, "SYS_LED", 0},
	{0x024, 4, "SYS_100HZ", 0},
	{0x030, 4, "SYS_FLAGS", 0},
	{0x034, 4, "SYS_FLAGSCLR", 0},
	{0x038, 4, "SYS_NVFLAGS", 0},
	{0x03c, 4, "SYS_NVFLAGSCLR", 0},
	{0x048, 4, "SYS_MCI", 0},
	{0x04c, 4, "SYS_FLASH", 0},
	{0x058, 4, "SYS_CFGSW", 0},
	{0x05c, 4, "SYS_24MHZ", 0},
	{0x060, 4, "SYS_MISC", 0},
	{0x064, 4, "SYS_DMA", 0},
	{0x084, 4, "SYS_PROCID0", 0},
	{0x088, 4, "SYS_PROCID1", 0},
	{0x0a0, 4, "SYS_CFGDATA", 0},
	{0x0a4, 4, "SYS_CFGCTRL", 0},
	{0x0a8, 4, "SYS_CFGSTAT", 0},
	{0, 0, NULL, 0},
};

/* Arm IHI 0048, 4.4: the CPU interface of a GICv2 */
static const struct reg gicc[] = {
	{0x0000, 4, "GICC_CTLR", 0},
	{0x0004, 4, "GICC_PMR", 0},
	{0x0008, 4, "GICC_BPR", 0},
	{0x000c, 4, "GICC_IAR", 0},
	{0x0010, 4, "GICC_EOIR", 0},
	{0x0014, 4, "GICC_RPR", 0},
	{0x0018, 4, "GICC_HPPIR", 0},
	{0x00d0, 16, "GICC_APR", 4},
	{0x00fc, 4, "GICC_IIDR", 0},
	{0x1000, 4, "GICC_DIR", 0},
	{0, 0, NULL, 0},
};

/* vmm/lab/port.h */
static const struct reg labport[] = {
	{0, 8, "CHAR", 0},
	{8, 8, "HALT", 0},
	{0, 0, NULL, 0},
};

/* Arm IHI 0069, 12.8: the distributor (IHI 0048, 4.3, for GICv2) */
static const struct reg gicd[] = {
	{0x0000, 4, "GICD_CTLR", 0},
	{0x0004, 4, "GICD_TYPER", 0},
	{0x0008, 4, "GICD_IIDR", 0},
	{0x000c, 4, "GICD_TYPER2", 0},
	{0x0040, 4, "GICD_SETSPI_NSR", 0},
	{0x0080, 0x80, "GICD_IGROUPR", 4},
	{0x0100, 0x80, "GICD_ISENABLER", 4},
	{0x0180, 0x80, "GICD_ICENABLER", 4},
	{0x0200, 0x80, "GICD_ISPENDR", 4},
	{0x0280, 0x80, "GICD_ICPENDR", 4},
	{0x0300, 0x80, "GICD_ISACTIVER", 4},
	{0x0380, 0x80, "GICD_ICACTIVER", 4},
	{0x0400, 0x400, "GICD_IPRIORITYR", 4},
	{0x0800, 0x400, "GICD_ITARGETSR", 4},
	{0x0c00, 0x100, "GICD_ICFGR", 4},
	{0x0d00, 0x80, "GICD_IGRPMODR", 4},
	{0x0f00, 4, "GICD_SGIR", 0},
	{0x6000, 0x2000, "GICD_IROUTER", 8},
	{0xffe8, 4, "GICD_PIDR2", 0},
	{0, 0, NULL, 0},
};

/* Arm IHI 0069, 12.10: a redistributor; offsets within its two frames */
static const struct reg gicr[] = {
	{0x00000, 4, "GICR_CTLR", 0},
	{0x00004, 4, "GICR_IIDR", 0},
	{0x00008, 8, "GICR_TYPER", 0},
	{0x00014, 4, "GICR_WAKER", 0},
	{0x00070, 8, "GICR_PROPBASER", 0},
	{0x00078, 8, "GICR_PENDBASER", 0},
	{0x0ffe8, 4, "GICR_PIDR2", 0},
	{0x10080, 4, "GICR_IGROUPR0", 0},
	{0x10100, 4, "GICR_ISENABLER0", 0},
	{0x10180, 4, "GICR_ICENABLER0", 0},
	{0x10200, 4, "GICR_ISPENDR0", 0},
	{0x10280, 4, "GICR_ICPENDR0", 0},
	{0x10300, 4, "GICR_ISACTIVER0", 0},
	{0x10380, 4, "GICR_ICACTIVER0", 0},
	{0x10400, 0x20, "GICR_IPRIORITYR", 4},
	{0x10c00, 4, "GICR_ICFGR0", 0},
	{0x10c04, 4, "GICR_ICFGR1", 0},
	{0, 0, NULL, 0},
};

/* Arm IHI 0069, 12.19: an ITS; and 12.20, the frame that messages are written to */
static const struct reg gicits[] = {
	{0x00000, 4, "GITS_CTLR", 0},
	{0x00004, 4, "GITS_IIDR", 0},
	{0x00008, 8, "GITS_TYPER", 0},
	{0x00080, 8, "GITS_CBASER", 0},
	{0x00088, 8, "GITS_CWRITER", 0},
	{0x00090, 8, "GITS_CREADR", 0},
	{0x00100, 0x40, "GITS_BASER", 8},
	{0x0ffe8, 4, "GITS_PIDR2", 0},
	{0x10040, 4, "GITS_TRANSLATER", 0},
	{0, 0, NULL, 0},
};

/* Arm DEN0029, version 3, appendix E: a frame of GICv2m */
static const struct reg gicm[] = {
	{0x008, 4, "MSI_TYPER", 0},
	{0x040, 4, "MSI_SETSPI_NS", 0},
	{0xfcc, 4, "MSI_IIDR", 0},
	{0, 0, NULL, 0},
};

/* Virtio 1.2, 4.2.2 */
static const struct reg virtio_mmio[] = {
	{0x000, 4, "MagicValue", 0},
	{0x004, 4, "Version", 0},
	{0x008, 4, "DeviceID", 0},
	{0x00c, 4, "VendorID", 0},
	{0x010, 4, "DeviceFeatures", 0},
	{0x014, 4, "DeviceFeaturesSel", 0},
	{0x020, 4, "DriverFeatures", 0},
	{0x024, 4, "DriverFeaturesSel", 0},
	{0x030, 4, "QueueSel", 0},
	{0x034, 4, "QueueNumMax", 0},
	{0x038, 4, "QueueNum", 0},
	{0x044, 4, "QueueReady", 0},
	{0x050, 4, "QueueNotify", 0},
	{0x060, 4, "InterruptStatus", 0},
	{0x064, 4, "InterruptACK", 0},
	{0x070, 4, "Status", 0},
	{0x080, 8, "QueueDesc", 0},
	{0x090, 8, "QueueDriver", 0},
	{0x0a0, 8, "QueueDevice", 0},
	{0x0fc, 4, "ConfigGeneration", 0},
	{0x100, 0x100, "Config", 1},
	{0, 0, NULL, 0},
};

static const struct {
	const char *device;
	const struct reg *regs;
	uint64_t repeat; /* of devices side by side: an index, then the offset; 0: none */
} tables[] = {
	{"pl011", pl011, 0},
	{"pl031", pl031, 0},
	{"pl061", pl061, 0},
	{"sp804", sp804, 0},
	{"vexpress-sysreg", vexpress_sysreg, 0},
	{"labport", labport, 0},
	{"gicd", gicd, 0},
	{"gicc", gicc, 0},
	{"gicr", gicr, 0x20000},
	{"gicits", gicits, 0},
	{"gicm", gicm, 0},
	{"virtio-mmio", virtio_mmio, 0x200},
};

static const struct reg *find(const struct reg *regs, uint64_t offset)
{
	for (; regs->name; regs++) {
		if (offset >= regs->offset && offset - regs->offset < regs->size)
			return regs;
	}
	return NULL;
}

/*
 * Whether the device is of the kind; where it is not the first range of devices side by side,
 * "@N" behind its name says which the first one is.
 */
static bool is_of(const char *device, const char *kind, uint64_t *first)
{
	size_t length = strlen(kind);

	*first = 0;
	if (strncmp(device, kind, length) != 0)
		return false;
	if (device[length] == '@')
		*first = strtoull(device + length + 1, NULL, 10);
	return !device[length] || device[length] == '@';
}

const char *tl_device_reg_name(const char *device, uint64_t offset, char *buffer, size_t size)
{
	for (unsigned int i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		uint64_t inside = tables[i].repeat ? offset % tables[i].repeat : offset;
		const struct reg *reg;
		uint64_t first;
		size_t at = 0;

		if (!is_of(device, tables[i].device, &first))
			continue;
		reg = find(tables[i].regs, inside);
		if (!reg)
			break;
		if (!reg->stride && !tables[i].repeat)
			return reg->name;
		if (tables[i].repeat)
			at = (size_t)snprintf(
				buffer, size, "#%" PRIu64 " ", first + offset / tables[i].repeat);
		/* What it would have been, were there room. */
		if (at > size)
			at = size;
		if (reg->stride)
			snprintf(buffer + at, size - at, "%s[%" PRIu64 "]", reg->name,
				(inside - reg->offset) / reg->stride);
		else
			snprintf(buffer + at, size - at, "%s", reg->name);
		return buffer;
	}
	snprintf(buffer, size, "+0x%" PRIx64, offset);
	return buffer;
}
