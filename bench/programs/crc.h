/* SPDX-License-Identifier: MIT */
/*
 * CRC-32 as in IEEE 802.3 (reflected, polynomial 0xedb88320), a byte at a time by a table:
 * one of the five programs, and how the outputs of all are told to be the same everywhere.
 */
#ifndef TL_BENCH_PROGRAMS_CRC_H
#define TL_BENCH_PROGRAMS_CRC_H

#include <stddef.h>
#include <stdint.h>

static inline void crc_init(uint32_t table[256])
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t value = i;

		for (int bit = 0; bit < 8; bit++)
			value = value & 1 ? value >> 1 ^ UINT32_C(0xedb88320) : value >> 1;
		table[i] = value;
	}
}

/* The CRC of what came before and these bytes; it begins with 0. */
static inline uint32_t crc_add(
	const uint32_t table[256], uint32_t crc, const uint8_t *data, size_t length)
{
	crc = ~crc;
	for (size_t i = 0; i < length; i++)
		crc = table[(crc ^ data[i]) & 0xff] ^ crc >> 8;
	return ~crc;
}

#endif
