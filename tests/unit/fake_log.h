/* SPDX-License-Identifier: MIT */
/*
 * base/log.c for tests: what is logged is kept, so that a test can look at it.
 */
#ifndef TL_TESTS_UNIT_FAKE_LOG_H
#define TL_TESTS_UNIT_FAKE_LOG_H

#include <stdbool.h>

#include "base/log.h"

/* Forgets what was logged. Fits cmocka's setup functions. */
int fake_log_reset(void **state);

/* How many messages were logged since then. */
unsigned int fake_log_count(void);

/*
 * Fails the test unless exactly one message was logged since then, of this
 * level and on one line, with all of `words` in it: texts up to a NULL.
 */
void fake_log_expect(enum tl_log_level level, const char *const *words);

/*
 * For tests of several threads or messages: how many of this level there were,
 * and whether one of them had these words.
 */
unsigned int fake_log_count_of(enum tl_log_level level);
bool fake_log_has(enum tl_log_level level, const char *words);

/* fake_log_expect(), and forgets it: the words are the last arguments. */
#define assert_logged(level, ...)                                                                  \
	do {                                                                                       \
		fake_log_expect(level, (const char *const[]){__VA_ARGS__, NULL});                  \
		fake_log_reset(NULL);                                                              \
	} while (0)
#define assert_error(...)       assert_logged(TL_LOG_ERROR, __VA_ARGS__)
#define assert_warned(...)      assert_logged(TL_LOG_WARN, __VA_ARGS__)
#define assert_nothing_logged() assert_int_equal(fake_log_count(), 0)

#endif
