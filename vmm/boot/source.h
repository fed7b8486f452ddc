/* SPDX-License-Identifier: MIT */
/*
 * A file to boot from, as a stream of bytes: plain, gzip, zstd, or a kernel
 * inside an EFI program, which its first bytes tell. It stays open, so that a
 * reset can load it again.
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
	bool zboot;                      /* the kernel in an EFI program, packed */
	struct tl_source_unpack *unpack; /* NULL if not packed */
	uint64_t start, end;             /* bytes of the file that are read: [start, end) */
	uint64_t offset;                 /* of the next byte in the file */
};

#define TL_SOURCE_INIT ((struct tl_source){.fd = -1})

/*
 * Opens a regular file. `what` ("kernel", "initrd") is used in messages; with
 * `unpack`, compressed files are read decompressed. Returns 0 or -errno (logged).
 */
int tl_source_open(struct tl_source *source, const char *what, const char *path, bool unpack);
void tl_source_close(struct tl_source *source);

/* Starts again at the first byte. Returns 0 or -errno (logged). */
int tl_source_rewind(struct tl_source *source);

/*
 * Reads exactly `len` bytes, fewer only at the end. Returns how many, or -errno
 * (logged): a file that is shorter than it was, or damaged compressed data.
 */
int64_t tl_source_read(struct tl_source *source, void *buffer, uint64_t len);

/*
 * Gives back the memory that unpacking takes, up to 128 MiB for zstd. Nothing can be read until
 * tl_source_rewind().
 */
void tl_source_rest(struct tl_source *source);

#endif
