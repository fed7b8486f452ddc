/* SPDX-License-Identifier: MIT */
/*
 * Machine vexpress-a15: Arm's Versatile Express with a Cortex-A15 core tile, the board of the
 * 2014 report (map: DUI 0447, chapter 4, and DDI 0503, 3.1; a GICv3 as on the FVP models). It has
 * 2 GiB of the addresses that 32 bits reach for RAM. Virtio and its interrupts are where
 * QEMU's board has them; a new device is a line here and a node in dts/vexpress-a15.dts.
 */
#include "vmm/dev/pl011.h"
#include "vmm/dev/pl031.h"
#include "vmm/dev/sp804.h"
#include "vmm/dev/vexpress_sysreg.h"
#include "vmm/machine/machine.h"

/* dts/vexpress-a15.dtb, embedded by vmm/machine/skeletons.S. */
extern const uint8_t tl_skeleton_vexpress[];

static const struct tl_machine_dev vexpress_devs[] = {
	{"vexpress-sysreg", UINT64_C(0x1c010000), 0, tl_vexpress_sysreg_create},
	{"pl011", UINT64_C(0x1c090000), 5, tl_pl011_create},
	{"sp804", UINT64_C(0x1c110000), 2, tl_sp804_create},
	{"pl031", UINT64_C(0x1c170000), 4, tl_pl031_create},
};

const struct tl_machine tl_machine_vexpress = {
	.name = "vexpress-a15",
	.skeleton = tl_skeleton_vexpress,
	.ram_base = UINT64_C(0x80000000),
	.aarch32 = true,
	/* As many as a GICv2 serves; the real tile has two. */
	.cpus_max = 8,
	.gic =
		{
			.v2_dist = {UINT64_C(0x2c001000), UINT64_C(0x1000)},
			.v2_cpu = {UINT64_C(0x2c002000), UINT64_C(0x2000)},
			.v3_dist = {UINT64_C(0x2f000000), UINT64_C(0x10000)},
			.redists = UINT64_C(0x2f100000),
			.low_redists = 8,
			.v2_first = true,
		},
	.spis = 6,
	.devs = vexpress_devs,
	.dev_count = sizeof(vexpress_devs) / sizeof(vexpress_devs[0]),
	.virtio_base = UINT64_C(0x1c130000),
	.virtio_spi = 40,
	.virtio_count = 32,
};
