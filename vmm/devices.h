/* SPDX-License-Identifier: MIT */
/*
 * The virtio devices that a configuration adds to a machine.
 */
#ifndef TL_VMM_DEVICES_H
#define TL_VMM_DEVICES_H

#include "vmm/vmm.h"

struct tl_bus;
struct tl_dev_env;
struct tl_machine;

/* How many there are. */
unsigned int tl_devices_count(const struct tl_vmm_config *config);

/*
 * Creates them on the bus, in the machine's places for virtio. Returns 0 or -errno (logged):
 * -EIO where KVM or the host is at fault, else the configuration is. Main thread.
 */
int tl_devices_add(const struct tl_vmm_config *config, const struct tl_machine *machine,
	struct tl_bus *bus, const struct tl_dev_env *env);

#endif
