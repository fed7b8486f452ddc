/* SPDX-License-Identifier: MIT */
/*
 * `trapline report`: what is in a recording. Needs neither KVM nor root, nor an arm64 machine.
 */
#ifndef TL_TRACE_TOOL_REPORT_H
#define TL_TRACE_TOOL_REPORT_H

#include "trace/record/recording.h"
#include "trace/report/folded.h"

enum tl_report_format {
	TL_REPORT_TEXT,
	TL_REPORT_JSON,
	TL_REPORT_CSV,
	TL_REPORT_FOLDED,
	TL_REPORT_OPENMETRICS,
	TL_REPORT_HTML,
	TL_REPORT_PERFETTO,
};

struct tl_report_config {
	const char *path; /* of the recording */
	enum tl_report_format format;
	int by;     /* enum tl_group_by, or -1: the whole report */
	int weight; /* enum tl_folded_weight, or -1: not said, exits */
	struct tl_recording_part part;
};

/* Prints on standard output. Returns an exit status: 0, 1 (output),
 * 2 (a terminal cannot show this format), 3 (what it reads). */
int tl_report_run(const struct tl_report_config *config);

#endif
