/* SPDX-License-Identifier: MIT */
/*
 * `trapline report --format html`: what of the events is kept for its page while they are
 * read. Only that of one VM: a page shows one.
 */
#ifndef TL_TRACE_TOOL_REPORT_HTML_H
#define TL_TRACE_TOOL_REPORT_HTML_H

#include "trace/profile/timeline.h"
#include "trace/record/recording.h"

struct tl_report_html_view {
	struct tl_span_listener listener;
	const struct tl_recording *recording;
	pid_t vm; /* 0: the first one */
	struct tl_timeline timeline;
	int started;
	int failed; /* -errno */
};

/* Has `part` tell the view what there is. Both must stay where they are until it was read. */
void tl_report_html_view_init(struct tl_report_html_view *view,
	const struct tl_recording *recording, struct tl_recording_part *part);

/* Writes the page on standard output. Returns 0 or -errno (not logged). */
int tl_report_html_view_print(const struct tl_report_html_view *view,
	const struct tl_profile *profile, const struct tl_recording_part *part);

void tl_report_html_view_fini(struct tl_report_html_view *view);

#endif
