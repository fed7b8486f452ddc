/* SPDX-License-Identifier: MIT */
/*
 * The HTML report's data: what the profile's JSON leaves out comes in its order and adds up
 * to it, a timeline reads back as it was, and no name of a stranger becomes markup.
 * Links: trace/report/html.c trace/report/html_rows.c trace/report/html_timeline.c
 * Links: trace/report/page.c trace/report/page_assets.S trace/profile/timeline.c
 * Links: trace/advice/advice.c trace/advice/rules.c base/version.c
 * Links: trace/report/json.c trace/report/json_details.c trace/report/text_proof.c
 * Links: trace/report/text.c trace/report/text_vcpu.c trace/report/text_details.c
 * Links: trace/report/text_advice.c trace/report/units.c
 * Links: trace/report/group.c trace/decode/lines_none.c
 * Links: trace/decode/cp.c trace/decode/detail.c trace/decode/sysreg.c trace/decode/smccc.c
 * Links: trace/decode/device_regs.c trace/decode/symbols.c trace/decode/symbols_elf.c
 * Links: trace/decode/symbols_kallsyms.c
 * Links: trace/profile/reconcile.c trace/profile/burst.c trace/profile/event_detail.c
 * Links: trace/profile/switch.c trace/profile/span.c
 * Links: trace/profile/profile.c trace/profile/detail.c
 * Links: trace/profile/hist.c trace/profile/kernel_counts.c trace/decode/esr.c
 * Links: base/file.c base/log.c
 * Links: trace/report/json_print.c
 * Libs: jansson elf
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "trace/report/html.h"

#define EVIL "</script><img src=x>"

static const char symbols_text[] = "ffff800080000000 T first\n"
				   "ffff800080001000 T </script><b>\"evil'\n"
				   "ffff800080002000 T last\n";

static struct tl_timeline timeline;
static struct tl_symbols *symbols;

static void on_span(void *ctx, const struct tl_profile *profile, const struct tl_profile_vcpu *vcpu,
	const struct tl_span *span)
{
	(void)ctx;
	(void)profile;
	if (span->exit)
		assert_int_equal(tl_timeline_add(&timeline, vcpu->id, span->exit->exit_class,
					 span->from, span->to),
			0);
}

static const struct tl_span_listener listener = {.span = on_span};

static void exit_and_entry(struct tl_profile *p, uint32_t vcpu, uint64_t n, uint32_t ec,
	uint64_t esr, uint64_t ipa, uint64_t pc)
{
	struct tl_event event = {.kind = TL_EVENT_EXIT,
		.vcpu = vcpu,
		.ts = 1000000 + n * 10000,
		.has_exits = 1,
		.exits = n,
		.ret = 2,
		.ec = ec,
		.has_syndrome = 1,
		.esr = esr,
		.ipa = ipa,
		.mode = 5,
		.pc = pc};

	tl_profile_event(p, &event);
	event.kind = TL_EVENT_ENTRY;
	event.ts += 100 + n;
	tl_profile_event(p, &event);
}

/* Two vCPUs: register reads from two functions, and a device whose name means no good. */
static struct tl_profile *make_profile(void)
{
	struct tl_profile *p;

	assert_int_equal(tl_profile_create(&p), 0);
	assert_int_equal(tl_symbols_parse(&symbols, symbols_text, sizeof(symbols_text) - 1), 0);
	p->pid = 42;
	p->patched = 1;
	p->symbols = symbols;
	p->listener = &listener;
	p->map.count = 2;
	p->map.regions[0] = (struct tl_vm_region){"ram", 0x40000000, 0x1000000};
	p->map.regions[1] = (struct tl_vm_region){EVIL, 0x9000000, 0x1000};
	assert_int_equal(tl_profile_add_vcpu(p, 0, 100, 0), 0);
	assert_int_equal(tl_profile_add_vcpu(p, 1, 101, 0), 0);
	tl_timeline_init(&timeline, 1010000);
	for (uint64_t n = 1; n <= 20; n++)
		exit_and_entry(p, 0, n, 0x18, 0x62340035, 0,
			0xffff800080000000 + (n & 1) * 0x1000 + n * 8);
	exit_and_entry(p, 1, 1, 0x24, 0x93810047, 0x9000004, 0xffff800080002000);
	exit_and_entry(p, 1, 2, 0x24, 0x93810007, 0x9000008, 0xffff800080002000);
	tl_profile_finish(p);
	return p;
}

