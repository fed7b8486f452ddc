/* SPDX-License-Identifier: MIT */
/*
 * The guest's device tree: the skeleton from dts/ completed with what the
 * command line and the host decide.
 */
#ifndef TL_VMM_BOOT_FDT_H
#define TL_VMM_BOOT_FDT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/arch/arm64/gic.h"
#include "vmm/boot/layout.h"

struct tl_bus;
struct tl_dtb;

/* Linux's COMMAND_LINE_SIZE on arm64, with the terminating zero. */
#define TL_CMDLINE_MAX 2048

struct tl_fdt_config {
	const void *skeleton; /* compiled device tree */
	const struct tl_layout *layout;
	const char *cmdline;
	const struct tl_irqchip *gic; /* probed */
	bool pmu;
	unsigned int cpus;
	const uint64_t *mpidr;    /* one a CPU: affinity fields of MPIDR_EL1 */
	const struct tl_bus *bus; /* devices that add their own nodes; NULL: none */
	/* What the user brings; NULL, or without a path: nothing. A tree replaces all but the
	 * command line and the initrd's place in /chosen. */
	const struct tl_dtb *dtb, *overlay;
};

/*
 * Builds the tree into `out` (TL_LAYOUT_FDT_SIZE bytes). Returns 0 or -errno
 * (logged). Thread-safe.
 */
int tl_fdt_build(const struct tl_fdt_config *config, void *out);

/*
 * Checks a kernel command line: too long is an error (-E2BIG, logged), mem=N
 * without a unit a warning. Returns 0 or -errno.
 */
int tl_fdt_check_cmdline(const char *cmdline);

#endif
