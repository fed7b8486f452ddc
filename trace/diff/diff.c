/* SPDX-License-Identifier: MIT */
/*
 * Both lists are in one order: they are walked side by side.
 */
#include "trace/diff/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What the figures of one side are divided by; 0: they cannot be. */
struct divisor {
	double exits, ns;
};

static uint64_t time_of_all(const struct tl_summary *summary)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < summary->count; i++)
		ns += summary->rows[i].ns;
	return ns;
}

static struct divisor divisor_of(const struct tl_summary *summary, enum tl_diff_per per)
{
	double seconds = (double)summary->figures[TL_FIGURE_RUN].value / 1e9;

	switch (per) {
	case TL_DIFF_PER_SECOND:
		return (struct divisor){seconds, seconds};
	case TL_DIFF_PER_TOTAL:
		return (struct divisor){(double)summary->figures[TL_FIGURE_EXITS].value / 100,
			(double)time_of_all(summary) / 100};
	default:
		return (struct divisor){1, 1};
	}
}

static double divided(uint64_t value, double divisor)
{
	return divisor > 0 ? (double)value / divisor : 0;
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static double distance(double a, double b)
{
	return a > b ? a - b : b - a;
}

static struct tl_diff_value value_of(const struct tl_diff *diff, double a, double b)
{
	/* The same quotient of different numbers has not always the same last bits. */
	double allowed = larger(a, b) * larger(diff->config.tolerance / 100, 1e-12);

	return (struct tl_diff_value){a, b, distance(a, b) > allowed};
}

static void compare_figures(struct tl_diff *diff)
{
	const enum tl_diff_per per = diff->config.per;
	struct divisor a = divisor_of(&diff->a, per), b = divisor_of(&diff->b, per);

	for (unsigned int i = 0; i < TL_FIGURES; i++) {
		const struct tl_figure_value *in_a = &diff->a.figures[i],
					     *in_b = &diff->b.figures[i];
		/* How long it ran and on what is no share of anything. */
		bool plain = per == TL_DIFF_PER_TOTAL || i == TL_FIGURE_RUN || i == TL_FIGURE_VCPUS;
		bool is_time = tl_figure_is_time(i);

		diff->figures[i].in_a = in_a->known;
		diff->figures[i].in_b = in_b->known;
		diff->figures[i].value = value_of(diff,
			divided(in_a->value, plain     ? 1
					     : is_time ? a.ns
						       : a.exits),
			divided(in_b->value, plain     ? 1
					     : is_time ? b.ns
						       : b.exits));
	}
}

static void add_row(struct tl_diff *diff, const struct tl_summary_row *a,
	const struct tl_summary_row *b, const struct divisor *by_a, const struct divisor *by_b)
{
	struct tl_diff_row *row = &diff->rows[diff->count++];

	*row = (struct tl_diff_row){.a = a, .b = b};
	row->exits = value_of(diff, divided(a ? a->exits : 0, by_a->exits),
		divided(b ? b->exits : 0, by_b->exits));
	row->ns =
		value_of(diff, divided(a ? a->ns : 0, by_a->ns), divided(b ? b->ns : 0, by_b->ns));
	/* Counted without events: that is no time of 0. */
	if (!diff->a.has_times || !diff->b.has_times)
		row->ns.differs = false;
	if (!row->exits.differs && !row->ns.differs)
		return;
	diff->changed++;
	diff->appeared += !a;
	diff->vanished += !b;
	diff->recounted += row->exits.differs;
}

static int more(double a, double b)
{
	return a > b ? -1 : a < b;
}

static int larger_difference(const void *a, const void *b)
{
	const struct tl_diff_row *one = a, *two = b;
	int order =
		more(distance(one->exits.b, one->exits.a), distance(two->exits.b, two->exits.a));

	if (!order)
		order = more(distance(one->ns.b, one->ns.a), distance(two->ns.b, two->ns.a));
	return order ? order : tl_summary_row_compare(tl_diff_row_name(one), tl_diff_row_name(two));
}

/* What does not differ comes last, most exits first. */
static int by_difference(const void *a, const void *b)
{
	const struct tl_diff_row *one = a, *two = b;
	bool differs = one->exits.differs || one->ns.differs;
	int order = 0;

	if (differs != (two->exits.differs || two->ns.differs))
		return differs ? -1 : 1;
	if (!differs)
		order = more(one->exits.b, two->exits.b);
	return order ? order : larger_difference(a, b);
}

static void compare_rows(struct tl_diff *diff)
{
	const struct divisor by_a = divisor_of(&diff->a, diff->config.per);
	const struct divisor by_b = divisor_of(&diff->b, diff->config.per);
	const struct tl_summary_row *a = diff->a.rows, *end_a = a + diff->a.count;
	const struct tl_summary_row *b = diff->b.rows, *end_b = b + diff->b.count;

	while (a < end_a || b < end_b) {
		int order = a == end_a ? 1 : b == end_b ? -1 : tl_summary_row_compare(a, b);

		add_row(diff, order <= 0 ? a : NULL, order >= 0 ? b : NULL, &by_a, &by_b);
		a += order <= 0;
		b += order >= 0;
	}
	qsort(diff->rows, diff->count, sizeof(*diff->rows), by_difference);
}

int tl_diff_init(struct tl_diff *diff, const struct tl_diff_config *config, struct tl_summary *a,
	struct tl_summary *b)
{
	*diff = (struct tl_diff){.config = *config, .a = *a, .b = *b};
	*a = *b = (struct tl_summary){0};
	if (!diff->a.has_details || !diff->b.has_details)
		diff->config.by_class = true;
	if (diff->config.by_class) {
		tl_summary_by_class(&diff->a);
		tl_summary_by_class(&diff->b);
	}
	if (divisor_of(&diff->a, config->per).exits <= 0 ||
		divisor_of(&diff->b, config->per).exits <= 0)
		return -EDOM;
	diff->rows = calloc(diff->a.count + diff->b.count + 1, sizeof(*diff->rows));
	if (!diff->rows)
		return -ENOMEM;
	compare_figures(diff);
	compare_rows(diff);
	return 0;
}

void tl_diff_fini(struct tl_diff *diff)
{
	tl_summary_fini(&diff->a);
	tl_summary_fini(&diff->b);
	free(diff->rows);
	*diff = (struct tl_diff){0};
}
