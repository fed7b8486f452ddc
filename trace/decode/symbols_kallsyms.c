/* SPDX-License-Identifier: MIT */
/*
 * The kallsyms that a Linux Image carries (scripts/kallsyms.c in the kernel source):
 * names compressed with a table of 256 tokens, and addresses as offsets. An Image has
 * no directory, so the tables are found by what they must look like: the tokens of the
 * ten digits stand for themselves, in order, and the index behind the token table must
 * be that table's; the number of names is before them, and the markers that follow must
 * say where every 256th of them is.
 *
 * What follows on what, each 8-byte aligned, lately 4-byte:
 *   before Linux 6.4   offsets, relative_base, num_syms, names, markers, (from 6.2 on
 *                      three bytes a symbol,) token_table, token_index
 *   since              num_syms, names, markers, token_table, token_index, offsets,
 *                      relative_base; lately no base, and offsets from where they are
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/decode/symbols_set.h"

#define TOKENS        256
#define SIZE_MIN      65536
#define SYMBOLS_MIN   1000
#define SYMBOLS_MAX   (4u << 20)
#define NAME_MAX_SIZE 512
/* Where arm64 kernels are linked that leave it to a relocation (KIMAGE_VADDR, 48 bits). */
#define KIMAGE UINT64_C(0xffff800080000000)

struct kallsyms {
	const uint8_t *image;
	size_t size;
	size_t tokens[TOKENS]; /* offset of each token's text */
	size_t token_table, token_index, names, offsets;
	uint32_t count;
	size_t alignment;
	int from_here; /* offsets are from where they are themselves, else from the base */
	uint64_t base;
};

static uint32_t get32(const struct kallsyms *k, size_t at)
{
	uint32_t value;

	memcpy(&value, k->image + at, sizeof(value));
	return value;
}

static uint64_t get64(const struct kallsyms *k, size_t at)
{
	uint64_t value;

	memcpy(&value, k->image + at, sizeof(value));
	return value;
}

static size_t align(size_t at, size_t to)
{
	return (at + to - 1) & ~(to - 1);
}

/* Whether the token index is at `at`. */
static int is_token_index(const struct kallsyms *k, size_t start, size_t at)
{
	if (at + TOKENS * 2 > k->size)
		return 0;
	for (unsigned int i = 0; i < TOKENS; i++) {
		uint16_t index;

		memcpy(&index, k->image + at + 2 * i, sizeof(index));
		if (index != k->tokens[i] - start)
			return 0;
	}
	return 1;
}

/* Whether 256 texts from `start` on are a token table with its index behind it. */
static int is_token_table(struct kallsyms *k, size_t start)
{
	size_t at = start;

	for (unsigned int i = 0; i < TOKENS; i++) {
		const uint8_t *end = memchr(k->image + at, 0,
			k->size - at < NAME_MAX_SIZE ? k->size - at : NAME_MAX_SIZE);

		if (!end)
			return 0;
		k->tokens[i] = at;
		at = (size_t)(end - k->image) + 1;
	}
	k->alignment = is_token_index(k, start, align(at, 4)) ? 4 : 8;
	at = align(at, k->alignment);
	if (!is_token_index(k, start, at))
		return 0;
	k->token_table = start;
	k->token_index = at;
	return 1;
}

/*
 * Whether the table begins with the text that ends before `second`. What is before that
 * need not be 0: in Linux 6.2 and 6.3 it may be the number of a symbol.
 */
static int has_first_token(struct kallsyms *k, size_t second)
{
	for (size_t start = second - 1; second - start <= NAME_MAX_SIZE; start--) {
		if (start % 4 == 0 && is_token_table(k, start))
			return 1;
		if (!start || !k->image[start - 1])
			return 0;
	}
	return 0;
}

/* The token of '0' is the 48th: the table begins that many texts before it. */
static int find_tokens(struct kallsyms *k)
{
	static const char digits[] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009";
	const uint8_t *at = k->image, *found;

	while ((found = memmem(at, k->size - (size_t)(at - k->image), digits, sizeof(digits)))) {
		size_t start = (size_t)(found - k->image);
		unsigned int texts = 0;

		at = found + 1;
		while (start > 1 && texts < '0' - 1) {
			start--;
			texts += !k->image[start - 1];
		}
		if (texts == '0' - 1 && has_first_token(k, start))
			return 0;
	}
	return -ENOENT;
}

/* Length of the compressed name at `at`, and of its length itself. */
static size_t name_length(const struct kallsyms *k, size_t at, size_t *head)
{
	size_t length = k->image[at];

	*head = 1;
	/* Since Linux 6.1, long names have two bytes of length. */
	if (length & 0x80) {
		length = (length & 0x7f) | (size_t)k->image[at + 1] << 7;
		*head = 2;
	}
	return length;
}

