/* SPDX-License-Identifier: MIT */
/*
 * Exits added up by one property, as a table for people, or as CSV (RFC 4180).
 */
#ifndef TL_TRACE_TABLE_H
#define TL_TRACE_TABLE_H

#include <stdio.h>

#include "trace/profile/profile.h"
#include "trace/report/group.h"

/* Each returns 0 or -errno of a failed write (not logged). */
int tl_report_table(FILE *out, const struct tl_profile *profile, enum tl_group_by by);
int tl_report_csv(FILE *out, const struct tl_profile *profile, enum tl_group_by by);

#endif
