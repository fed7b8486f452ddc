/* SPDX-License-Identifier: MIT */
/*
 * The same rows twice: rounded and lined up, and exact.
 */
#include "trace/report/table.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "trace/report/text_parts.h"

static double share(uint64_t part, uint64_t all)
{
	return all ? 100.0 * (double)part / (double)all : 0;
}

static int finish(FILE *out)
{
	if (fflush(out) || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}

static void put_duration(FILE *out, uint64_t ns, int known)
{
	char text[32] = "-";

	if (known)
		tl_text_duration(text, sizeof(text), ns);
	fprintf(out, " %9s", text);
}

int tl_report_table(FILE *out, const struct tl_profile *profile, enum tl_group_by by)
{
	/* Symbols have lines behind them there. */
	int wide = by == TL_GROUP_PC && profile->lines ? 68 : 44;
	struct tl_groups groups;
	int ret = tl_groups_of(profile, by, &groups);

	if (ret)
		return ret;
	fprintf(out, "%-*s %9s %7s %9s %9s %9s %9s %9s\n", wide, tl_group_name(by), "exits",
		"share", "total", "average", "p50", "p99", "max");
	for (size_t i = 0; i < groups.count; i++) {
		const struct tl_group *row = &groups.list[i];

		fprintf(out, "%-*.*s %9" PRIu64 " %5.1f %%", wide, wide, row->name, row->exits,
			share(row->exits, groups.exits));
		put_duration(out, row->ns, row->timed != 0);
		put_duration(out, row->timed ? row->ns / row->timed : 0, row->timed != 0);
		put_duration(out, row->p50, row->timed != 0);
		put_duration(out, row->p99, row->timed != 0);
		put_duration(out, row->max, row->timed != 0);
		fputc('\n', out);
	}
	tl_groups_fini(&groups);
	return finish(out);
}

/* In quotes where it must be. */
static void put_field(FILE *out, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

int tl_report_csv(FILE *out, const struct tl_profile *profile, enum tl_group_by by)
{
	struct tl_groups groups;
	int ret = tl_groups_of(profile, by, &groups);

	if (ret)
		return ret;
	fprintf(out, "vm,%s,exits,timed,total_ns,p50_ns,p99_ns,max_ns,slept_ns,delayed_ns\r\n",
		tl_group_name(by));
	for (size_t i = 0; i < groups.count; i++) {
		const struct tl_group *row = &groups.list[i];

		fprintf(out, "%d,", (int)profile->pid);
		put_field(out, row->name);
		fprintf(out,
			",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
			",%" PRIu64 ",%" PRIu64 "\r\n",
			row->exits, row->timed, row->ns, row->p50, row->p99, row->max, row->slept,
			row->delayed);
	}
	tl_groups_fini(&groups);
	return finish(out);
}
