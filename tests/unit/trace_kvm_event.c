/* SPDX-License-Identifier: MIT */
/*
 * Records of the kvm events, with the format texts of the patched kernel and of a
 * stock one: fields are found by name, missing ones are known to be missing.
 * Links: trace/decode/event_format.c
 * Links: trace/decode/kvm_event.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/decode/kvm_event.h"

#define COMMON                                                                                     \
	"format:\n"                                                                                \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"                     \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"                     \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"             \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
#define PATCHED(a, b, c)                                                                           \
	"\tfield:u32 vm_id;\toffset:" #a ";\tsize:4;\tsigned:0;\n"                                 \
	"\tfield:u32 vcpu_id;\toffset:" #b ";\tsize:4;\tsigned:0;\n"                               \
	"\tfield:u64 exits;\toffset:" #c ";\tsize:8;\tsigned:0;\n"
#define SYNDROME                                                                                   \
	"\tfield:u64 esr;\toffset:40;\tsize:8;\tsigned:0;\n"                                       \
	"\tfield:u64 far;\toffset:48;\tsize:8;\tsigned:0;\n"                                       \
	"\tfield:u64 ipa;\toffset:56;\tsize:8;\tsigned:0;\n"
#define COUNTER(at)  "\tfield:u64 counter;\toffset:" #at ";\tsize:8;\tsigned:0;\n"
#define MODE         "\tfield:u32 mode;\toffset:72;\tsize:4;\tsigned:0;\n"
#define ENTRY_FIELDS "\tfield:unsigned long vcpu_pc;\toffset:8;\tsize:8;\tsigned:0;\n"
#define EXIT_FIELDS                                                                                \
	"\tfield:int ret;\toffset:8;\tsize:4;\tsigned:1;\n"                                        \
	"\tfield:unsigned int esr_ec;\toffset:12;\tsize:4;\tsigned:0;\n"                           \
	"\tfield:unsigned long vcpu_pc;\toffset:16;\tsize:8;\tsigned:0;\n"
#define USER_FIELDS                                                                                \
	"\tfield:__u32 reason;\toffset:8;\tsize:4;\tsigned:0;\n"                                   \
	"\tfield:int errno;\toffset:12;\tsize:4;\tsigned:1;\n"

static const char stock_entry[] = "name: kvm_entry\nID: 301\n" COMMON ENTRY_FIELDS
				  "\nprint fmt: \"PC: 0x%016lx\", REC->vcpu_pc\n";
static const char stock_exit[] =
	"name: kvm_exit\nID: 300\n" COMMON EXIT_FIELDS
	"\nprint fmt: \"%s: HSR_EC: 0x%04x (%s), PC: 0x%016lx\", __print_symbolic(REC->ret, {0, "
	"\"IRQ\" }, {2, \"TRAP\" }), REC->esr_ec, __print_symbolic(REC->esr_ec, { 0, \"UNKNOWN\" "
	"}), REC->vcpu_pc\n";
static const char patched_entry[] = "name: kvm_entry\nID: 301\n" COMMON ENTRY_FIELDS PATCHED(16, 20,
	24) "\nprint fmt: \"PC: 0x%016lx vm %u vcpu %u exits %llu\", REC->vcpu_pc, REC->vm_id, "
	    "REC->vcpu_id, REC->exits\n";
static const char patched_exit[] = "name: kvm_exit\nID: 300\n" COMMON EXIT_FIELDS PATCHED(
	24, 28, 32) "\nprint fmt: \"%d\", REC->ret\n";
/* Of the whole series. */
static const char full_entry[] = "name: kvm_entry\nID: 301\n" COMMON ENTRY_FIELDS PATCHED(
	16, 20, 24) COUNTER(32) "\nprint fmt: \"%llu\", REC->counter\n";
static const char full_exit[] = "name: kvm_exit\nID: 300\n" COMMON EXIT_FIELDS PATCHED(24, 28, 32)
	SYNDROME COUNTER(64) MODE "\nprint fmt: \"%d\", REC->ret\n";
static const char user_exit[] =
	"name: kvm_userspace_exit\nID: 299\n" COMMON USER_FIELDS
	"\nprint fmt: \"reason %s (%d)\", REC->errno < 0 ? (REC->errno == -4 ? \"restart\" : "
	"\"error\") : __print_symbolic(REC->reason, { 0, \"KVM_EXIT_UNKNOWN\" }), REC->errno < 0 ? "
	"-REC->errno : REC->reason\n";

