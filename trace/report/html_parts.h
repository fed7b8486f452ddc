/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the HTML report share; not for others. Each writes the value of a JSON
 * member, bit by bit: nothing of it is built up in memory.
 */
#ifndef TL_TRACE_HTML_PARTS_H
#define TL_TRACE_HTML_PARTS_H

#include <stdio.h>

#include "trace/report/html.h"

/* Rows of exits per vCPU and class, each in base64. */
void tl_html_timeline(
	FILE *out, const struct tl_profile *profile, const struct tl_timeline *timeline);

/*
 * For each of the profile's details[] in its JSON: where it went, its histogram, and the
 * functions of the guest that it came from. Returns 0 or -ENOMEM.
 */
int tl_html_rows(FILE *out, const struct tl_profile *profile);

#endif
