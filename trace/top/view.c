/* SPDX-License-Identifier: MIT */
/*
 * Columns that have no room in a narrow window are left out, the less important ones first;
 * the last column has what room there is, and ends with "..." where that is not enough.
 */
#include "trace/top/view.h"

#include <stdarg.h>
#include <string.h>

#include "trace/report/units.h"

#define COLUMNS_MIN 30
#define ROWS_MIN    7

/* A line that is being written. */
struct line {
	char *text;
	unsigned int at, columns;
};

static struct line new_line(
	struct tl_top_text *text, const struct tl_top *top, enum tl_top_look look)
{
	unsigned int columns = top->ui.columns < TL_TOP_COLUMNS ? top->ui.columns : TL_TOP_COLUMNS;
	struct line line = {.columns = columns};

	if (text->count == TL_TOP_ROWS)
		text->count--;
	text->lines[text->count].look = look;
	line.text = text->lines[text->count++].text;
	memset(line.text, ' ', columns);
	line.text[columns] = 0;
	return line;
}

static void put_cut(char *to, unsigned int width, const char *text, bool right)
{
	unsigned int length = (unsigned int)strlen(text), cut = width > 3 ? width - 3 : width;
	unsigned int start = right && length < width ? width - length : 0;

	/* Its place in the line has blanks behind it, and no end. */
	for (unsigned int i = 0; i < width && i < length; i++)
		to[start + i] = length > width && i >= cut ? '.' : text[i];
}

/* Text in a column; the one behind it begins a space later. */
static void put_left(struct line *line, unsigned int width, const char *text)
{
	if (line->at >= line->columns)
		return;
	if (width > line->columns - line->at)
		width = line->columns - line->at;
	put_cut(line->text + line->at, width, text, false);
	line->at += width + 1;
}

static void put_right(struct line *line, unsigned int width, const char *text)
{
	if (line->at + width > line->columns)
		return;
	put_cut(line->text + line->at, width, text, true);
	line->at += width + 1;
}

static void put_rest(struct line *line, const char *text)
{
	put_left(line, line->columns, text);
}

__attribute__((format(printf, 4, 5))) static void put_line(struct tl_top_text *text,
	const struct tl_top *top, enum tl_top_look look, const char *format, ...)
{
	struct line line = new_line(text, top, look);
	char buffer[TL_TOP_COLUMNS + 1];
	va_list args;

	va_start(args, format);
	vsnprintf(buffer, sizeof(buffer), format, args);
	va_end(args);
	put_rest(&line, buffer);
}

/* Whether a column of that importance is there: the window's least width for it. */
static bool has(const struct tl_top *top, unsigned int columns)
{
	return top->ui.columns >= columns;
}

static void put_percent(struct line *line, double share)
{
	char text[16];

	snprintf(text, sizeof(text), "%.1f%%", share * 100);
	put_right(line, 6, text);
}

static void put_count(struct line *line, double count)
{
	char text[32];

	put_right(line, 7, tl_text_count(text, sizeof(text), count));
}

static enum tl_top_look look_of(bool chosen, bool here)
{
	if (!chosen)
		return TL_TOP_NORMAL;
	return here ? TL_TOP_CHOSEN : TL_TOP_MARKED;
}

static void draw_title(struct tl_top_text *text, struct tl_top *top)
{
	const struct tl_top_model *model = &top->model;
	double exits = model->line_count ? model->lines[0].exits : 0;
	char rate[32];

	put_line(text, top, TL_TOP_TITLE,
		"trapline top: %u VM%s, %u vCPU%s, %s exits/s, every %g s%s%s%s", model->vms,
		tl_text_plural(model->vms), model->vcpus, tl_text_plural(model->vcpus),
		tl_text_count(rate, sizeof(rate), exits), top->ui.interval_ms / 1000.0,
		top->ui.paused ? ", PAUSED" : "", top->note[0] ? "; " : "", top->note);
}

static unsigned int name_width(const struct tl_top *top)
{
	return has(top, 120) ? 24 : has(top, 60) ? 18 : 14;
}

static void draw_upper_heading(struct tl_top_text *text, const struct tl_top *top)
{
	struct line line = new_line(text, top, TL_TOP_HEADING);

	put_left(&line, name_width(top), "VM, vCPU");
	put_right(&line, 7, "EXITS/s");
	if (has(top, 60))
		put_right(&line, 7, "VMM/s");
	put_right(&line, 6, "GUEST");
	if (has(top, 38))
		put_right(&line, 6, "AWAY");
	if (has(top, 50))
		put_right(&line, 6, "IDLE");
	if (has(top, 66))
		put_right(&line, 6, "NO CPU");
	if (has(top, 74)) {
		put_right(&line, 6, "THREAD");
		put_rest(&line, "DOES");
	}
}

