/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing 9P messages. Every access to the bytes of a message goes through take()
 * and every one to those of a reply through give(), which check the bounds.
 */
#include "vmm/dev/virtio/p9/wire.h"

#include <errno.h>
#include <string.h>

static const uint8_t *take(struct tl_p9_in *in, size_t size)
{
	const uint8_t *at = in->at;

	if (in->bad || size > in->left) {
		in->bad = true;
		return NULL;
	}
	in->at += size;
	in->left -= size;
	return at;
}

static uint64_t get(struct tl_p9_in *in, unsigned int size)
{
	const uint8_t *at = take(in, size);
	uint64_t value = 0;

	for (unsigned int i = 0; at && i < size; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

uint8_t tl_p9_get8(struct tl_p9_in *in)
{
	return (uint8_t)get(in, 1);
}

uint16_t tl_p9_get16(struct tl_p9_in *in)
{
	return (uint16_t)get(in, 2);
}

uint32_t tl_p9_get32(struct tl_p9_in *in)
{
	return (uint32_t)get(in, 4);
}

uint64_t tl_p9_get64(struct tl_p9_in *in)
{
	return get(in, 8);
}

const uint8_t *tl_p9_get_bytes(struct tl_p9_in *in, size_t size)
{
	return take(in, size);
}

int tl_p9_get_text(struct tl_p9_in *in, char *to, size_t max)
{
	size_t length = tl_p9_get16(in);
	const uint8_t *at = take(in, length);

	*to = 0;
	if (!at)
		return 0;
	if (length > max)
		return -ENAMETOOLONG;
	if (memchr(at, 0, length))
		return -EINVAL;
	memcpy(to, at, length);
	to[length] = 0;
	return 0;
}

int tl_p9_get_name(struct tl_p9_in *in, char *to, bool up)
{
	int ret = tl_p9_get_text(in, to, TL_P9_NAME);

	if (ret || in->bad)
		return ret;
	if (!*to || strchr(to, '/') || !strcmp(to, "."))
		return -EINVAL;
	return !up && !strcmp(to, "..") ? -EINVAL : 0;
}

bool tl_p9_get_end(const struct tl_p9_in *in)
{
	return !in->bad && !in->left;
}

static uint8_t *give(struct tl_p9_out *out, size_t size)
{
	uint8_t *at = out->at + out->used;

	if (out->full || size > out->size - out->used) {
		out->full = true;
		return NULL;
	}
	out->used += size;
	return at;
}

static void store(uint8_t *at, uint64_t value, unsigned int size)
{
	for (unsigned int i = 0; at && i < size; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

void tl_p9_put8(struct tl_p9_out *out, uint8_t value)
{
	store(give(out, 1), value, 1);
}

void tl_p9_put16(struct tl_p9_out *out, uint16_t value)
{
	store(give(out, 2), value, 2);
}

void tl_p9_put32(struct tl_p9_out *out, uint32_t value)
{
	store(give(out, 4), value, 4);
}

void tl_p9_put64(struct tl_p9_out *out, uint64_t value)
{
	store(give(out, 8), value, 8);
}

void tl_p9_put_text(struct tl_p9_out *out, const char *text)
{
	size_t length = strnlen(text, UINT16_MAX);
	uint8_t *at;

	tl_p9_put16(out, (uint16_t)length);
	at = give(out, length);
	if (at)
		memcpy(at, text, length);
}

void tl_p9_put_qid(struct tl_p9_out *out, const struct tl_p9_qid *qid)
{
	tl_p9_put8(out, qid->type);
	tl_p9_put32(out, qid->version);
	tl_p9_put64(out, qid->path);
}

size_t tl_p9_room(const struct tl_p9_out *out)
{
	return out->full ? 0 : out->size - out->used;
}

void tl_p9_set32(struct tl_p9_out *out, size_t at, uint32_t value)
{
	if (at + 4 <= out->used)
		store(out->at + at, value, 4);
}
