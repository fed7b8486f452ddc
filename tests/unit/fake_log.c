/* SPDX-License-Identifier: MIT */
/*
 * The log of a test: the messages, and how many there were. Thread-safe.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/fake_log.h"

#define KEPT 128

static struct {
	unsigned int count;
	enum tl_log_level level;
	char text[4096];
	struct {
		enum tl_log_level level;
		char text[512];
	} kept[KEPT]; /* the first ones */
} logged;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void tl_log(enum tl_log_level level, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	pthread_mutex_lock(&lock);
	va_start(ap, fmt);
	vsnprintf(logged.text, sizeof(logged.text), fmt, ap);
	va_end(ap);
	logged.level = level;
	if (logged.count < KEPT) {
		logged.kept[logged.count].level = level;
		snprintf(logged.kept[logged.count].text, sizeof(logged.kept[0].text), "%.511s",
			logged.text);
	}
	logged.count++;
	pthread_mutex_unlock(&lock);
	errno = saved;
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

unsigned int fake_log_count_of(enum tl_log_level level)
{
	unsigned int count = 0;

	pthread_mutex_lock(&lock);
	for (unsigned int i = 0; i < logged.count && i < KEPT; i++)
		count += logged.kept[i].level == level;
	pthread_mutex_unlock(&lock);
	return count;
}

bool fake_log_has(enum tl_log_level level, const char *words)
{
	bool found = false;

	pthread_mutex_lock(&lock);
	for (unsigned int i = 0; i < logged.count && i < KEPT; i++)
		found = found ||
			(logged.kept[i].level == level && strstr(logged.kept[i].text, words));
	pthread_mutex_unlock(&lock);
	return found;
}