/* What the vCPU's thread does; a VM has several. */
static void put_thread(struct line *line, struct tl_top *top, const struct tl_top_line *from)
{
	const struct tl_top_thread *thread =
		from->tid ? tl_top_threads_get(&top->threads, from->scope.process, from->tid,
				    top->sample->now_ns)
			  : NULL;
	char text[80];

	if (from->gone) {
		put_right(line, 6, "");
		put_rest(line, "gone");
		return;
	}
	if (!thread)
		return;
	if (thread->cpu >= 0)
		put_percent(line, thread->cpu);
	else
		put_right(line, 6, "-");
	put_rest(line, tl_thread_state_text(text, sizeof(text), &thread->state));
}

static void draw_vm_line(struct tl_top_text *text, struct tl_top *top,
	const struct tl_top_line *from, enum tl_top_look look)
{
	struct line line = new_line(text, top, look);
	char name[64];

	if (from->scope.vcpu)
		snprintf(name, sizeof(name), "  vCPU %u", from->id);
	else if (from->scope.process)
		snprintf(name, sizeof(name), "%d %s", (int)from->scope.process,
			tl_top_name(top, from->scope.process));
	else
		snprintf(name, sizeof(name), "all VMs");
	put_left(&line, name_width(top), name);
	put_count(&line, from->exits);
	if (has(top, 60))
		put_count(&line, from->user);
	put_percent(&line, from->guest);
	if (has(top, 38))
		put_percent(&line, from->away);
	if (has(top, 50))
		put_percent(&line, from->idle);
	if (has(top, 66))
		put_percent(&line, from->delayed);
	if (has(top, 74))
		put_thread(&line, top, from);
}

static void draw_upper(struct tl_top_text *text, struct tl_top *top)
{
	size_t chosen = tl_top_ui_line(&top->ui, &top->model), first = top->ui.upper_first;
	unsigned int height = tl_top_ui_upper(&top->ui, &top->model);

	draw_upper_heading(text, top);
	for (size_t i = first; i < first + height && i < top->model.line_count; i++)
		draw_vm_line(text, top, &top->model.lines[i], look_of(i == chosen, !top->ui.lower));
}

static void draw_rows_heading(struct tl_top_text *text, struct tl_top *top, bool pcs)
{
	struct line line = new_line(text, top, TL_TOP_HEADING);
	char what[128], title[160] = "EXIT";

	put_right(&line, 7, "EXITS/s");
	put_right(&line, 6, "SHARE");
	if (has(top, 46))
		put_right(&line, 6, "TIME");
	if (has(top, 56))
		put_right(&line, 7, "AVERAGE");
	if (has(top, 66))
		put_left(&line, 6, "BY");
	if (has(top, 76) && !top->ui.scope.process)
		put_right(&line, 7, "VM");
	if (pcs)
		snprintf(title, sizeof(title), "PC OF: %s",
			tl_top_what(what, sizeof(what), top, &top->ui.chosen, false));
	put_rest(&line, title);
}

static void draw_row(struct tl_top_text *text, struct tl_top *top, const struct tl_top_row *row,
	enum tl_top_look look, bool pc)
{
	struct line line = new_line(text, top, look);
	char buffer[160];

	put_count(&line, row->rate);
	put_percent(&line, row->share);
	if (has(top, 46))
		put_percent(&line, row->away);
	if (has(top, 56))
		put_right(&line, 7,
			row->ns ? tl_text_duration(buffer, sizeof(buffer), row->each) : "-");
	if (has(top, 66))
		put_left(&line, 6, row->handler == TL_HANDLER_USER ? "VMM" : "kernel");
	if (has(top, 76) && !top->ui.scope.process) {
		snprintf(buffer, sizeof(buffer), "%d", (int)row->process);
		put_right(&line, 7, buffer);
	}
	put_rest(&line, tl_top_what(buffer, sizeof(buffer), top, row, pc));
}

