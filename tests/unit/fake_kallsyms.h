/* SPDX-License-Identifier: MIT */
/*
 * Linux Images of nothing but kallsyms, in each order that kernels have had their
 * tables in.
 */
#ifndef TL_TESTS_UNIT_FAKE_KALLSYMS_H
#define TL_TESTS_UNIT_FAKE_KALLSYMS_H

#include <stddef.h>
#include <stdint.h>

#define FAKE_BASE UINT64_C(0xffffffc008000000)
#define FAKE_CODE 0x24000 /* bytes before the tables: the code, say */
#define FAKE_STEP 48      /* bytes from symbol to symbol */

enum fake_layout {
	FAKE_BEFORE,       /* offsets before the names: Linux 6.1 */
	FAKE_BEFORE_THREE, /* the same with three bytes a symbol: 6.2 */
	FAKE_BEHIND,       /* offsets behind the tokens, from a base: 6.4 */
	FAKE_FROM_HERE,    /* the same from where they are themselves, 4-byte aligned */
	FAKE_LAYOUTS,
};

/* Where its tables are. */
struct fake_image {
	uint8_t *data; /* 1 MiB, zeros behind `size` */
	size_t size, offsets, base, num_syms, names, markers, tokens, index, end;
	enum fake_layout layout;
	uint32_t count;
	size_t name_at[4096];
};

/* An Image of `count` names, at most 4096. */
struct fake_image *fake_image_create(enum fake_layout layout, uint32_t count);
void fake_image_destroy(struct fake_image *im);

/* Name `i` as it is to be told; NULL: not at all. Until the next call. */
const char *fake_image_name(uint32_t i);

#endif
