/* SPDX-License-Identifier: MIT */
/*
 * How KVM uses EL2, from kernel logs and from /proc/interrupts; and which of the
 * host's files is believed first. The files are fakes.
 * Links: vmm/arch/arm64/el2_mode.c
 * Wraps: open read close
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "vmm/arch/arm64/el2_mode.h"

#define FIRST_FD 1000
#define FILES    3
#define PIECES   8

/* What a read gives; NULL ends the file. */
struct fake_file {
	const char *path;
	const char *pieces[PIECES];
	unsigned int next;
	int errors[PIECES]; /* errno of a read in the place of a piece */
};

static struct {
	struct fake_file files[FILES];
	unsigned int open;
} fake;

#define KMSG       (fake.files[0])
#define CMDLINE    (fake.files[1])
#define INTERRUPTS (fake.files[2])

int __wrap_open(const char *path, int flags, ...);
ssize_t __wrap_read(int fd, void *buffer, size_t size);
int __wrap_close(int fd);

/* A file without a piece is not there. */
int __wrap_open(const char *path, int flags, ...)
{
	(void)flags;
	for (int i = 0; i < FILES; i++) {
		struct fake_file *file = &fake.files[i];

		if (strcmp(file->path, path) != 0)
			continue;
		if (!file->pieces[0])
			break;
		file->next = 0;
		fake.open++;
		return FIRST_FD + i;
	}
	errno = ENOENT;
	return -1;
}

ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
	struct fake_file *file = &fake.files[fd - FIRST_FD];
	const char *piece = file->next < PIECES ? file->pieces[file->next] : NULL;

	assert_in_range(fd, FIRST_FD, FIRST_FD + FILES - 1);
	if (!piece) {
		/* As /dev/kmsg with O_NONBLOCK does; others are at their end. */
		errno = EAGAIN;
		return file == &KMSG ? -1 : 0;
	}
	errno = file->errors[file->next++];
	if (errno)
		return -1;
	assert_true(strlen(piece) <= size);
	memcpy(buffer, piece, strlen(piece));
	return (ssize_t)strlen(piece);
}

int __wrap_close(int fd)
{
	assert_in_range(fd, FIRST_FD, FIRST_FD + FILES - 1);
	fake.open--;
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	KMSG.path = "/dev/kmsg";
	CMDLINE.path = "/proc/cmdline";
	INTERRUPTS.path = "/proc/interrupts";
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return fake.open ? -1 : 0;
}

/* arch/arm64/kvm/arm.c of Linux 6.1 and of 6.12. */
static void test_log(void **state)
{
	static const struct {
		const char *log;
		enum tl_el2_mode mode;
	} cases[] = {
		{"kvm [1]: Hyp mode initialized successfully", TL_EL2_NVHE},
		{"kvm [1]: VHE mode initialized successfully", TL_EL2_VHE},
		{"kvm [1]: Protected nVHE mode initialized successfully", TL_EL2_PROTECTED},
		{"kvm [1]: Hyp nVHE mode initialized successfully", TL_EL2_NVHE},
		{"kvm [1]: Hyp hVHE mode initialized successfully", TL_EL2_NVHE},
		{"kvm [1]: Protected hVHE mode initialized successfully", TL_EL2_PROTECTED},
		{"kvm [1]: VHE+NV2 mode initialized successfully", TL_EL2_VHE},
		{"[    0.312345] kvm [1]: VHE mode initialized successfully\n", TL_EL2_VHE},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(cases); i++) {
		if (tl_el2_mode_of_log(cases[i].log) != cases[i].mode)
			fail_msg("%s: %s", cases[i].log,
				tl_el2_mode_name(tl_el2_mode_of_log(cases[i].log)));
	}
}

static void test_log_says_nothing(void **state)
{
	static const char *const logs[] = {"", "kvm [1]: IPA Size Limit: 48 bits",
		"kvm [1]: HYP mode not available", "kvm [1]: error initializing Hyp mode: -19",
		"kvm [1]: GICv3: no GICV resource entry", "CPU: All CPU(s) started at EL2"};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(logs); i++)
		assert_int_equal(tl_el2_mode_of_log(logs[i]), TL_EL2_UNKNOWN);
}

