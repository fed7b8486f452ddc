/* SPDX-License-Identifier: MIT */
/*
 * Takes apart what trace/report/json.c has made, or somebody else: every member is checked.
 */
#include "trace/diff/summary.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/decode/esr.h"
#include "trace/report/json.h"

#define IDLE_CLASS "WFx"

static const struct {
	const char *text, *name;
	bool is_time;
} figures[TL_FIGURES] = {
	[TL_FIGURE_RUN] = {"run time", "run", true},
	[TL_FIGURE_VCPUS] = {"vCPUs", "vcpus", false},
	[TL_FIGURE_EXITS] = {"exits", "exits", false},
	[TL_FIGURE_USER] = {"to user space", "user", false},
	[TL_FIGURE_FIXUPS] = {"handled at EL2", "fixups", false},
	[TL_FIGURE_LOST] = {"lost", "lost", false},
	[TL_FIGURE_GUEST] = {"in the guest", "guest", true},
	[TL_FIGURE_TIME] = {"handling exits", "time", true},
	[TL_FIGURE_IDLE] = {"idle (WFx)", "idle", true},
};

const char *tl_figure_text(enum tl_figure figure)
{
	return figures[figure].text;
}

const char *tl_figure_name(enum tl_figure figure)
{
	return figures[figure].name;
}

bool tl_figure_is_time(enum tl_figure figure)
{
	return figures[figure].is_time;
}

/* What is being read, and what was wrong with it. */
struct reader {
	struct tl_summary *summary;
	size_t room;
	char *why;
	size_t why_size;
};

static int wrong(struct reader *reader, const char *member, const char *wanted)
{
	snprintf(reader->why, reader->why_size, "'%s' %s", member, wanted);
	return -EINVAL;
}

/* A number that is not negative; null: not known. */
static int number_of(
	struct reader *reader, const json_t *object, const char *key, struct tl_figure_value *out)
{
	const json_t *member = json_object_get(object, key);

	*out = (struct tl_figure_value){0};
	if (json_is_null(member))
		return 0;
	if (!json_is_integer(member) || json_integer_value(member) < 0)
		return wrong(reader, key, "is no count");
	*out = (struct tl_figure_value){true, (uint64_t)json_integer_value(member)};
	return 0;
}

static uint64_t sum_of(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

static void add_to(struct tl_figure_value *sum, const struct tl_figure_value *value)
{
	sum->value = sum_of(sum->value, value->value);
	sum->known = sum->known && value->known;
}

/* A text that is not empty, unless `may_be_empty`, and fits. */
static int text_of(struct reader *reader, const json_t *object, const char *key, bool may_be_empty,
	char *out, size_t size)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (!text || (!*text && !may_be_empty) || strlen(text) >= size)
		return wrong(reader, key, "is no name");
	memcpy(out, text, strlen(text) + 1);
	return 0;
}

/* Room for one more row, which is cleared; NULL: no memory. */
static struct tl_summary_row *new_row(struct reader *reader)
{
	struct tl_summary *summary = reader->summary;

	if (summary->count == reader->room) {
		size_t room = reader->room ? 2 * reader->room : 64;
		struct tl_summary_row *grown = reallocarray(summary->rows, room, sizeof(*grown));

		if (!grown)
			return NULL;
		summary->rows = grown;
		reader->room = room;
	}
	summary->rows[summary->count] = (struct tl_summary_row){0};
	return &summary->rows[summary->count++];
}

/* What a class is in words. */
static void name_class(char *text, size_t size, const char *name)
{
	const char *words = "";

	for (unsigned int i = 0; i < TL_CLASS_COUNT; i++) {
		if (!strcmp(tl_esr_class_name(i), name))
			words = tl_esr_class_text(i);
	}
	snprintf(text, size, "%s", *words ? words : name);
}

/* exits (or count), timed and ns.total, as details and classes have them. */
static int counts_of(
	struct reader *reader, const json_t *object, const char *exits, struct tl_summary_row *row)
{
	struct tl_figure_value count, timed, ns;

	if (number_of(reader, object, exits, &count) ||
		number_of(reader, object, "timed", &timed) ||
		number_of(reader, json_object_get(object, "ns"), "total", &ns))
		return -EINVAL;
	row->exits = count.value;
	row->timed = timed.value;
	row->ns = ns.value;
	return 0;
}

