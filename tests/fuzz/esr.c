/* SPDX-License-Identifier: MIT */
/*
 * The decoder of exits: the input is the fields of exit events, which are put into words.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "trace/decode/detail.h"
#include "trace/decode/esr.h"
#include "trace/decode/event.h"
#include "trace/profile/event_detail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fields {
	uint32_t kind, ret, ec, imm;
	uint64_t esr, far, ipa, x0, x1;
};

static void decode(const struct tl_vm_map *map, const struct fields *in)
{
	const struct tl_event event = {.kind = (enum tl_event_kind)(in->kind % TL_EVENT_LOST_BEGIN),
		.ret = in->ret,
		.ec = in->ec,
		.esr = in->esr,
		.far = in->far,
		.ipa = in->ipa,
		.x0 = in->x0,
		.x1 = in->x1,
		.imm = in->imm};
	unsigned int exit_class = tl_esr_class(event.ret, event.ec);
	uint64_t detail = tl_event_detail(map, &event, exit_class);
	char text[96];

	if (exit_class >= TL_CLASS_COUNT || !tl_esr_class_name(exit_class) ||
		strlen(tl_esr_class_text(exit_class)) > 27)
		abort();
	tl_detail_text(text, sizeof(text), exit_class, detail, map);
	tl_detail_text(text, sizeof(text), exit_class, in->x0, map);
	if (strlen(text) >= sizeof(text))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tl_vm_map map = {
		4, {{"ram", 0x40000000, 0x10000000}, {"pl011", 0x09000000, 0x1000},
			   {"gicr", 0x080a0000, 0xf60000}, {"virtio-mmio", 0x0a000000, 0x4000}}};
	struct fields in;

	for (; size >= sizeof(in); data += sizeof(in), size -= sizeof(in)) {
		memcpy(&in, data, sizeof(in));
		decode(&map, &in);
	}
	return 0;
}
