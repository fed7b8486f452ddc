/* SPDX-License-Identifier: MIT */
/*
 * Messages of the program itself, on standard error, one line each:
 * "trapline: what failed, on what: why; what to do". Any thread may log; a
 * message is one write(2), so lines of two threads do not mix.
 */
#ifndef TL_BASE_LOG_H
#define TL_BASE_LOG_H

enum tl_log_level {
	TL_LOG_ERROR, /* what was asked for cannot be done */
	TL_LOG_WARN,  /* it is done, but not as the user may think */
	TL_LOG_INFO,  /* shown with -v */
};

/* Sets the last level that is shown (default TL_LOG_WARN). Process-wide, thread-safe. */
void tl_log_set_level(enum tl_log_level last);

/* Whether messages of this level are shown. Thread-safe. */
int tl_log_enabled(enum tl_log_level level);

/*
 * Logs one line; the newline is added, and control characters (which may come
 * from a guest or a file) are shown as '?'. errno is left as it was.
 */
void tl_log(enum tl_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define tl_log_error(...) tl_log(TL_LOG_ERROR, __VA_ARGS__)
#define tl_log_warn(...)  tl_log(TL_LOG_WARN, __VA_ARGS__)
#define tl_log_info(...)  tl_log(TL_LOG_INFO, __VA_ARGS__)

#endif
