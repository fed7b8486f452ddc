/* SPDX-License-Identifier: MIT */
/*
 * The same as the BPF program has (trace/bpf/exits.bpf.c), which is why the encodings
 * are in a header of both.
 */
#include "trace/profile/event_detail.h"

#include <string.h>

#include "trace/decode/detail.h"
#include "trace/decode/esr.h"

#define EC(number) (TL_CLASS_EC + (number))

static int in_ram(const struct tl_vm_map *map, uint64_t ipa)
{
	for (unsigned int i = 0; i < map->count; i++) {
		const struct tl_vm_region *region = &map->regions[i];

		if (ipa >= region->base && ipa - region->base < region->size)
			return !strcmp(region->name, "ram");
	}
	return 0;
}

/* The IPA in the event of a stock kernel is that of the page. */
static uint64_t ipa_of(const struct tl_event *event)
{
	return event->kind == TL_EVENT_FAULT ? event->ipa | (event->far & 0xfff) : event->ipa;
}

uint64_t tl_event_detail(
	const struct tl_vm_map *map, const struct tl_event *event, unsigned int exit_class)
{
	uint64_t ipa = ipa_of(event);

	switch (exit_class) {
	case EC(0x01):
		return event->kind == TL_EVENT_WFX ? event->imm & 1
						   : event->esr & TL_DETAIL_WFX_MASK;
	case EC(0x03):
	case EC(0x05):
	case EC(0x08):
		return event->esr & TL_DETAIL_CP32_MASK;
	case EC(0x04):
	case EC(0x0c):
		return event->esr & TL_DETAIL_CP64_MASK;
	case EC(0x06):
		return event->esr & TL_DETAIL_CP_LS_MASK;
	case EC(0x12):
	case EC(0x13):
	case EC(0x16):
	case EC(0x17):
		return event->kind == TL_EVENT_CALL
			       ? tl_detail_of_call(event->imm, event->x0, ~0ull)
			       : tl_detail_of_call(event->esr & 0xffff, event->x0, event->x1);
	case EC(0x18):
		return event->esr & TL_DETAIL_SYS64_MASK;
	case EC(0x20):
		return tl_detail_of_abort(
			event->esr & ~(uint64_t)(TL_ESR_WNR | TL_ESR_ISV), ipa, in_ram(map, ipa));
	case EC(0x24):
		return tl_detail_of_abort(event->esr, ipa, in_ram(map, ipa));
	default:
		return 0;
	}
}
