/* SPDX-License-Identifier: MIT */
/*
 * Data cache maintenance from user space, which Linux on arm64 allows (SCTLR_EL1.UCI).
 */
#ifndef TL_VMM_ARCH_ARM64_DCACHE_H
#define TL_VMM_ARCH_ARM64_DCACHE_H

#include <stddef.h>

/* Cleans [start, start + size) to the point of coherency, and waits for it. Any thread. */
void tl_dcache_clean(const void *start, size_t size);

#endif
