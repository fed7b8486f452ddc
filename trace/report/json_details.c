/* SPDX-License-Identifier: MIT */
/*
 * What the exits were for, as JSON: an object for each vCPU, kind and handler, with the
 * places in the guest that most of them came from.
 */
#include <inttypes.h>
#include <stdio.h>

#include "trace/advice/advice.h"
#include "trace/decode/symbols.h"
#include "trace/report/group.h"
#include "trace/report/json_parts.h"

#define PLACES     8
#define ADVICE_MAX 32

static json_t *place_object(const struct tl_profile *profile, const struct tl_profile_detail *pc)
{
	uint64_t offset = 0;
	const char *symbol = tl_symbols_find(profile->symbols, pc->pc, &offset);
	char address[24], line[256];

	/* Not a number: JSON's have 53 bits, to many who read them. */
	snprintf(address, sizeof(address), "0x%" PRIx64, pc->pc);
	tl_group_line(line, sizeof(line), profile, pc->pc);
	return json_pack("{ss so so so so}", "pc", address, "symbol",
		symbol ? json_string(symbol) : json_null(), "offset",
		symbol ? tl_json_number(offset) : json_null(), "line",
		line[0] ? json_string(line) : json_null(), "exits", tl_json_number(pc->count));
}

static int same_kind(const struct tl_profile_detail *a, const struct tl_profile_detail *b)
{
	return a->vcpu == b->vcpu && a->exit_class == b->exit_class && a->detail == b->detail &&
	       a->handler == b->handler;
}

static json_t *places_array(const struct tl_profile *profile, const struct tl_details *pcs,
	const struct tl_profile_detail *row)
{
	json_t *array = json_array();

	/* Most exits first. */
	for (size_t i = 0; i < pcs->count && json_array_size(array) < PLACES; i++) {
		if (same_kind(&pcs->list[i], row))
			json_array_append_new(array, place_object(profile, &pcs->list[i]));
	}
	return array;
}

static json_t *row_object(const struct tl_profile *profile, const struct tl_details *pcs,
	const struct tl_profile_detail *row)
{
	char what[96];

	tl_group_detail(what, sizeof(what), profile, row->exit_class, row->detail);
	return json_pack("{so ss ss ss so so so so so so}", "vcpu", tl_json_number(row->vcpu),
		"class", tl_esr_class_name(row->exit_class), "what", what, "handler",
		row->handler == TL_HANDLER_USER ? "user" : "kernel", "exits",
		tl_json_number(row->count), "timed",
		tl_json_number(row->time ? row->time->count : 0), "ns", tl_json_times(row->time),
		"slept_ns", tl_json_number(row->slept), "delayed_ns", tl_json_number(row->delayed),
		"from", places_array(profile, pcs, row));
}

json_t *tl_json_details(const struct tl_profile *profile)
{
	const unsigned int kind = TL_JSON_DETAILS_BY;
	struct tl_details rows, pcs;
	json_t *array;

	if (tl_details_sum(&profile->details, kind, &rows))
		return NULL;
	if (tl_details_sum(&profile->details, kind | TL_BY_PC, &pcs)) {
		tl_details_fini(&rows);
		return NULL;
	}
	array = json_array();
	for (size_t i = 0; i < rows.count; i++)
		json_array_append_new(array, row_object(profile, &pcs, &rows.list[i]));
	tl_details_fini(&rows);
	tl_details_fini(&pcs);
	return array;
}

json_t *tl_json_advice(const struct tl_profile *profile)
{
	struct tl_advice advice[ADVICE_MAX];
	unsigned int n = tl_advice_of(profile, advice, ADVICE_MAX);
	json_t *array = json_array();

	for (unsigned int i = 0; i < n; i++) {
		char address[24];

		snprintf(address, sizeof(address), "0x%" PRIx64, advice[i].pc);
		json_array_append_new(array,
			json_pack("{ss ss so sf so ss so}", "rule", advice[i].rule->name, "title",
				advice[i].rule->title, "exits", tl_json_number(advice[i].exits),
				"share", advice[i].share, "ns", tl_json_number(advice[i].ns), "pc",
				address, "exits_at_pc", tl_json_number(advice[i].at_pc)));
	}
	return array;
}

json_t *tl_json_burst(const struct tl_profile *profile, const struct tl_profile_burst *burst)
{
	char what[96], address[24];

	if (!burst->count)
		return json_null();
	tl_group_detail(what, sizeof(what), profile, burst->exit_class, burst->detail);
	snprintf(address, sizeof(address), "0x%" PRIx64, burst->pc);
	return json_pack("{ss ss so so ss}", "class", tl_esr_class_name(burst->exit_class), "what",
		what, "exits", tl_json_number(burst->count), "ns", tl_json_number(burst->ns), "pc",
		address);
}
