/* SPDX-License-Identifier: MIT */
/*
 * Machine virt: the map of QEMU's board of that name. A new device is a line
 * here and, if it is always there, a node in dts/virt.dts.
 */
#include "vmm/dev/pl011.h"
#include "vmm/dev/pl031.h"
#include "vmm/dev/pl061.h"
#include "vmm/machine/machine.h"

/* dts/virt.dtb, embedded by vmm/machine/skeletons.S. */
extern const uint8_t tl_skeleton_virt[];

static const struct tl_machine_dev virt_devs[] = {
	{"pl011", UINT64_C(0x09000000), 1, tl_pl011_create},
	{"pl031", UINT64_C(0x09010000), 2, tl_pl031_create},
	{"pl061", UINT64_C(0x09030000), 7, tl_pl061_create},
};

const struct tl_machine tl_machine_virt = {
	.name = "virt",
	.skeleton = tl_skeleton_virt,
	.ram_base = UINT64_C(0x40000000),
	.gic = TL_GIC_MAP_VIRT,
	/* Two banks of NOR flash. The second one, where firmware keeps variables, is empty. */
	.flash_base = 0,
	.flash_size = UINT64_C(0x08000000),
	.flash_bank = UINT64_C(0x04000000),
	.spis = 8,
	.devs = virt_devs,
	.dev_count = sizeof(virt_devs) / sizeof(virt_devs[0]),
	.virtio_base = UINT64_C(0x0a000000),
	.virtio_spi = 16,
	.virtio_count = 32,
};
