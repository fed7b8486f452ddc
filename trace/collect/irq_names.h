/* SPDX-License-Identifier: MIT */
/*
 * What the host's interrupts are for, as the kernel tells.
 */
#ifndef TL_TRACE_IRQ_NAMES_H
#define TL_TRACE_IRQ_NAMES_H

#include "trace/profile/profile.h"

/* Names the host interrupts that are in the profile's details, where sysfs has their names. */
void tl_irq_names_read(struct tl_profile *profile);

/* Names one, unless it has its name already. */
void tl_irq_name_read(struct tl_profile *profile, uint64_t irq);

#endif
