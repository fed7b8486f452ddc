/* SPDX-License-Identifier: MIT */
/*
 * What libfdt does not check of a device tree that somebody else made.
 */
#ifndef TL_BASE_FDT_CHECK_H
#define TL_BASE_FDT_CHECK_H

#include <stddef.h>

/*
 * fdt_check_full(), and before it that no property is longer than the tree: up to libfdt 1.6.1
 * one of 2^32 - 12 bytes is walked for ever. `size` bytes are at `blob`. Returns 0 or a negative
 * FDT_ERR_*. Any thread. Devicetree Specification 0.4, section 5.4.
 */
int tl_fdt_check(const void *blob, size_t size);

#endif
