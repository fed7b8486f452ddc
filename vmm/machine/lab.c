/* SPDX-License-Identifier: MIT */
/*
 * Machine lab: what vmm/lab/ does not make itself. It has no device tree, no interrupt controller
 * and no places for devices.
 */
#include "vmm/lab/lab.h"
#include "vmm/machine/machine.h"

const struct tl_machine tl_machine_lab = {
	.name = "lab",
	.ram_base = 0,
	/* None behind RAM, either. */
	.gic = {.low_redists = TL_LAB_CPUS},
	.default_mem = "2M",
	.is_lab = true,
};
