/* SPDX-License-Identifier: MIT */
/*
 * Exits added up by one property: names, sums, percentiles and order of the rows.
 * Links: trace/report/group.c trace/profile/detail.c trace/profile/hist.c
 * Links: trace/decode/cp.c tests/unit/fake_lines.c
 * Links: trace/decode/detail.c trace/decode/device_regs.c trace/decode/smccc.c
 * Links: trace/decode/sysreg.c trace/decode/esr.c
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "trace/decode/detail.h"
#include "trace/decode/symbols.h"
#include "trace/report/group.h"

#define WFX  TL_CLASS_WFX
#define FP   (TL_CLASS_EC + 0x07)
#define HVC  (TL_CLASS_EC + 0x16)
#define SYS  (TL_CLASS_EC + 0x18)
#define IABT (TL_CLASS_EC + 0x20)
#define DABT (TL_CLASS_EC + 0x24)

#define LONG_NAME 0x90000

/* In the place of trace/decode/symbols.c: three functions of 4 KiB, if there are any. */
const char *tl_symbols_find(const struct tl_symbols *symbols, uint64_t address, uint64_t *offset)
{
	static char long_name[200];

	*offset = address & 0xfff;
	memset(long_name, 'x', sizeof(long_name) - 1);
	switch (symbols ? address - *offset : 0) {
	case 0x80000:
		return "one";
	case 0x81000:
		return "two";
	case LONG_NAME:
		return long_name;
	default:
		return NULL;
	}
}

static int set_up(void **state)
{
	static const struct tl_vm_region regions[] = {{"pl011", 0x9000000, 0x1000},
		{"virtio-mmio", 0xa000000, 0x200}, {"ram", 0x40000000, 0x1000}};
	struct tl_profile *profile = calloc(1, sizeof(*profile));

	if (!profile)
		return -1;
	for (unsigned int i = 0; i < ARRAY_LEN(regions); i++)
		profile->map.regions[profile->map.count++] = regions[i];
	profile->patched = 1;
	*state = profile;
	return 0;
}

static int tear_down(void **state)
{
	struct tl_profile *profile = *state;

	tl_details_fini(&profile->details);
	free(profile);
	return 0;
}

/* `ns` of each exit; 0: they were not timed. */
static void add_timed(struct tl_profile *profile, uint64_t ns, struct tl_profile_detail detail)
{
	if (ns) {
		detail.time = tl_hist_create();
		assert_non_null(detail.time);
		tl_hist_add_many(detail.time, ns, detail.count);
	}
	assert_int_equal(tl_details_add(&profile->details, &detail), 0);
}

#define ADD(profile, ns, ...) add_timed(profile, ns, (struct tl_profile_detail){__VA_ARGS__})

struct row {
	const char *name;
	uint64_t exits;
};

/* These rows, and no others, in this order. */
static void expect_rows(
	const struct tl_profile *profile, enum tl_group_by by, const struct row *rows, size_t count)
{
	struct tl_groups groups;
	uint64_t exits = 0;

	assert_int_equal(tl_groups_of(profile, by, &groups), 0);
	for (size_t i = 0; i < count && i < groups.count; i++) {
		assert_string_equal(groups.list[i].name, rows[i].name);
		assert_int_equal(groups.list[i].exits, rows[i].exits);
		exits += rows[i].exits;
	}
	assert_int_equal(groups.count, count);
	assert_int_equal(groups.exits, exits);
	tl_groups_fini(&groups);
	assert_null(groups.list);
}

#define EXPECT(profile, by, ...)                                                                   \
	expect_rows(profile, by, (const struct row[]){__VA_ARGS__},                                \
		sizeof((const struct row[]){__VA_ARGS__}) / sizeof(struct row))

static void test_names(void **state)
{
	static const char *const names[TL_GROUP_COUNT] = {
		"class", "detail", "device", "symbol", "pc", "vcpu", "handler"};

	(void)state;
	for (int i = 0; i < TL_GROUP_COUNT; i++) {
		assert_string_equal(tl_group_name((enum tl_group_by)i), names[i]);
		assert_int_equal(tl_group_find(names[i]), i);
	}
	assert_null(tl_group_name(TL_GROUP_COUNT));
	assert_int_equal(tl_group_find(""), -1);
	assert_int_equal(tl_group_find("Class"), -1);
	assert_int_equal(tl_group_find("classes"), -1);
}

