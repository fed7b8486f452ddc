/* SPDX-License-Identifier: MIT */
/*
 * From a sample to what the screen shows: after each read, and after each key.
 */
#include "trace/top/view.h"

/* The one VM that there is, if none has been chosen. */
static pid_t shown_vm(const struct tl_top *top)
{
	if (top->ui.scope.process)
		return top->ui.scope.process;
	return top->model.vms == 1 ? top->model.lines[1].scope.process : 0;
}

static void list_threads(struct tl_top *top)
{
	pid_t tids[TL_THREADS_MAX];

	top->shown = shown_vm(top);
	top->tid_count = top->shown ? tl_threads_of(top->shown, tids) : 0;
	if (top->tid_count < 0)
		top->tid_count = 0;
	if (top->tid_count > TL_TOP_THREADS_MAX)
		top->tid_count = TL_TOP_THREADS_MAX;
	for (int i = 0; i < top->tid_count; i++)
		top->tids[i] = tids[i];
	top->ui.lower_count = (size_t)top->tid_count;
}

int tl_top_update(struct tl_top *top)
{
	struct tl_top_ui *ui = &top->ui;
	int ret = tl_top_list(&top->model, top->sample);

	if (ret)
		return ret;
	tl_top_ui_line(ui, &top->model);
	if (ui->pane == TL_TOP_THREADS) {
		list_threads(top);
	} else {
		ret = tl_top_rows(&top->model, top->sample, ui->scope,
			ui->pane == TL_TOP_PCS ? &ui->chosen : NULL, ui->sort, ui->reverse);
		ui->lower_count = top->model.row_count;
	}
	tl_top_ui_scroll(ui, &top->model);
	return ret;
}
