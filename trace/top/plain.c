/* SPDX-License-Identifier: MIT */
/*
 * The same figures for scripts: a line for each vCPU and behind it its exits, in columns
 * that do not change.
 */
#include <errno.h>
#include <inttypes.h>

#include "trace/top/parts.h"

/* Of each vCPU, the most frequent. */
#define EXITS_MAX 10

static int put_exits(FILE *out, struct tl_top *top, const struct tl_top_line *line)
{
	int ret = tl_top_rows(&top->model, top->sample, line->scope, NULL, TL_TOP_BY_EXITS, false);

	for (size_t i = 0; i < top->model.row_count && i < EXITS_MAX && !ret; i++) {
		const struct tl_top_row *row = &top->model.rows[i];
		char what[128];

		fprintf(out, "exit %7d %4u %9.1f %6.1f %6.1f %9" PRIu64 " %-6s %s\n",
			(int)row->process, line->id, row->rate, row->share * 100, row->away * 100,
			row->each, row->handler == TL_HANDLER_USER ? "VMM" : "kernel",
			tl_top_what(what, sizeof(what), top, row, false));
	}
	return ret;
}

static int put_vcpu(FILE *out, struct tl_top *top, const struct tl_top_line *line)
{
	const struct tl_top_thread *thread = tl_top_threads_get(
		&top->threads, line->scope.process, line->tid, top->sample->now_ns);
	char doing[80] = "gone";

	if (thread)
		tl_thread_state_text(doing, sizeof(doing), &thread->state);
	fprintf(out, "vcpu %7d %4u %9.1f %9.1f %6.1f %6.1f %6.1f %6.1f %-15s %s\n",
		(int)line->scope.process, line->id, line->exits, line->user, line->guest * 100,
		line->away * 100, line->idle * 100, line->delayed * 100,
		tl_top_name(top, line->scope.process), line->gone ? "gone" : doing);
	return put_exits(out, top, line);
}

int tl_top_plain(FILE *out, struct tl_top *top)
{
	const struct tl_top_model *model = &top->model;
	int ret = 0;

	fprintf(out, "# %.3f s: %u VM%s, %u vCPU%s, %.1f exits/s\n", model->seconds, model->vms,
		model->vms == 1 ? "" : "s", model->vcpus, model->vcpus == 1 ? "" : "s",
		model->line_count ? model->lines[0].exits : 0);
	if (model->vcpus)
		fputs("#vcpu    PID vCPU   exits/s    user/s guest% "
		      " away%  idle% no CPU VMM             doing\n"
		      "#exit    PID vCPU   exits/s share%  away%   each ns by     what\n",
			out);
	for (size_t i = 0; i < model->line_count && !ret; i++) {
		/* Copied, as rows are made meanwhile. */
		struct tl_top_line line = model->lines[i];

		if (line.scope.vcpu)
			ret = put_vcpu(out, top, &line);
	}
	if (!ret && (fflush(out) || ferror(out)))
		ret = errno ? -errno : -EIO;
	return ret;
}
