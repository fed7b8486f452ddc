/* SPDX-License-Identifier: MIT */
/*
 * Tables one behind the other, as scripts/kallsyms.c in the kernel source writes them.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_kallsyms.h"

static void put(struct fake_image *im, const void *bytes, size_t size)
{
	memcpy(im->data + im->size, bytes, size);
	im->size += size;
}

static void put32(struct fake_image *im, uint32_t value)
{
	put(im, &value, sizeof(value));
}

static void put64(struct fake_image *im, uint64_t value)
{
	put(im, &value, sizeof(value));
}

/* Where the next table begins. */
static size_t align_image(struct fake_image *im)
{
	while (im->size % (im->layout == FAKE_FROM_HERE ? 4 : 8))
		im->data[im->size++] = 0;
	return im->size;
}

/* What the tokens stand for: themselves, but for those that no name has. */
static const char *token(unsigned int i, char *text)
{
	if (i == 1)
		return "func_";
	if (i == 2)
		return "quite_long_";
	if (i == '/')
		return "do_";
	text[0] = i > ' ' && i < 127 ? (char)i : 'q';
	text[1] = 0;
	return text;
}

/* Name `i` as it is in the table, its type first. Some are not for us: data, and "$x". */
static size_t compressed(uint32_t i, char *text)
{
	if (i % 10 == 3)
		return (size_t)sprintf(text, "Ddata%u", i);
	if (i % 50 == 7)
		return (size_t)sprintf(text, "t$x");
	if (i == 25) /* a length of two bytes */
		return (size_t)sprintf(text, "T%0300u", i);
	if (i == 26) { /* longer than names may be */
		memset(text, 2, 100);
		text[0] = 'T';
		return 100;
	}
	return (size_t)sprintf(text, "%c\1/%u", "tTwW"[i % 4], i);
}

const char *fake_image_name(uint32_t i)
{
	static char name[512];

	if (i % 10 == 3 || i % 50 == 7 || i == 26)
		return NULL;
	snprintf(name, sizeof(name), i == 25 ? "%0300u" : "func_do_%u", i);
	return name;
}

static void put_names(struct fake_image *im)
{
	im->num_syms = align_image(im);
	put32(im, im->count);
	im->names = align_image(im);
	for (uint32_t i = 0; i < im->count; i++) {
		char text[512];
		size_t length = compressed(i, text);
		uint8_t head[2] = {(uint8_t)(length | 0x80), (uint8_t)(length >> 7)};

		im->name_at[i] = im->size;
		if (length < 0x80)
			head[0] = (uint8_t)length;
		put(im, head, length < 0x80 ? 1 : 2);
		put(im, text, length);
	}
	im->markers = align_image(im);
	for (uint32_t i = 0; i < im->count; i += 256)
		put32(im, (uint32_t)(im->name_at[i] - im->names));
}

static void put_tokens(struct fake_image *im)
{
	uint16_t at[256];
	char text[2];

	im->tokens = align_image(im);
	for (unsigned int i = 0; i < 256; i++) {
		const char *string = token(i, text);

		at[i] = (uint16_t)(im->size - im->tokens);
		put(im, string, strlen(string) + 1);
	}
	im->index = align_image(im);
	put(im, at, sizeof(at));
}

static void put_offsets(struct fake_image *im)
{
	im->offsets = align_image(im);
	for (uint32_t i = 0; i < im->count; i++)
		put32(im, i * FAKE_STEP - (im->layout == FAKE_FROM_HERE ? (uint32_t)im->size : 0));
	if (im->layout == FAKE_FROM_HERE)
		return;
	im->base = align_image(im);
	put64(im, FAKE_BASE);
}

/* Each byte of the last one is something. */
static void put_three_bytes(struct fake_image *im)
{
	align_image(im);
	for (uint32_t i = 0; i < im->count; i++)
		put(im, "\1\2\3", 3);
}

struct fake_image *fake_image_create(enum fake_layout layout, uint32_t count)
{
	struct fake_image *im = calloc(1, sizeof(*im));

	assert_non_null(im);
	im->data = calloc(1, 1 << 20);
	assert_non_null(im->data);
	im->layout = layout;
	im->count = count;
	while (im->size < FAKE_CODE)
		put32(im, 0xd503201f); /* NOP */
	if (layout == FAKE_BEFORE || layout == FAKE_BEFORE_THREE)
		put_offsets(im);
	put_names(im);
	if (layout == FAKE_BEFORE_THREE)
		put_three_bytes(im);
	put_tokens(im);
	if (layout == FAKE_BEHIND || layout == FAKE_FROM_HERE)
		put_offsets(im);
	im->end = im->size;
	return im;
}

void fake_image_destroy(struct fake_image *im)
{
	free(im->data);
	free(im);
}