static void test_nothing(void **state)
{
	struct tl_groups groups;

	for (int by = 0; by < TL_GROUP_COUNT; by++) {
		assert_int_equal(tl_groups_of(*state, (enum tl_group_by)by, &groups), 0);
		assert_int_equal(groups.count, 0);
		assert_int_equal(groups.exits, 0);
		tl_groups_fini(&groups);
	}
}

/* Most exits first, and by name where they are as many: the same on every run. */
static void test_class(void **state)
{
	struct tl_profile *p = *state;

	ADD(p, 0, .exit_class = WFX, .count = 5);
	ADD(p, 0, .exit_class = HVC, .detail = 1, .count = 4);
	ADD(p, 0, .exit_class = SYS, .detail = 2, .count = 7);
	ADD(p, 0, .exit_class = HVC, .detail = 2, .vcpu = 1, .count = 3);
	ADD(p, 0, .exit_class = TL_CLASS_IRQ, .count = 5);
	ADD(p, 0, .exit_class = FP, .count = UINT64_C(1) << 33);
	EXPECT(p, TL_GROUP_CLASS, {"FP_ASIMD", UINT64_C(1) << 33}, {"HVC64", 7}, {"SYS64", 7},
		{"IRQ", 5}, {"WFx", 5});
}

/* Two sizes of one access read alike, and so they are one. */
static void test_detail(void **state)
{
	struct tl_profile *p = *state;

	p->irq_names[27] = "arch_timer";
	p->irq_names[TL_PROFILE_IRQS - 1] = "last";
	ADD(p, 0, .exit_class = DABT, .detail = 0x9000018, .count = 10);
	ADD(p, 0, .exit_class = DABT, .detail = TL_DETAIL_ISV | TL_DETAIL_SIZE(2) | 0x9000018,
		.count = 20);
	ADD(p, 0, .exit_class = DABT, .detail = TL_DETAIL_WRITE | 0x9000000, .count = 9);
	ADD(p, 0, .exit_class = HVC, .detail = 0x84000008, .count = 8);
	ADD(p, 0, .exit_class = FP, .count = 7);
	ADD(p, 0, .exit_class = TL_CLASS_IRQ, .detail = TL_DETAIL_IRQ(27), .count = 6);
	ADD(p, 0, .exit_class = TL_CLASS_IRQ, .detail = TL_DETAIL_IRQ(28), .count = 5);
	ADD(p, 0, .exit_class = TL_CLASS_IRQ, .count = 4);
	ADD(p, 0, .exit_class = TL_CLASS_IRQ, .detail = TL_DETAIL_IRQ(TL_PROFILE_IRQS - 1),
		.count = 3);
	ADD(p, 0, .exit_class = TL_CLASS_IRQ, .detail = TL_DETAIL_IRQ(TL_PROFILE_IRQS), .count = 2);
	/* Of another class, the number is no interrupt's. */
	ADD(p, 0, .exit_class = HVC, .detail = 28, .count = 1);
	EXPECT(p, TL_GROUP_DETAIL, {"pl011 UARTFR read", 30}, {"pl011 UARTDR write", 9},
		{"PSCI SYSTEM_OFF", 8}, {"FP or SIMD use", 7}, {"host interrupt 27, arch_timer", 6},
		{"host interrupt 28", 5}, {"host interrupt", 4}, {"host interrupt 255, last", 3},
		{"host interrupt 256", 2}, {"function 0x0000001c", 1});
}

static void test_device(void **state)
{
	struct tl_profile *p = *state;

	ADD(p, 0, .exit_class = DABT, .detail = TL_DETAIL_WRITE | TL_DETAIL_ISV | 0x9000fff,
		.count = 10);
	ADD(p, 0, .exit_class = DABT, .detail = 0x9000000, .count = 20);
	ADD(p, 0, .exit_class = DABT, .detail = 0x9001000, .count = 1);
	ADD(p, 0, .exit_class = DABT, .detail = 0x8ffffff, .count = 2);
	ADD(p, 0, .exit_class = DABT, .detail = TL_DETAIL_RAM | 7, .count = 4);
	ADD(p, 0, .exit_class = IABT, .detail = TL_DETAIL_RAM | 6, .count = 5);
	ADD(p, 0, .exit_class = IABT, .detail = 0xa0001ff, .count = 8);
	/* Not of an abort, whatever the number. */
	ADD(p, 0, .exit_class = HVC, .detail = 0x9000000, .count = 6);
	ADD(p, 0, .exit_class = TL_CLASS_IRQ, .count = 1);
	EXPECT(p, TL_GROUP_DEVICE, {"pl011", 30}, {"ram", 9}, {"virtio-mmio", 8}, {"-", 7},
		{"no device", 3});
}

