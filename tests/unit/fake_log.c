/* SPDX-License-Identifier: MIT */
/*
 * The log of a test: the last message, and how many there were.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/fake_log.h"

static struct {
	unsigned int count;
	enum tl_log_level level;
	char text[4096];
} logged;

void tl_log(enum tl_log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(logged.text, sizeof(logged.text), fmt, ap);
	va_end(ap);
	logged.level = level;
	logged.count++;
}

int tl_log_enabled(enum tl_log_level level)
{
	return level <= TL_LOG_WARN;
}

int fake_log_reset(void **state)
{
	(void)state;
	memset(&logged, 0, sizeof(logged));
	return 0;
}

unsigned int fake_log_count(void)
{
	return logged.count;
}

void fake_log_expect(enum tl_log_level level, const char *const *words)
{
	if (logged.count != 1)
		fail_msg("%u messages, the last one: %s", logged.count, logged.text);
	if (logged.level != level)
		fail_msg("level %d, not %d: %s", (int)logged.level, (int)level, logged.text);
	if (strchr(logged.text, '\n'))
		fail_msg("more than one line: %s", logged.text);
	for (; *words; words++) {
		if (!strstr(logged.text, *words))
			fail_msg("no '%s' in: %s", *words, logged.text);
	}
}
