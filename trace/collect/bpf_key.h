/* SPDX-License-Identifier: MIT */
/*
 * What the BPF programs' numbers are called in the rest of the program.
 */
#ifndef TL_TRACE_BPF_KEY_H
#define TL_TRACE_BPF_KEY_H

#include <stdint.h>

#include "base/vm_desc.h"
#include "trace/bpf/exits.h"
#include "trace/profile/detail.h"

/* TL_CLASS_* of a TL_BPF_CLASS_*. */
unsigned int tl_bpf_key_class(unsigned int bpf_class);

/* The same of TL_BPF_REST, and who handled it. */
unsigned int tl_bpf_key_class_of(uint64_t rest);
enum tl_handler tl_bpf_key_handler(uint64_t rest);

/* Where a bucket of the histogram ends, and its middle: ns. The last one has no end. */
uint64_t tl_bpf_key_bucket_end(unsigned int bucket);
uint64_t tl_bpf_key_bucket_middle(unsigned int bucket);

/* The ranges of RAM in `map`; returns how many. */
unsigned int tl_bpf_key_ram(const struct tl_vm_map *map, struct tl_bpf_range ram[TL_BPF_RANGES]);

#endif
