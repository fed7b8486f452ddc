/* SPDX-License-Identifier: MIT */
/*
 * Numbers and words as people type them on a command line or into a file. Nothing is guessed: what
 * is not wholly a number of the asked kind is an error.
 */
#ifndef TL_BASE_PARSE_H
#define TL_BASE_PARSE_H

#include <stdint.h>

/*
 * A whole number in [min, max], decimal or 0x hexadecimal.
 * Returns 0, -EINVAL (not a number) or -ERANGE. Thread-safe.
 */
int tl_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *value);

/*
 * A size in bytes with an optional unit K, M, G or T (powers of 1024, either case).
 * Returns 0, -EINVAL or -ERANGE (does not fit 64 bits). Thread-safe.
 */
int tl_parse_size(const char *text, uint64_t *bytes);

/* The text without white space at both ends: a part of it, which is cut there. Thread-safe. */
char *tl_trim(char *text);

#endif