static void add_places(struct tl_profile *p)
{
	ADD(p, 0, .exit_class = HVC, .pc = 0x80010, .mode = 5, .count = 10);
	ADD(p, 0, .exit_class = SYS, .pc = 0x80ff0, .mode = 5, .count = 40);
	ADD(p, 0, .exit_class = HVC, .pc = 0x81000, .mode = 5, .count = 9);
	ADD(p, 0, .exit_class = HVC, .pc = 0xffff800080082000, .mode = 5, .count = 8);
	ADD(p, 0, .exit_class = HVC, .pc = 0, .mode = 5, .count = 7);
	ADD(p, 0, .exit_class = HVC, .pc = 0, .mode = 4, .count = 6);
	/* EL0, whose addresses are those of other programs. */
	ADD(p, 0, .exit_class = HVC, .pc = 0x80010, .mode = 0, .count = 3);
	/* User mode of AArch32, in Thumb code. */
	ADD(p, 0, .exit_class = SYS, .pc = 0x81000, .mode = 0x30, .count = 2);
}

static void test_symbol(void **state)
{
	struct tl_profile *p = *state;

	add_places(p);
	EXPECT(p, TL_GROUP_SYMBOL, {"0x80ff0", 40}, {"elsewhere", 13}, {"0x80010", 10},
		{"0x81000", 9}, {"0xffff800080082000", 8}, {"user", 5});
	p->symbols = (const struct tl_symbols *)p; /* only looked at by ours */
	EXPECT(p, TL_GROUP_SYMBOL, {"one", 50}, {"elsewhere", 13}, {"two", 9},
		{"0xffff800080082000", 8}, {"user", 5});
	/* A stock kernel does not tell what was running. */
	p->patched = 0;
	EXPECT(p, TL_GROUP_SYMBOL, {"one", 53}, {"elsewhere", 13}, {"two", 11},
		{"0xffff800080082000", 8});
}

static void test_pc(void **state)
{
	struct tl_profile *p = *state;

	add_places(p);
	p->symbols = (const struct tl_symbols *)p;
	EXPECT(p, TL_GROUP_PC, {"one+0xff0", 40}, {"elsewhere", 13}, {"one+0x10", 10},
		{"two+0x0", 9}, {"0xffff800080082000", 8}, {"user 0x80010", 3},
		{"user 0x81000", 2});
	p->patched = 0;
	p->symbols = NULL;
	EXPECT(p, TL_GROUP_PC, {"0x80ff0", 40}, {"0x80010", 13}, {"elsewhere", 13}, {"0x81000", 11},
		{"0xffff800080082000", 8});
}

/* Names that are too long are cut, and the offset is there still. */
static void test_long_symbol(void **state)
{
	struct tl_profile *p = *state;
	struct tl_groups groups;

	p->symbols = (const struct tl_symbols *)p;
	ADD(p, 0, .exit_class = HVC, .pc = LONG_NAME + 0x123, .mode = 5, .count = 1);
	assert_int_equal(tl_groups_of(p, TL_GROUP_SYMBOL, &groups), 0);
	assert_int_equal(strspn(groups.list[0].name, "x"), sizeof(groups.list[0].name) - 1);
	tl_groups_fini(&groups);
	assert_int_equal(tl_groups_of(p, TL_GROUP_PC, &groups), 0);
	assert_int_equal(strspn(groups.list[0].name, "x"), 60);
	assert_string_equal(groups.list[0].name + 60, "+0x123");
	tl_groups_fini(&groups);
}

