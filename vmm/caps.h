/* SPDX-License-Identifier: MIT */
/*
 * What this host can do for a VM and for its profile: a list of facts, each with
 * what it means to the user where it is missing. For `trapline caps`.
 */
#ifndef TL_VMM_CAPS_H
#define TL_VMM_CAPS_H

#include <stdbool.h>

#include "trace/collect/features.h"
#include "vmm/arch/arm64/el2_mode.h"

#define TL_CAPS_MAX 40

enum tl_cap_group {
	TL_CAP_KVM,     /* of the host's KVM */
	TL_CAP_COUNTING /* of events and counters */
};

struct tl_cap {
	enum tl_cap_group group;
	const char *name;    /* for people */
	const char *key;     /* for programs */
	const char *without; /* what cannot be done, where `value` is 0 */
	int value;           /* 0: no; a number, or 1: yes */
	bool number;         /* `value` is a number */
};

struct tl_caps {
	char kernel[65], machine[65]; /* uname(2) */
	enum tl_el2_mode mode;
	struct tl_features features;
	unsigned int count;
	struct tl_cap caps[TL_CAPS_MAX];
};

/*
 * Asks KVM, with a VM of one vCPU that is never run and is gone afterwards.
 * Returns 0 or -errno (logged): no KVM here.
 */
int tl_caps_probe(struct tl_caps *caps);

#endif
