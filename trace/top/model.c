/* SPDX-License-Identifier: MIT */
/*
 * Adding up: few hundred rows have anything in them in one interval, so sorting is cheap.
 */
#include "trace/top/model.h"

#include <errno.h>
#include <stdlib.h>

/* One more element of an array that grows; NULL: no memory. */
static void *one_more(void **list, size_t *count, size_t *room, size_t size)
{
	if (*count == *room) {
		size_t more = *room ? *room * 2 : 64;
		void *grown = realloc(*list, more * size);

		if (!grown)
			return NULL;
		*list = grown;
		*room = more;
	}
	return (char *)*list + (*count)++ * size;
}

static double seconds_of(const struct tl_live_sample *sample)
{
	double seconds = (double)tl_live_since(sample->now_ns, sample->before_ns) / 1e9;

	/* Two reads at once: no rate is better than one of any size. */
	return seconds > 0.000001 ? seconds : 0;
}

static double rate(uint64_t now, uint64_t before, double seconds)
{
	return seconds > 0 ? (double)tl_live_since(now, before) / seconds : 0;
}

static void add_vcpu(struct tl_top_line *line, const struct tl_live_vcpu *vcpu, double seconds)
{
	const struct tl_live_counts *now = &vcpu->now, *before = &vcpu->before;

	line->vcpus++;
	line->gone = line->gone && vcpu->gone;
	line->exits += rate(now->exits, before->exits, seconds);
	line->user += rate(now->user_exits, before->user_exits, seconds);
	line->guest += rate(now->guest_ns, before->guest_ns, seconds) / 1e9;
	line->away += rate(now->away_ns, before->away_ns, seconds) / 1e9;
	line->idle += rate(now->idle_ns, before->idle_ns, seconds) / 1e9;
	line->delayed += rate(now->delayed_ns, before->delayed_ns, seconds) / 1e9;
}

static double share_of(double sum, unsigned int vcpus)
{
	double share = vcpus ? sum / vcpus : 0;

	/* An exit counts when it is over, and may have begun before the interval. */
	return share > 1 ? 1 : share;
}

static void take_average(struct tl_top_line *line)
{
	line->guest = share_of(line->guest, line->vcpus);
	line->away = share_of(line->away, line->vcpus);
	line->idle = share_of(line->idle, line->vcpus);
	line->delayed = share_of(line->delayed, line->vcpus);
	line->gone = line->gone && line->vcpus;
}

/* Where in the list the new line is; -1: no memory. */
static long new_line(struct tl_top_model *model)
{
	struct tl_top_line *line = one_more((void **)&model->lines, &model->line_count,
		&model->line_room, sizeof(*model->lines));

	if (!line)
		return -1;
	*line = (struct tl_top_line){.gone = true};
	return (long)model->line_count - 1;
}

int tl_top_list(struct tl_top_model *model, const struct tl_live_sample *sample)
{
	long vm = -1, line;

	model->seconds = seconds_of(sample);
	model->line_count = 0;
	model->vms = 0;
	model->vcpus = sample->vcpu_count;
	if (new_line(model) < 0)
		return -ENOMEM;
	for (unsigned int i = 0; i < sample->vcpu_count; i++) {
		const struct tl_live_vcpu *vcpu = &sample->vcpus[i];

		if (vm < 0 || model->lines[vm].scope.process != vcpu->process) {
			vm = new_line(model);
			if (vm < 0)
				return -ENOMEM;
			model->lines[vm].scope.process = vcpu->process;
			model->vms++;
		}
		line = new_line(model);
		if (line < 0)
			return -ENOMEM;
		model->lines[line].scope =
			(struct tl_top_scope){.process = vcpu->process, .vcpu = vcpu->serial};
		model->lines[line].id = vcpu->id;
		model->lines[line].tid = vcpu->tid;
		add_vcpu(&model->lines[line], vcpu, model->seconds);
		add_vcpu(&model->lines[vm], vcpu, model->seconds);
		add_vcpu(&model->lines[0], vcpu, model->seconds);
	}
	for (size_t i = 0; i < model->line_count; i++)
		take_average(&model->lines[i]);
	return 0;
}

