/* SPDX-License-Identifier: MIT */
/*
 * A disk, its host and its requests, for tests.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/fake_disk.h"
#include "tests/unit/fake_log.h"
#include "tests/unit/fake_virtio.h"
#include "vmm/dev/virtio/blk.h"

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

ssize_t __real_preadv(int fd, const struct iovec *iov, int count, off_t at);
ssize_t __wrap_preadv(int fd, const struct iovec *iov, int count, off_t at);
ssize_t __real_pwritev(int fd, const struct iovec *iov, int count, off_t at);
ssize_t __wrap_pwritev(int fd, const struct iovec *iov, int count, off_t at);
int __wrap_fdatasync(int fd);
int __real_fallocate(int fd, int mode, off_t at, off_t bytes);
int __wrap_fallocate(int fd, int mode, off_t at, off_t bytes);

ssize_t __wrap_preadv(int fd, const struct iovec *iov, int count, off_t at)
{
	struct iovec cut[TL_VQ_SEGMENTS];
	int n = limit(iov, count, cut);

	return n < 0 ? -1 : fake_disk.shrunk ? 0 : __real_preadv(fd, cut, n, at);
}

ssize_t __wrap_pwritev(int fd, const struct iovec *iov, int count, off_t at)
{
	struct iovec cut[TL_VQ_SEGMENTS];
	int n = limit(iov, count, cut);

	return n < 0 ? -1 : __real_pwritev(fd, cut, n, at);
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

static struct tl_virtio *create(const struct tl_mem *mem, bool read_only)
{
	const struct tl_dev_env env = fake_virtio_env(mem);
	const struct tl_disk disk = {fake_disk.path, read_only};
	struct tl_dev *dev;

	assert_int_equal(tl_virtio_blk_create(&dev, &env, PLACE, SPI, &disk, 3), 0);
	return (struct tl_virtio *)dev;
}

static void destroy(struct tl_virtio *virtio)
{
	virtio->dev.ops->fini(&virtio->dev);
}

/* Each byte of the image tells where it is. */
int fake_disk_setup(void **state, const struct tl_mem *mem)
{
	fake_log_reset(NULL);
	memset(&fake_virtio, 0, sizeof(fake_virtio));
	memset(&fake_disk, 0, sizeof(fake_disk));
	for (unsigned int i = 0; i < sizeof(fake_disk.image); i++)
		fake_disk.image[i] = (uint8_t)(i / SECTOR * 7 + i % 251 + 1);
	strcpy(fake_disk.path, "/tmp/trapline-blk-XXXXXX");
	fake_disk.file = mkstemp(fake_disk.path);
	if (fake_disk.file < 0 || write(fake_disk.file, fake_disk.image, sizeof(fake_disk.image)) !=
					  sizeof(fake_disk.image))
		return -1;
	*state = create(mem, false);
	return 0;
}

int fake_disk_teardown(void **state)
{
	destroy(*state);
	close(fake_disk.file);
	unlink(fake_disk.path);
	return fake_log_count() || fake_virtio.bad_calls ? -1 : 0;
}

void fake_disk_reopen(void **state, const struct tl_mem *mem, bool read_only)
{
	destroy(*state);
	*state = create(mem, read_only);
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

int64_t pieces(struct tl_virtio *virtio, const void *out, const size_t *out_sizes, void *in,
	const size_t *in_sizes)
{
	struct tl_vq_chain chain = {.head = 0};
	int64_t ret;

	chain.out = add(&chain, out_sizes, out);
	chain.in = add(&chain, in_sizes, NULL);
	for (unsigned int i = 0; i < chain.out + chain.in; i++)
		*(i < chain.out ? &chain.out_bytes : &chain.in_bytes) += chain.iov[i].iov_len;
	ret = virtio->ops->request(virtio, 0, &chain);
	for (unsigned int i = 0; i < chain.out + chain.in; i++) {
		if (i >= chain.out)
			in = mempcpy(in, chain.iov[i].iov_base, chain.iov[i].iov_len);
		free(chain.iov[i].iov_base);
	}
	return ret;
}

int simple(struct tl_virtio *virtio, uint32_t type, uint64_t sector, const void *out,
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
	ret = pieces(virtio, request, out_sizes, answer, in_sizes);
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

int ranges(struct tl_virtio *virtio, uint32_t type, const struct range *list, size_t count)
{
	return simple(virtio, type, 0, list, count * sizeof(*list), NULL, 0);
}

int range(
	struct tl_virtio *virtio, uint32_t type, uint64_t sector, uint32_t sectors, uint32_t flags)
{
	const struct range one = {sector, sectors, flags};

	return ranges(virtio, type, &one, 1);
}
