/* SPDX-License-Identifier: MIT */
/*
 * What a PrimeCell (PL011, PL031, PL061) has around it, for unit tests: one interrupt line (it
 * stands in for vmm/arch/arm64/gic.c), and what all of them have in common.
 */
#ifndef TL_TESTS_FAKE_PRIMECELL_H
#define TL_TESTS_FAKE_PRIMECELL_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/arch/arm64/gic.h"
#include "vmm/dev/dev.h"

struct fake_primecell {
	struct tl_irqchip irqchip;
	unsigned int spi; /* whose line it is: set by the test */
	bool line;
	unsigned int edges; /* how often it changed, which is each time that it was set */
};

extern struct fake_primecell fake_primecell;

/* A line that is low and has never changed. */
void fake_primecell_reset(unsigned int spi);

/* The device at `base` is of this name, and has these registers, which cannot be written to. */
void expect_primecell(struct tl_dev *dev, const char *name, uint64_t base, const uint8_t ids[8]);

#endif
