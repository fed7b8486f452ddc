/* SPDX-License-Identifier: MIT */
/*
 * A made-up live table for tests of `trapline top`: two VMs, three vCPUs.
 */
#ifndef TL_TESTS_UNIT_FAKE_TOP_H
#define TL_TESTS_UNIT_FAKE_TOP_H

#include "trace/top/view.h"

/* Serials of the vCPUs. Process 300 has 0 and 1, process 500 has 2. */
enum { FAKE_TOP_VCPU0 = 11, FAKE_TOP_VCPU1, FAKE_TOP_OTHER };

#define FAKE_TOP_ROWS 64

/* The sample that is shown: an interval of 2 s. To be changed at will. */
struct fake_top {
	struct tl_live_vcpu vcpus[3];
	struct tl_live_row rows[FAKE_TOP_ROWS];
	struct tl_live_sample sample;
};

void fake_top_init(struct fake_top *fake);

/* One more row: `count` exits in the interval that took 1000 ns each. */
struct tl_live_row *fake_top_add(struct fake_top *fake, unsigned int vcpu, unsigned int exit_class,
	uint64_t detail, uint64_t pc, uint64_t count);

/* Makes `top` show it in a window of that size. */
void fake_top_show(
	struct tl_top *top, struct fake_top *fake, unsigned int columns, unsigned int rows);

void fake_top_fini(struct tl_top *top);

#endif