static void draw_rows(struct tl_top_text *text, struct tl_top *top)
{
	bool pcs = top->ui.pane == TL_TOP_PCS;
	size_t first = top->ui.lower_first;
	unsigned int height = tl_top_ui_lower(&top->ui, &top->model);

	draw_rows_heading(text, top, pcs);
	for (size_t i = first; i < first + height && i < top->model.row_count; i++)
		draw_row(text, top, &top->model.rows[i],
			look_of(i == top->ui.lower_at && top->ui.lower, true), pcs);
	if (!top->model.row_count)
		put_line(text, top, TL_TOP_DIM, " no exits since the last look");
}

static void draw_thread(struct tl_top_text *text, struct tl_top *top,
	const struct tl_top_thread *thread, enum tl_top_look look)
{
	struct line line = new_line(text, top, look);
	char buffer[80];

	snprintf(buffer, sizeof(buffer), "%d", (int)thread->state.tid);
	put_right(&line, 7, buffer);
	if (thread->cpu >= 0)
		put_percent(&line, thread->cpu);
	else
		put_right(&line, 6, "-");
	snprintf(buffer, sizeof(buffer), "%c", thread->state.state);
	put_left(&line, 1, buffer);
	put_left(&line, 15, thread->state.name);
	put_rest(&line, tl_thread_state_text(buffer, sizeof(buffer), &thread->state));
}

static void draw_threads(struct tl_top_text *text, struct tl_top *top)
{
	struct line line = new_line(text, top, TL_TOP_HEADING);
	size_t first = top->ui.lower_first;
	unsigned int height = tl_top_ui_lower(&top->ui, &top->model);

	put_right(&line, 7, "THREAD");
	put_right(&line, 6, "CPU");
	put_left(&line, 1, "S");
	put_left(&line, 15, "NAME");
	put_rest(&line, "DOES");
	if (!top->shown) {
		put_line(text, top, TL_TOP_DIM, " choose a VM above");
		return;
	}
	for (size_t i = first; i < first + height && i < (size_t)top->tid_count; i++) {
		const struct tl_top_thread *thread = tl_top_threads_get(
			&top->threads, top->shown, top->tids[i], top->sample->now_ns);

		if (thread)
			draw_thread(text, top, thread,
				look_of(i == top->ui.lower_at && top->ui.lower, true));
	}
}

static void draw_help(struct tl_top_text *text, struct tl_top *top)
{
	static const char *const lines[] = {
		"Up Down PgUp PgDn Home End  choose a line",
		"Tab     the other list: VMs and vCPUs, or their exits",
		"Enter p where in the guest the chosen exits came from",
		"v       the VMM's threads: CPU, state, system call",
		"Esc     back",
		"s r     sort by exits, time, average; reverse",
		"Space   pause   + -  longer, shorter interval",
		"q       quit",
		"",
		"VMM/s   exits that went to the VMM",
		"GUEST   share of the time in the guest",
		"AWAY    handling exits   IDLE in WFI or WFE",
		"NO CPU  ready to run, waiting for one",
		"TIME    what these exits took, of one vCPU's time",
	};

	for (unsigned int i = 0; i < sizeof(lines) / sizeof(lines[0]) && i + 2 < top->ui.rows; i++)
		put_line(text, top, TL_TOP_NORMAL, " %s", lines[i]);
}

static void draw_foot(struct tl_top_text *text, struct tl_top *top)
{
	char sort[32];

	while (text->count + 1 < top->ui.rows && text->count + 1 < TL_TOP_ROWS)
		new_line(text, top, TL_TOP_NORMAL);
	if (top->ui.help) {
		put_line(text, top, TL_TOP_TITLE, "any key: back   q quit");
		return;
	}
	snprintf(sort, sizeof(sort), "%s%s", tl_top_sort_name(top->ui.sort),
		top->ui.reverse ? " (least)" : "");
	put_line(text, top, TL_TOP_TITLE,
		"q quit  ? help  Enter PCs  v threads  Space pause  s sort: %s", sort);
}

void tl_top_draw(struct tl_top_text *text, struct tl_top *top)
{
	text->count = 0;
	if (top->ui.columns < COLUMNS_MIN || top->ui.rows < ROWS_MIN) {
		if (top->ui.rows)
			put_line(text, top, TL_TOP_NORMAL, "too small");
		return;
	}
	draw_title(text, top);
	if (top->ui.help) {
		draw_help(text, top);
	} else {
		draw_upper(text, top);
		if (top->ui.pane == TL_TOP_THREADS)
			draw_threads(text, top);
		else
			draw_rows(text, top);
	}
	draw_foot(text, top);
}
