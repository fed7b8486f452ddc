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

/* What TL_HVC_VERSION returns: 1.0. */
#define TL_HVC_VERSION_VALUE 0x00010000

#endif