static int order(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int by_key(const void *a, const void *b)
{
	const struct tl_top_row *one = a, *two = b;
	int ret = order((uint64_t)one->process, (uint64_t)two->process);

	ret = ret ? ret : order(one->exit_class, two->exit_class);
	ret = ret ? ret : order(one->detail, two->detail);
	ret = ret ? ret : order(one->handler, two->handler);
	ret = ret ? ret : order(one->summed, two->summed);
	ret = ret ? ret : order(one->pc, two->pc);
	return ret ? ret : order(one->mode, two->mode);
}

static int more_exits(const void *a, const void *b)
{
	int ret =
		order(((const struct tl_top_row *)b)->count, ((const struct tl_top_row *)a)->count);

	return ret ? ret : by_key(a, b);
}

static int more_time(const void *a, const void *b)
{
	int ret = order(((const struct tl_top_row *)b)->ns, ((const struct tl_top_row *)a)->ns);

	return ret ? ret : by_key(a, b);
}

static int more_each(const void *a, const void *b)
{
	int ret = order(((const struct tl_top_row *)b)->each, ((const struct tl_top_row *)a)->each);

	return ret ? ret : by_key(a, b);
}

bool tl_top_same_exits(const struct tl_top_row *a, const struct tl_top_row *b)
{
	return a->process == b->process && a->exit_class == b->exit_class &&
	       a->detail == b->detail && a->handler == b->handler && a->summed == b->summed;
}

static bool is_in(const struct tl_live_vcpu *vcpu, struct tl_top_scope scope)
{
	return (!scope.process || vcpu->process == scope.process) &&
	       (!scope.vcpu || vcpu->serial == scope.vcpu);
}

/* Appends what came of each row of the table, unadded. */
static int collect(struct tl_top_model *model, const struct tl_live_sample *sample,
	struct tl_top_scope scope, const struct tl_top_row *of, uint64_t *all)
{
	for (size_t i = 0; i < sample->row_count; i++) {
		const struct tl_live_row *from = &sample->rows[i];
		const struct tl_live_vcpu *vcpu = &sample->vcpus[from->vcpu];
		struct tl_top_row row = {.process = vcpu->process,
			.exit_class = from->exit_class,
			.handler = from->handler,
			.detail = from->summed ? 0 : from->detail,
			.summed = from->summed,
			.count = tl_live_since(from->now.count, from->before.count),
			.ns = tl_live_since(from->now.ns, from->before.ns)};
		struct tl_top_row *to;

		if ((!row.count && !row.ns) || !is_in(vcpu, scope))
			continue;
		*all += row.count;
		if (of && !tl_top_same_exits(&row, of))
			continue;
		if (of) {
			row.pc = from->pc;
			row.mode = from->mode;
		}
		to = one_more((void **)&model->rows, &model->row_count, &model->row_room,
			sizeof(*model->rows));
		if (!to)
			return -ENOMEM;
		*to = row;
	}
	return 0;
}

static void add_up(struct tl_top_model *model, uint64_t all)
{
	size_t kept = 0;

	for (size_t i = 0; i < model->row_count; i++) {
		struct tl_top_row *row = &model->rows[i];

		if (kept && !by_key(&model->rows[kept - 1], row)) {
			model->rows[kept - 1].count += row->count;
			model->rows[kept - 1].ns += row->ns;
		} else {
			model->rows[kept++] = *row;
		}
	}
	model->row_count = kept;
	for (size_t i = 0; i < kept; i++) {
		struct tl_top_row *row = &model->rows[i];

		row->rate = rate(row->count, 0, model->seconds);
		row->share = all ? (double)row->count / (double)all : 0;
		row->away = rate(row->ns, 0, model->seconds) / 1e9;
		row->each = row->count ? row->ns / row->count : 0;
	}
}

static void turn_round(struct tl_top_model *model)
{
	for (size_t i = 0; i < model->row_count / 2; i++) {
		struct tl_top_row *other = &model->rows[model->row_count - 1 - i], kept = *other;

		*other = model->rows[i];
		model->rows[i] = kept;
	}
}

int tl_top_rows(struct tl_top_model *model, const struct tl_live_sample *sample,
	struct tl_top_scope scope, const struct tl_top_row *of, enum tl_top_sort sort, bool reverse)
{
	static int (*const orders[])(const void *, const void *) = {
		[TL_TOP_BY_EXITS] = more_exits,
		[TL_TOP_BY_TIME] = more_time,
		[TL_TOP_BY_EACH] = more_each,
	};
	struct tl_top_row chosen;
	uint64_t all = 0;
	int ret;

	if (of) {
		chosen = *of;
		of = &chosen;
	}
	model->seconds = seconds_of(sample);
	model->row_count = 0;
	ret = collect(model, sample, scope, of, &all);
	if (ret || !model->row_count)
		return ret;
	qsort(model->rows, model->row_count, sizeof(model->rows[0]), by_key);
	add_up(model, all);
	qsort(model->rows, model->row_count, sizeof(model->rows[0]), orders[sort]);
	if (reverse)
		turn_round(model);
	return 0;
}

void tl_top_model_fini(struct tl_top_model *model)
{
	free(model->lines);
	free(model->rows);
	*model = (struct tl_top_model){0};
}
