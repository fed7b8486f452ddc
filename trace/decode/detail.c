/* SPDX-License-Identifier: MIT */
/*
 * Puts registers, calls, devices and faults into words, by exit class.
 */
#include "trace/decode/detail.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/vm_desc.h"
#include "trace/decode/cp.h"
#include "trace/decode/device_regs.h"
#include "trace/decode/esr.h"
#include "trace/decode/smccc.h"
#include "trace/decode/sysreg.h"

#define EC(number) (TL_CLASS_EC + (number))

static void put_sysreg(char *buffer, size_t size, uint64_t detail)
{
	char name[48];
	const char *known = tl_sysreg_name((uint32_t)detail, name, sizeof(name));

	/* Op0 1 are instructions, which have no direction. */
	if ((detail >> 20 & 3) == 1)
		snprintf(buffer, size, "%s", known);
	else
		snprintf(buffer, size, "%s %s", known,
			tl_sysreg_is_read((uint32_t)detail) ? "read" : "write");
}

static void put_cp(char *buffer, size_t size, unsigned int exit_class, uint64_t detail)
{
	char name[48];
	const char *known;

	/* A stock kernel does not tell. */
	if (!detail)
		return;
	known = tl_cp_name(exit_class, detail, name, sizeof(name));
	if (tl_cp_is_operation(exit_class, detail))
		snprintf(buffer, size, "%s", known);
	else
		snprintf(buffer, size, "%s %s", known,
			tl_cp_is_read(exit_class, detail) ? "read" : "write");
}

static void put_call(char *buffer, size_t size, uint64_t detail)
{
	unsigned int immediate = (unsigned int)(detail >> 32) & 0xffff;
	char name[48];

	/* Function 0 is none: a stock kernel does not tell it of SMC. */
	if (immediate || !(uint32_t)detail)
		snprintf(buffer, size, "#%u", immediate);
	else if (TL_DETAIL_CPU_OF(detail))
		snprintf(buffer, size, "%s of CPU %u",
			tl_smccc_name((uint32_t)detail, name, sizeof(name)),
			TL_DETAIL_CPU_OF(detail) - 1);
	else
		snprintf(buffer, size, "%s", tl_smccc_name((uint32_t)detail, name, sizeof(name)));
}

static const struct tl_vm_region *find_region(const struct tl_vm_map *map, uint64_t ipa)
{
	for (unsigned int i = 0; map && i < map->count; i++) {
		if (ipa >= map->regions[i].base &&
			ipa - map->regions[i].base < map->regions[i].size)
			return &map->regions[i];
	}
	return NULL;
}

/* DDI 0487, ISS encoding of a Data Abort, DFSC. */
static void put_fault(char *buffer, size_t size, uint64_t detail, const char *access)
{
	static const char *const kinds[] = {
		"address size", "translation", "access flag", "permission"};
	unsigned int fsc = detail & 0x3f;

	if (fsc >> 2 < 4)
		snprintf(buffer, size, "RAM %s: stage-2 %s, level %u", access, kinds[fsc >> 2],
			fsc & 3);
	else
		snprintf(buffer, size, "RAM %s: fault status 0x%02x", access, fsc);
}

/* Virtio's transports may each be a range of its own: how many of the kind are before this one. */
static unsigned int number_of(const struct tl_vm_map *map, const struct tl_vm_region *region)
{
	unsigned int number = 0;

	for (unsigned int i = 0; i < map->count; i++)
		number += map->regions[i].base < region->base &&
			  !strcmp(map->regions[i].name, region->name);
	return number;
}

static void put_abort(
	char *buffer, size_t size, uint64_t detail, const struct tl_vm_map *map, const char *access)
{
	uint64_t ipa = detail & TL_DETAIL_IPA;
	const struct tl_vm_region *region;
	char name[48], kind[sizeof(region->name) + 12];

	if (detail & TL_DETAIL_RAM) {
		put_fault(buffer, size, detail, access);
		return;
	}
	region = find_region(map, ipa);
	if (region) {
		/* One that says where its numbers begin does so itself. */
		if (strchr(region->name, '@'))
			snprintf(kind, sizeof(kind), "%s", region->name);
		else
			snprintf(kind, sizeof(kind), "%s@%u", region->name, number_of(map, region));
		snprintf(buffer, size, "%s %s %s", region->name,
			tl_device_reg_name(kind, ipa - region->base, name, sizeof(name)), access);
	} else {
		snprintf(buffer, size, "no device at 0x%" PRIx64 ", %s", ipa, access);
	}
}

const char *tl_detail_text(char *buffer, size_t size, unsigned int exit_class, uint64_t detail,
	const struct tl_vm_map *map)
{
	static const char *const waits[] = {"WFI", "WFE", "WFIT", "WFET"};

	buffer[0] = 0;
	switch (exit_class) {
	case TL_CLASS_IRQ:
		if (detail)
			snprintf(buffer, size, "host interrupt %u", (unsigned int)detail - 1);
		break;
	case EC(0x01):
		snprintf(buffer, size, "%s", waits[detail & TL_DETAIL_WFX_MASK]);
		break;
	case TL_CLASS_CP15_32:
	case TL_CLASS_CP15_64:
	case TL_CLASS_CP14_MR:
	case TL_CLASS_CP14_LS:
	case TL_CLASS_CP10_ID:
	case TL_CLASS_CP14_64:
		put_cp(buffer, size, exit_class, detail);
		break;
	case EC(0x12):
	case EC(0x13):
	case EC(0x16):
	case EC(0x17):
		put_call(buffer, size, detail);
		break;
	case EC(0x18):
		put_sysreg(buffer, size, detail);
		break;
	case EC(0x20):
		put_abort(buffer, size, detail, map, "fetch");
		break;
	case EC(0x24):
		put_abort(buffer, size, detail, map, detail & TL_DETAIL_WRITE ? "write" : "read");
		break;
	default:
		break;
	}
	return buffer;
}
