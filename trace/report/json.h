/* SPDX-License-Identifier: MIT */
/*
 * The profile for programs. docs/profile-schema.md describes the members.
 */
#ifndef TL_TRACE_JSON_H
#define TL_TRACE_JSON_H

#include <stdio.h>

#include "trace/profile/profile.h"

/* Changes when a member changes its meaning or goes away; new members keep it. */
#define TL_REPORT_SCHEMA "trapline-profile-1"

/*
 * Writes the profile to `path`. A regular file is replaced as a whole or not at
 * all (a temporary file beside it, then rename); anything else that exists (a
 * pipe, /dev/stdout) is written to as it is. Returns 0 or -errno (logged).
 */
int tl_report_json(const char *path, const struct tl_profile *profile);

/* The same to an open file. Returns 0 or -errno (not logged). */
int tl_report_json_print(FILE *out, const struct tl_profile *profile);

#endif
