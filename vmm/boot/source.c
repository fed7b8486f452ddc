/* SPDX-License-Identifier: MIT */
/*
 * Reading boot files. Anything but a regular file is refused at once: a FIFO
 * would hang the program, /dev/zero would never end.
 */
#include "vmm/boot/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/log.h"
#include "vmm/boot/zboot.h"

#define IN_BYTES 65536

struct tl_source_unpack {
	enum tl_packing packing;
	bool gzip_ready;
	z_stream gzip;
	ZSTD_DStream *zstd; /* or NULL */
	ZSTD_inBuffer in;   /* what is read and not yet unpacked, either format */
	bool frame_done;    /* a gzip member or zstd frame has just ended */
	bool end;           /* nothing more follows */
	uint8_t buffer[IN_BYTES];
};

static int open_regular(struct tl_source *source, const char *what)
{
	struct stat st;
	/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
	int fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		int err = errno;

		tl_log_error("cannot open %s '%s': %s", what, source->path, strerror(err));
		return -err;
	}
	source->fd = fd;
	if (fstat(fd, &st)) {
		int err = errno;

		tl_log_error("cannot look at %s '%s': %s", what, source->path, strerror(err));
		return -err;
	}
	if (!S_ISREG(st.st_mode)) {
		tl_log_error("%s '%s' is %s, not a regular file", what, source->path,
			S_ISDIR(st.st_mode)    ? "a directory"
			: S_ISFIFO(st.st_mode) ? "a FIFO"
					       : "a device or socket");
		return -EINVAL;
	}
	if (st.st_size == 0) {
		tl_log_error("%s '%s' is empty", what, source->path);
		return -ENODATA;
	}
	source->file_size = source->end = (uint64_t)st.st_size;
	return 0;
}

/* Makes the unpacker ready for the first byte. Returns 0 or -ENOMEM. */
static int unpack_begin(struct tl_source_unpack *unpack)
{
	unpack->in = (ZSTD_inBuffer){.src = unpack->buffer};
	unpack->frame_done = unpack->end = false;
	if (unpack->packing == TL_PACKING_ZSTD) {
		if (!unpack->zstd)
			unpack->zstd = ZSTD_createDStream();
		return unpack->zstd && !ZSTD_isError(ZSTD_initDStream(unpack->zstd)) ? 0 : -ENOMEM;
	}
	if (unpack->gzip_ready)
		return inflateReset(&unpack->gzip) == Z_OK ? 0 : -ENOMEM;
	/* 16: expect gzip's header (zlib.h, inflateInit2). */
	unpack->gzip_ready = inflateInit2(&unpack->gzip, 16 + MAX_WBITS) == Z_OK;
	return unpack->gzip_ready ? 0 : -ENOMEM;
}

void tl_source_rest(struct tl_source *source)
{
	struct tl_source_unpack *unpack = source->unpack;

	if (!unpack)
		return;
	if (unpack->gzip_ready)
		inflateEnd(&unpack->gzip);
	unpack->gzip_ready = false;
	ZSTD_freeDStream(unpack->zstd);
	unpack->zstd = NULL;
}

static int start_unpack(struct tl_source *source, const char *what, enum tl_packing packing)
{
	source->unpack = calloc(1, sizeof(*source->unpack));
	source->packed = true;
	if (source->unpack) {
		source->unpack->packing = packing;
		if (!unpack_begin(source->unpack))
			return 0;
	}
	tl_log_error("cannot unpack %s '%s': %s", what, source->path, strerror(ENOMEM));
	return -ENOMEM;
}

/* Finds out how the file is packed, from its first bytes. Returns 0 or -errno (logged). */
static int find_packing(struct tl_source *source, const char *what, enum tl_packing *packing)
{
	uint8_t head[TL_ZBOOT_HEAD] = {0};
	ssize_t len = pread(source->fd, head, sizeof(head), 0);
	struct tl_zboot zboot;
	int ret;

	*packing = TL_PACKING_NONE;
	if (len < 0) {
		ret = -errno;
		tl_log_error("cannot read %s '%s': %s", what, source->path, strerror(-ret));
		return ret;
	}
	/* RFC 1952 section 2.3.1; RFC 8878 section 3.1.1. */
	if (head[0] == 0x1f && head[1] == 0x8b)
		*packing = TL_PACKING_GZIP;
	else if (!memcmp(head, "\x28\xb5\x2f\xfd", 4))
		*packing = TL_PACKING_ZSTD;
	ret = tl_zboot_parse(&zboot, head, (uint64_t)len, source->file_size, what, source->path);
	if (ret <= 0)
		return ret;
	source->zboot = true;
	source->start = source->offset = zboot.offset;
	source->end = zboot.offset + zboot.size;
	*packing = zboot.packing;
	return 0;
}

int tl_source_open(struct tl_source *source, const char *what, const char *path, bool unpack)
{
	enum tl_packing packing = TL_PACKING_NONE;
	int ret;

	*source = TL_SOURCE_INIT;
	source->path = path;
	ret = open_regular(source, what);
	if (!ret && unpack)
		ret = find_packing(source, what, &packing);
	if (!ret && packing != TL_PACKING_NONE)
		ret = start_unpack(source, what, packing);
	if (ret)
		tl_source_close(source);
	return ret;
}

