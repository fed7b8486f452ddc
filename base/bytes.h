/* SPDX-License-Identifier: MIT */
/*
 * Little-endian numbers out of the bytes of a file, wherever they lie.
 */
#ifndef TL_BASE_BYTES_H
#define TL_BASE_BYTES_H

#include <stdint.h>

static inline uint32_t tl_le32(const uint8_t *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static inline uint64_t tl_le64(const uint8_t *bytes)
{
	return tl_le32(bytes) | (uint64_t)tl_le32(bytes + 4) << 32;
}

#endif
