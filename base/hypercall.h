/* SPDX-License-Identifier: MIT */
/*
 * The hypercalls that Trapline itself serves, as guests and VMM both see them.
 * Function identifiers follow SMCCC (Arm DEN0028, section 2.5): fast call (bit
 * 31), 64-bit (bit 30), owner 6 = vendor-specific hypervisor service. KVM keeps
 * numbers below 0x100 of that owner for itself, so ours start there.
 * Usable from assembly: macros only.
 */
#ifndef TL_BASE_HYPERCALL_H
#define TL_BASE_HYPERCALL_H

/* -> x0: (major << 16) | minor of the hypercall interface. */
#define TL_HVC_VERSION 0xC6000100
/* x1: a byte, written to the console -> x0: 0. */
#define TL_HVC_PUTCHAR 0xC6000101

/*
 * The memory map. x1: guest physical address of a table, x2: entries that it has room for -> x0:
 * entries that there are. If there is room, they are written, by address; else nothing is.
 * INVALID_PARAMETER where the table is not in RAM.
 */
#define TL_HVC_MEMORY_MAP 0xC6000102

/* An entry: base and length in bytes (64 bits each), type (32 bits), and 32 bits that are 0. */
#define TL_HVC_MAP_ENTRY    24
#define TL_HVC_MAP_RAM      1 /* for any use */
#define TL_HVC_MAP_READONLY 2 /* flash: the firmware's */

/* SMCCC (DEN0028, 6.1). */
#define TL_HVC_INVALID_PARAMETER (-3)

/* What TL_HVC_VERSION returns: 1.1. */
#define TL_HVC_VERSION_VALUE 0x00010001

#endif
