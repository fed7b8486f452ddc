/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the JSON report share; not for others.
 */
#ifndef TL_TRACE_JSON_PARTS_H
#define TL_TRACE_JSON_PARTS_H

#include <jansson.h>

#include "trace/profile/profile.h"
#include "trace/report/json.h"

json_t *tl_json_number(uint64_t value);

/* Prints `root`, and gives it up; NULL: no memory. Returns 0 or -errno. */
int tl_json_print(FILE *out, json_t *root);

/* total, avg, min, p50, p99, max in ns; zeros where `time` is NULL. */
json_t *tl_json_times(const struct tl_hist *time);

/* The array of what the exits were for; NULL: no memory. */
json_t *tl_json_details(const struct tl_profile *profile);

/* Exits of one kind in a row; null: none are known. */
json_t *tl_json_burst(const struct tl_profile *profile, const struct tl_profile_burst *burst);

/* The array of the advice that applies. */
json_t *tl_json_advice(const struct tl_profile *profile);

#endif
