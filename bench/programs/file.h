/* SPDX-License-Identifier: MIT */
/*
 * Files and errors of the benchmark programs: whole files in memory, and an end with one line.
 */
#ifndef TL_BENCH_PROGRAMS_FILE_H
#define TL_BENCH_PROGRAMS_FILE_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline _Noreturn void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, errno ? strerror(errno) : "wrong");
	exit(1);
}

/* The file as a whole, with a 0 behind it, on the heap. */
static inline uint8_t *file_read(const char *path, size_t *length)
{
	size_t room = 1 << 16, used = 0, n;
	uint8_t *data = malloc(room + 1);
	FILE *file = fopen(path, "re");

	if (!file || !data)
		die(path);
	while ((n = fread(data + used, 1, room - used, file)) > 0) {
		used += n;
		if (used == room)
			data = realloc(data, (room *= 2) + 1);
		if (!data)
			die(path);
	}
	if (ferror(file))
		die(path);
	fclose(file);
	data[used] = 0;
	*length = used;
	return data;
}

static inline void file_write(const char *path, const void *data, size_t length)
{
	FILE *file = fopen(path, "we");

	if (!file || fwrite(data, 1, length, file) != length || fclose(file))
		die(path);
}

/* A number from 1 on. */
static inline unsigned long number_of(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	errno = 0;
	if (!value || *end)
		die(text);
	return value;
}

#endif
