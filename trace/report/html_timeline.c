/* SPDX-License-Identifier: MIT */
/*
 * Most bins of most rows are empty, and most numbers small: a row is, for each bin that is
 * not empty, how many empty ones are before it, its exits and its ns, each a LEB128 number
 * (DWARF 5, 7.6), all of it in base64 (RFC 4648).
 */
#include <inttypes.h>

#include "trace/report/html_parts.h"
#include "trace/report/page.h"

/* Bytes on their way to base64. */
struct base64 {
	FILE *out;
	uint32_t bits;
	unsigned int bytes; /* in `bits` */
};

static void put_bits(const struct base64 *b, unsigned int characters)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (unsigned int i = 0; i < 4; i++)
		putc(i < characters ? digits[b->bits >> (18 - 6 * i) & 63] : '=', b->out);
}

static void put_byte(struct base64 *b, unsigned int byte)
{
	b->bits |= byte << (16 - 8 * b->bytes);
	if (++b->bytes < 3)
		return;
	put_bits(b, 4);
	b->bits = b->bytes = 0;
}

static void put_number(struct base64 *b, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		put_byte(b, (unsigned int)(value & 0x7f) | 0x80);
	put_byte(b, (unsigned int)value);
}

static void put_row(
	FILE *out, const struct tl_timeline *timeline, const struct tl_timeline_row *row)
{
	struct base64 b = {.out = out};
	unsigned int next = 0;

	for (unsigned int i = 0; i < timeline->used; i++) {
		if (!row->exits[i] && !row->ns[i])
			continue;
		put_number(&b, i - next);
		put_number(&b, row->exits[i]);
		put_number(&b, row->ns[i]);
		next = i + 1;
	}
	if (b.bytes)
		put_bits(&b, b.bytes + 1);
}

void tl_html_timeline(
	FILE *out, const struct tl_profile *profile, const struct tl_timeline *timeline)
{
	const char *separator = "";

	fprintf(out, "{\"start\":%" PRIu64 ",\"width\":%" PRIu64 ",\"bins\":%u,\"rows\":[",
		timeline->start > profile->first_ts ? timeline->start - profile->first_ts : 0,
		UINT64_C(1) << timeline->shift, timeline->used);
	for (size_t i = 0; i < timeline->count; i++) {
		const struct tl_timeline_row *row = &timeline->rows[i];

		fprintf(out, "%s\n[%u,\"%s\",\"", separator, row->vcpu,
			tl_esr_class_name(row->exit_class));
		put_row(out, timeline, row);
		fputs("\"]", out);
		separator = ",";
	}
	fputs("]}", out);
}