struct record {
	uint16_t type;
	uint8_t flags, preempt;
	int32_t pid;
	union {
		struct {
			uint64_t pc;
			uint32_t vm, vcpu;
			uint64_t exits, counter;
		} entry;
		struct {
			int32_t ret;
			uint32_t ec;
			uint64_t pc;
			uint32_t vm, vcpu;
			uint64_t exits;
			uint64_t esr, far, ipa, counter;
			uint32_t mode;
		} exit;
		struct {
			uint32_t reason;
			int32_t error;
		} user;
	};
};

static struct tl_kvm_format load(const char *entry, const char *exit_text)
{
	struct tl_kvm_format format;

	tl_kvm_format_init(&format);
	assert_int_equal(tl_kvm_format_add(&format, entry, strlen(entry)), 0);
	assert_int_equal(tl_kvm_format_add(&format, exit_text, strlen(exit_text)), 0);
	assert_int_equal(tl_kvm_format_add(&format, user_exit, strlen(user_exit)), 0);
	return format;
}

static void test_patched(void **state)
{
	struct tl_kvm_format format = load(patched_entry, patched_exit);
	struct record raw = {.type = 300, .pid = 77};
	struct tl_event event;

	(void)state;
	assert_true(tl_kvm_format_is_patched(&format));
	raw.exit.ret = 2;
	raw.exit.ec = 0x24;
	raw.exit.pc = 0xffff800012345678;
	raw.exit.vcpu = 3;
	raw.exit.exits = 0x100000002;
	assert_int_equal(tl_kvm_format_decode(&format, &raw, 40, 1234, &event), 0);
	assert_int_equal(event.kind, TL_EVENT_EXIT);
	assert_int_equal(event.ts, 1234);
	assert_int_equal(event.tid, 77);
	assert_int_equal(event.ret, 2);
	assert_int_equal(event.ec, 0x24);
	assert_true(event.pc == 0xffff800012345678);
	assert_int_equal(event.vcpu, 3);
	assert_true(event.has_exits);
	assert_int_equal(event.exits, 0x100000002);

	raw = (struct record){.type = 301, .pid = 78};
	raw.entry.pc = 0x40080000;
	raw.entry.vcpu = 1;
	raw.entry.exits = 9;
	assert_int_equal(tl_kvm_format_decode(&format, &raw, 32, 5, &event), 0);
	assert_int_equal(event.kind, TL_EVENT_ENTRY);
	assert_int_equal(event.vcpu, 1);
	assert_int_equal(event.exits, 9);
	assert_int_equal(event.pc, 0x40080000);
}

static void test_stock(void **state)
{
	struct tl_kvm_format format = load(stock_entry, stock_exit);
	struct record raw = {.type = 300, .pid = 77};
	struct tl_event event;

	(void)state;
	assert_false(tl_kvm_format_is_patched(&format));
	raw.exit.ret = 0;
	raw.exit.pc = 0x1000;
	assert_int_equal(tl_kvm_format_decode(&format, &raw, 24, 1, &event), 0);
	assert_false(event.has_exits);
	assert_true(event.vcpu == TL_EVENT_NO_VCPU);
	assert_int_equal(event.tid, 77);
	assert_int_equal(event.pc, 0x1000);
}

static void test_user_exit(void **state)
{
	struct tl_kvm_format format = load(patched_entry, patched_exit);
	struct record raw = {.type = 299, .pid = 77, .user = {.reason = 6, .error = -4}};
	struct tl_event event;

	(void)state;
	assert_int_equal(tl_kvm_format_decode(&format, &raw, 16, 1, &event), 0);
	assert_int_equal(event.kind, TL_EVENT_USER_EXIT);
	assert_int_equal(event.reason, 6);
	assert_int_equal(event.error, -4);
	assert_true(event.vcpu == TL_EVENT_NO_VCPU);
	assert_int_equal(event.tid, 77);
}

