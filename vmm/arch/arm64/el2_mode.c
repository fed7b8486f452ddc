/* SPDX-License-Identifier: MIT */
/*
 * The log is believed first, and only what the kernel itself wrote there.
 */
#include "vmm/arch/arm64/el2_mode.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum tl_el2_mode tl_el2_mode_of_log(const char *log)
{
	/* arch/arm64/kvm/arm.c; before Linux 6.2 nVHE is "Hyp mode". The order matters. */
	static const struct {
		const char *text;
		enum tl_el2_mode mode;
	} lines[] = {
		{"Protected nVHE mode initialized", TL_EL2_PROTECTED},
		{"Protected hVHE mode initialized", TL_EL2_PROTECTED},
		{"Hyp nVHE mode initialized", TL_EL2_NVHE},
		{"Hyp hVHE mode initialized", TL_EL2_NVHE},
		{"Hyp mode initialized", TL_EL2_NVHE},
		{": VHE mode initialized", TL_EL2_VHE},
		{": VHE+NV2 mode initialized", TL_EL2_VHE},
	};

	for (unsigned int i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (strstr(log, lines[i].text))
			return lines[i].mode;
	}
	return TL_EL2_UNKNOWN;
}

/* The mode from one line of /proc/interrupts, whose length grows with the number of CPUs. */
static enum tl_el2_mode mode_of_line(const char *line, size_t length)
{
	static const char timer[] = "arch_timer";
	/* " 11:  3  5  GICv3  26 Level  arch_timer" */
	const char *chip = memmem(line, length, "GIC", 3);
	unsigned int number;
	char text[64];

	if (!chip || !memmem(line, length, timer, sizeof(timer) - 1))
		return TL_EL2_UNKNOWN;
	snprintf(text, sizeof(text), "%.*s", (int)(length - (size_t)(chip - line)), chip);
	if (sscanf(text, "%*s %u", &number) != 1)
		return TL_EL2_UNKNOWN;
	if (number == 26 || number == 28)
		return TL_EL2_VHE;
	return number == 27 || number == 30 ? TL_EL2_NVHE : TL_EL2_UNKNOWN;
}

enum tl_el2_mode tl_el2_mode_of_interrupts(const char *interrupts)
{
	enum tl_el2_mode mode = TL_EL2_UNKNOWN;
	const char *line = interrupts;

	while (*line && mode == TL_EL2_UNKNOWN) {
		size_t length = strcspn(line, "\n");

		mode = mode_of_line(line, length);
		line += length + (line[length] == '\n');
	}
	return mode;
}

/* At most size - 1 bytes of a file; "" if there is none. */
static void read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t at = 0;
	ssize_t n;

	while (fd >= 0 && at < size - 1 && (n = read(fd, text + at, size - 1 - at)) > 0)
		at += (size_t)n;
	text[at] = 0;
	if (fd >= 0)
		close(fd);
}

/*
 * Whether this is a record of KVM: "6,301,312345,-;kvm [1]: ...". Any program may
 * write to the log, but not with a priority below 8 (devkmsg_write()).
 */
static bool of_kvm(const char *record)
{
	const char *text = strchr(record, ';');

	return record[0] >= '0' && record[0] <= '7' && record[1] == ',' && text &&
	       !strncmp(text, ";kvm [", 6);
}

/* /dev/kmsg gives one record a read, and EPIPE in the place of those that are gone. */
static enum tl_el2_mode mode_of_kmsg(void)
{
	enum tl_el2_mode mode = TL_EL2_UNKNOWN;
	int fd = open("/dev/kmsg", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char record[8192];
	ssize_t n = 1;

	while (fd >= 0 && mode == TL_EL2_UNKNOWN && n) {
		n = read(fd, record, sizeof(record) - 1);
		if (n < 0 && errno == EPIPE)
			continue;
		if (n < 0)
			break;
		record[n] = 0;
		if (of_kvm(record))
			mode = tl_el2_mode_of_log(record);
	}
	if (fd >= 0)
		close(fd);
	return mode;
}

enum tl_el2_mode tl_el2_mode(void)
{
	enum tl_el2_mode mode = mode_of_kmsg();
	static char text[65536];

	if (mode != TL_EL2_UNKNOWN)
		return mode;
	read_text("/proc/cmdline", text, sizeof(text));
	if (strstr(text, "kvm-arm.mode=protected"))
		return TL_EL2_PROTECTED;
	read_text("/proc/interrupts", text, sizeof(text));
	return tl_el2_mode_of_interrupts(text);
}

const char *tl_el2_mode_name(enum tl_el2_mode mode)
{
	switch (mode) {
	case TL_EL2_VHE:
		return "VHE";
	case TL_EL2_NVHE:
		return "nVHE";
	case TL_EL2_PROTECTED:
		return "protected nVHE";
	default:
		return "unknown";
	}
}
