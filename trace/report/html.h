/* SPDX-License-Identifier: MIT */
/*
 * The profile as a page to look at (trace/report/page.h): exits over time, a table, a flame
 * graph, times, the memory map. docs/profile-schema.md says what data is in it.
 */
#ifndef TL_TRACE_HTML_H
#define TL_TRACE_HTML_H

#include <stdio.h>

#include "trace/profile/profile.h"
#include "trace/profile/timeline.h"
#include "trace/record/recording.h"

/* Where the profile comes from. */
struct tl_report_source {
	const struct tl_recording *recording;
	const struct tl_recording_part *part;
	const struct tl_timeline *timeline; /* of the profile's exits */
	const char *command;                /* that makes this page */
};

/* Returns 0, -ENOMEM or -errno of a failed write (not logged). */
int tl_report_html(
	FILE *out, const struct tl_profile *profile, const struct tl_report_source *source);

#endif
