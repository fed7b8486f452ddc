/* SPDX-License-Identifier: MIT */
/*
 * Small profiles as JSON, for tests of what reads them.
 */
#ifndef TL_TESTS_UNIT_FAKE_PROFILE_JSON_H
#define TL_TESTS_UNIT_FAKE_PROFILE_JSON_H

#include "trace/diff/summary.h"

/*
 * One vCPU, `ms` of run time, 2 exits handled at EL2, 3 lost; class SYS64 with `sys` exits of
 * 1 us; class WFx with one of 500 us. `details` is what is between the brackets.
 */
json_t *fake_profile_json(unsigned int ms, unsigned int sys, const char *details);

/* A detail of a vCPU, for the above. */
#define DETAIL(vcpu, class, what, handler, exits, ns)                                              \
	"{\"vcpu\":" #vcpu ",\"class\":\"" class "\",\"what\":\"" what "\",\"handler\":\"" handler \
						 "\",\"exits\":" #exits ",\"timed\":" #exits       \
						 ",\"ns\":{\"total\":" #ns "}}"

/* The same as a summary, read without a fault. */
void fake_summary(
	struct tl_summary *summary, unsigned int ms, unsigned int sys, const char *details);

/* A profile of counts alone: 5 exits, 3 of class SYS64 and 2 of HVC64. */
json_t *fake_counts_json(void);

#endif
