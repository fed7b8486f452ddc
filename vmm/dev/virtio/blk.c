/* SPDX-License-Identifier: MIT */
/*
 * Requests are carried out one after the other on the device's thread. What FLUSH has
 * acknowledged is on the disk: fdatasync(2).
 */
#include "vmm/dev/virtio/blk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/dev/virtio/virtio.h"

#define DEVICE_ID 2u
#define SECTOR    512u

/* Feature bits: section 5.2.3. */
#define F_SEG_MAX      2
#define F_RO           5
#define F_BLK_SIZE     6
#define F_FLUSH        9
#define F_DISCARD      13
#define F_WRITE_ZEROES 14

/* Requests and their status: section 5.2.6. */
#define T_IN           0u
#define T_OUT          1u
#define T_FLUSH        4u
#define T_GET_ID       8u
#define T_DISCARD      11u
#define T_WRITE_ZEROES 13u
#define S_OK           0u
#define S_IOERR        1u
#define S_UNSUPP       2u
#define ID_BYTES       20u
#define RANGE_UNMAP    1u

/* Of one DISCARD or WRITE_ZEROES. */
#define RANGE_SECTORS_MAX (1u << 20)
#define RANGES_MAX        16u

struct header {
	uint32_t type, ioprio;
	uint64_t sector;
};

struct range {
	uint64_t sector;
	uint32_t sectors, flags;
};

struct blk {
	struct tl_virtio virtio;
	int fd;
	bool read_only;
	uint64_t sectors;
	unsigned int number;
	const char *path;
};

/* Section 5.2.4. */
struct config {
	uint64_t capacity;
	uint32_t size_max, seg_max;
	uint16_t cylinders;
	uint8_t heads, sectors;
	uint32_t blk_size;
	uint8_t physical_block_exp, alignment_offset;
	uint16_t min_io_size;
	uint32_t opt_io_size;
	uint8_t writeback, unused0;
	uint16_t num_queues;
	uint32_t max_discard_sectors, max_discard_seg, discard_sector_alignment;
	uint32_t max_write_zeroes_sectors, max_write_zeroes_seg;
	uint8_t write_zeroes_may_unmap, unused1[3];
} __attribute__((packed));

static bool in_range(const struct blk *blk, uint64_t sector, uint64_t sectors)
{
	return sectors <= blk->sectors && sector <= blk->sectors - sectors;
}

/* The part of a chain's vector that is data: `bytes` from `skip` on. Returns how many entries. */
static int slice(const struct iovec *iov, unsigned int count, uint64_t skip, uint64_t bytes,
	struct iovec *out)
{
	int n = 0;

	for (unsigned int i = 0; i < count && bytes; i++) {
		uint64_t length = iov[i].iov_len;

		if (skip >= length) {
			skip -= length;
			continue;
		}
		length -= skip;
		if (length > bytes)
			length = bytes;
		out[n++] = (struct iovec){(char *)iov[i].iov_base + skip, length};
		bytes -= length;
		skip = 0;
	}
	return n;
}

