/* SPDX-License-Identifier: MIT */
/*
 * From /proc/self/cmdline: no argument has to be handed from main to here.
 */
#include "base/command_line.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"

struct text {
	char *at, *end; /* room for the 0 is behind the end */
};

static void put(struct text *text, const char *what, size_t length)
{
	size_t room = (size_t)(text->end - text->at);

	length = length < room ? length : room;
	memcpy(text->at, what, length);
	text->at += length;
}

static void put_argument(struct text *text, const char *argument, size_t length)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789%+,-./:=@_^";
	size_t safe = 0;

	while (safe < length && memchr(plain, argument[safe], sizeof(plain) - 1))
		safe++;
	if (length && safe == length) {
		put(text, argument, length);
		return;
	}
	put(text, "'", 1);
	for (size_t i = 0; i < length; i++) {
		if (argument[i] == '\'')
			put(text, "'\\''", 4);
		else
			put(text, &argument[i], 1);
	}
	put(text, "'", 1);
}

const char *tl_command_line_of(char *buffer, size_t size, const char *arguments, size_t length)
{
	struct text text = {buffer, buffer + size - 1};
	const char *end = arguments + length;

	for (const char *at = arguments; at < end;) {
		size_t n = strnlen(at, (size_t)(end - at));
		const char *slash = at == arguments ? memrchr(at, '/', n) : NULL;
		size_t skip = slash ? (size_t)(slash + 1 - at) : 0;

		if (at != arguments)
			put(&text, " ", 1);
		put_argument(&text, at + skip, n - skip);
		at += n + 1;
	}
	*text.at = 0;
	tl_utf8_clean(buffer);
	return buffer;
}

const char *tl_command_line(char *buffer, size_t size)
{
	char arguments[4096];
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, arguments, sizeof(arguments));

	if (fd >= 0)
		close(fd);
	return tl_command_line_of(buffer, size, arguments, n > 0 ? (size_t)n : 0);
}