static char *make_page(const struct tl_profile *profile, const char *command)
{
	static struct tl_recording recording;
	const struct tl_recording_part part = {.vcpu = -1};
	const struct tl_report_source source = {&recording, &part, &timeline, command};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	snprintf(recording.path, sizeof(recording.path), "/tmp/" EVIL "\xff");
	snprintf(recording.vm.kernel, sizeof(recording.vm.kernel), "6.12 " EVIL);
	recording.vm.complete = true;
	assert_non_null(out);
	assert_int_equal(tl_report_html(out, profile, &source), 0);
	fclose(out);
	return text;
}

static void drop(struct tl_profile *profile, char *page)
{
	free(page);
	tl_profile_destroy(profile);
	tl_symbols_destroy(symbols);
	symbols = NULL;
	tl_timeline_fini(&timeline);
}

/* What a browser takes for the element's text ends at the first "</script". */
static json_t *data_of(const char *page, const char *id)
{
	char begin[64];
	const char *from, *to;
	json_error_t error;
	json_t *json;

	snprintf(begin, sizeof(begin), "<script type=\"application/json\" id=\"%s\">", id);
	from = strstr(page, begin);
	assert_non_null(from);
	from += strlen(begin);
	to = strchr(from, '<');
	assert_non_null(to);
	assert_memory_equal(to, "</script>\n", 10);
	json = json_loadb(from, (size_t)(to - from), 0, &error);
	if (!json)
		fail_msg("%s: %s at %d", id, error.text, error.position);
	return json;
}

static const char *string_at(const json_t *array, size_t i)
{
	return json_string_value(json_array_get(array, i));
}

static int64_t number_at(const json_t *array, size_t i)
{
	return json_integer_value(json_array_get(array, i));
}

static void test_rows_are_the_profiles(void **state)
{
	struct tl_profile *p = make_profile();
	char *page = make_page(p, "trapline");
	json_t *profile = data_of(page, "profile"), *view = data_of(page, "view");
	const json_t *details = json_object_get(profile, "details");
	const json_t *rows = json_object_get(view, "rows");
	size_t i;
	json_t *row;

	(void)state;
	assert_int_equal(json_array_size(details), 3);
	assert_int_equal(json_array_size(rows), 3);
	json_array_foreach(rows, i, row)
	{
		const json_t *detail = json_array_get(details, i), *function;
		const json_t *hist = json_array_get(row, 2), *functions = json_array_get(row, 3);
		int64_t timed = 0, exits = 0, ns = 0;
		size_t k;

		for (k = 1; k < json_array_size(hist); k++)
			timed += number_at(hist, k);
		json_array_foreach(functions, k, function)
		{
			exits += number_at(function, 1);
			ns += number_at(function, 2);
		}
		assert_int_equal(timed, json_integer_value(json_object_get(detail, "timed")));
		assert_int_equal(exits, json_integer_value(json_object_get(detail, "exits")));
		assert_int_equal(ns, json_integer_value(json_object_get(
					     json_object_get(detail, "ns"), "total")));
	}
	/* 20 reads from two functions, in the order of their names. */
	row = json_array_get(rows, 0);
	assert_string_equal(string_at(row, 0), "");
	assert_int_equal(json_array_size(json_array_get(row, 3)), 2);
	assert_string_equal(
		string_at(json_array_get(json_array_get(row, 3), 0), 0), "</script><b>\"evil'");
	assert_string_equal(string_at(json_array_get(json_array_get(row, 3), 1), 0), "first");
	/* 102 to 120 ns: 3 quarters of the power of two from 64 on. */
	assert_int_equal(number_at(json_array_get(row, 2), 0), 4 * 2 + 2);
	assert_int_equal(json_array_size(json_array_get(row, 2)), 1 + 2);
	for (i = 1; i < 3; i++) {
		row = json_array_get(rows, i);
		assert_int_equal(json_array_size(row), 4);
		assert_int_equal(
			number_at(row, 1), strcmp(string_at(row, 0), "w") ? 0x9000008 : 0x9000004);
	}
	json_decref(profile);
	json_decref(view);
	drop(p, page);
}

static unsigned int digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = strchr(digits, c);

	assert_non_null(at);
	return (unsigned int)(at - digits);
}

