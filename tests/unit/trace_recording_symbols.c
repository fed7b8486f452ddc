/* SPDX-License-Identifier: MIT */
/*
 * Symbols of recordings: those that are in them, those that the user names, and kernels that
 * run elsewhere than where they were linked.
 * Links: trace/record/recording.c trace/record/dat_read.c trace/record/dat_write.c
 * Links: trace/record/stream.c trace/record/page.c trace/record/vm_json.c
 * Links: trace/decode/kvm_event.c trace/decode/event_format.c trace/decode/esr.c
 * Links: trace/decode/symbols.c trace/decode/symbols_elf.c trace/decode/symbols_kallsyms.c
 * Links: trace/profile/profile.c trace/profile/span.c trace/profile/reconcile.c
 * Links: trace/profile/burst.c trace/profile/event_detail.c trace/profile/switch.c
 * Links: trace/profile/detail.c trace/profile/hist.c trace/profile/slide.c base/file.c
 * Links: base/parse.c tests/unit/fake_files.c tests/unit/fake_log.c tests/unit/fake_recording.c
 * Libs: jansson elf z zstd
 */
#include "tests/unit/unit.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "tests/unit/fake_files.h"
#include "tests/unit/fake_log.h"
#include "tests/unit/fake_recording.h"

static void test_symbols(void **state)
{
	static const char *const bad[] = {"", "rubbish", ELFMAG, "ffff8000 work\n"};
	uint64_t offset;

	(void)state;
	recorded_put_exits();
	recorded.vm.symbols_linked = 0xffff800080000000;
	recorded.vm.symbols_loaded = 0x40200000;
	recorded.vm.symbols_size = 0x100000;
	recorded_write(CPUS);
	for (unsigned int i = 0; i < ARRAY_LEN(bad); i++) {
		fake_file(TL_RECORDING_SYMBOLS, bad[i], strlen(bad[i]));
		recorded_read();
		assert_warned("symbols: no symbols in it");
		assert_null(recording.symbols);
		assert_recorded();
	}
	fake_file(TL_RECORDING_SYMBOLS, "ffff800080010000 T work\n", 24);
	recorded_read();
	assert_ptr_equal(recording.profiles[0]->symbols, recording.symbols);
	assert_string_equal(tl_symbols_find(recording.symbols, 0x40210004, &offset), "work");
}

/* A file that is named must have some, and the recording's own do not matter then. */
static void test_named_symbols(void **state)
{
	static const char map[] = "ffff800080010000 T named\n", *bad[] = {"", "rubbish"};
	const struct tl_recording_part with = {.vcpu = -1, .symbols = fake_path("System.map")};
	uint64_t offset;

	(void)state;
	recorded_put_exits();
	recorded_write(CPUS);
	fake_file(TL_RECORDING_SYMBOLS, "rubbish", 7);
	assert_int_equal(recorded_read_part(&with), -ENOENT);
	assert_error("--symbols '", "System.map': ", strerror(ENOENT));
	for (unsigned int i = 0; i < ARRAY_LEN(bad); i++) {
		fake_file("System.map", bad[i], strlen(bad[i]));
		assert_int_equal(recorded_read_part(&with), -ENOENT);
		assert_error("System.map': no symbols in it");
	}
	fake_file("System.map", map, strlen(map));
	assert_int_equal(recorded_read_part(&with), 0);
	assert_nothing_logged();
	assert_recorded();
	assert_string_equal(
		tl_symbols_find(recording.profiles[0]->symbols, 0xffff800080010040, &offset),
		"named");
}

/* Hypercalls of a kernel that runs `slide` above where it was linked. */
static void put_call(uint64_t ts, uint32_t vm, uint64_t exits, uint64_t slide)
{
	const struct exit_record record = {
		EXIT, 0, 100, 2, 0x16, 0xffff80008001dbb8 + slide, vm, 0, exits, ts, ts - 60};

	recorded_put(0, ts, &record, sizeof(record));
}

/* Each VM's kernel runs elsewhere, and this is known of any part. */
/* robust: recording.symbols */
static void test_slides(void **state)
{
	static const char map[] = "ffff80008001dbb0 T __arm_smccc_hvc\n";
	const struct tl_recording_part behind = {.from = 1500, .vcpu = -1};
	const uint64_t slides[] = {0x12340000, 0x560000, 0};
	uint64_t offset;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(slides); i++)
		put_call(1000 + i, VM + i, 1, slides[i]);
	for (unsigned int i = 0; i < ARRAY_LEN(slides); i++)
		put_call(3000 + i, VM + i, 2, slides[i] + 0x77700); /* inline */
	fake_file(TL_RECORDING_SYMBOLS, map, strlen(map));
	recorded_write(CPUS);
	for (unsigned int part = 0; part < 2; part++) {
		fake_log_reset(NULL);
		assert_int_equal(recorded_read_part(part ? &behind : &recorded_all), 0);
		assert_int_equal(recording.profile_count, ARRAY_LEN(slides));
		assert_int_equal(fake_log_count_of(TL_LOG_INFO), 2);
		assert_true(fake_log_has(TL_LOG_INFO, "KASLR: the guest kernel runs 0x12340000 "));
		for (unsigned int i = 0; i < ARRAY_LEN(slides); i++) {
			const struct tl_profile *profile = recording.profiles[i];

			assert_int_equal(recorded_exits(i, 0), 2 - part);
			assert_non_null(tl_symbols_find(
				profile->symbols, 0xffff80008001dbb8 + slides[i], &offset));
			assert_int_equal(offset, 8);
		}
	}
}

#define RECORDED(test) cmocka_unit_test_setup_teardown(test, recorded_setup, recorded_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORDED(test_symbols),
		RECORDED(test_named_symbols),
		RECORDED(test_slides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
