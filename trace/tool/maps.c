/* SPDX-License-Identifier: MIT */
/*
 * From the VMMs' sources: QEMU hw/arm/virt.c (base_memmap), kvmtool
 * arm/include/arm-common/kvm-arch.h, Firecracker src/vmm/src/arch/aarch64/layout.rs.
 * RAM is given as the whole range that may be RAM.
 */
#include "trace/tool/maps.h"

#include <stdio.h>
#include <string.h>

#define MIB UINT64_C(0x100000)
#define GIB UINT64_C(0x40000000)

static const struct tl_known_map maps[] = {
	{"qemu-virt", "qemu-system-aar", 12,
		{
			{"ram", GIB, 255 * GIB},
			{"gicd", 0x08000000, 0x10000},
			{"gicc", 0x08010000, 0x10000},
			{"gicm", 0x08020000, 0x10000},
			{"gicits", 0x08080000, 0x20000},
			{"gicr", 0x080a0000, 0xf60000},
			{"pl011", 0x09000000, 0x1000},
			{"pl031", 0x09010000, 0x1000},
			{"fw-cfg", 0x09020000, 0x18},
			{"pl061", 0x09030000, 0x1000},
			{"virtio-mmio", 0x0a000000, 0x4000},
			{"pci", 0x10000000, 0x30000000},
		}},
	{"kvmtool", "lkvm", 5,
		{
			{"ram", 2 * GIB, 510 * GIB},
			{"ioport", 0, 0x10000},
			{"8250", 0x01000000, 0x10000},
			{"rtc", 0x01010000, 0x1000},
			{"virtio-mmio", 0x02000000, 0x01000000},
		}},
	{"firecracker", "firecracker", 1,
		{
			{"ram", 2 * GIB, 1022 * GIB},
		}},
};
#define MAP_COUNT (sizeof(maps) / sizeof(maps[0]))

const struct tl_known_map *tl_map_at(unsigned int i)
{
	return i < MAP_COUNT ? &maps[i] : NULL;
}

const struct tl_known_map *tl_map_by_name(const char *name)
{
	for (unsigned int i = 0; i < MAP_COUNT; i++) {
		if (!strcmp(maps[i].name, name))
			return &maps[i];
	}
	return NULL;
}

const struct tl_known_map *tl_map_by_program(const char *program)
{
	/* Its machine virt is the same (vmm/machine/virt.c). */
	if (!strcmp(program, "trapline"))
		return &maps[0];
	for (unsigned int i = 0; i < MAP_COUNT; i++) {
		if (!strcmp(maps[i].program, program))
			return &maps[i];
	}
	return NULL;
}

const char *tl_map_names(void)
{
	static char names[128];

	names[0] = 0;
	for (unsigned int i = 0; i < MAP_COUNT; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			i ? ", " : "", maps[i].name);
	return names;
}