static void test_syndrome(void **state)
{
	struct tl_kvm_format format = load(full_entry, full_exit);
	struct record raw = {.type = 300, .pid = 77};
	struct tl_event event;

	(void)state;
	assert_true(tl_kvm_format_is_patched(&format));
	assert_true(tl_kvm_format_has_syndrome(&format));
	raw.exit.ret = 2;
	raw.exit.exits = 6;
	raw.exit.esr = 0x800000093810006;
	raw.exit.far = 0xffff800012345678;
	raw.exit.ipa = 0x1000009000678;
	raw.exit.counter = 0xfedcba9876543210;
	raw.exit.mode = 0x5;
	assert_int_equal(tl_kvm_format_decode(&format, &raw, 76, 1234, &event), 0);
	assert_true(event.has_syndrome);
	assert_int_equal(event.esr, 0x800000093810006);
	assert_true(event.far == 0xffff800012345678);
	assert_int_equal(event.ipa, 0x1000009000678);
	assert_true(event.counter == 0xfedcba9876543210);
	assert_int_equal(event.mode, 0x5);
	assert_int_equal(event.exits, 6);
	assert_int_equal(event.ts, 1234);

	raw = (struct record){.type = 301, .entry = {.exits = 6, .counter = 0xfedcba9876543211}};
	assert_int_equal(tl_kvm_format_decode(&format, &raw, 40, 5, &event), 0);
	assert_true(event.counter == 0xfedcba9876543211);
	assert_false(event.has_syndrome);
	assert_int_equal(event.exits, 6);
}

/* Only the first patch of the series: nothing that comes behind the record is looked at. */
static void test_no_syndrome(void **state)
{
	struct tl_kvm_format format = load(patched_entry, patched_exit);
	struct record raw = {.type = 300};
	struct tl_event event;

	(void)state;
	assert_false(tl_kvm_format_has_syndrome(&format));
	raw.exit.esr = raw.exit.far = raw.exit.ipa = raw.exit.counter = raw.exit.mode = 1;
	assert_int_equal(tl_kvm_format_decode(&format, &raw, 40, 1, &event), 0);
	assert_false(event.has_syndrome);
	assert_int_equal(event.esr | event.far | event.ipa | event.counter | event.mode, 0);
}

/* An exit without one of the fields of a syndrome has none of them. */
static void test_part_of_a_syndrome(void **state)
{
	static const char no_mode[] = "name: kvm_exit\nID: 300\n" COMMON EXIT_FIELDS PATCHED(
		24, 28, 32) SYNDROME COUNTER(64) "\nprint fmt: \"%d\", REC->ret\n";
	struct tl_kvm_format format = load(full_entry, no_mode);
	struct record raw = {.type = 300};
	struct tl_event event;

	(void)state;
	assert_true(tl_kvm_format_is_patched(&format));
	assert_false(tl_kvm_format_has_syndrome(&format));
	raw.exit.esr = raw.exit.far = raw.exit.ipa = raw.exit.mode = 1;
	raw.exit.counter = 9;
	assert_int_equal(tl_kvm_format_decode(&format, &raw, 72, 1, &event), 0);
	assert_false(event.has_syndrome);
	assert_int_equal(event.esr | event.far | event.ipa | event.mode, 0);
	/* It is a field of its own. */
	assert_int_equal(event.counter, 9);
}

/* Times want the counter at both ends. */
static void test_counter_of_one_end(void **state)
{
	static const char no_counter[] = "name: kvm_exit\nID: 300\n" COMMON EXIT_FIELDS PATCHED(
		24, 28, 32) SYNDROME MODE "\nprint fmt: \"%d\", REC->ret\n";
	struct tl_kvm_format format = load(patched_entry, full_exit);
	struct record raw = {.type = 300};
	struct tl_event event;

	(void)state;
	assert_false(tl_kvm_format_has_syndrome(&format));
	format = load(full_entry, no_counter);
	assert_false(tl_kvm_format_has_syndrome(&format));
	/* The syndrome can be read all the same. */
	raw.exit.esr = 0x5a000000;
	assert_int_equal(tl_kvm_format_decode(&format, &raw, 76, 1, &event), 0);
	assert_true(event.has_syndrome);
	assert_int_equal(event.esr, 0x5a000000);
	assert_int_equal(event.counter, 0);
}

/* Every length up to the whole record, from a buffer that ends right there. */
static void assert_too_short(const struct tl_kvm_format *format, uint16_t type, size_t whole)
{
	struct record raw = {.type = type};
	struct tl_event event;

	for (size_t size = 0; size < whole; size++) {
		void *copy = malloc(size + !size);

		memcpy(copy, &raw, size);
		assert_int_equal(tl_kvm_format_decode(format, copy, size, 1, &event), -EINVAL);
		free(copy);
	}
	assert_int_equal(tl_kvm_format_decode(format, &raw, whole, 1, &event), 0);
}

