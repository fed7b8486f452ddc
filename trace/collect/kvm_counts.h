/* SPDX-License-Identifier: MIT */
/*
 * From KVM's binary statistics of a vCPU to the kernel's counts.
 */
#ifndef TL_TRACE_KVM_COUNTS_H
#define TL_TRACE_KVM_COUNTS_H

#include "trace/profile/kernel_counts.h"

/*
 * Reads what there is now; what this kernel does not count is marked as missing.
 * `fd` is from KVM_GET_STATS_FD on the vCPU. While that runs, the counts are of
 * slightly different moments. Returns 0 or -errno, as tl_kvm_stats_init() and
 * tl_kvm_stats_value().
 */
int tl_kvm_counts_read(int fd, struct tl_kernel_counts *counts);

#endif
