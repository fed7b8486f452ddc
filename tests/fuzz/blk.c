/* SPDX-License-Identifier: MIT */
/*
 * Requests of a disk: the input is a chain, cut into pieces as it says, and what is in them.
 * Each piece is memory of its own, so that the sanitizer watches its ends. Carried out by the
 * caller, and where the kernel has io_uring also by that; both must answer alike.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/dev/virtio/blk_request.h"
#include "vmm/dev/virtio/blk_ring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PIECES  8u
#define SECTORS 64u

struct layout {
	uint8_t out, in; /* how many pieces */
	uint8_t read_only, write_through;
	uint16_t sizes[PIECES];
};

struct disk {
	struct tl_blk_file file;
	struct tl_blk_ring *ring;
	uint32_t written;
};

static void on_done(void *opaque, uint16_t head, uint32_t written)
{
	struct disk *disk = opaque;

	if (head != 1 || disk->written)
		abort();
	disk->written = written;
}

/* Without a name, and without the lock and the path that a real one has. */
static void make(struct disk *disk)
{
	disk->file = (struct tl_blk_file){.path = "fuzz",
		.fd = memfd_create("trapline-fuzz", MFD_CLOEXEC),
		.block_size = 512,
		.bytes = SECTORS * TL_BLK_SECTOR,
		.lock = PTHREAD_MUTEX_INITIALIZER};
	if (disk->file.fd < 0 || ftruncate(disk->file.fd, (off_t)disk->file.bytes) ||
		tl_blk_ring_create(&disk->ring, &disk->file, on_done, disk))
		disk->ring = NULL;
}

static void build(
	struct tl_vq_chain *chain, const struct layout *layout, const uint8_t *data, size_t size)
{
	*chain = (struct tl_vq_chain){.head = 1};
	chain->out = layout->out % (PIECES / 2 + 1);
	chain->in = layout->in % (PIECES / 2 + 1);
	for (unsigned int i = 0; i < chain->out + chain->in; i++) {
		size_t bytes = layout->sizes[i] % 4096u + 1u, n = bytes < size ? bytes : size;
		uint8_t *piece = calloc(1, bytes);

		if (!piece)
			abort();
		memcpy(piece, data, n);
		data += n;
		size -= n;
		chain->iov[i] = (struct iovec){piece, bytes};
		*(i < chain->out ? &chain->out_bytes : &chain->in_bytes) += bytes;
	}
}

static void by_ring(struct disk *disk, const struct tl_blk_request *request)
{
	int ret;

	disk->written = 0;
	if (tl_blk_ring_add(disk->ring, request))
		abort();
	ret = tl_blk_ring_submit(disk->ring);
	while (!ret && tl_blk_ring_in_flight(disk->ring)) {
		struct pollfd polled = {.fd = tl_blk_ring_fd(disk->ring), .events = POLLIN};

		(void)poll(&polled, 1, -1);
		ret = tl_blk_ring_reap(disk->ring);
	}
	if (ret)
		abort();
}

/* As the device does; the status must be one that there is, and fit what was written. */
static void carry_out(struct disk *disk, const struct tl_vq_chain *chain)
{
	struct tl_blk_request request;
	int ret = tl_blk_request_parse(&request, &disk->file, chain);
	uint32_t written;
	uint8_t status;

	if (ret < 0 && ret != -EPROTO)
		abort();
	if (ret <= 0)
		return;
	written = tl_blk_request_do(&request, &disk->file, 0);
	status = *request.status;
	if (!written || written > chain->in_bytes || status > TL_BLK_S_UNSUPP ||
		(status && written != 1))
		abort();
	if (!disk->ring || (request.type != TL_BLK_T_FLUSH && !request.bytes))
		return;
	by_ring(disk, &request);
	if (disk->written != written || *request.status != status)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct disk disk;
	struct tl_vq_chain chain;
	struct layout layout;

	if (size < sizeof(layout))
		return 0;
	if (!disk.file.path)
		make(&disk);
	memcpy(&layout, data, sizeof(layout));
	build(&chain, &layout, data + sizeof(layout), size - sizeof(layout));
	disk.file.read_only = layout.read_only & 1;
	disk.file.write_through = layout.write_through & 1;
	carry_out(&disk, &chain);
	for (unsigned int i = 0; i < chain.out + chain.in; i++)
		free(chain.iov[i].iov_base);
	return 0;
}
