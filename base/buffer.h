/* SPDX-License-Identifier: MIT */
/*
 * Bytes that grow in memory. All zero is empty. Once there was no memory, nothing is added any
 * more and `failed` says so: to be looked at once, at the end.
 */
#ifndef TL_BASE_BUFFER_H
#define TL_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct tl_buffer {
	char *data;
	size_t used, size;
	bool failed;
};

void tl_buffer_add(struct tl_buffer *buffer, const void *data, size_t size);

void tl_buffer_add_string(struct tl_buffer *buffer, const char *string);

/* Empties it; what it has of memory it keeps for what comes next. */
void tl_buffer_clear(struct tl_buffer *buffer);

void tl_buffer_fini(struct tl_buffer *buffer);

#endif