static int read_detail(struct reader *reader, const json_t *detail)
{
	struct tl_summary_row *row = new_row(reader);

	if (!row)
		return -ENOMEM;
	if (text_of(reader, detail, "class", false, row->exit_class, sizeof(row->exit_class)) ||
		text_of(reader, detail, "what", true, row->what, sizeof(row->what)) ||
		text_of(reader, detail, "handler", false, row->by, sizeof(row->by)) ||
		counts_of(reader, detail, "exits", row))
		return -EINVAL;
	if (!strcmp(row->by, "user"))
		strcpy(row->by, "VMM");
	if (!row->what[0])
		name_class(row->what, sizeof(row->what), row->exit_class);
	return 0;
}

/* A class of a vCPU: its time, and a row where there are no details. */
static int read_class(struct reader *reader, const json_t *object)
{
	struct tl_summary *summary = reader->summary;
	struct tl_summary_row row = {0}, *to;
	int ret = text_of(reader, object, "name", false, row.exit_class, sizeof(row.exit_class));

	if (!ret)
		ret = counts_of(reader, object, "count", &row);
	if (ret)
		return ret;
	if (strcmp(row.exit_class, IDLE_CLASS) != 0) {
		uint64_t *time = &summary->figures[TL_FIGURE_TIME].value;

		*time = sum_of(*time, row.ns);
	}
	if (summary->has_details)
		return 0;
	to = new_row(reader);
	if (!to)
		return -ENOMEM;
	name_class(row.what, sizeof(row.what), row.exit_class);
	*to = row;
	return 0;
}

/* What the kernel has counted by class, where there were no events. */
static int read_returned(struct reader *reader, const json_t *returned)
{
	const char *name;
	const json_t *count;

	json_object_foreach((json_t *)returned, name, count)
	{
		struct tl_summary_row *row = new_row(reader);

		if (!row)
			return -ENOMEM;
		if (!*name || strlen(name) >= sizeof(row->exit_class) || !json_is_integer(count) ||
			json_integer_value(count) < 0)
			return wrong(reader, "returned", "has what is no count");
		memcpy(row->exit_class, name, strlen(name) + 1);
		name_class(row->what, sizeof(row->what), name);
		row->exits = (uint64_t)json_integer_value(count);
	}
	return 0;
}

static int read_fixups(struct reader *reader, const json_t *fixups)
{
	struct tl_figure_value *sum = &reader->summary->figures[TL_FIGURE_FIXUPS];
	const char *name;
	const json_t *count;

	if (!json_is_object(fixups))
		sum->known = false;
	json_object_foreach((json_t *)fixups, name, count)
	{
		if (!json_is_integer(count) || json_integer_value(count) < 0)
			return wrong(reader, "fixups", "has what is no count");
		sum->value = sum_of(sum->value, (uint64_t)json_integer_value(count));
	}
	return 0;
}

static int read_vcpu(struct reader *reader, const json_t *vcpu)
{
	struct tl_figure_value *to = reader->summary->figures, guest, idle;
	const json_t *kernel = json_object_get(vcpu, "kernel");
	const json_t *classes = json_object_get(vcpu, "classes"), *object;
	size_t i;
	int ret = 0;

	if (!json_is_array(classes))
		return wrong(reader, "classes", "is no array");
	if (number_of(reader, vcpu, "guest_ns", &guest) ||
		number_of(reader, vcpu, "idle_ns", &idle))
		return -EINVAL;
	add_to(&to[TL_FIGURE_GUEST], &guest);
	add_to(&to[TL_FIGURE_IDLE], &idle);
	ret = read_fixups(reader, json_object_get(kernel, "fixups"));
	if (!ret && !reader->summary->has_times)
		ret = read_returned(reader, json_object_get(kernel, "returned"));
	json_array_foreach(classes, i, object)
	{
		if (!ret)
			ret = read_class(reader, object);
	}
	return ret;
}

