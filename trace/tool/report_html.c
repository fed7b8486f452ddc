/* SPDX-License-Identifier: MIT */
/*
 * Each exit goes to the timeline as it is over.
 */
#include "trace/tool/report_html.h"

#include <stdio.h>

#include "base/command_line.h"
#include "trace/report/html.h"

static void on_span(void *ctx, const struct tl_profile *profile, const struct tl_profile_vcpu *vcpu,
	const struct tl_span *span)
{
	struct tl_report_html_view *view = ctx;
	int ret;

	if (!span->exit || view->failed)
		return;
	if (view->vm ? profile->pid != view->vm : profile != view->recording->profiles[0])
		return;
	if (!view->started)
		tl_timeline_init(&view->timeline, profile->first_ts);
	view->started = 1;
	ret = tl_timeline_add(
		&view->timeline, vcpu->id, span->exit->exit_class, span->from, span->to);
	view->failed = ret;
}

void tl_report_html_view_init(struct tl_report_html_view *view,
	const struct tl_recording *recording, struct tl_recording_part *part)
{
	*view = (struct tl_report_html_view){
		.listener = {.span = on_span, .ctx = view}, .recording = recording, .vm = part->vm};
	part->listener = &view->listener;
}

int tl_report_html_view_print(const struct tl_report_html_view *view,
	const struct tl_profile *profile, const struct tl_recording_part *part)
{
	char command[4096];
	const struct tl_report_source source = {.recording = view->recording,
		.part = part,
		.timeline = &view->timeline,
		.command = tl_command_line(command, sizeof(command))};

	return view->failed ? view->failed : tl_report_html(stdout, profile, &source);
}

void tl_report_html_view_fini(struct tl_report_html_view *view)
{
	tl_timeline_fini(&view->timeline);
}
