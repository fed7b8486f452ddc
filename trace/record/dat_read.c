/* SPDX-License-Identifier: MIT */
/*
 * Reads a header that anybody may have written: each length is held against what the file
 * has before it is used, and nothing is kept but the formats of the events that matter.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/record/dat.h"

/* No format or name that the kernel makes comes near. */
#define FORMAT_MAX 65536u
#define NAME_MAX_  64u
#define COUNT_MAX  100000u

struct reader {
	FILE *file;
	uint64_t size; /* of the file */
	char *problem;
	size_t problem_size;
};

__attribute__((format(printf, 2, 3))) static int fail(struct reader *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->problem, r->problem_size, fmt, ap);
	va_end(ap);
	return -EPROTO;
}

static uint64_t at(const struct reader *r)
{
	off_t offset = ftello(r->file);

	return offset < 0 ? 0 : (uint64_t)offset;
}

static int get(struct reader *r, void *data, size_t size, const char *what)
{
	if (fread(data, 1, size, r->file) == size)
		return 0;
	return fail(r, "ends in %s, at byte %llu", what, (unsigned long long)r->size);
}

static int skip(struct reader *r, uint64_t size, const char *what)
{
	if (size > r->size - at(r))
		return fail(r, "%s claims %llu bytes at byte %llu, and the file has %llu", what,
			(unsigned long long)size, (unsigned long long)at(r),
			(unsigned long long)r->size);
	return fseeko(r->file, (off_t)size, SEEK_CUR) ? -errno : 0;
}

/* A zero-terminated word. */
static int get_name(struct reader *r, char name[NAME_MAX_], const char *what)
{
	for (unsigned int i = 0; i < NAME_MAX_; i++) {
		int ret = get(r, &name[i], 1, what);

		if (ret)
			return ret;
		if (!name[i])
			return 0;
	}
	return fail(r, "%s does not end, at byte %llu", what, (unsigned long long)at(r));
}

static int get_count(struct reader *r, uint32_t *count, const char *what)
{
	int ret = get(r, count, sizeof(*count), what);

	if (!ret && *count > COUNT_MAX)
		return fail(r, "%s claims %u entries", what, *count);
	return ret;
}

static int expect_name(struct reader *r, const char *name)
{
	char found[NAME_MAX_];
	int ret = get_name(r, found, name);

	if (!ret && strcmp(found, name) != 0)
		return fail(r, "no %s where it should be, before byte %llu", name,
			(unsigned long long)at(r));
	return ret;
}

static int skip_text64(struct reader *r, const char *what)
{
	uint64_t size = 0;
	int ret = get(r, &size, sizeof(size), what);

	return ret ? ret : skip(r, size, what);
}

static int get_format(struct reader *r, struct tl_dat *dat)
{
	uint64_t size = 0;
	char *text;
	int ret = get(r, &size, sizeof(size), "the event formats");

	if (ret)
		return ret;
	if (size > FORMAT_MAX)
		return fail(r, "an event format claims %llu bytes, at byte %llu",
			(unsigned long long)size, (unsigned long long)at(r));
	text = malloc(size + 1);
	if (!text)
		return -ENOMEM;
	ret = get(r, text, size, "the event formats");
	/* An event that is not known, or not understood, is left out. */
	if (!ret)
		(void)tl_kvm_format_add(&dat->format, text, size);
	free(text);
	return ret;
}

static int get_events(struct reader *r, struct tl_dat *dat)
{
	uint32_t count = 0, events = 0;
	char name[NAME_MAX_];
	int ret = get_count(r, &count, "the ftrace formats");

	for (uint32_t i = 0; i < count && !ret; i++)
		ret = skip_text64(r, "an ftrace format");
	ret = ret ? ret : get_count(r, &count, "the event systems");
	for (uint32_t i = 0; i < count && !ret; i++) {
		ret = get_name(r, name, "the name of an event system");
		ret = ret ? ret : get_count(r, &events, "an event system");
		for (uint32_t e = 0; e < events && !ret; e++)
			ret = get_format(r, dat);
	}
	if (!ret && dat->format.event[TL_EVENT_EXIT].id < 0)
		return fail(r, "has no event kvm_exit");
	return ret;
}

static int skip_text32(struct reader *r, const char *what)
{
	uint32_t size = 0;
	int ret = get(r, &size, sizeof(size), what);

	return ret ? ret : skip(r, size, what);
}

static int skip_options(struct reader *r)
{
	for (;;) {
		uint16_t option = 0;
		int ret = get(r, &option, sizeof(option), "the options");

		if (ret || !option)
			return ret;
		ret = skip_text32(r, "an option");
		if (ret)
			return ret;
	}
}