/* Reads or writes all of a vector; a short transfer goes on where it was. 0 or -errno. */
static int transfer(const struct blk *blk, struct iovec *iov, int count, uint64_t at, bool is_write)
{
	while (count) {
		ssize_t n = is_write ? pwritev(blk->fd, iov, count, (off_t)at)
				     : preadv(blk->fd, iov, count, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return -EIO; /* the file has shrunk */
		at += (uint64_t)n;
		while (count && (size_t)n >= iov->iov_len) {
			n -= (ssize_t)iov->iov_len;
			iov++;
			count--;
		}
		if (count) {
			iov->iov_base = (char *)iov->iov_base + n;
			iov->iov_len -= (size_t)n;
		}
	}
	return 0;
}

static uint8_t status_of(const struct blk *blk, const char *what, int ret)
{
	if (!ret)
		return S_OK;
	tl_log_warn("disk '%s': %s: %s", blk->path, what, strerror(-ret));
	return S_IOERR;
}

static uint8_t read_write(const struct blk *blk, const struct header *header,
	const struct tl_vq_chain *chain, uint64_t *written)
{
	static _Thread_local struct iovec iov[TL_VQ_SEGMENTS];
	bool is_write = header->type == T_OUT;
	uint64_t bytes = is_write ? chain->out_bytes - sizeof(*header) : chain->in_bytes - 1;
	int count, ret;

	if (bytes % SECTOR || !in_range(blk, header->sector, bytes / SECTOR) ||
		(is_write && blk->read_only))
		return S_IOERR;
	count = is_write ? slice(chain->iov, chain->out, sizeof(*header), bytes, iov)
			 : slice(chain->iov + chain->out, chain->in, 0, bytes, iov);
	ret = transfer(blk, iov, count, header->sector * SECTOR, is_write);
	if (!ret && !is_write)
		*written = bytes;
	return status_of(blk, is_write ? "writing" : "reading", ret);
}

/* Writes zeros where the file system cannot make a hole. */
static int write_zeros(const struct blk *blk, uint64_t at, uint64_t bytes)
{
	static const char zeros[65536];

	while (bytes) {
		struct iovec iov = {(void *)zeros, bytes < sizeof(zeros) ? bytes : sizeof(zeros)};
		uint64_t n = iov.iov_len;
		int ret = transfer(blk, &iov, 1, at, true);

		if (ret)
			return ret;
		at += n;
		bytes -= n;
	}
	return 0;
}

static int clear_range(const struct blk *blk, const struct range *range, bool discard)
{
	const int hole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	off_t at = (off_t)(range->sector * SECTOR), bytes = (off_t)range->sectors * SECTOR;
	int ret = 0;

	if (!bytes)
		return 0;
	if (discard || (range->flags & RANGE_UNMAP))
		ret = fallocate(blk->fd, hole, at, bytes) ? -errno : 0;
	else
		ret = fallocate(blk->fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, at, bytes)
			      ? -errno
			      : 0;
	if (ret != -EOPNOTSUPP)
		return ret;
	/* A discard is a hint; zeros were asked for. */
	return discard ? 0 : write_zeros(blk, (uint64_t)at, (uint64_t)bytes);
}

static uint8_t clear_ranges(
	const struct blk *blk, const struct header *header, const struct tl_vq_chain *chain)
{
	uint64_t bytes = chain->out_bytes - sizeof(*header);
	bool discard = header->type == T_DISCARD;

	if (blk->read_only)
		return S_IOERR;
	if (!bytes || bytes % sizeof(struct range) || bytes / sizeof(struct range) > RANGES_MAX)
		return S_IOERR;
	for (uint64_t at = sizeof(*header); at < chain->out_bytes; at += sizeof(struct range)) {
		struct range range;
		int ret;

		tl_virtio_copy_out(chain, at, &range, sizeof(range));
		/* Section 5.2.6.2: unmap is for WRITE_ZEROES, the other bits are reserved. */
		if ((range.flags & ~(discard ? 0 : RANGE_UNMAP)))
			return S_UNSUPP;
		if (range.sectors > RANGE_SECTORS_MAX ||
			!in_range(blk, range.sector, range.sectors))
			return S_IOERR;
		ret = clear_range(blk, &range, discard);
		if (ret)
			return status_of(blk, discard ? "discarding" : "writing zeros", ret);
	}
	return S_OK;
}

static uint8_t get_id(const struct blk *blk, const struct tl_vq_chain *chain, uint64_t *written)
{
	char id[ID_BYTES + 1] = "";

	if (chain->in_bytes - 1 < ID_BYTES)
		return S_IOERR;
	snprintf(id, sizeof(id), "trapline-disk%u", blk->number);
	*written = tl_virtio_copy_in(chain, 0, id, ID_BYTES);
	return S_OK;
}

static int64_t request(struct tl_virtio *virtio, unsigned int queue, struct tl_vq_chain *chain)
{
	const struct blk *blk = (const struct blk *)virtio;
	struct header header;
	uint64_t written = 0;
	uint8_t status;

	(void)queue;
	/* A header to read, a byte to write the status to. */
	if (tl_virtio_copy_out(chain, 0, &header, sizeof(header)) != sizeof(header) ||
		!chain->in_bytes)
		return -EPROTO;
	switch (header.type) {
	case T_IN:
	case T_OUT:
		status = read_write(blk, &header, chain, &written);
		break;
	case T_FLUSH:
		status = status_of(blk, "flushing", fdatasync(blk->fd) ? -errno : 0);
		break;
	case T_GET_ID:
		status = get_id(blk, chain, &written);
		break;
	case T_DISCARD:
	case T_WRITE_ZEROES:
		status = clear_ranges(blk, &header, chain);
		break;
	default:
		status = S_UNSUPP;
		break;
	}
	tl_virtio_copy_in(chain, chain->in_bytes - 1, &status, 1);
	return (int64_t)(written + 1);
}

static void fini(struct tl_virtio *virtio)
{
	struct blk *blk = (struct blk *)virtio;

	if (blk->fd >= 0)
		close(blk->fd);
}

static const struct tl_virtio_ops blk_ops = {
	.name = "virtio-blk", .id = DEVICE_ID, .queues = 1, .request = request, .fini = fini};

static int fail(const struct tl_disk *disk, int ret, const char *why)
{
	tl_log_error("--disk '%s': %s", disk->path, why);
	return ret;
}

/* Opens it, for us alone if we may write to it. */
static int open_disk(struct blk *blk, const struct tl_disk *disk)
{
	/* Non-blocking: a FIFO would keep us for ever. */
	int flags = (disk->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK;
	struct stat st;
	off_t size;

	blk->fd = open(disk->path, flags);
	if (blk->fd < 0)
		return fail(disk, -errno,
			errno == EROFS || errno == EACCES ? "cannot be written; ',ro' reads it"
							  : strerror(errno));
	if (fstat(blk->fd, &st))
		return fail(disk, -errno, strerror(errno));
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return fail(disk, -EINVAL, "is neither a file nor a block device");
	/* A kernel without CONFIG_FILE_LOCKING has no locks to respect. */
	if (flock(blk->fd, (disk->read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) && errno != ENOSYS)
		return fail(disk, -errno,
			errno == EWOULDBLOCK ? "is in use by another program" : strerror(errno));
	size = lseek(blk->fd, 0, SEEK_END);
	if (size < 0)
		return fail(disk, -errno, strerror(errno));
	if (!size || size % SECTOR)
		return fail(disk, -EINVAL,
			size ? "its size is not a multiple of 512 bytes"
			     : "is empty; 'truncate -s 1G FILE' makes a disk");
	blk->sectors = (uint64_t)size / SECTOR;
	return 0;
}

static void set_config(struct blk *blk)
{
	const struct config config = {.capacity = blk->sectors,
		.seg_max = TL_VQ_SEGMENTS - 2,
		.blk_size = SECTOR,
		.num_queues = 1,
		.max_discard_sectors = RANGE_SECTORS_MAX,
		.max_discard_seg = 1,
		.discard_sector_alignment = 8,
		.max_write_zeroes_sectors = RANGE_SECTORS_MAX,
		.max_write_zeroes_seg = 1,
		.write_zeroes_may_unmap = 1};

	_Static_assert(sizeof(config) <= TL_VIRTIO_CONFIG, "the configuration does not fit");
	memcpy(blk->virtio.config, &config, sizeof(config));
	blk->virtio.config_size = sizeof(config);
	blk->virtio.features =
		UINT64_C(1) << F_SEG_MAX | UINT64_C(1) << F_BLK_SIZE | UINT64_C(1) << F_FLUSH;
	if (blk->read_only)
		blk->virtio.features |= UINT64_C(1) << F_RO;
	else
		blk->virtio.features |= UINT64_C(1) << F_DISCARD | UINT64_C(1) << F_WRITE_ZEROES;
}

int tl_virtio_blk_create(struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base,
	unsigned int spi, const struct tl_disk *disk, unsigned int number)
{
	struct blk *blk = calloc(1, sizeof(*blk));
	int ret;

	*dev = NULL;
	if (!blk)
		return fail(disk, -ENOMEM, "out of memory");
	blk->path = disk->path;
	blk->read_only = disk->read_only;
	blk->number = number;
	ret = open_disk(blk, disk);
	if (ret) {
		if (blk->fd >= 0)
			close(blk->fd);
		free(blk);
		return ret;
	}
	set_config(blk);
	if (tl_virtio_init(&blk->virtio, env, &blk_ops, base, spi))
		return -EIO;
	*dev = &blk->virtio.dev;
	return 0;
}