/* Behind the symbols where lines are known; user space has its own, which nobody knows. */
static void test_line(void **state)
{
	struct tl_profile *p = *state;
	char text[96];

	add_places(p);
	p->symbols = (const struct tl_symbols *)p;
	p->lines = (const struct tl_lines *)p;
	EXPECT(p, TL_GROUP_PC, {"one+0xff0 (file.c:4080)", 40}, {"elsewhere", 13},
		{"one+0x10 (file.c:16)", 10}, {"two+0x0 (file.c:4096)", 9},
		{"0xffff800080082000", 8}, {"user 0x80010", 3}, {"user 0x81000", 2});
	EXPECT(p, TL_GROUP_SYMBOL, {"one", 50}, {"elsewhere", 13}, {"two", 9},
		{"0xffff800080082000", 8}, {"user", 5});
	assert_string_equal(tl_group_line(text, sizeof(text), p, 0x80404), "dir.d/file.c:1028");
	assert_string_equal(tl_group_line_short(text, sizeof(text), p, 0x80404), " (file.c:1028)");
	assert_string_equal(tl_group_line(text, sizeof(text), p, 0x90000), "");
	assert_string_equal(tl_group_line_short(text, sizeof(text), p, 0x90000), "");
	p->lines = NULL;
	assert_string_equal(tl_group_line(text, sizeof(text), p, 0x80404), "");
	assert_string_equal(tl_group_line_short(text, sizeof(text), p, 0x80404), "");
}

static void test_vcpu(void **state)
{
	struct tl_profile *p = *state;

	ADD(p, 0, .vcpu = 2, .exit_class = HVC, .count = 10);
	ADD(p, 0, .vcpu = 10, .exit_class = HVC, .count = 20);
	ADD(p, 0, .vcpu = 2, .exit_class = SYS, .pc = 1, .count = 30);
	ADD(p, 0, .vcpu = 0, .exit_class = SYS, .count = 5);
	EXPECT(p, TL_GROUP_VCPU, {"2", 40}, {"10", 20}, {"0", 5});
}

static void test_handler(void **state)
{
	struct tl_profile *p = *state;

	ADD(p, 0, .exit_class = HVC, .count = 10);
	ADD(p, 0, .exit_class = DABT, .handler = TL_HANDLER_USER, .count = 25);
	ADD(p, 0, .exit_class = WFX, .vcpu = 1, .count = 20);
	EXPECT(p, TL_GROUP_HANDLER, {"kernel", 30}, {"VMM", 25});
}

/* Of what was timed; the percentiles are of all of it together. */
static void test_times(void **state)
{
	struct tl_profile *p = *state;
	struct tl_groups groups;
	const struct tl_group *row;

	ADD(p, 20, .vcpu = 0, .exit_class = HVC, .count = 90, .slept = 100, .delayed = 7);
	ADD(p, 30, .vcpu = 1, .exit_class = HVC, .count = 9, .slept = 50, .delayed = 1);
	ADD(p, 1000003, .vcpu = 2, .exit_class = HVC, .count = 1);
	ADD(p, 0, .vcpu = 3, .exit_class = HVC, .count = 4, .slept = 3);
	ADD(p, 0, .exit_class = SYS, .count = 50);
	assert_int_equal(tl_groups_of(p, TL_GROUP_CLASS, &groups), 0);
	assert_int_equal(groups.count, 2);
	assert_int_equal(groups.exits, 154);
	row = &groups.list[0];
	assert_int_equal(row->exits, 104);
	assert_int_equal(row->timed, 100);
	assert_int_equal(row->ns, 90 * 20 + 9 * 30 + 1000003);
	assert_int_equal(row->p50, 20);
	assert_int_equal(row->p99, 30);
	assert_int_equal(row->max, 1000003);
	assert_int_equal(row->slept, 153);
	assert_int_equal(row->delayed, 8);
	row = &groups.list[1];
	assert_int_equal(row->exits, 50);
	assert_int_equal(row->timed | row->ns | row->p50 | row->p99 | row->max, 0);
	assert_int_equal(row->slept | row->delayed, 0);
	tl_groups_fini(&groups);
	/* The profile's own are as they were. */
	assert_int_equal(p->details.list[0].time->count, 90);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_names),
		TEST(test_nothing),
		TEST(test_class),
		TEST(test_detail),
		TEST(test_device),
		TEST(test_symbol),
		TEST(test_pc),
		TEST(test_long_symbol),
		TEST(test_line),
		TEST(test_vcpu),
		TEST(test_handler),
		TEST(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
