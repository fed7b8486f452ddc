/* SPDX-License-Identifier: MIT */
/*
 * One-line messages on standard error. The level is the only state of the
 * whole program that is neither on a stack nor in an object: it belongs to the
 * process, as standard error does.
 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

/* Set once by main, read by every thread; relaxed, since nothing hangs on the order. */
static _Atomic int log_last = TL_LOG_WARN;

void tl_log_set_level(enum tl_log_level last)
{
	atomic_store_explicit(&log_last, (int)last, memory_order_relaxed);
}

int tl_log_enabled(enum tl_log_level level)
{
	return (int)level <= atomic_load_explicit(&log_last, memory_order_relaxed);
}

void tl_log(enum tl_log_level level, const char *fmt, ...)
{
	static const char *const prefix[] = {
		[TL_LOG_ERROR] = "trapline: ",
		[TL_LOG_WARN] = "trapline: warning: ",
		[TL_LOG_INFO] = "trapline: ",
	};
	char line[LINE_MAX_BYTES];
	int saved = errno;
	va_list ap;
	size_t at;
	size_t n;

	if (!tl_log_enabled(level))
		return;
	at = (size_t)snprintf(line, sizeof(line), "%s", prefix[level]);
	va_start(ap, fmt);
	vsnprintf(line + at, sizeof(line) - at - 1, fmt, ap);
	va_end(ap);
	n = strlen(line);
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	}
	line[n++] = '\n';
	/* A message that cannot be written has nowhere else to go. */
	if (write(STDERR_FILENO, line, n) < 0)
		errno = saved;
	errno = saved;
}
