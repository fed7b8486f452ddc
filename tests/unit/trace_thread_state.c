/* SPDX-License-Identifier: MIT */
/*
 * What a VMM's threads do, from the text of /proc.
 * Links: trace/collect/thread_state.c trace/decode/syscall.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "trace/collect/thread_state.h"

#define STAT(name, state)                                                                          \
	"66 (" name ") " state " 60 0 0 0 -1 4194369 1 0 0 0 383 438 0 0 20 0 2 0 204 279367680 "  \
	"858 18446744073709551615 4194304 6091158 281474372391360 0 0 0 2147221247 16781318 0 0 "  \
	"0 0 -1 3 0 0 0 97 0 6112648 6170096 534274048\n"

static const char *text_of(const char *stat, const char *syscall, const char *wchan)
{
	static char buffer[80];
	struct tl_thread_state state;

	assert_int_equal(tl_thread_state_parse(&state, stat, syscall, wchan), 0);
	return tl_thread_state_text(buffer, sizeof(buffer), &state);
}

static void test_fields(void **unused)
{
	struct tl_thread_state state;

	(void)unused;
	assert_int_equal(tl_thread_state_parse(&state, STAT("vcpu 0", "S"), "", ""), 0);
	assert_int_equal(state.tid, 66);
	assert_string_equal(state.name, "vcpu 0");
	assert_int_equal(state.state, 'S');
	assert_int_equal(state.cpu, 3);
	assert_int_equal(state.cpu_ns,
		(383 + 438) * (UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK)));
	assert_int_equal(state.call, -1);
}

static void test_names(void **unused)
{
	struct tl_thread_state state;

	(void)unused;
	/* Who is called like this must not be believed to be a zombie. */
	assert_int_equal(tl_thread_state_parse(&state, STAT(") Z 1 (", "S"), "", ""), 0);
	assert_int_equal(state.state, 'S');
	assert_string_equal(state.name, ") Z 1 (");
	assert_int_equal(
		tl_thread_state_parse(&state, STAT("CPU 0/KVM of some name", "S"), "", ""), 0);
	assert_string_equal(state.name, "CPU 0/KVM of so");
}

static void test_text(void **unused)
{
	(void)unused;
	assert_string_equal(text_of(STAT("a", "R"), "running\n", "0"), "CPU 3");
	assert_string_equal(text_of(STAT("a", "S"), "29 0xb 0xae80 0x0 0x0 0x0 0x0 0x1 0x2\n",
				    "kvm_vcpu_block"),
		"KVM_RUN: kvm_vcpu_block");
	assert_string_equal(
		text_of(STAT("a", "S"), "29 0xb 0x5401 0x0 0x0 0x0 0x0 0x1 0x2", "0"), "ioctl");
	assert_string_equal(text_of(STAT("a", "S"), "22 0x3 0xffffdbfac918 0x8 0x0 0x0 0x8 0x1 0x2",
				    "do_epoll_wait\n"),
		"epoll_pwait: do_epoll_wait");
	assert_string_equal(text_of(STAT("a", "S"), "", ""), "waits");
	assert_string_equal(text_of(STAT("a", "T"), "", ""), "stopped");
	assert_string_equal(text_of(STAT("a", "D"), "-1 0x3 0x4", "folio_wait"), "folio_wait");
	assert_string_equal(text_of(STAT("a", "S"), "99999 0x3 0x4 0x5", ""), "waits");
}

static void test_no_such_file(void **unused)
{
	static const char *const texts[] = {
		"", "66", "66 (a", "66 (a)", "66 (a) S", "66 )a( S 1 2 3"};
	struct tl_thread_state state;

	(void)unused;
	for (unsigned int i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_equal(tl_thread_state_parse(&state, texts[i], "", ""), -EPROTO);
}

static void test_own(void **unused)
{
	struct tl_thread_state state;

	(void)unused;
	assert_int_equal(tl_thread_state_read(&state, getpid(), getpid()), 0);
	assert_int_equal(state.tid, getpid());
	assert_int_equal(tl_thread_state_read(&state, getpid(), 4194305), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_no_such_file),
		cmocka_unit_test(test_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