static int get_prologue(struct reader *r, struct tl_dat *dat)
{
	char magic[TL_DAT_MAGIC_SIZE], version[NAME_MAX_];
	unsigned char kind[2];
	uint32_t page_size = 0;
	int ret = get(r, magic, sizeof(magic), "its first bytes");

	if (ret)
		return ret;
	if (memcmp(magic, TL_DAT_MAGIC, sizeof(magic)) != 0)
		return fail(r, "is no trace.dat: its first bytes are others");
	ret = get_name(r, version, "its version");
	if (!ret && strcmp(version, TL_DAT_VERSION) != 0)
		return fail(r,
			"has version %.16s of the format, and only version " TL_DAT_VERSION
			" can be read",
			version);
	ret = ret ? ret : get(r, kind, sizeof(kind), "its header");
	if (!ret && (kind[0] != 0 || kind[1] != 8))
		return fail(r, "was made by a machine that is not 64-bit and little endian");
	ret = ret ? ret : get(r, &page_size, sizeof(page_size), "its header");
	if (!ret && (page_size < TL_DAT_PAGE_MIN || page_size > TL_DAT_PAGE_MAX ||
			    page_size % TL_DAT_PAGE_MIN))
		return fail(r, "claims pages of %u bytes", page_size);
	dat->page_size = page_size;
	return ret;
}

static int get_places(struct reader *r, struct tl_dat *dat, int *truncated)
{
	uint64_t *table = calloc(dat->cpus, 2 * sizeof(*table));
	const uint64_t header = at(r) + dat->cpus * 2 * sizeof(*table);
	int ret = -ENOMEM;

	dat->places = calloc(dat->cpus, sizeof(*dat->places));
	dat->table = at(r);
	if (table && dat->places)
		ret = get(r, table, dat->cpus * 2 * sizeof(*table), "the table of CPUs");
	for (unsigned int i = 0; i < dat->cpus && !ret; i++) {
		uint64_t offset = table[i * 2], size = table[i * 2 + 1];

		if (size && offset < header)
			ret = fail(r, "places the data of CPU %u in the header", i);
		if (size && (offset > r->size || size > r->size - offset)) {
			size = offset > r->size ? 0 : r->size - offset;
			*truncated = 1;
		}
		dat->places[i] = (struct tl_dat_place){offset, size};
	}
	free(table);
	return ret;
}

static int get_header(struct reader *r, struct tl_dat *dat, int *truncated)
{
	char kind[10] = "";
	uint32_t cpus = 0;
	int ret = get_prologue(r, dat);

	ret = ret ? ret : expect_name(r, "header_page");
	ret = ret ? ret : skip_text64(r, "header_page");
	ret = ret ? ret : expect_name(r, "header_event");
	ret = ret ? ret : skip_text64(r, "header_event");
	ret = ret ? ret : get_events(r, dat);
	ret = ret ? ret : skip_text32(r, "kallsyms");
	ret = ret ? ret : skip_text32(r, "the trace_printk formats");
	ret = ret ? ret : skip_text64(r, "the names of threads");
	ret = ret ? ret : get(r, &cpus, sizeof(cpus), "the number of CPUs");
	if (!ret && (!cpus || cpus > TL_DAT_CPUS_MAX))
		return fail(r, "claims %u CPUs", cpus);
	dat->cpus = cpus;
	ret = ret ? ret : get(r, kind, sizeof(kind), "its header");
	if (!ret && !memcmp(kind, "options  ", sizeof(kind))) {
		ret = skip_options(r);
		ret = ret ? ret : get(r, kind, sizeof(kind), "its header");
	}
	if (!ret && memcmp(kind, "flyrecord", sizeof(kind)) != 0)
		return fail(r, "has no raw data: its kind is not 'flyrecord'");
	return ret ? ret : get_places(r, dat, truncated);
}

int tl_dat_open(
	struct tl_dat *dat, const char *path, int *truncated, char *problem, size_t problem_size)
{
	struct reader r = {.problem = problem, .problem_size = problem_size};
	struct stat st;
	int ret = 0, copy;

	*dat = (struct tl_dat){.fd = -1};
	*truncated = 0;
	tl_kvm_format_init(&dat->format);
	/* Non-blocking: a FIFO without a writer would keep us for ever. */
	dat->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (dat->fd < 0 || fstat(dat->fd, &st)) {
		ret = -errno;
		snprintf(problem, problem_size, "%s", strerror(-ret));
		return ret;
	}
	if (!S_ISREG(st.st_mode)) {
		snprintf(problem, problem_size, "is not a regular file");
		return -EPROTO;
	}
	r.size = (uint64_t)st.st_size;
	copy = fcntl(dat->fd, F_DUPFD_CLOEXEC, 0);
	r.file = copy < 0 ? NULL : fdopen(copy, "r");
	if (r.file)
		ret = get_header(&r, dat, truncated);
	else
		ret = -errno;
	if (r.file)
		fclose(r.file);
	else if (copy >= 0)
		close(copy);
	if (ret && ret != -EPROTO)
		snprintf(problem, problem_size, "%s", strerror(-ret));
	return ret;
}

void tl_dat_close(struct tl_dat *dat)
{
	if (dat->fd >= 0)
		close(dat->fd);
	free(dat->places);
	dat->fd = -1;
	dat->places = NULL;
}
