/* SPDX-License-Identifier: MIT */
/*
 * A line: what, <=, how much. What is wrong with one is said with its file and number.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/parse.h"
#include "trace/diff/budget.h"

/* A file with more is no budget. */
#define LINES_MAX 10000

/* Cuts the first word off; the rest begins behind it, and may be empty. */
static char *first_word(char **rest)
{
	char *word = *rest, *end = word + strcspn(word, " \t");

	*rest = *end ? tl_trim(end + 1) : end;
	*end = 0;
	return word;
}

static bool is_figure(const char *word, enum tl_figure *figure)
{
	for (unsigned int i = 0; i < TL_FIGURES; i++) {
		if (!strcmp(word, tl_figure_name(i))) {
			*figure = (enum tl_figure)i;
			return true;
		}
	}
	return false;
}

/* What the limit is for. Returns NULL or what is wrong. */
static const char *take_subject(struct tl_budget_line *line, char *text)
{
	static const struct {
		const char *name;
		enum tl_budget_subject subject;
	} kinds[] = {
		{"class", TL_BUDGET_CLASS}, {"detail", TL_BUDGET_DETAIL}, {"user", TL_BUDGET_USER}};
	char *pattern = text;
	const char *word = first_word(&pattern);

	for (size_t i = 0; *pattern && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(word, kinds[i].name) != 0)
			continue;
		line->subject = kinds[i].subject;
		line->pattern = strdup(pattern);
		return line->pattern ? NULL : "out of memory";
	}
	if (*pattern)
		return "only class, detail and user have a pattern behind them";
	if (!strcmp(word, "class") || !strcmp(word, "detail"))
		return "class and detail want a pattern, such as detail CTR_EL0 *";
	if (!strcmp(word, "new"))
		line->subject = TL_BUDGET_NEW;
	else if (!is_figure(word, &line->figure))
		return "there are class, detail, new, run, vcpus, exits, user, fixups, lost, guest, "
		       "time and idle";
	return NULL;
}

/* ns of one of the unit, 0: that is none. */
static double unit_ns(const char *unit)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!strcmp(unit, units[i].name))
			return units[i].ns;
	}
	return 0;
}

/* [avg] [+]NUMBER, and %, /s or a unit. Returns NULL or what is wrong. */
static const char *take_limit(struct tl_budget_line *line, char *text)
{
	static const char wanted[] = "a limit is 400, 100/s, 2ms, avg 5us, +20, +10 % or +2ms";
	bool average = !strncmp(text, "avg ", 4);
	double ns;
	char *unit;

	text = average ? tl_trim(text + 4) : text;
	line->above_a = *text == '+';
	text += line->above_a;
	/* No sign, no "nan". */
	if (!isdigit((unsigned char)*text))
		return wanted;
	errno = 0;
	line->limit = strtod(text, &unit);
	if (errno || line->limit > 1e18)
		return wanted;
	unit = tl_trim(unit);
	ns = unit_ns(unit);
	line->limit *= ns > 0 ? ns : 1;
	line->percent = line->above_a && !strcmp(unit, "%");
	line->measure = average ? TL_BUDGET_AVERAGE : ns > 0 ? TL_BUDGET_NS : TL_BUDGET_COUNT;
	if (!strcmp(unit, "/s"))
		line->measure = TL_BUDGET_RATE;
	if (average && !(ns > 0))
		return "avg wants a time, such as avg 5us";
	return !*unit || line->percent || ns > 0 || line->measure == TL_BUDGET_RATE ? NULL : wanted;
}

/* Whether the one can be compared with the other. Returns NULL or what is wrong. */
static const char *check_line(struct tl_budget_line *line)
{
	bool timed = line->measure == TL_BUDGET_NS || line->measure == TL_BUDGET_AVERAGE;

	if (line->subject == TL_BUDGET_NEW && (line->measure != TL_BUDGET_COUNT || line->above_a))
		return "new wants a number of kinds";
	if (line->subject != TL_BUDGET_FIGURE)
		return NULL;
	if (tl_figure_is_time(line->figure) && line->percent)
		line->measure = TL_BUDGET_NS;
	else if (tl_figure_is_time(line->figure) && line->measure != TL_BUDGET_NS)
		return "this is a time: its limit is one such as 2ms or +10 %";
	else if (!tl_figure_is_time(line->figure) && timed)
		return "this is no time: its limit is a number";
	return NULL;
}

static const char *take_line(struct tl_budget_line *line, char *text)
{
	char *sign = strstr(text, "<=");
	const char *why;

	if (!sign)
		return "wants WHAT <= LIMIT";
	*sign = 0;
	text = tl_trim(text);
	why = *text ? take_subject(line, text) : "wants WHAT <= LIMIT";
	why = why ? why : take_limit(line, tl_trim(sign + 2));
	return why ? why : check_line(line);
}

/* Returns 0 or -errno (logged). */
static int add_line(struct tl_budget *budget, char *text, unsigned int number)
{
	struct tl_budget_line *grown, *line;
	const char *why;

	text = tl_trim(text);
	if (!*text || *text == '#')
		return 0;
	grown = reallocarray(budget->lines, budget->count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	budget->lines = grown;
	line = &grown[budget->count++];
	*line = (struct tl_budget_line){.number = number, .text = strdup(text)};
	why = budget->count > LINES_MAX ? "there are too many" : take_line(line, text);
	if (!why && line->text)
		return 0;
	tl_log_error("%s:%u: '%s': %s", budget->path, number, line->text ? line->text : "",
		why ? why : strerror(ENOMEM));
	return -EINVAL;
}

int tl_budget_read(struct tl_budget *budget, const char *path)
{
	FILE *in = fopen(path, "re");
	unsigned int number = 0;
	char *text = NULL;
	size_t room = 0;
	ssize_t length;
	int ret = in ? 0 : -errno;

	*budget = (struct tl_budget){.path = strdup(path)};
	if (!ret && !budget->path)
		ret = -ENOMEM;
	while (!ret && (length = getline(&text, &room, in)) >= 0) {
		number++;
		if (memchr(text, 0, (size_t)length)) {
			tl_log_error("%s:%u: is no text", path, number);
			ret = -EINVAL;
		} else {
			ret = add_line(budget, text, number);
		}
	}
	if (in && !ret && ferror(in))
		ret = -errno;
	if (ret && ret != -EINVAL)
		tl_log_error("budget '%s': %s", path, strerror(-ret));
	else if (!ret && !budget->count) {
		tl_log_error("budget '%s': there is no limit in it", path);
		ret = -EINVAL;
	}
	free(text);
	if (in)
		fclose(in);
	return ret;
}

void tl_budget_fini(struct tl_budget *budget)
{
	for (size_t i = 0; i < budget->count; i++) {
		free(budget->lines[i].text);
		free(budget->lines[i].pattern);
	}
	free(budget->lines);
	free(budget->path);
	*budget = (struct tl_budget){0};
}
