/* SPDX-License-Identifier: MIT */
/*
 * A disk for unit tests: a file in /tmp whose image the test knows, on a host that fails or is
 * slow as the test says, and requests to it, one at a time. Link with
 * Wraps: preadv2 pwritev2 fdatasync fallocate io_uring_submit
 */
#ifndef TL_TESTS_FAKE_DISK_H
#define TL_TESTS_FAKE_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <liburing.h>

#include "vmm/dev/virtio/blk_request.h"
#include "vmm/dev/virtio/blk_ring.h"

#define T_IN           0u
#define T_OUT          1u
#define T_FLUSH        4u
#define T_GET_ID       8u
#define T_DISCARD      11u
#define T_WRITE_ZEROES 13u

#define OK     0
#define IOERR  1
#define UNSUPP 2

#define SECTOR  512u
#define SECTORS 4096u /* of the disk */

struct fake_disk {
	/* Set by the test. */
	int error;                       /* errno of all that the file system is asked for */
	int fallocate_error;             /* of that alone */
	unsigned int interrupted;        /* so many transfers get EINTR */
	size_t at_once;                  /* bytes of one transfer, if not 0 */
	bool shrunk;                     /* there is nothing to be read */
	bool by_ring;                    /* what io_uring can do, it does */
	int ring_fd;                     /* io_uring transfers from there instead, if not 0 */
	int ring_flags;                  /* of preadv2(2), for those */
	int submit_fails;                /* a negative errno */
	unsigned int submit_interrupted; /* so many submissions get EINTR */
	uint8_t image[SECTORS * SECTOR]; /* what should be in the file */

	/* Set by the fake. */
	char path[32];
	int file;
	struct tl_blk_file disk;
	struct tl_blk_ring *ring;
	int ring_error;   /* why this PC has no io_uring for us */
	int submit_error; /* of the last request */
	int64_t written;
	unsigned int transfers, syncs, fallocates, submits;
	unsigned int durable; /* writes that were to be on the disk at once */
};

extern struct fake_disk fake_disk;

struct header {
	uint32_t type, ioprio;
	uint64_t sector;
};

struct range {
	uint64_t sector;
	uint32_t sectors, flags;
};

/* The file alone, for a device to open. fake_disk_teardown() takes it away. 0 or -1. */
int fake_disk_make(void);

/* A new disk, number 3, in *state: a struct tl_blk_file. 0 or -1. */
int fake_disk_setup(void **state);

/* Releases both. Returns -1 if something was logged that the test has not looked at. */
int fake_disk_teardown(void **state);

/* The same disk, opened anew. */
void fake_disk_reopen(bool read_only);

/* Fails the test unless the file is as the image. */
void assert_image(void);

/*
 * A request of pieces, whose sizes end with a 0: `out` holds its bytes, header first. What
 * comes back is in `in`, the status as its last byte. Returns how many bytes the device says
 * it has written, or -errno.
 */
int64_t pieces(struct tl_blk_file *file, const void *out, const size_t *out_sizes, void *in,
	const size_t *in_sizes);

/* One whose header, data and status are one piece each. Returns the status. */
int simple(struct tl_blk_file *file, uint32_t type, uint64_t sector, const void *out,
	size_t out_bytes, void *in, size_t in_bytes);

/* A DISCARD or WRITE_ZEROES. Returns the status. */
int ranges(struct tl_blk_file *file, uint32_t type, const struct range *list, size_t count);
int range(
	struct tl_blk_file *file, uint32_t type, uint64_t sector, uint32_t sectors, uint32_t flags);

#endif
