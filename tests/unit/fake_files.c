/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "tests/unit/fake_files.h"
#include "tests/unit/fake_log.h"

#define PATHS 128

static char folder[128];
static char paths[PATHS][256];
static unsigned int path_count;

int fake_files_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	path_count = 0;
	snprintf(folder, sizeof(folder), "%.100s/trapline-unit-XXXXXX", tmp ? tmp : "/tmp");
	return mkdtemp(folder) ? fake_log_reset(state) : -1;
}

int fake_files_teardown(void **state)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	(void)state;
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.' && unlinkat(dirfd(dir), entry->d_name, 0))
			unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	}
	if (dir)
		closedir(dir);
	return rmdir(folder);
}

const char *fake_path(const char *name)
{
	char *path = paths[path_count];

	assert_true(++path_count < PATHS);
	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void write_to(const char *path, int flags, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

const char *fake_file(const char *name, const void *bytes, size_t len)
{
	const char *path = fake_path(name);

	write_to(path, O_TRUNC, bytes, len);
	return path;
}

void fake_append(const char *path, const void *bytes, size_t len)
{
	write_to(path, O_APPEND, bytes, len);
}

void fake_cut(const char *path, size_t bytes)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_true((size_t)st.st_size >= bytes);
	assert_int_equal(truncate(path, st.st_size - (off_t)bytes), 0);
}

const char *fake_gzip(const char *name, const void *bytes, size_t len)
{
	z_stream stream = {.next_in = (void *)(uintptr_t)bytes, .avail_in = (uInt)len};
	const char *path = fake_path(name);
	uint8_t *packed;
	size_t room;

	/* 16: gzip's header and trailer (zlib.h, deflateInit2). */
	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, 0), Z_OK);
	room = deflateBound(&stream, len);
	packed = malloc(room);
	assert_non_null(packed);
	stream.next_out = packed;
	stream.avail_out = (uInt)room;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	write_to(path, O_APPEND, packed, room - stream.avail_out);
	deflateEnd(&stream);
	free(packed);
	return path;
}

const char *fake_zstd(const char *name, const void *bytes, size_t len)
{
	const char *path = fake_path(name);
	size_t room = ZSTD_compressBound(len);
	uint8_t *packed = malloc(room);
	ZSTD_CCtx *context = ZSTD_createCCtx();
	size_t n;

	assert_non_null(packed);
	assert_non_null(context);
	/* As the zstd command does. */
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	n = ZSTD_compress2(context, packed, room, bytes, len);
	assert_false(ZSTD_isError(n));
	write_to(path, O_APPEND, packed, n);
	ZSTD_freeCCtx(context);
	free(packed);
	return path;
}

uint8_t *fake_bytes(size_t len)
{
	uint8_t *bytes = malloc(len);
	uint32_t x = 1;

	assert_non_null(bytes);
	for (size_t i = 0; i < len; i++) {
		x = x * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(x >> 24);
	}
	return bytes;
}

static void put_le64(uint8_t *to, uint64_t value)
{
	for (unsigned int i = 0; i < 8; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

void fake_image_head(uint8_t head[64], uint64_t text_offset, uint64_t image_size, uint64_t flags)
{
	memset(head, 0, 64);
	put_le64(head + 8, text_offset);
	put_le64(head + 16, image_size);
	put_le64(head + 24, flags);
	memcpy(head + 56, "ARM\x64", 4);
}
