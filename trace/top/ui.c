/* SPDX-License-Identifier: MIT */
/*
 * A function of state and key, so that it can be tested without a terminal.
 */
#include "trace/top/ui.h"

/* Title, two headings, foot. */
#define FRAME_LINES 4

void tl_top_ui_init(struct tl_top_ui *ui, unsigned int interval_ms)
{
	*ui = (struct tl_top_ui){.rows = 24, .columns = 80, .interval_ms = interval_ms};
}

const char *tl_top_sort_name(enum tl_top_sort sort)
{
	static const char *const names[TL_TOP_SORTS] = {
		[TL_TOP_BY_EXITS] = "exits",
		[TL_TOP_BY_TIME] = "time",
		[TL_TOP_BY_EACH] = "average",
	};

	return names[sort];
}

static size_t find_line(const struct tl_top_model *model, struct tl_top_scope scope)
{
	for (size_t i = 0; i < model->line_count; i++) {
		const struct tl_top_scope *line = &model->lines[i].scope;

		if (line->process == scope.process && line->vcpu == scope.vcpu)
			return i;
	}
	return model->line_count;
}

size_t tl_top_ui_line(struct tl_top_ui *ui, const struct tl_top_model *model)
{
	size_t at = find_line(model, ui->scope);

	if (at == model->line_count) {
		ui->scope.vcpu = 0;
		at = find_line(model, ui->scope);
	}
	if (at == model->line_count) {
		ui->scope.process = 0;
		at = 0;
	}
	return at;
}

static unsigned int room(const struct tl_top_ui *ui)
{
	return ui->rows > FRAME_LINES ? ui->rows - FRAME_LINES : 0;
}

unsigned int tl_top_ui_upper(const struct tl_top_ui *ui, const struct tl_top_model *model)
{
	unsigned int half = room(ui) / 2;

	return model->line_count < half ? (unsigned int)model->line_count : half;
}

unsigned int tl_top_ui_lower(const struct tl_top_ui *ui, const struct tl_top_model *model)
{
	return room(ui) - tl_top_ui_upper(ui, model);
}

/* So that `at` is among `height` lines from the answer on. */
static size_t scrolled(size_t first, size_t at, size_t count, size_t height)
{
	if (at < first)
		first = at;
	if (height && at >= first + height)
		first = at - height + 1;
	if (first + height > count)
		first = count > height ? count - height : 0;
	return first;
}

void tl_top_ui_scroll(struct tl_top_ui *ui, const struct tl_top_model *model)
{
	if (ui->lower_at >= ui->lower_count)
		ui->lower_at = ui->lower_count ? ui->lower_count - 1 : 0;
	ui->upper_first = scrolled(ui->upper_first, tl_top_ui_line(ui, model), model->line_count,
		tl_top_ui_upper(ui, model));
	ui->lower_first = scrolled(
		ui->lower_first, ui->lower_at, ui->lower_count, tl_top_ui_lower(ui, model));
}

static size_t moved(size_t at, size_t count, size_t page, int key)
{
	size_t last = count ? count - 1 : 0;

	switch (key) {
	case TL_KEY_UP:
		return at ? at - 1 : 0;
	case TL_KEY_DOWN:
		return at < last ? at + 1 : last;
	case TL_KEY_PAGE_UP:
		return at > page ? at - page : 0;
	case TL_KEY_PAGE_DOWN:
		return at + page < last ? at + page : last;
	case TL_KEY_HOME:
		return 0;
	default:
		return last;
	}
}

static void leave_pcs(struct tl_top_ui *ui)
{
	ui->pane = TL_TOP_EXITS;
	ui->lower_at = ui->lower_first = 0;
}

static void move(struct tl_top_ui *ui, const struct tl_top_model *model, int key)
{
	size_t at = tl_top_ui_line(ui, model), to;

	if (ui->lower) {
		ui->lower_at =
			moved(ui->lower_at, ui->lower_count, tl_top_ui_lower(ui, model), key);
		return;
	}
	to = moved(at, model->line_count, tl_top_ui_upper(ui, model), key);
	if (to == at || to >= model->line_count)
		return;
	ui->scope = model->lines[to].scope;
	/* Another VM has not that row. */
	if (ui->pane == TL_TOP_PCS)
		leave_pcs(ui);
	ui->lower_at = ui->lower_first = 0;
}

static void show_pcs(struct tl_top_ui *ui, const struct tl_top_model *model)
{
	if (!ui->lower) {
		ui->lower = true;
		return;
	}
	if (ui->pane != TL_TOP_EXITS || ui->lower_at >= model->row_count)
		return;
	ui->chosen = model->rows[ui->lower_at];
	ui->pane = TL_TOP_PCS;
	ui->lower_at = ui->lower_first = 0;
}

static void go_back(struct tl_top_ui *ui)
{
	if (ui->pane != TL_TOP_EXITS)
		leave_pcs(ui);
	else
		ui->lower = false;
}

/* 100 ms, 200 ms, 500 ms, 1 s, 2 s, ... */
static unsigned int next_interval(unsigned int ms, bool longer)
{
	static const unsigned int steps[] = {100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000};
	unsigned int best = ms;

	for (unsigned int i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (longer && steps[i] > ms)
			return steps[i];
		if (!longer && steps[i] < ms)
			best = steps[i];
	}
	return best;
}

static void on_character(struct tl_top_ui *ui, const struct tl_top_model *model, int key)
{
	switch (key) {
	case 'q':
		ui->quit = true;
		break;
	case 'h':
	case '?':
		ui->help = true;
		break;
	case ' ':
		ui->paused = !ui->paused;
		break;
	case 's':
		ui->sort = (ui->sort + 1) % TL_TOP_SORTS;
		break;
	case 'r':
		ui->reverse = !ui->reverse;
		break;
	case 'v':
		ui->pane = ui->pane == TL_TOP_THREADS ? TL_TOP_EXITS : TL_TOP_THREADS;
		ui->lower_at = ui->lower_first = 0;
		break;
	case 'p':
		ui->lower = true;
		show_pcs(ui, model);
		break;
	case '+':
	case '-':
		ui->interval_ms = next_interval(ui->interval_ms, key == '+');
		break;
	default:
		break;
	}
}

void tl_top_ui_key(struct tl_top_ui *ui, const struct tl_top_model *model, int key)
{
	if (ui->help && key != TL_KEY_RESIZE) {
		ui->help = false;
		ui->quit = key == 'q';
		return;
	}
	switch (key) {
	case TL_KEY_TAB:
		ui->lower = !ui->lower;
		break;
	case TL_KEY_ENTER:
		show_pcs(ui, model);
		break;
	case TL_KEY_BACK:
		go_back(ui);
		break;
	case TL_KEY_UP:
	case TL_KEY_DOWN:
	case TL_KEY_PAGE_UP:
	case TL_KEY_PAGE_DOWN:
	case TL_KEY_HOME:
	case TL_KEY_END:
		move(ui, model, key);
		break;
	default:
		on_character(ui, model, key);
		break;
	}
	tl_top_ui_scroll(ui, model);
}
