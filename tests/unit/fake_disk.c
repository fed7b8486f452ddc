/* SPDX-License-Identifier: MIT */
/*
 * A disk, its host and its requests, for tests.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/fake_disk.h"
#include "tests/unit/fake_log.h"
#include "vmm/dev/virtio/queue.h"

#define HEAD 77

struct fake_disk fake_disk;

/* What is to be transferred now, in a vector of its own; its count or -1. */
static int limit(const struct iovec *iov, int count, struct iovec *cut)
{
	size_t left = fake_disk.at_once ? fake_disk.at_once : SIZE_MAX;
	int n = 0;

	fake_disk.transfers++;
	if (fake_disk.interrupted) {
		fake_disk.interrupted--;
		errno = EINTR;
		return -1;
	}
	if (fake_disk.error) {
		errno = fake_disk.error;
		return -1;
	}
	for (; n < count && left; n++) {
		cut[n] = iov[n];
		cut[n].iov_len = iov[n].iov_len < left ? iov[n].iov_len : left;
		left -= cut[n].iov_len;
	}
	return n;
}

ssize_t __real_preadv2(int fd, const struct iovec *iov, int count, off_t at, int flags);
ssize_t __wrap_preadv2(int fd, const struct iovec *iov, int count, off_t at, int flags);
ssize_t __real_pwritev2(int fd, const struct iovec *iov, int count, off_t at, int flags);
ssize_t __wrap_pwritev2(int fd, const struct iovec *iov, int count, off_t at, int flags);
int __real_io_uring_submit(struct io_uring *ring);
int __wrap_io_uring_submit(struct io_uring *ring);
int __wrap_fdatasync(int fd);
int __real_fallocate(int fd, int mode, off_t at, off_t bytes);
int __wrap_fallocate(int fd, int mode, off_t at, off_t bytes);

ssize_t __wrap_preadv2(int fd, const struct iovec *iov, int count, off_t at, int flags)
{
	struct iovec cut[TL_VQ_SEGMENTS];
	int n = limit(iov, count, cut);

	assert_int_equal(flags, 0);
	return n < 0 ? -1 : fake_disk.shrunk ? 0 : __real_preadv2(fd, cut, n, at, 0);
}

ssize_t __wrap_pwritev2(int fd, const struct iovec *iov, int count, off_t at, int flags)
{
	struct iovec cut[TL_VQ_SEGMENTS];
	int n = limit(iov, count, cut);

	fake_disk.durable += flags == RWF_DSYNC;
	return n < 0 ? -1 : __real_pwritev2(fd, cut, n, at, flags);
}

/* What the kernel is to do less of, or fail at. */
static void change(struct io_uring_sqe *sqe)
{
	bool transfers = sqe->opcode != IORING_OP_FSYNC;

	fake_disk.durable += transfers && sqe->rw_flags == RWF_DSYNC;
	fake_disk.syncs += !transfers && sqe->fsync_flags == IORING_FSYNC_DATASYNC;
	if (fake_disk.ring_fd && (transfers || fake_disk.ring_fd < 0))
		sqe->fd = fake_disk.ring_fd;
	if (transfers)
		sqe->rw_flags |= fake_disk.ring_flags;
	/* Of a vector the first piece, or a part of that. */
	if (fake_disk.at_once &&
		(sqe->opcode == IORING_OP_READV || sqe->opcode == IORING_OP_WRITEV))
		sqe->len = 1;
	else if (fake_disk.at_once && transfers && sqe->len > fake_disk.at_once)
		sqe->len = (uint32_t)fake_disk.at_once;
}

int __wrap_io_uring_submit(struct io_uring *ring)
{
	__atomic_add_fetch(&fake_disk.submits, 1, __ATOMIC_SEQ_CST);
	if (fake_disk.submit_interrupted) {
		fake_disk.submit_interrupted--;
		return -EINTR;
	}
	for (unsigned int i = ring->sq.sqe_head; i != ring->sq.sqe_tail; i++)
		change(&ring->sq.sqes[i & *ring->sq.kring_mask]);
	return fake_disk.submit_fails ? fake_disk.submit_fails : __real_io_uring_submit(ring);
}

int __wrap_fdatasync(int fd)
{
	(void)fd;
	fake_disk.syncs++;
	errno = fake_disk.error;
	return fake_disk.error ? -1 : 0;
}

int __wrap_fallocate(int fd, int mode, off_t at, off_t bytes)
{
	int error = fake_disk.error ? fake_disk.error : fake_disk.fallocate_error;

	fake_disk.fallocates++;
	assert_true(mode & FALLOC_FL_KEEP_SIZE);
	if (!error)
		return __real_fallocate(fd, mode, at, bytes);
	errno = error;
	return -1;
}

static void done(void *opaque, uint16_t head, uint32_t written)
{
	(void)opaque;
	assert_int_equal(head, HEAD);
	assert_int_equal(fake_disk.written, -1);
	fake_disk.written = written;
}

static void open_file(bool read_only)
{
	const struct tl_disk disk = {fake_disk.path, read_only, TL_DISK_IO_AUTO};

	assert_int_equal(tl_blk_file_open(&fake_disk.disk, &disk), 0);
	fake_disk.ring_error = tl_blk_ring_create(&fake_disk.ring, &fake_disk.disk, done, NULL);
}

static void close_file(void)
{
	tl_blk_ring_destroy(fake_disk.ring);
	tl_blk_file_close(&fake_disk.disk);
}