static void test_short_records(void **state)
{
	struct tl_kvm_format format = load(patched_entry, patched_exit);
	struct record raw = {.type = 4711};
	struct tl_event event;

	(void)state;
	assert_too_short(&format, 300, 40);
	assert_too_short(&format, 301, 32);
	assert_int_equal(tl_kvm_format_decode(&format, &raw, 40, 1, &event), -ENOENT);
	format = load(full_entry, full_exit);
	assert_too_short(&format, 300, 76);
	assert_too_short(&format, 301, 40);
}

/* Whichever field comes last: a record must have all of it. */
static void test_short_of_each_field(void **state)
{
	static const char *const names[] = {"esr", "far", "ipa", "mode", "counter"};

	(void)state;
	for (unsigned int last = 0; last < ARRAY_LEN(names); last++) {
		char text[2048] = "name: kvm_exit\nID: 300\n" COMMON EXIT_FIELDS;
		struct tl_kvm_format format;

		for (unsigned int i = 0; i < ARRAY_LEN(names); i++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text),
				"\tfield:u64 %s;\toffset:%u;\tsize:8;\tsigned:0;\n", names[i],
				i == last ? 64 : 24 + 8 * i);
		strcat(text, "\nprint fmt: \"\"\n");
		format = load(full_entry, text);
		assert_too_short(&format, 300, 72);
	}
}

/* Other places and widths than today's: nothing is compiled in. */
static void test_moved_fields(void **state)
{
	static const char text[] =
		"name: kvm_exit\nID: 9\n" COMMON
		"\tfield:unsigned long vcpu_pc;\toffset:8;\tsize:8;\tsigned:0;\n"
		"\tfield:unsigned short esr_ec;\toffset:16;\tsize:2;\tsigned:0;\n"
		"\tfield:char ret;\toffset:18;\tsize:1;\tsigned:1;\n\nprint fmt: \"\"\n";
	unsigned char raw[24] = {9, 0, 0, 0, 5, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0x16, 0, 2};
	struct tl_kvm_format format;
	struct tl_event event;

	(void)state;
	tl_kvm_format_init(&format);
	assert_int_equal(tl_kvm_format_add(&format, text, strlen(text)), 0);
	assert_int_equal(tl_kvm_format_decode(&format, raw, 19, 1, &event), 0);
	assert_int_equal(event.pc, 0x201);
	assert_int_equal(event.ec, 0x16);
	assert_int_equal(event.ret, 2);
	assert_int_equal(tl_kvm_format_decode(&format, raw, 18, 1, &event), -EINVAL);
}

static void test_bad_formats(void **state)
{
	static const char other[] = "name: kvm_ack_irq\nID: 5\n" COMMON "\nprint fmt: \"\"\n";
	static const char no_pc[] =
		"name: kvm_entry\nID: 5\n" COMMON
		"\tfield:int x;\toffset:8;\tsize:4;\tsigned:1;\n\nprint fmt: \"\"\n";
	static const char far_away[] =
		"name: kvm_entry\nID: 5\n" COMMON
		"\tfield:unsigned long vcpu_pc;\toffset:2000000000;\tsize:8;\tsigned:0;\n\nprint "
		"fmt: \"\"\n";
	struct tl_kvm_format format;

	(void)state;
	tl_kvm_format_init(&format);
	assert_int_equal(tl_kvm_format_add(&format, other, strlen(other)), -ENOENT);
	assert_int_equal(tl_kvm_format_add(&format, no_pc, strlen(no_pc)), -EINVAL);
	assert_int_equal(tl_kvm_format_add(&format, far_away, strlen(far_away)), -EINVAL);
	assert_int_equal(tl_kvm_format_add(&format, "", 0), -EINVAL);
	assert_int_equal(tl_kvm_format_add(&format, "rubbish", 7), -EINVAL);
	assert_int_equal(format.event[TL_EVENT_ENTRY].id, -1);
	for (size_t size = 0; size < strlen(patched_exit); size++)
		(void)tl_kvm_format_add(&format, patched_exit, size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patched),
		cmocka_unit_test(test_stock),
		cmocka_unit_test(test_user_exit),
		cmocka_unit_test(test_syndrome),
		cmocka_unit_test(test_no_syndrome),
		cmocka_unit_test(test_part_of_a_syndrome),
		cmocka_unit_test(test_counter_of_one_end),
		cmocka_unit_test(test_short_records),
		cmocka_unit_test(test_short_of_each_field),
		cmocka_unit_test(test_moved_fields),
		cmocka_unit_test(test_bad_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
