/* SPDX-License-Identifier: MIT */
/*
 * From what the BPF programs have counted to a profile.
 */
#ifndef TL_TRACE_BPF_PROFILE_H
#define TL_TRACE_BPF_PROFILE_H

#include "trace/collect/bpf.h"
#include "trace/profile/profile.h"

/*
 * Fills in exits, classes, times and details of the profile's vCPUs, which have been
 * named (tl_profile_add_vcpu). The programs must have been stopped. Slots of other
 * vCPUs count as strangers. Returns 0 or -errno.
 */
int tl_bpf_profile_fill(struct tl_bpf *bpf, struct tl_profile *profile);

/*
 * The same for a VM that nobody has described: its vCPUs are those that had an exit. On a
 * stock kernel, which does not tell VMs apart, `vm_id` is 0, and a vCPU's id its number in
 * the order in which they were seen. Returns 0 or -errno.
 */
int tl_bpf_profile_discover(struct tl_bpf *bpf, unsigned int vm_id, struct tl_profile *profile);

#endif
