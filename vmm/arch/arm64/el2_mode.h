/* SPDX-License-Identifier: MIT */
/*
 * How KVM uses EL2 on this host. The kernel has no interface that says so; it
 * shows in what it logged while booting, and in which timer it uses itself.
 */
#ifndef TL_VMM_ARM64_EL2_MODE_H
#define TL_VMM_ARM64_EL2_MODE_H

enum tl_el2_mode {
	TL_EL2_UNKNOWN,
	TL_EL2_VHE,       /* the host kernel runs at EL2 */
	TL_EL2_NVHE,      /* it runs at EL1; each exit passes through a part of KVM at EL2 */
	TL_EL2_PROTECTED, /* as nVHE, and EL2 keeps protected VMs from the host */
};

/* The mode, from a kernel log. TL_EL2_UNKNOWN where it does not say. */
enum tl_el2_mode tl_el2_mode_of_log(const char *log);

/*
 * The mode, from the text of /proc/interrupts: at EL2 the kernel's own timer is
 * the hypervisor's (private interrupt 26, or 28 for the virtual one; BSA 1.0,
 * table 14), at EL1 the virtual or the physical one (27, 30).
 */
enum tl_el2_mode tl_el2_mode_of_interrupts(const char *interrupts);

/* That of this host. */
enum tl_el2_mode tl_el2_mode(void);

/* "VHE", "nVHE", "protected nVHE" or "unknown". */
const char *tl_el2_mode_name(enum tl_el2_mode mode);

#endif
