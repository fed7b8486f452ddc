/* SPDX-License-Identifier: MIT */
/*
 * The machine's power key, as whoever presses it sees it: a device of the machine
 * (vmm/dev/pl061.c) fills this in when it is made.
 */
#ifndef TL_VMM_CORE_POWER_KEY_H
#define TL_VMM_CORE_POWER_KEY_H

#include <stdbool.h>

struct tl_power_key {
	/* Presses or releases the key. Main thread. NULL: this machine has none. */
	void (*set)(void *opaque, bool pressed);
	/* Whether the guest has asked for an interrupt by it since it was reset. Main thread. */
	bool (*heard)(void *opaque);
	void *opaque;
};

#endif
