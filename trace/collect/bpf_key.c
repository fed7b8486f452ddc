/* SPDX-License-Identifier: MIT */
/*
 * From the program's side of trace/bpf/exits.h to ours.
 */
#include "trace/collect/bpf_key.h"

#include <string.h>

#include "trace/decode/esr.h"

unsigned int tl_bpf_key_class(unsigned int bpf_class)
{
	static const unsigned int special[] = {
		TL_CLASS_IRQ, TL_CLASS_SERROR, TL_CLASS_IL, TL_CLASS_OTHER};

	if (bpf_class < TL_BPF_CLASS_IRQ)
		return TL_CLASS_EC + bpf_class;
	return bpf_class < TL_BPF_CLASSES ? special[bpf_class - TL_BPF_CLASS_IRQ] : TL_CLASS_OTHER;
}

unsigned int tl_bpf_key_class_of(uint64_t rest)
{
	return tl_bpf_key_class(TL_BPF_REST_CLASS(rest));
}

enum tl_handler tl_bpf_key_handler(uint64_t rest)
{
	return TL_BPF_REST_HANDLER(rest) == TL_BPF_BY_USER ? TL_HANDLER_USER : TL_HANDLER_KERNEL;
}

uint64_t tl_bpf_key_bucket_end(unsigned int bucket)
{
	unsigned int exponent = TL_BPF_HIST_MIN + bucket / 4;
	uint64_t step = (UINT64_C(1) << exponent) / 4;

	return (UINT64_C(1) << exponent) + (bucket % 4 + 1) * step;
}

uint64_t tl_bpf_key_bucket_middle(unsigned int bucket)
{
	uint64_t step = (UINT64_C(1) << (TL_BPF_HIST_MIN + bucket / 4)) / 4;

	return tl_bpf_key_bucket_end(bucket) - step + step / 2;
}

unsigned int tl_bpf_key_ram(const struct tl_vm_map *map, struct tl_bpf_range ram[TL_BPF_RANGES])
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < map->count && n < TL_BPF_RANGES; i++) {
		const struct tl_vm_region *region = &map->regions[i];

		if (!strcmp(region->name, "ram"))
			ram[n++] = (struct tl_bpf_range){region->base, region->base + region->size};
	}
	return n;
}