/* The text of /proc/interrupts, which the caller frees: the timer is interrupt `number`. */
static char *interrupts(unsigned int cpus, const char *chip, unsigned int number)
{
	char *text = malloc(cpus * 11 * 5 + 1024), *at = text;

	assert_non_null(text);
	at += sprintf(at, "           ");
	for (unsigned int i = 0; i < cpus; i++)
		at += sprintf(at, "CPU%-8u", i);
	for (unsigned int line = 0; line < 4; line++) {
		static const char *const names[] = {
			"kvm guest vtimer", "arch_timer", "uart-pl011", "rtc-pl031"};
		const unsigned int numbers[] = {11, number, 33, 99};

		at += sprintf(at, "\n %2u: ", 9 + line);
		for (unsigned int i = 0; i < cpus; i++)
			at += sprintf(at, "%10u ", i + 4000000000u);
		at += sprintf(at, "    %s %3u Level     %s", chip, numbers[line], names[line]);
	}
	at += sprintf(at, "\nIPI0:         5          6       Rescheduling interrupts\n");
	return text;
}

static void expect_interrupts(
	unsigned int cpus, const char *chip, unsigned int number, enum tl_el2_mode mode)
{
	char *text = interrupts(cpus, chip, number);
	enum tl_el2_mode found = tl_el2_mode_of_interrupts(text);

	free(text);
	if (found != mode)
		fail_msg("%u CPUs, %s %u: %s", cpus, chip, number, tl_el2_mode_name(found));
}

/* BSA 1.0, table 14: which of the timers that is. */
static void test_interrupts(void **state)
{
	static const char *const chips[] = {"GICv3", "GICv2", "GIC-0"};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(chips); i++) {
		expect_interrupts(2, chips[i], 26, TL_EL2_VHE);
		expect_interrupts(2, chips[i], 28, TL_EL2_VHE);
		expect_interrupts(2, chips[i], 27, TL_EL2_NVHE);
		expect_interrupts(2, chips[i], 30, TL_EL2_NVHE);
		expect_interrupts(2, chips[i], 29, TL_EL2_UNKNOWN);
		expect_interrupts(2, chips[i], 126, TL_EL2_UNKNOWN);
	}
	expect_interrupts(2, "AIC", 26, TL_EL2_UNKNOWN);
}

/* Each CPU makes the lines longer. */
static void test_interrupts_of_many_cpus(void **state)
{
	(void)state;
	for (unsigned int cpus = 1; cpus < 300; cpus++)
		expect_interrupts(cpus, "GICv3", 26, TL_EL2_VHE);
	expect_interrupts(4096, "GICv3", 30, TL_EL2_NVHE);
}

static void test_interrupts_say_nothing(void **state)
{
	static const char *const texts[] = {
		"",
		"\n\n",
		"           CPU0\n",
		/* Neither the guests' timer nor the one in memory. */
		" 10:   55     GICv3  27 Level     kvm guest vtimer\n",
		" 10:   55     GICv3  26 Level     arch_mem_timer\n",
		/* Of two lines, one each. */
		" 10:   55     GICv3  26 Level     pmu\n 11:  5   APIC  27 Edge   arch_timer\n",
		" 10:   55     arch_timer\n 11:    5     GICv3  26 Level     pmu\n",
		/* Without a number, and the next line has one. */
		" 10:   55     arch_timer  GICv3\n 26   26\n",
		" 10:   55     GICv3  Level     arch_timer\n",
		" 10:   55     arch_timer  GIC",
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(texts); i++) {
		if (tl_el2_mode_of_interrupts(texts[i]) != TL_EL2_UNKNOWN)
			fail_msg("%s", texts[i]);
	}
}

/* A file that was cut may end anywhere, also in the line itself. */
static void test_interrupts_cut(void **state)
{
	char *text = interrupts(2, "GICv3", 26);
	size_t whole = (size_t)(strstr(text, "arch_timer") - text) + strlen("arch_timer");

	(void)state;
	for (size_t length = 0; length <= whole; length++) {
		char *cut = strndup(text, length);
		enum tl_el2_mode expected = length < whole ? TL_EL2_UNKNOWN : TL_EL2_VHE;

		assert_int_equal(tl_el2_mode_of_interrupts(cut), expected);
		free(cut);
	}
	free(text);
}

static const char nvhe_interrupts[] = " 10:   55     GICv3  27 Level     arch_timer\n";

