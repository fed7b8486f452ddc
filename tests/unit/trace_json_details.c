/* SPDX-License-Identifier: MIT */
/*
 * What exits were for, as JSON: an object for each vCPU, kind and handler, and the
 * places in the guest that most of them came from.
 * Links: trace/report/group.c tests/unit/fake_lines.c
 * Links: trace/report/json_details.c trace/profile/detail.c trace/profile/hist.c
 * Links: trace/decode/cp.c
 * Links: trace/decode/detail.c trace/decode/device_regs.c trace/decode/smccc.c
 * Links: trace/decode/sysreg.c trace/decode/esr.c
 * Links: trace/report/json_print.c
 * Libs: jansson
 */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "trace/advice/advice.h"
#include "trace/decode/symbols.h"
#include "trace/report/json_parts.h"

#define HVC  (TL_CLASS_EC + 0x16)
#define DABT (TL_CLASS_EC + 0x24)

struct fixture {
	struct tl_profile profile;
	json_t *array; /* of the last report */
};

/* In the place of trace/decode/symbols.c: one function of 4 KiB, if there are any. */
const char *tl_symbols_find(const struct tl_symbols *symbols, uint64_t address, uint64_t *offset)
{
	*offset = address & 0xfff;
	return symbols && address >> 12 == 0x80 ? "function" : NULL;
}

/* In the place of trace/report/json.c, and of trace/advice. */
json_t *tl_json_number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

json_t *tl_json_times(const struct tl_hist *time)
{
	return json_pack("{sI}", "total", time ? (json_int_t)time->sum : 0);
}

unsigned int tl_advice_of(
	const struct tl_profile *profile, struct tl_advice *advice, unsigned int max)
{
	(void)profile;
	(void)advice;
	(void)max;
	return 0;
}

static int set_up(void **state)
{
	static const struct tl_vm_region uart = {"pl011", 0x9000000, 0x1000};
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->profile.map.count = 1;
	f->profile.map.regions[0] = uart;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	json_decref(f->array);
	tl_details_fini(&f->profile.details);
	free(f);
	return 0;
}

static void add_timed(struct fixture *f, struct tl_profile_detail detail, uint64_t ns)
{
	if (ns) {
		detail.time = tl_hist_create();
		assert_non_null(detail.time);
		tl_hist_add_many(detail.time, ns, detail.count);
	}
	assert_int_equal(tl_details_add(&f->profile.details, &detail), 0);
}

#define ADD(f, ns, ...) add_timed(f, (struct tl_profile_detail){__VA_ARGS__}, ns)

/* Object `i` of a new report, of `count`. */
static const json_t *report(struct fixture *f, size_t count, size_t i)
{
	json_decref(f->array);
	f->array = tl_json_details(&f->profile);
	assert_true(json_is_array(f->array));
	assert_int_equal(json_array_size(f->array), count);
	return json_array_get(f->array, i);
}

static json_int_t get(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value))
		fail_msg("'%s' is no number", key);
	return json_integer_value(value);
}

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	if (!value)
		fail_msg("'%s' is no text", key);
	return value;
}

static const json_t *place(const json_t *object, size_t i)
{
	return json_array_get(json_object_get(object, "from"), i);
}

/* An empty array, not null: it was collected, and there was nothing. */
static void test_nothing(void **state)
{
	report(*state, 0, 0);
}

static void test_object(void **state)
{
	struct fixture *f = *state;
	const json_t *object;

	ADD(f, 2000, .vcpu = 3, .exit_class = DABT, .detail = 0x9000018, .pc = 0x80404, .count = 30,
		.handler = TL_HANDLER_USER, .slept = 700, .delayed = 55);
	object = report(f, 1, 0);
	assert_int_equal(json_object_size(object), 10);
	assert_int_equal(get(object, "slept_ns"), 700);
	assert_int_equal(get(object, "delayed_ns"), 55);
	assert_int_equal(get(object, "vcpu"), 3);
	assert_string_equal(text(object, "class"), tl_esr_class_name(DABT));
	assert_string_equal(text(object, "what"), "pl011 UARTFR read");
	assert_string_equal(text(object, "handler"), "user");
	assert_int_equal(get(object, "exits"), 30);
	assert_int_equal(get(object, "timed"), 30);
	assert_int_equal(get(json_object_get(object, "ns"), "total"), 60000);
	assert_int_equal(json_array_size(json_object_get(object, "from")), 1);
	assert_string_equal(text(place(object, 0), "pc"), "0x80404");
	assert_int_equal(get(place(object, 0), "exits"), 30);
}

