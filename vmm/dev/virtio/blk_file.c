/* SPDX-License-Identifier: MIT */
/*
 * Through the host's page cache: what FLUSH has acknowledged is on the disk by fdatasync(2).
 */
#include "vmm/dev/virtio/blk_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/log.h"

#define SECTOR         512u
#define BLOCK_SIZE_MAX 65536u

/* Errors that are said at once, and after so many seconds one more. */
#define SAID_MAX   8u
#define SAID_AGAIN 10

static int fail(const struct tl_disk *disk, int ret, const char *why)
{
	tl_log_error("--disk '%s': %s", disk->path, why);
	return ret;
}

/* For us alone if we may write to it. */
static int lock(const struct tl_blk_file *file, const struct tl_disk *disk)
{
	/* A kernel without CONFIG_FILE_LOCKING has no locks to respect. */
	if (!flock(file->fd, (disk->read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) || errno == ENOSYS)
		return 0;
	return fail(disk, -errno,
		errno == EWOULDBLOCK ? "is in use by another program" : strerror(errno));
}

static int measure(struct tl_blk_file *file, const struct tl_disk *disk)
{
	off_t size = lseek(file->fd, 0, SEEK_END);

	if (size < 0)
		return fail(disk, -errno, strerror(errno));
	if (!size || size % SECTOR)
		return fail(disk, -EINVAL,
			size ? "its size is not a multiple of 512 bytes"
			     : "is empty; 'truncate -s 1G FILE' makes a disk");
	file->bytes = (uint64_t)size;
	return 0;
}

/* A disk of larger blocks is to be used in such, or else the host reads before it writes. */
static void learn_block_size(struct tl_blk_file *file)
{
	int size;

	if (!ioctl(file->fd, BLKSSZGET, &size) && size > (int)SECTOR &&
		size <= (int)BLOCK_SIZE_MAX && !(size & (size - 1)) &&
		!(file->bytes % (unsigned int)size))
		file->block_size = (uint32_t)size;
}

static bool is_in_memory(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

int tl_blk_file_open(struct tl_blk_file *file, const struct tl_disk *disk)
{
	/* Non-blocking: a FIFO would keep us for ever. */
	int flags = (disk->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK;
	struct stat st;
	int ret;

	*file = (struct tl_blk_file){.path = disk->path,
		.fd = open(disk->path, flags),
		.read_only = disk->read_only,
		.block_size = SECTOR,
		.lock = PTHREAD_MUTEX_INITIALIZER};
	if (file->fd < 0)
		return fail(disk, -errno,
			errno == EROFS || errno == EACCES ? "cannot be written; ',ro' reads it"
							  : strerror(errno));
	if (fstat(file->fd, &st))
		return fail(disk, -errno, strerror(errno));
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return fail(disk, -EINVAL, "is neither a file nor a block device");
	/* io_uring would give such a file's requests back with EAGAIN instead of waiting. */
	if (fcntl(file->fd, F_SETFL, flags & ~O_NONBLOCK))
		return fail(disk, -errno, strerror(errno));
	file->in_memory = S_ISREG(st.st_mode) && is_in_memory(file->fd);
	ret = lock(file, disk);
	if (!ret)
		ret = measure(file, disk);
	if (!ret && S_ISBLK(st.st_mode))
		learn_block_size(file);
	return ret;
}

void tl_blk_file_close(struct tl_blk_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
}

unsigned int tl_blk_advance(struct iovec **iov, unsigned int count, size_t bytes)
{
	while (count && bytes >= (*iov)->iov_len) {
		bytes -= (*iov)->iov_len;
		++*iov;
		count--;
	}
	if (count) {
		(*iov)->iov_base = (char *)(*iov)->iov_base + bytes;
		(*iov)->iov_len -= bytes;
	}
	return count;
}

int tl_blk_file_transfer(const struct tl_blk_file *file, struct iovec *iov, unsigned int count,
	uint64_t at, bool is_write)
{
	int flags = is_write && file->write_through ? RWF_DSYNC : 0;

	while (count) {
		ssize_t n = is_write ? pwritev2(file->fd, iov, (int)count, (off_t)at, flags)
				     : preadv2(file->fd, iov, (int)count, (off_t)at, flags);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return -EIO; /* the file has shrunk */
		at += (uint64_t)n;
		count = tl_blk_advance(&iov, count, (size_t)n);
	}
	return 0;
}

int tl_blk_file_flush(const struct tl_blk_file *file)
{
	return fdatasync(file->fd) ? -errno : 0;
}

static int allocate(const struct tl_blk_file *file, int mode, uint64_t at, uint64_t bytes)
{
	int ret;

	do
		ret = fallocate(file->fd, mode | FALLOC_FL_KEEP_SIZE, (off_t)at, (off_t)bytes)
			      ? -errno
			      : 0;
	while (ret == -EINTR);
	return ret;
}

int tl_blk_file_discard(const struct tl_blk_file *file, uint64_t at, uint64_t bytes)
{
	int ret = allocate(file, FALLOC_FL_PUNCH_HOLE, at, bytes);

	/* A discard is a hint. A block device wants whole blocks (EINVAL). */
	return ret == -EOPNOTSUPP || ret == -EINVAL ? 0 : ret;
}

/* Where the file system cannot do it by itself. */
static int write_zeros(const struct tl_blk_file *file, uint64_t at, uint64_t bytes)
{
	static const char zeros[65536];

	while (bytes) {
		struct iovec iov = {(void *)zeros, bytes < sizeof(zeros) ? bytes : sizeof(zeros)};
		uint64_t n = iov.iov_len;
		int ret = tl_blk_file_transfer(file, &iov, 1, at, true);

		if (ret)
			return ret;
		at += n;
		bytes -= n;
	}
	return 0;
}

int tl_blk_file_zero(const struct tl_blk_file *file, uint64_t at, uint64_t bytes, bool unmap)
{
	int ret = allocate(file, unmap ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE, at, bytes);

	if (ret == -EOPNOTSUPP || ret == -EINVAL)
		ret = write_zeros(file, at, bytes);
	if (!ret && file->write_through)
		ret = tl_blk_file_flush(file);
	return ret;
}

void tl_blk_file_failed(struct tl_blk_file *file, const char *what, int error)
{
	struct timespec now;
	bool say;

	/* The guest decides how many requests fail, and whether it tries again. */
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	pthread_mutex_lock(&file->lock);
	say = file->said < SAID_MAX || now.tv_sec - file->said_at >= SAID_AGAIN;
	if (say) {
		file->said++;
		file->said_at = now.tv_sec;
	}
	pthread_mutex_unlock(&file->lock);
	if (say)
		tl_log_warn("disk '%s': %s: %s", file->path, what, strerror(-error));
}