/* The log is believed first, then the command line, then the timer. */
static void test_order(void **state)
{
	(void)state;
	assert_int_equal(tl_el2_mode(), TL_EL2_UNKNOWN);
	INTERRUPTS.pieces[0] = nvhe_interrupts;
	assert_int_equal(tl_el2_mode(), TL_EL2_NVHE);
	CMDLINE.pieces[0] = "console=ttyAMA0 kvm-arm.mode=protected quiet\n";
	assert_int_equal(tl_el2_mode(), TL_EL2_PROTECTED);
	KMSG.pieces[0] = "6,301,312345,-;kvm [1]: VHE mode initialized successfully\n";
	assert_int_equal(tl_el2_mode(), TL_EL2_VHE);
	/* A log that no longer reaches back to booting. */
	KMSG.pieces[0] = "6,9301,9912345,-;eth0: link up\n";
	assert_int_equal(tl_el2_mode(), TL_EL2_PROTECTED);
	CMDLINE.pieces[0] = "console=ttyAMA0 kvm-arm.mode=nvhe\n";
	assert_int_equal(tl_el2_mode(), TL_EL2_NVHE);
}

/* A read gives a record of the log, and a part of any other file. */
static void test_pieces(void **state)
{
	(void)state;
	INTERRUPTS.pieces[0] = "           CPU0\n 10:   55     GIC";
	INTERRUPTS.pieces[1] = "v3  26 Level     arch_";
	INTERRUPTS.pieces[2] = "timer\n";
	assert_int_equal(tl_el2_mode(), TL_EL2_VHE);
	KMSG.pieces[0] = "5,0,0,-;Linux version 6.12.0\n";
	KMSG.pieces[1] = "6,300,312300,-;kvm [1]: IPA Size Limit: 48 bits\n";
	KMSG.pieces[2] = "6,301,312345,-,caller=T1;kvm [1]: Hyp nVHE mode initialized "
			 "successfully\n SUBSYSTEM=x\n";
	assert_int_equal(tl_el2_mode(), TL_EL2_NVHE);
}

/* Records that were overwritten before they were read: there is more behind them. */
static void test_log_overwritten(void **state)
{
	(void)state;
	KMSG.pieces[0] = KMSG.pieces[1] = "";
	KMSG.errors[0] = KMSG.errors[1] = EPIPE;
	KMSG.pieces[2] = "6,301,312345,-;kvm [1]: VHE mode initialized successfully\n";
	assert_int_equal(tl_el2_mode(), TL_EL2_VHE);
	/* No other error goes away. */
	KMSG.errors[1] = EIO;
	assert_int_equal(tl_el2_mode(), TL_EL2_UNKNOWN);
}

/* Whoever may write to the log: the kernel gives it a facility, so the priority is 8 or more. */
static void test_log_of_user_space(void **state)
{
	static const char *const records[] = {
		"8,301,312345,-;kvm [1]: VHE mode initialized successfully\n",
		"12,301,312345,-;kvm [1]: VHE mode initialized successfully\n",
		"6,301,312345,-;systemd: ;kvm [1]: VHE mode initialized successfully\n",
		"6,301,312345,-;about kvm [1]: VHE mode initialized successfully\n",
		"kvm [1]: VHE mode initialized successfully\n",
	};

	(void)state;
	INTERRUPTS.pieces[0] = nvhe_interrupts;
	for (unsigned int i = 0; i < ARRAY_LEN(records); i++) {
		KMSG.pieces[0] = records[i];
		if (tl_el2_mode() != TL_EL2_NVHE)
			fail_msg("believed: %s", records[i]);
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(tl_el2_mode_name(TL_EL2_UNKNOWN), "unknown");
	assert_string_equal(tl_el2_mode_name(TL_EL2_VHE), "VHE");
	assert_string_equal(tl_el2_mode_name(TL_EL2_NVHE), "nVHE");
	assert_string_equal(tl_el2_mode_name(TL_EL2_PROTECTED), "protected nVHE");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_log),
		TEST(test_log_says_nothing),
		TEST(test_interrupts),
		TEST(test_interrupts_of_many_cpus),
		TEST(test_interrupts_say_nothing),
		TEST(test_interrupts_cut),
		TEST(test_order),
		TEST(test_pieces),
		TEST(test_log_overwritten),
		TEST(test_log_of_user_space),
		TEST(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
