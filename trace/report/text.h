/* SPDX-License-Identifier: MIT */
/*
 * The profile for people: a table per vCPU, what the exits were for, and below the
 * proof that it is complete. Plain ASCII; at most 110 columns, 126 where exits are told
 * by what they were for. Colour only on a terminal, and never with NO_COLOR in the
 * environment.
 */
#ifndef TL_TRACE_TEXT_H
#define TL_TRACE_TEXT_H

#include <stdio.h>

#include "trace/profile/profile.h"

/* Writes the report. Returns 0 or -errno of a failed write (not logged). */
int tl_report_text(FILE *out, const struct tl_profile *profile);

#endif
