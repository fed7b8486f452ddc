/* SPDX-License-Identifier: MIT */
/*
 * How the readers of symbol files fill in a set; not for others.
 */
#ifndef TL_TRACE_SYMBOLS_SET_H
#define TL_TRACE_SYMBOLS_SET_H

#include <stddef.h>
#include <stdint.h>

struct tl_symbols;

/* Adds one; `name` is copied. Returns 0 or -ENOMEM. */
int tl_symbols_add(struct tl_symbols *symbols, uint64_t address, const char *name, size_t length);

/* Each returns 0, -ENOENT (not such data, or no symbols in it) or -ENOMEM. */
int tl_symbols_read_elf(struct tl_symbols *symbols, const void *data, size_t size);
int tl_symbols_read_map(struct tl_symbols *symbols, const char *text, size_t size);
int tl_symbols_read_kallsyms(struct tl_symbols *symbols, const void *image, size_t size);

#endif