/* No time, and a class that there is nothing to add to. */
static void test_untimed(void **state)
{
	struct fixture *f = *state;
	const json_t *object;

	ADD(f, 0, .exit_class = TL_CLASS_IRQ, .count = 5);
	object = report(f, 1, 0);
	assert_string_equal(text(object, "class"), "IRQ");
	assert_string_equal(text(object, "what"), "");
	assert_string_equal(text(object, "handler"), "kernel");
	assert_int_equal(get(object, "exits"), 5);
	assert_int_equal(get(object, "timed"), 0);
	assert_int_equal(get(json_object_get(object, "ns"), "total"), 0);
}

/* Each vCPU, kind and handler is one; places are not. */
static void test_kinds(void **state)
{
	struct fixture *f = *state;
	const json_t *object;

	ADD(f, 0, .vcpu = 0, .exit_class = DABT, .detail = 1, .pc = 0x10, .count = 1);
	ADD(f, 0, .vcpu = 0, .exit_class = DABT, .detail = 1, .pc = 0x20, .count = 20);
	ADD(f, 0, .vcpu = 1, .exit_class = DABT, .detail = 1, .pc = 0x10, .count = 300);
	ADD(f, 0, .vcpu = 0, .exit_class = DABT, .detail = 2, .pc = 0x10, .count = 4000);
	ADD(f, 0, .vcpu = 0, .exit_class = HVC, .detail = 1, .pc = 0x10, .count = 50000);
	ADD(f, 0, .vcpu = 0, .exit_class = DABT, .detail = 1, .pc = 0x10, .count = 600000,
		.handler = TL_HANDLER_USER);
	assert_int_equal(get(report(f, 5, 0), "exits"), 600000);
	assert_int_equal(get(report(f, 5, 1), "exits"), 50000);
	assert_int_equal(get(report(f, 5, 3), "exits"), 300);
	object = report(f, 5, 4);
	assert_int_equal(get(object, "exits"), 21);
	/* Its own, most exits first. */
	assert_int_equal(json_array_size(json_object_get(object, "from")), 2);
	assert_string_equal(text(place(object, 0), "pc"), "0x20");
	assert_int_equal(get(place(object, 0), "exits"), 20);
	assert_int_equal(get(place(object, 1), "exits"), 1);
}

static void test_many_places(void **state)
{
	struct fixture *f = *state;
	const json_t *object;

	for (unsigned int i = 0; i < 20; i++)
		ADD(f, 0, .exit_class = HVC, .pc = i, .count = 100 + i);
	object = report(f, 1, 0);
	assert_int_equal(get(object, "exits"), 2190);
	assert_int_equal(json_array_size(json_object_get(object, "from")), 8);
	assert_string_equal(text(place(object, 0), "pc"), "0x13");
	assert_string_equal(text(place(object, 7), "pc"), "0xc");
}

/* What is not known is null; addresses are text, as numbers have but 53 bits to many. */
static void test_symbols(void **state)
{
	struct fixture *f = *state;
	const json_t *from;

	ADD(f, 0, .exit_class = HVC, .pc = 0x80404, .count = 2);
	ADD(f, 0, .exit_class = HVC, .pc = UINT64_MAX, .count = 1);
	from = place(report(f, 1, 0), 0);
	assert_int_equal(json_object_size(from), 5);
	assert_true(json_is_null(json_object_get(from, "symbol")));
	assert_true(json_is_null(json_object_get(from, "offset")));
	assert_true(json_is_null(json_object_get(from, "line")));
	f->profile.symbols = (const struct tl_symbols *)f; /* only looked at by ours */
	from = place(report(f, 1, 0), 0);
	assert_string_equal(text(from, "symbol"), "function");
	assert_int_equal(get(from, "offset"), 0x404);
	assert_true(json_is_null(json_object_get(from, "line")));
	f->profile.lines = (const struct tl_lines *)f;
	from = place(report(f, 1, 0), 0);
	assert_string_equal(text(from, "line"), "dir.d/file.c:1028");
	from = place(report(f, 1, 0), 1);
	assert_string_equal(text(from, "pc"), "0xffffffffffffffff");
	assert_true(json_is_null(json_object_get(from, "symbol")));
	assert_true(json_is_null(json_object_get(from, "line")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing),
		TEST(test_object),
		TEST(test_untimed),
		TEST(test_kinds),
		TEST(test_many_places),
		TEST(test_symbols),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
