/* SPDX-License-Identifier: MIT */
/*
 * The guest's identification registers, as KVM has them: reading them, and
 * changing them where it lets us (KVM_ARM_GET_REG_WRITABLE_MASKS, Linux 6.7).
 * All functions are for the main thread, before the first KVM_RUN of the VM.
 */
#ifndef TL_VMM_ARCH_ARM64_ID_REGS_H
#define TL_VMM_ARCH_ARM64_ID_REGS_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>

#include "vmm/arch/arm64/id_fields.h"

struct tl_id_masks {
	bool known; /* false: this kernel does not tell */
	uint64_t mask[KVM_ARM_FEATURE_ID_RANGE_SIZE];
};

/* Asks which bits may be changed. */
void tl_id_masks_read(struct tl_id_masks *masks, int vm_fd);

/* Whether KVM says that this field may be changed. */
bool tl_id_masks_allow(const struct tl_id_masks *masks, const struct tl_id_field *field);

/* Initialises a vCPU that is never run, so that its registers can be read. 0 or -errno. */
int tl_id_regs_init_vcpu(int vm_fd, int vcpu_fd);

/* Whether this vCPU announces the feature of this field. 0, 1 or -errno. */
int tl_id_regs_on(int vcpu_fd, const struct tl_id_field *field);

/* Hides it. Returns 0 (also where it was not there), -ENOTSUP (KVM does not let us) or -errno. */
int tl_id_regs_hide(int vcpu_fd, const struct tl_id_field *field);

#endif
