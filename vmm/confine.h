/* SPDX-License-Identifier: MIT */
/*
 * From what the command line asks for to what the process needs while the guest runs.
 */
#ifndef TL_VMM_CONFINE_H
#define TL_VMM_CONFINE_H

struct tl_sandbox;
struct tl_vmm_config;

/* Main thread, before anything else. Returns 0 or -EINVAL (logged). */
int tl_confine_init(struct tl_sandbox *sandbox, const struct tl_vmm_config *config);

/*
 * Which files may be opened while the guest runs; when all that is to be there then has been
 * made. Returns 0 or -errno (logged).
 */
int tl_confine_allow(struct tl_sandbox *sandbox, const struct tl_vmm_config *config);

#endif
