/* SPDX-License-Identifier: MIT */
/*
 * Creating a VM on arm64 (Documentation/virt/kvm/api.rst, 4.2 KVM_CREATE_VM).
 */
#include "vmm/arch/arm64/vm_type.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "vmm/core/kvm.h"

/* What a VM of type 0 has, on every kernel. */
#define DEFAULT_IPA_BITS 40
/* The least that KVM takes. */
#define MIN_IPA_BITS 32

int tl_vm_type_create(int kvm_fd, uint64_t end)
{
	unsigned int max = (unsigned int)tl_kvm_check(kvm_fd, KVM_CAP_ARM_VM_IPA_SIZE);
	unsigned int bits = MIN_IPA_BITS;
	uintptr_t type = 0;
	int fd;

	while (bits < 64 && (end - 1) >> bits)
		bits++;
	if (bits > (max ? max : DEFAULT_IPA_BITS)) {
		tl_log_error(
			"guest addresses would end at %#llx, but this host's guests have %u address bits; "
			"use a smaller --mem",
			(unsigned long long)end, max ? max : DEFAULT_IPA_BITS);
		return -ERANGE;
	}
	/*
	 * Without the capability a VM has 40 bits. With it, hosts whose own physical addresses
	 * are shorter than 40 bits refuse type 0, and then the size has to be said.
	 */
	if (max && (max < DEFAULT_IPA_BITS || bits > DEFAULT_IPA_BITS))
		type = KVM_VM_TYPE_ARM_IPA_SIZE(max);
	do {
		fd = tl_kvm_ioctl(kvm_fd, KVM_CREATE_VM, type);
	} while (fd == -EINTR);
	if (fd < 0)
		tl_log_error("cannot create a VM: %s; %s", strerror(-fd),
			fd == -EBUSY ? "another hypervisor uses EL2" : "see dmesg");
	return fd;
}
