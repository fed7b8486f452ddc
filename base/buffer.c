/* SPDX-License-Identifier: MIT */
/*
 * Grows by doubling.
 */
#include "base/buffer.h"

#include <stdlib.h>
#include <string.h>

void tl_buffer_add(struct tl_buffer *buffer, const void *data, size_t size)
{
	if (buffer->failed || !size)
		return;
	if (buffer->size - buffer->used < size) {
		size_t room = (buffer->size + size) * 2;
		char *grown = realloc(buffer->data, room);

		if (!grown) {
			buffer->failed = true;
			return;
		}
		buffer->data = grown;
		buffer->size = room;
	}
	memcpy(buffer->data + buffer->used, data, size);
	buffer->used += size;
}

void tl_buffer_add_string(struct tl_buffer *buffer, const char *string)
{
	tl_buffer_add(buffer, string, strlen(string));
}

void tl_buffer_clear(struct tl_buffer *buffer)
{
	buffer->used = 0;
	buffer->failed = false;
}

void tl_buffer_fini(struct tl_buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct tl_buffer){0};
}