/* Those of all vCPUs together. */
static int read_totals(struct reader *reader, const json_t *root)
{
	struct tl_figure_value *to = reader->summary->figures;
	const json_t *totals = json_object_get(root, "totals");
	bool events = reader->summary->has_times;

	if (!json_is_object(totals))
		return wrong(reader, "totals", "is no object");
	if (number_of(reader, root, "duration_ns", &to[TL_FIGURE_RUN]) ||
		number_of(
			reader, totals, events ? "exits" : "kernel_exits", &to[TL_FIGURE_EXITS]) ||
		number_of(reader, totals, "userspace_exits", &to[TL_FIGURE_USER]) ||
		number_of(reader, totals, "lost", &to[TL_FIGURE_LOST]))
		return -EINVAL;
	to[TL_FIGURE_GUEST].known = to[TL_FIGURE_FIXUPS].known = to[TL_FIGURE_IDLE].known = true;
	to[TL_FIGURE_TIME].known = events;
	return 0;
}

static int read_profile(struct reader *reader, const json_t *root)
{
	const json_t *vcpus = json_object_get(root, "vcpus"), *object;
	const json_t *details = json_object_get(root, "details");
	size_t i;
	int ret;

	if (!json_is_array(vcpus) || !json_is_array(details))
		return wrong(reader, json_is_array(vcpus) ? "details" : "vcpus", "is no array");
	reader->summary->has_times = json_is_true(json_object_get(root, "events"));
	reader->summary->has_details = json_array_size(details) != 0;
	reader->summary->figures[TL_FIGURE_VCPUS] =
		(struct tl_figure_value){true, json_array_size(vcpus)};
	ret = read_totals(reader, root);
	json_array_foreach(vcpus, i, object)
	{
		if (!ret)
			ret = read_vcpu(reader, object);
	}
	json_array_foreach(details, i, object)
	{
		if (!ret)
			ret = read_detail(reader, object);
	}
	return ret;
}

int tl_summary_row_compare(const void *a, const void *b)
{
	const struct tl_summary_row *one = a, *two = b;
	int order = strcmp(one->exit_class, two->exit_class);

	order = order ? order : strcmp(one->what, two->what);
	return order ? order : strcmp(one->by, two->by);
}

/* Each kind once. */
static void add_up(struct tl_summary *summary)
{
	size_t n = 0;

	if (summary->count)
		qsort(summary->rows, summary->count, sizeof(*summary->rows),
			tl_summary_row_compare);
	for (size_t i = 0; i < summary->count; i++) {
		const struct tl_summary_row *row = &summary->rows[i];
		struct tl_summary_row *to = &summary->rows[n ? n - 1 : 0];

		if (!n || tl_summary_row_compare(to, row) != 0) {
			summary->rows[n++] = *row;
			continue;
		}
		to->exits = sum_of(to->exits, row->exits);
		to->timed = sum_of(to->timed, row->timed);
		to->ns = sum_of(to->ns, row->ns);
	}
	summary->count = n;
}

int tl_summary_read(struct tl_summary *summary, const json_t *root, char *why, size_t size)
{
	struct reader reader = {.summary = summary, .why = why, .why_size = size};
	const json_t *answer = json_object_get(root, "profile");
	const char *schema;
	int ret;

	*summary = (struct tl_summary){0};
	if (answer)
		root = answer;
	schema = json_string_value(json_object_get(root, "schema"));
	if (!schema) {
		snprintf(why, size, "it is no profile: there is no 'schema' in it");
		return -EINVAL;
	}
	if (strcmp(schema, TL_REPORT_SCHEMA) != 0) {
		snprintf(why, size, "its schema is '%.40s', and a profile's is '%s'", schema,
			TL_REPORT_SCHEMA);
		return -EINVAL;
	}
	ret = read_profile(&reader, root);
	add_up(summary);
	return ret;
}

void tl_summary_by_class(struct tl_summary *summary)
{
	for (size_t i = 0; i < summary->count; i++) {
		struct tl_summary_row *row = &summary->rows[i];

		name_class(row->what, sizeof(row->what), row->exit_class);
		row->by[0] = 0;
	}
	summary->has_details = false;
	add_up(summary);
}

void tl_summary_fini(struct tl_summary *summary)
{
	free(summary->rows);
	*summary = (struct tl_summary){0};
}
