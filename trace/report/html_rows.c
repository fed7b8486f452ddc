/* SPDX-License-Identifier: MIT */
/*
 * What the profile's JSON leaves out of its details: whole histograms, all functions, and
 * addresses as numbers.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "trace/decode/detail.h"
#include "trace/report/group.h"
#include "trace/report/html_parts.h"
#include "trace/report/json.h"
#include "trace/report/page.h"

/* An entry of the profile, the row that it is in, and the function that it came from. */
struct entry {
	uint32_t row;
	char name[96];
	uint64_t count, ns;
};

static int by_row_and_name(const void *a, const void *b)
{
	const struct entry *one = a, *two = b;

	if (one->row != two->row)
		return one->row < two->row ? -1 : 1;
	return strcmp(one->name, two->name);
}

/* The counts of quarters of powers of two, from the first that is not 0 on. */
static void put_hist(FILE *out, const struct tl_hist *hist)
{
	unsigned int first = 0, end = TL_HIST_QUARTERS;

	if (!hist || !hist->count) {
		fputs("null", out);
		return;
	}
	while (first < end && !tl_hist_quarter(hist, first))
		first++;
	while (end > first && !tl_hist_quarter(hist, end - 1))
		end--;
	fprintf(out, "[%u", first);
	for (unsigned int i = first; i < end; i++)
		fprintf(out, ",%" PRIu64, tl_hist_quarter(hist, i));
	putc(']', out);
}

/* "r", "w" and the address of an access to a device; "ram", or "". */
static void put_place(FILE *out, const struct tl_profile_detail *row)
{
	if (row->exit_class != TL_CLASS_EC + 0x20 && row->exit_class != TL_CLASS_EC + 0x24)
		fputs("\"\",0", out);
	else if (row->detail & TL_DETAIL_RAM)
		fputs("\"ram\",0", out);
	else
		fprintf(out, "\"%c\",%" PRIu64, row->detail & TL_DETAIL_WRITE ? 'w' : 'r',
			(uint64_t)(row->detail & TL_DETAIL_IPA));
}

/* Entries of one row and name are one; returns how many `entries` have its row. */
static size_t put_functions(FILE *out, const struct entry *entries, size_t left, uint32_t row)
{
	const char *separator = "";
	size_t n = 0;

	putc('[', out);
	while (n < left && entries[n].row == row) {
		struct entry sum = entries[n++];

		for (; n < left && entries[n].row == row && !strcmp(entries[n].name, sum.name);
			n++) {
			sum.count += entries[n].count;
			sum.ns += entries[n].ns;
		}
		fprintf(out, "%s[", separator);
		tl_page_string(out, sum.name);
		fprintf(out, ",%" PRIu64 ",%" PRIu64 "]", sum.count, sum.ns);
		separator = ",";
	}
	putc(']', out);
	return n;
}

static void put_rows(
	FILE *out, const struct tl_details *rows, const struct entry *entries, size_t count)
{
	size_t done = 0;

	putc('[', out);
	for (size_t i = 0; i < rows->count; i++) {
		fprintf(out, "%s\n[", i ? "," : "");
		put_place(out, &rows->list[i]);
		putc(',', out);
		put_hist(out, rows->list[i].time);
		putc(',', out);
		done += put_functions(out, entries + done, count - done, (uint32_t)i);
		putc(']', out);
	}
	putc(']', out);
}

/* What all entries of a row have in common. */
static struct tl_profile_detail key_of(const struct tl_profile_detail *detail)
{
	return (struct tl_profile_detail){.vcpu = detail->vcpu,
		.exit_class = detail->exit_class,
		.detail = detail->detail,
		.handler = detail->handler};
}

/* Finds the row of each entry: `places` gets the rows in their order. */
static int set_rows(const struct tl_profile *profile, const struct tl_details *rows,
	struct tl_details *places, struct entry *entries)
{
	const struct tl_details *details = &profile->details;

	for (size_t i = 0; i < rows->count; i++) {
		const struct tl_profile_detail key = key_of(&rows->list[i]);

		if (!tl_details_find(places, &key))
			return -ENOMEM;
	}
	for (size_t i = 0; i < details->count; i++) {
		const struct tl_profile_detail *detail = &details->list[i];
		const struct tl_profile_detail key = key_of(detail);

		entries[i].row = (uint32_t)(tl_details_find(places, &key) - places->list);
		entries[i].count = detail->count;
		entries[i].ns = detail->time ? detail->time->sum : 0;
		tl_group_row(
			entries[i].name, sizeof(entries[i].name), profile, detail, TL_GROUP_SYMBOL);
	}
	qsort(entries, details->count, sizeof(*entries), by_row_and_name);
	return 0;
}

int tl_html_rows(FILE *out, const struct tl_profile *profile)
{
	struct entry *entries = calloc(profile->details.count + 1, sizeof(*entries));
	struct tl_details rows = {0}, places = {0};
	int ret = entries ? tl_details_sum(&profile->details, TL_JSON_DETAILS_BY, &rows) : -ENOMEM;

	ret = ret ? ret : set_rows(profile, &rows, &places, entries);
	if (!ret)
		put_rows(out, &rows, entries, profile->details.count);
	tl_details_fini(&rows);
	tl_details_fini(&places);
	free(entries);
	return ret;
}
