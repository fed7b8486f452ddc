/* SPDX-License-Identifier: MIT */
/*
 * What a disk is made of: a raw file or a block device, opened and locked, and what is done
 * to it at once, on the caller's thread. Offsets and lengths are bytes. Any thread.
 */
#ifndef TL_VMM_VIRTIO_BLK_FILE_H
#define TL_VMM_VIRTIO_BLK_FILE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>
#include <time.h>

#include "vmm/dev/virtio/blk.h"

struct tl_blk_file {
	const char *path; /* the caller's */
	int fd;
	bool read_only;
	bool in_memory;      /* nothing to wait for */
	bool write_through;  /* what is written is on the disk before it is acknowledged */
	uint64_t bytes;      /* its size when it was opened */
	uint32_t block_size; /* what the file is written in pieces of: 512 or more */

	/* What may still be said about errors. */
	pthread_mutex_t lock;
	unsigned int said;
	time_t said_at;
};

/* Opens and locks it. Returns 0 or -errno (logged). */
int tl_blk_file_open(struct tl_blk_file *file, const struct tl_disk *disk);

void tl_blk_file_close(struct tl_blk_file *file);

/*
 * Reads or writes all of the vector, which it uses up; a short transfer goes on where it was.
 * Returns 0 or -errno; -EIO where the file ends.
 */
int tl_blk_file_transfer(const struct tl_blk_file *file, struct iovec *iov, unsigned int count,
	uint64_t at, bool is_write);

/* Cuts the first `bytes` off the vector. Returns what is left of `count`; *iov moves. */
unsigned int tl_blk_advance(struct iovec **iov, unsigned int count, size_t bytes);

/* What was written before is on the disk. Returns 0 or -errno. */
int tl_blk_file_flush(const struct tl_blk_file *file);

/* The range is no longer wanted. Returns 0, also where the host cannot free it, or -errno. */
int tl_blk_file_discard(const struct tl_blk_file *file, uint64_t at, uint64_t bytes);

/* The range reads as zeros; with `unmap` it may be freed. Returns 0 or -errno. */
int tl_blk_file_zero(const struct tl_blk_file *file, uint64_t at, uint64_t bytes, bool unmap);

/* Says that an operation ("writing") has failed, unless that was said often of late. */
void tl_blk_file_failed(struct tl_blk_file *file, const char *what, int error);

#endif
