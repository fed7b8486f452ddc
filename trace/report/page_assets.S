/* SPDX-License-Identifier: MIT */
/*
 * What the HTML pages carry inside, as data: build/gen/page_assets.h lists it, and page.c
 * has the table.
 */
#define PAGE_ASSET(name, symbol, hash)                 \
	.global tl_page_##symbol, tl_page_##symbol##_end; \
	tl_page_##symbol: .incbin name;                   \
	tl_page_##symbol##_end:
	.section .rodata
#include "page_assets.h"
	.section .note.GNU-stack, "", %progbits
