/* SPDX-License-Identifier: MIT */
/*
 * The profile for programs. docs/profile-schema.md describes the members.
 */
#ifndef TL_TRACE_JSON_H
#define TL_TRACE_JSON_H

#include <jansson.h>
#include <stdio.h>

#include "trace/profile/profile.h"

/* Changes when a member changes its meaning or goes away; new members keep it. */
#define TL_REPORT_SCHEMA "trapline-profile-1"

/* What makes an object of `details`: tl_details_sum by it has the same order. */
#define TL_JSON_DETAILS_BY (TL_BY_VCPU | TL_BY_DETAIL | TL_BY_HANDLER)

/*
 * Writes the profile to `path`. A regular file is replaced as a whole or not at
 * all (a temporary file beside it, then rename); anything else that exists (a
 * pipe, /dev/stdout) is written to as it is. Returns 0 or -errno (logged).
 */
int tl_report_json(const char *path, const struct tl_profile *profile);

/* What is written; NULL: no memory. */
json_t *tl_report_json_object(const struct tl_profile *profile);

/* The same to an open file. Returns 0 or -errno (not logged). */
int tl_report_json_print(FILE *out, const struct tl_profile *profile);

#endif