/* Each byte of the image tells where it is. */
int fake_disk_make(void)
{
	fake_log_reset(NULL);
	memset(&fake_disk, 0, sizeof(fake_disk));
	fake_disk.disk.fd = -1;
	for (unsigned int i = 0; i < sizeof(fake_disk.image); i++)
		fake_disk.image[i] = (uint8_t)(i / SECTOR * 7 + i % 251 + 1);
	strcpy(fake_disk.path, "/tmp/trapline-blk-XXXXXX");
	fake_disk.file = mkstemp(fake_disk.path);
	return fake_disk.file < 0 || write(fake_disk.file, fake_disk.image,
					     sizeof(fake_disk.image)) != sizeof(fake_disk.image)
		       ? -1
		       : 0;
}

int fake_disk_setup(void **state)
{
	if (fake_disk_make())
		return -1;
	open_file(false);
	*state = &fake_disk.disk;
	return 0;
}

int fake_disk_teardown(void **state)
{
	(void)state;
	close_file();
	close(fake_disk.file);
	unlink(fake_disk.path);
	return fake_log_count() ? -1 : 0;
}

void fake_disk_reopen(bool read_only)
{
	close_file();
	open_file(read_only);
}

void assert_image(void)
{
	static uint8_t now[sizeof(fake_disk.image)];
	struct stat st;

	assert_int_equal(fstat(fake_disk.file, &st), 0);
	assert_int_equal(st.st_size, sizeof(fake_disk.image));
	assert_int_equal(pread(fake_disk.file, now, sizeof(now), 0), sizeof(now));
	assert_memory_equal(now, fake_disk.image, sizeof(fake_disk.image));
}

/* Buffers for pieces of these sizes, up to a 0; those to be read hold `from`. */
static unsigned int add(struct tl_vq_chain *chain, const size_t *sizes, const uint8_t *from)
{
	unsigned int n = 0;

	for (; sizes && sizes[n]; n++) {
		uint8_t *piece = malloc(sizes[n]);

		assert_non_null(piece);
		memset(piece, 0xee, sizes[n]);
		if (from)
			memcpy(piece, from, sizes[n]);
		from = from ? from + sizes[n] : NULL;
		chain->iov[chain->out + chain->in + n] = (struct iovec){piece, sizes[n]};
	}
	return n;
}

/* By the ring, where the test wants that and the ring does such. */
static int64_t carry_out(struct tl_blk_file *file, const struct tl_vq_chain *chain)
{
	struct tl_blk_request request;
	int ret = tl_blk_request_parse(&request, file, chain);

	if (ret <= 0)
		return ret ? ret : 1;
	if (!fake_disk.by_ring || (request.type != T_FLUSH && !request.bytes))
		return tl_blk_request_do(&request, file, 3);
	fake_disk.written = -1;
	assert_int_equal(tl_blk_ring_add(fake_disk.ring, &request), 0);
	ret = tl_blk_ring_submit(fake_disk.ring);
	while (!ret && tl_blk_ring_in_flight(fake_disk.ring)) {
		struct pollfd polled = {.fd = tl_blk_ring_fd(fake_disk.ring), .events = POLLIN};

		assert_int_equal(poll(&polled, 1, 10000), 1);
		ret = tl_blk_ring_reap(fake_disk.ring);
	}
	fake_disk.submit_error = ret;
	assert_int_equal(tl_blk_ring_in_flight(fake_disk.ring), 0);
	return fake_disk.written;
}

int64_t pieces(struct tl_blk_file *file, const void *out, const size_t *out_sizes, void *in,
	const size_t *in_sizes)
{
	struct tl_vq_chain chain = {.head = HEAD};
	int64_t ret;

	chain.out = add(&chain, out_sizes, out);
	chain.in = add(&chain, in_sizes, NULL);
	for (unsigned int i = 0; i < chain.out + chain.in; i++)
		*(i < chain.out ? &chain.out_bytes : &chain.in_bytes) += chain.iov[i].iov_len;
	ret = carry_out(file, &chain);
	for (unsigned int i = 0; i < chain.out + chain.in; i++) {
		if (i >= chain.out)
			in = mempcpy(in, chain.iov[i].iov_base, chain.iov[i].iov_len);
		free(chain.iov[i].iov_base);
	}
	return ret;
}

int simple(struct tl_blk_file *file, uint32_t type, uint64_t sector, const void *out,
	size_t out_bytes, void *in, size_t in_bytes)
{
	struct header header = {type, 0, sector};
	uint8_t *request = malloc(sizeof(header) + out_bytes), *answer = malloc(in_bytes + 1);
	const size_t out_sizes[] = {sizeof(header), out_bytes, 0};
	const size_t in_sizes[] = {in_bytes ? in_bytes : 1, in_bytes ? 1 : 0, 0};
	bool has_data = type == T_IN || type == T_GET_ID;
	int64_t ret;
	int status;

	assert_true(request && answer);
	memcpy(request, &header, sizeof(header));
	if (out_bytes)
		memcpy(request + sizeof(header), out, out_bytes);
	ret = pieces(file, request, out_sizes, answer, in_sizes);
	status = answer[in_bytes];
	if (status)
		assert_int_equal(ret, 1);
	else if (type == T_GET_ID)
		assert_int_equal(ret, 21);
	else
		assert_int_equal(ret, has_data ? in_bytes + 1 : 1);
	if (in)
		memcpy(in, answer, in_bytes);
	free(request);
	free(answer);
	return status;
}

int ranges(struct tl_blk_file *file, uint32_t type, const struct range *list, size_t count)
{
	return simple(file, type, 0, list, count * sizeof(*list), NULL, 0);
}

int range(
	struct tl_blk_file *file, uint32_t type, uint64_t sector, uint32_t sectors, uint32_t flags)
{
	const struct range one = {sector, sectors, flags};

	return ranges(file, type, &one, 1);
}