void tl_source_close(struct tl_source *source)
{
	tl_source_rest(source);
	free(source->unpack);
	if (source->fd >= 0)
		close(source->fd);
	*source = TL_SOURCE_INIT;
}

int tl_source_rewind(struct tl_source *source)
{
	int ret = 0;

	source->offset = source->start;
	if (source->unpack)
		ret = unpack_begin(source->unpack);
	if (ret)
		tl_log_error("cannot unpack '%s': %s", source->path, strerror(-ret));
	return ret;
}

/* Reads from the file itself; a short count only at its end. */
static int64_t read_file(struct tl_source *source, void *buffer, uint64_t len)
{
	uint64_t left = source->end > source->offset ? source->end - source->offset : 0;
	uint64_t done = 0;

	if (len > left)
		len = left;
	while (done < len) {
		ssize_t n = pread(
			source->fd, (uint8_t *)buffer + done, len - done, (off_t)source->offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int err = errno;

			tl_log_error("cannot read '%s': %s", source->path, strerror(err));
			return -err;
		}
		if (n == 0)
			break;
		done += (uint64_t)n;
		source->offset += (uint64_t)n;
	}
	if (done < len) {
		tl_log_error("'%s' became shorter while it was read", source->path);
		return -EIO;
	}
	return (int64_t)done;
}

static int damaged(const struct tl_source *source, const char *how)
{
	tl_log_error("'%s' is damaged: its %s data %s", source->path,
		source->unpack->packing == TL_PACKING_GZIP ? "gzip" : "zstd", how);
	return -EBADMSG;
}

/* Unpacks some of what is buffered into [out, out + len). Returns bytes or -errno. */
static int64_t unpack_some(struct tl_source *source, void *out, uint64_t len)
{
	struct tl_source_unpack *unpack = source->unpack;
	ZSTD_outBuffer to = {out, len > IN_BYTES * 16 ? IN_BYTES * 16 : len, 0};
	z_stream *gzip = &unpack->gzip;
	size_t ret;
	int status;

	if (unpack->packing == TL_PACKING_ZSTD) {
		ret = ZSTD_decompressStream(unpack->zstd, &to, &unpack->in);
		if (ZSTD_isError(ret))
			return damaged(source, "cannot be unpacked");
		unpack->frame_done = ret == 0;
		return (int64_t)to.pos;
	}
	gzip->next_in = unpack->buffer + unpack->in.pos;
	gzip->avail_in = (uInt)(unpack->in.size - unpack->in.pos);
	gzip->next_out = out;
	gzip->avail_out = (uInt)to.size;
	status = inflate(gzip, Z_NO_FLUSH);
	unpack->in.pos = unpack->in.size - gzip->avail_in;
	if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
		return damaged(source, "cannot be unpacked");
	unpack->frame_done = status == Z_STREAM_END;
	return (int64_t)(to.size - gzip->avail_out);
}

/* What follows a gzip member: another one, padding with zeros, or garbage. Returns 0 or -errno. */
static int next_member(struct tl_source *source)
{
	struct tl_source_unpack *unpack = source->unpack;

	while (unpack->in.pos < unpack->in.size && unpack->buffer[unpack->in.pos] == 0)
		unpack->in.pos++;
	if (unpack->in.pos == unpack->in.size)
		return 0;
	if (unpack->packing == TL_PACKING_GZIP) {
		if (unpack->buffer[unpack->in.pos] != 0x1f)
			return damaged(source, "is followed by garbage");
		inflateReset(&unpack->gzip);
	} else if (unpack->buffer[unpack->in.pos] != 0x28) {
		return damaged(source, "is followed by garbage");
	}
	unpack->frame_done = false;
	return 0;
}

/* Makes sure that something is buffered, or sees the end. Returns 0 or -errno. */
static int refill(struct tl_source *source)
{
	struct tl_source_unpack *unpack = source->unpack;
	int64_t n;

	if (unpack->in.pos == unpack->in.size) {
		n = read_file(source, unpack->buffer, IN_BYTES);
		if (n < 0)
			return (int)n;
		unpack->in.pos = 0;
		unpack->in.size = (size_t)n;
	}
	if (unpack->frame_done && unpack->in.size) {
		int ret = next_member(source);

		if (ret)
			return ret;
	}
	unpack->end = unpack->in.size == 0;
	return 0;
}

int64_t tl_source_read(struct tl_source *source, void *buffer, uint64_t len)
{
	struct tl_source_unpack *unpack = source->unpack;
	uint64_t done = 0;

	if (!unpack)
		return read_file(source, buffer, len);
	while (done < len && !unpack->end) {
		int64_t n = 0;
		int ret = 0;

		/* With nothing buffered there may still be output inside the unpacker. */
		if (unpack->in.pos == unpack->in.size || unpack->frame_done)
			ret = refill(source);
		if (ret)
			return ret;
		if (unpack->end && unpack->frame_done)
			break;
		if (unpack->frame_done)
			continue;
		n = unpack_some(source, (uint8_t *)buffer + done, len - done);
		if (n < 0)
			return n;
		if (n == 0 && unpack->end)
			return damaged(source, "ends too early");
		if (n > 0)
			unpack->end = false;
		done += (uint64_t)n;
	}
	return (int64_t)done;
}
