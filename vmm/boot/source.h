/* SPDX-License-Identifier: MIT */
/*
 * A file to boot from, as a stream of bytes: plain, gzip or zstd, which its
 * first bytes tell. It stays open, so that a reset can load it again.
 */
#ifndef TL_VMM_BOOT_SOURCE_H
#define TL_VMM_BOOT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tl_source_unpack;

struct tl_source {
	const char *path; /* not owned */
	int fd;
	uint64_t file_size;              /* bytes, when it was opened */
	bool packed;                     /* its length is known only at its end */
	struct tl_source_unpack *unpack; /* NULL if not packed */
	uint64_t offset;                 /* of the next byte, plain files */
};

#define TL_SOURCE_INIT ((struct tl_source){.fd = -1})

/*
 * Opens a regular file. `what` ("kernel", "initrd") is used in messages; with
 * `unpack`, compressed files are read decompressed. Returns 0 or -errno (logged).
 */
int tl_source_open(struct tl_source *source, const char *what, const char *path, bool unpack);
void tl_source_close(struct tl_source *source);

/* Starts again at the first byte. Returns 0 or -errno. */
int tl_source_rewind(struct tl_source *source);

/*
 * Reads exactly `len` bytes, fewer only at the end. Returns how many, or -errno
 * (logged): a file that is shorter than it was, or damaged compressed data.
 */
int64_t tl_source_read(struct tl_source *source, void *buffer, uint64_t len);

#endif
