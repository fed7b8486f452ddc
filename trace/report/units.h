/* SPDX-License-Identifier: MIT */
/*
 * Figures for people: few digits and a unit.
 */
#ifndef TL_TRACE_UNITS_H
#define TL_TRACE_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* A duration in at most 9 characters: three digits and a unit. Returns `buffer`. */
const char *tl_text_duration(char *buffer, size_t size, uint64_t ns);

/* How many, in at most 5 characters: "950", "12.1k", "3.40M"; below 10 with a decimal. */
const char *tl_text_count(char *buffer, size_t size, double count);

/* "s" or "". */
const char *tl_text_plural(uint64_t count);

#endif
