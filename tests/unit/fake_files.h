/* SPDX-License-Identifier: MIT */
/*
 * Files to boot from: made in a folder of their own, which is removed with all
 * that is in it. Needs the libraries z and zstd.
 */
#ifndef TL_TESTS_FAKE_FILES_H
#define TL_TESTS_FAKE_FILES_H

#include <stddef.h>
#include <stdint.h>

/* Make the folder, remove it, and forget what was logged: cmocka's setup and teardown. */
int fake_files_setup(void **state);
int fake_files_teardown(void **state);

/* The path of `name` in the folder, until the next test. */
const char *fake_path(const char *name);

/* Makes or replaces a file. Returns its path. */
const char *fake_file(const char *name, const void *bytes, size_t len);

/* The same, packed by gzip or zstd as a whole; one more call appends another member. */
const char *fake_gzip(const char *name, const void *bytes, size_t len);
const char *fake_zstd(const char *name, const void *bytes, size_t len);

/* Adds to its end; cuts `bytes` off its end. */
void fake_append(const char *path, const void *bytes, size_t len);
void fake_cut(const char *path, size_t bytes);

/* Bytes that do not repeat soon, the same for each call. The caller frees them. */
uint8_t *fake_bytes(size_t len);

/* The least arm64 Image: a head of 64 bytes (booting.rst, section 4). */
void fake_image_head(uint8_t head[64], uint64_t text_offset, uint64_t image_size, uint64_t flags);

#endif
