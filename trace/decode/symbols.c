/* SPDX-License-Identifier: MIT */
/*
 * A sorted table; names lie one behind the other.
 */
#include "trace/decode/symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8.h"
#include "trace/decode/symbols_set.h"

/* A symbol's end is where the next one begins, but no further than this. */
#define REACH (UINT64_C(1) << 20)

struct symbol {
	uint64_t address;
	uint32_t name; /* offset in `names` */
};

struct tl_symbols {
	struct symbol *list;
	size_t count, room;
	char *names;
	size_t names_size, names_room;
	uint64_t linked, loaded, loaded_size;
	uint64_t slide;
	int borrowed; /* the table is another one's */
};

static void *grow(void *array, size_t *room, size_t wanted, size_t member)
{
	size_t next = *room ? *room : 1024;
	void *grown;

	while (next < wanted)
		next *= 2;
	grown = realloc(array, next * member);
	if (grown)
		*room = next;
	return grown;
}

int tl_symbols_add(struct tl_symbols *symbols, uint64_t address, const char *name, size_t length)
{
	size_t end = symbols->names_size + length + 1;

	if (end > UINT32_MAX)
		return -ENOMEM;
	if (symbols->count == symbols->room) {
		void *grown = grow(
			symbols->list, &symbols->room, symbols->count + 1, sizeof(*symbols->list));

		if (!grown)
			return -ENOMEM;
		symbols->list = grown;
	}
	if (end > symbols->names_room) {
		void *grown = grow(symbols->names, &symbols->names_room, end, 1);

		if (!grown)
			return -ENOMEM;
		symbols->names = grown;
	}
	symbols->list[symbols->count++] = (struct symbol){address, (uint32_t)symbols->names_size};
	memcpy(symbols->names + symbols->names_size, name, length);
	symbols->names[end - 1] = 0;
	tl_utf8_clean(symbols->names + symbols->names_size);
	symbols->names_size = end;
	return 0;
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *one = a, *two = b;

	if (one->address != two->address)
		return one->address < two->address ? -1 : 1;
	/* As the file has them: the first name of an address is the one that is shown. */
	return one->name < two->name ? -1 : one->name > two->name;
}

/* Several names of one address: only the first one stays. */
static void sort(struct tl_symbols *symbols)
{
	size_t kept = 0;

	qsort(symbols->list, symbols->count, sizeof(*symbols->list), by_address);
	for (size_t i = 0; i < symbols->count; i++) {
		if (!kept || symbols->list[kept - 1].address != symbols->list[i].address)
			symbols->list[kept++] = symbols->list[i];
	}
	symbols->count = kept;
}

int tl_symbols_parse(struct tl_symbols **out, const void *data, size_t size)
{
	struct tl_symbols *symbols = calloc(1, sizeof(*symbols));
	int ret;

	*out = NULL;
	if (!symbols)
		return -ENOMEM;
	ret = tl_symbols_read_elf(symbols, data, size);
	if (ret == -ENOENT)
		ret = tl_symbols_read_kallsyms(symbols, data, size);
	if (ret == -ENOENT)
		ret = tl_symbols_read_map(symbols, data, size);
	if (!ret && !symbols->count)
		ret = -ENOENT;
	if (ret) {
		tl_symbols_destroy(symbols);
		return ret;
	}
	sort(symbols);
	*out = symbols;
	return 0;
}

int tl_symbols_load(struct tl_symbols **out, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	void *data;
	int ret;

	*out = NULL;
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0) {
		close(fd);
		return -ENOENT;
	}
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (data == MAP_FAILED)
		return -errno;
	ret = tl_symbols_parse(out, data, (size_t)st.st_size);
	munmap(data, (size_t)st.st_size);
	return ret;
}

void tl_symbols_set_loaded(
	struct tl_symbols *symbols, uint64_t linked, uint64_t address, uint64_t size)
{
	symbols->linked = linked;
	symbols->loaded = address;
	symbols->loaded_size = size;
}

void tl_symbols_loaded(
	const struct tl_symbols *symbols, uint64_t *linked, uint64_t *address, uint64_t *size)
{
	*linked = symbols->linked;
	*address = symbols->loaded;
	*size = symbols->loaded_size;
}

void tl_symbols_set_slide(struct tl_symbols *symbols, uint64_t slide)
{
	symbols->slide = slide;
}

struct tl_symbols *tl_symbols_again(const struct tl_symbols *symbols)
{
	struct tl_symbols *again = malloc(sizeof(*again));

	if (again) {
		*again = *symbols;
		again->borrowed = 1;
	}
	return again;
}

static const char *find(const struct tl_symbols *symbols, uint64_t address, uint64_t *offset)
{
	size_t low = 0, high = symbols->count;

	/* The last one that is not behind it. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->list[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address - symbols->list[low - 1].address >= REACH)
		return NULL;
	*offset = address - symbols->list[low - 1].address;
	return symbols->names + symbols->list[low - 1].name;
}

uint64_t tl_symbols_linked(const struct tl_symbols *symbols, uint64_t address)
{
	uint64_t offset, slid;

	if (!symbols)
		return address;
	slid = address < symbols->slide ? address : address - symbols->slide;
	if (address - symbols->loaded < symbols->loaded_size && !find(symbols, slid, &offset))
		return address - symbols->loaded + symbols->linked;
	return slid;
}

const char *tl_symbols_find(const struct tl_symbols *symbols, uint64_t address, uint64_t *offset)
{
	return symbols ? find(symbols, tl_symbols_linked(symbols, address), offset) : NULL;
}

int tl_symbols_address(const struct tl_symbols *symbols, const char *name, uint64_t *address)
{
	for (size_t i = 0; i < symbols->count; i++) {
		if (!strcmp(symbols->names + symbols->list[i].name, name)) {
			*address = symbols->list[i].address;
			return 1;
		}
	}
	return 0;
}

int tl_symbols_write(const struct tl_symbols *symbols, FILE *out)
{
	for (size_t i = 0; i < symbols->count; i++)
		fprintf(out, "%016" PRIx64 " T %s\n", symbols->list[i].address,
			symbols->names + symbols->list[i].name);
	if (fflush(out) || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}

size_t tl_symbols_count(const struct tl_symbols *symbols)
{
	return symbols ? symbols->count : 0;
}

void tl_symbols_destroy(struct tl_symbols *symbols)
{
	if (!symbols)
		return;
	if (!symbols->borrowed) {
		free(symbols->list);
		free(symbols->names);
	}
	free(symbols);
}
