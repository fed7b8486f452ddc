/* SPDX-License-Identifier: MIT */
/*
 * What is around a VM that is run in unit tests: no signals, no terminal, no profile, and a
 * recorder of which nobody sees the inside (it stands in for vmm/events.c, vmm/profile.c and
 * what they use).
 */
#ifndef TL_TESTS_FAKE_RUN_H
#define TL_TESTS_FAKE_RUN_H

#include <stdbool.h>

struct fake_run {
	bool out_of_time;               /* --timeout has passed */
	int record_starts, record_ends; /* what these return */
	unsigned int recorders;         /* not destroyed yet */
};

extern struct fake_run fake_run;

#endif