/* Whether `count` names begin at `names`, and markers behind them say so. */
static int names_fit(const struct kallsyms *k, size_t names, uint32_t count)
{
	size_t at = names, markers, head, length;

	for (uint32_t i = 0; i < count; i++) {
		if (at + 2 > k->token_table)
			return 0;
		length = name_length(k, at, &head);
		if (!length)
			return 0;
		at += length + head;
	}
	markers = align(at, k->alignment);
	at = names;
	for (uint32_t i = 0; i < count; i++) {
		if (i % 256 == 0 && (markers + i / 256 * 4 + 4 > k->token_table ||
					    get32(k, markers + i / 256 * 4) != at - names))
			return 0;
		at += name_length(k, at, &head);
		at += head;
	}
	return 1;
}

/* Backwards from the tokens, which the names are never far from. */
static int find_names(struct kallsyms *k)
{
	size_t step = k->alignment;

	for (size_t at = align(k->token_table, step) - step; at >= 16; at -= step) {
		/* The number, alone or with what aligns the names. */
		uint32_t count = get32(k, at - step);

		/* A name is at least two bytes. */
		if (count < SYMBOLS_MIN || count > SYMBOLS_MAX || (step == 8 && get32(k, at - 4)) ||
			(uint64_t)count * 2 > k->token_table - at)
			continue;
		if (!names_fit(k, at, count))
			continue;
		k->count = count;
		k->names = at;
		return 0;
	}
	return -ENOENT;
}

/* Expands the name at `at`; its first character is its type. Returns its size, or 0. */
static size_t expand(const struct kallsyms *k, size_t at, char *name)
{
	size_t head, length = name_length(k, at, &head), out = 0;

	for (size_t i = 0; i < length; i++) {
		const char *token = (const char *)k->image + k->tokens[k->image[at + head + i]];
		size_t size = strlen(token);

		if (out + size >= NAME_MAX_SIZE)
			return 0;
		memcpy(name + out, token, size);
		out += size;
	}
	name[out] = 0;
	return out;
}

/* From the base, or where the Image begins. */
static uint32_t offset_of(const struct kallsyms *k, uint32_t i)
{
	size_t at = k->offsets + (size_t)i * 4;

	return k->from_here ? (uint32_t)(get32(k, at) + at) : get32(k, at);
}

/* Whether the offsets are at `at`: names are in the order of their addresses. */
static int offsets_fit(struct kallsyms *k, size_t at, int from_here)
{
	k->offsets = at;
	k->from_here = from_here;
	for (uint32_t i = 1; i < k->count; i++) {
		if (offset_of(k, i) < offset_of(k, i - 1))
			return 0;
	}
	/* Not just a gap. */
	return offset_of(k, 0) < offset_of(k, k->count - 1);
}

/*
 * Where the offsets are, and what they are from: kernels are linked to run at `base`.
 * Position-independent ones leave the base to a relocation, and have a small number.
 */
static int find_offsets(struct kallsyms *k)
{
	size_t behind = align(k->token_index + TOKENS * 2, k->alignment);
	size_t size = (size_t)k->count * 4, array = align(size, 8);

	/* The first symbol is where the Image begins. */
	if (behind + array + 8 <= k->size && !get32(k, behind) && offsets_fit(k, behind, 0))
		k->base = get64(k, behind + array);
	else if (behind + size <= k->size && (uint32_t)(get32(k, behind) + behind) < 0x20000 &&
		 offsets_fit(k, behind, 1))
		k->base = KIMAGE;
	else if (k->names >= 16 + array && offsets_fit(k, k->names - 16 - array, 0))
		k->base = get64(k, k->names - 16);
	else
		return -ENOENT;
	if (k->base < UINT64_C(1) << 63)
		k->base = KIMAGE;
	return 0;
}

int tl_symbols_read_kallsyms(struct tl_symbols *symbols, const void *image, size_t size)
{
	struct kallsyms *k = calloc(1, sizeof(*k));
	char name[NAME_MAX_SIZE];
	size_t at, head;
	int ret;

	if (!k)
		return -ENOMEM;
	k->image = image;
	k->size = size;
	ret = size < SIZE_MIN ? -ENOENT : find_tokens(k);
	/* Where both would do for the tokens, the names tell. */
	for (k->alignment = 8; !ret && k->alignment >= 4; k->alignment -= 4) {
		if (!find_names(k))
			break;
	}
	if (!ret && !k->count)
		ret = -ENOENT;
	ret = ret ? ret : find_offsets(k);
	at = k->names;
	for (uint32_t i = 0; !ret && i < k->count; i++) {
		size_t length = expand(k, at, name);

		if (length > 1 && strchr("tTwW", name[0]) && name[1] != '$')
			ret = tl_symbols_add(
				symbols, k->base + offset_of(k, i), name + 1, length - 1);
		at += name_length(k, at, &head);
		at += head;
	}
	free(k);
	return ret;
}
