/* SPDX-License-Identifier: MIT */
/*
 * Documentation/virt/kvm/api.rst, 4.139 KVM_ARM_GET_REG_WRITABLE_MASKS. KVM takes
 * a write that changes what it does not let be changed with EINVAL; kernels that
 * do not know the call let a few fields be changed all the same.
 */
#include "vmm/arch/arm64/id_regs.h"

#include <errno.h>
#include <string.h>

#include "vmm/core/kvm.h"

void tl_id_masks_read(struct tl_id_masks *masks, int vm_fd)
{
	struct reg_mask_range range = {
		.addr = (uintptr_t)masks->mask, .range = KVM_ARM_FEATURE_ID_RANGE};
	int ranges = tl_kvm_check(vm_fd, KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES);

	memset(masks, 0, sizeof(*masks));
	masks->known = (ranges & 1 << KVM_ARM_FEATURE_ID_RANGE) &&
		       !tl_kvm_ioctl_ptr(vm_fd, KVM_ARM_GET_REG_WRITABLE_MASKS, &range);
}

/* Op1 = 0 and CRn = 0: CRm and Op2 are the index. */
static unsigned int index_of(const struct tl_id_field *field)
{
	return (unsigned int)(field->reg &
			      (KVM_REG_ARM64_SYSREG_CRM_MASK | KVM_REG_ARM64_SYSREG_OP2_MASK)) &
	       0x3f;
}

bool tl_id_masks_allow(const struct tl_id_masks *masks, const struct tl_id_field *field)
{
	uint64_t bits = tl_id_field_mask(field);

	return masks->known && (masks->mask[index_of(field)] & bits) == bits;
}

int tl_id_regs_init_vcpu(int vm_fd, int vcpu_fd)
{
	struct kvm_vcpu_init init = {0};
	int ret = tl_kvm_ioctl_ptr(vm_fd, KVM_ARM_PREFERRED_TARGET, &init);

	init.features[0] |= 1u << KVM_ARM_VCPU_PSCI_0_2;
	return ret ? ret : tl_kvm_ioctl_ptr(vcpu_fd, KVM_ARM_VCPU_INIT, &init);
}

static int access_reg(int vcpu_fd, unsigned long request, uint64_t id, uint64_t *value)
{
	struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)value};

	return tl_kvm_ioctl_ptr(vcpu_fd, request, &reg);
}

int tl_id_regs_on(int vcpu_fd, const struct tl_id_field *field)
{
	uint64_t value = 0;
	int ret = access_reg(vcpu_fd, KVM_GET_ONE_REG, field->reg, &value);

	return ret ? ret : tl_id_field_on(field, value);
}

int tl_id_regs_hide(int vcpu_fd, const struct tl_id_field *field)
{
	uint64_t value = 0;
	int ret = access_reg(vcpu_fd, KVM_GET_ONE_REG, field->reg, &value);

	if (ret || !tl_id_field_on(field, value))
		return ret;
	value = tl_id_field_hide(field, value);
	ret = access_reg(vcpu_fd, KVM_SET_ONE_REG, field->reg, &value);
	if (!ret)
		ret = tl_id_regs_on(vcpu_fd, field);
	/* Refused, or taken and forgotten. */
	return ret == -EINVAL || ret > 0 ? -ENOTSUP : ret;
}