/* Decodes base64, then LEB128; returns how many numbers there are. */
static size_t numbers_of(const char *text, uint64_t *numbers, size_t room)
{
	size_t length = strlen(text), n = 0;
	unsigned int shift = 0;
	uint64_t value = 0;

	assert_int_equal(length % 4, 0);
	for (size_t i = 0; i < length; i += 4) {
		uint32_t bits = 0;
		unsigned int bytes = text[i + 2] == '=' ? 1 : text[i + 3] == '=' ? 2 : 3;

		for (unsigned int k = 0; k < 4; k++)
			bits = bits << 6 | (text[i + k] == '=' ? 0 : digit(text[i + k]));
		for (unsigned int k = 0; k < bytes; k++) {
			unsigned int byte = bits >> (16 - 8 * k) & 0xff;

			value |= (uint64_t)(byte & 0x7f) << shift;
			shift += 7;
			if (byte & 0x80)
				continue;
			assert_true(n < room);
			numbers[n++] = value;
			value = shift = 0;
		}
	}
	assert_int_equal(shift, 0);
	return n;
}

static void test_timeline_reads_back(void **state)
{
	struct tl_profile *p = make_profile();
	char *page = make_page(p, "trapline");
	json_t *view = data_of(page, "view"), *line = json_object_get(view, "timeline");
	uint64_t numbers[128], exits = 0, ns = 0, bin = 0;
	size_t count;

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(line, "width")), 256);
	assert_int_equal(json_array_size(json_object_get(line, "rows")), 2);
	line = json_array_get(json_object_get(line, "rows"), 0);
	assert_int_equal(number_at(line, 0), 0);
	assert_string_equal(string_at(line, 1), "SYS64");
	count = numbers_of(string_at(line, 2), numbers, ARRAY_LEN(numbers));
	assert_int_equal(count % 3, 0);
	for (size_t i = 0; i < count; i += 3) {
		bin += numbers[i] + (i != 0);
		assert_int_equal(numbers[i + 1], timeline.rows[0].exits[bin]);
		assert_int_equal(numbers[i + 2], timeline.rows[0].ns[bin]);
		exits += numbers[i + 1];
		ns += numbers[i + 2];
	}
	assert_int_equal(exits, 20);
	assert_int_equal(ns, 20 * 100 + 20 * 21 / 2);
	json_decref(view);
	drop(p, page);
}

/* A page of strangers' names has as many tags as one without. */
static void test_names_are_no_markup(void **state)
{
	struct tl_profile *p = make_profile();
	char *page = make_page(p, EVIL "\" \x01"), *end = strstr(page, "<script>");
	json_t *view = data_of(page, "view"), *made = json_object_get(view, "made");
	unsigned int scripts = 0;

	(void)state;
	assert_null(strstr(page, "<img"));
	assert_null(strstr(page, "<b>"));
	assert_string_equal(json_string_value(json_object_get(made, "command")), EVIL "\" \x01");
	assert_string_equal(
		json_string_value(json_object_get(made, "path")), "/tmp/" EVIL "\xef\xbf\xbd");
	assert_string_equal(json_string_value(json_object_get(made, "kernel")), "6.12 " EVIL);
	assert_non_null(end);
	*end = 0;
	for (const char *at = page; (at = strstr(at, "<script")); at++)
		scripts++;
	assert_int_equal(scripts, 2);
	json_decref(view);
	drop(p, page);
}

static void test_verdict(void **state)
{
	struct tl_profile *p = make_profile();
	char *page = make_page(p, "trapline");
	json_t *view = data_of(page, "view");

	(void)state;
	assert_non_null(strstr(json_string_value(json_object_get(view, "verdict")),
		"No exit is missing up to the last event"));
	json_decref(view);
	drop(p, page);
}

/* No exit at all. */
static void test_empty(void **state)
{
	struct tl_profile *p;
	json_t *view;
	char *page;

	(void)state;
	assert_int_equal(tl_profile_create(&p), 0);
	page = make_page(p, "trapline");
	assert_non_null(strstr(page, "<title>Trap profile</title>"));
	view = data_of(page, "view");
	assert_int_equal(json_array_size(json_object_get(view, "rows")), 0);
	json_decref(view);
	drop(p, page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_the_profiles),
		cmocka_unit_test(test_timeline_reads_back),
		cmocka_unit_test(test_names_are_no_markup),
		cmocka_unit_test(test_verdict),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
