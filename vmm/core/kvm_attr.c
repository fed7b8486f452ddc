/* SPDX-License-Identifier: MIT */
/*
 * Shorthands over the seam that need no kernel of their own, so that unit
 * tests exercise them together with a fake tl_kvm_ioctl().
 */
#include "vmm/core/kvm.h"

int tl_kvm_ioctl_ptr(int fd, unsigned long request, void *arg)
{
	return tl_kvm_ioctl(fd, request, (uintptr_t)arg);
}

int tl_kvm_check(int fd, long capability)
{
	int ret = tl_kvm_ioctl(fd, KVM_CHECK_EXTENSION, (uintptr_t)capability);

	return ret < 0 ? 0 : ret;
}

int tl_kvm_set_attr(int fd, uint32_t group, uint64_t attr, const void *value)
{
	struct kvm_device_attr request = {
		.group = group,
		.attr = attr,
		.addr = (uintptr_t)value,
	};

	return tl_kvm_ioctl_ptr(fd, KVM_SET_DEVICE_ATTR, &request);
}

int tl_kvm_has_attr(int fd, uint32_t group, uint64_t attr)
{
	struct kvm_device_attr request = {
		.group = group,
		.attr = attr,
	};

	return tl_kvm_ioctl_ptr(fd, KVM_HAS_DEVICE_ATTR, &request);
}
