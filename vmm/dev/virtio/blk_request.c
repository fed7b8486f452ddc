/* SPDX-License-Identifier: MIT */
/*
 * A request's header is copied before it is looked at; its data stays in the guest's memory,
 * where the driver may change it as long as it likes, to its own damage.
 */
#include "vmm/dev/virtio/blk_request.h"

#include <errno.h>
#include <stdio.h>

#define ID_BYTES    20u
#define RANGE_UNMAP 1u

struct header {
	uint32_t type, ioprio;
	uint64_t sector;
};

struct range {
	uint64_t sector;
	uint32_t sectors, flags;
};

static bool in_file(const struct tl_blk_file *file, uint64_t sector, uint64_t sectors)
{
	uint64_t all = file->bytes / TL_BLK_SECTOR;

	return sectors <= all && sector <= all - sectors;
}

static int refuse(struct tl_blk_request *request, uint8_t status)
{
	*request->status = status;
	return 0;
}

static int parse_transfer(
	struct tl_blk_request *request, const struct tl_blk_file *file, uint64_t sector)
{
	const struct tl_vq_chain *chain = request->chain;
	bool is_write = request->type == TL_BLK_T_OUT;
	uint64_t bytes = is_write ? chain->out_bytes - sizeof(struct header) : chain->in_bytes - 1;

	if (bytes % TL_BLK_SECTOR || !in_file(file, sector, bytes / TL_BLK_SECTOR) ||
		(is_write && file->read_only))
		return refuse(request, TL_BLK_S_IOERR);
	request->at = sector * TL_BLK_SECTOR;
	request->bytes = bytes;
	return 1;
}

static int parse_ranges(struct tl_blk_request *request, const struct tl_blk_file *file)
{
	uint64_t bytes = request->chain->out_bytes - sizeof(struct header);

	if (file->read_only || !bytes || bytes % sizeof(struct range) ||
		bytes / sizeof(struct range) > TL_BLK_RANGES)
		return refuse(request, TL_BLK_S_IOERR);
	return 1;
}

int tl_blk_request_parse(struct tl_blk_request *request, const struct tl_blk_file *file,
	const struct tl_vq_chain *chain)
{
	const struct iovec *last;
	struct header header;

	/* A header to read, a byte to write the status to. */
	if (!chain->in_bytes ||
		tl_virtio_copy_out(chain, 0, &header, sizeof(header)) != sizeof(header))
		return -EPROTO;
	last = &chain->iov[chain->out + chain->in - 1];
	*request = (struct tl_blk_request){.chain = chain,
		.type = header.type,
		.status = (uint8_t *)last->iov_base + last->iov_len - 1};
	switch (header.type) {
	case TL_BLK_T_IN:
	case TL_BLK_T_OUT:
		return parse_transfer(request, file, header.sector);
	case TL_BLK_T_FLUSH:
		return 1;
	case TL_BLK_T_GET_ID:
		return chain->in_bytes > ID_BYTES ? 1 : refuse(request, TL_BLK_S_IOERR);
	case TL_BLK_T_DISCARD:
	case TL_BLK_T_WRITE_ZEROES:
		return parse_ranges(request, file);
	default:
		return refuse(request, TL_BLK_S_UNSUPP);
	}
}

unsigned int tl_blk_request_data(const struct tl_blk_request *request, struct iovec *iov)
{
	const struct tl_vq_chain *chain = request->chain;
	bool is_write = request->type == TL_BLK_T_OUT;
	const struct iovec *from = is_write ? chain->iov : chain->iov + chain->out;
	uint64_t skip = is_write ? sizeof(struct header) : 0, bytes = request->bytes;
	unsigned int n = 0;

	for (; bytes; from++) {
		uint64_t length = from->iov_len;

		if (skip >= length) {
			skip -= length;
			continue;
		}
		length -= skip;
		if (length > bytes)
			length = bytes;
		iov[n++] = (struct iovec){(char *)from->iov_base + skip, length};
		bytes -= length;
		skip = 0;
	}
	return n;
}

static uint8_t status_of(struct tl_blk_file *file, const char *what, int ret)
{
	if (!ret)
		return TL_BLK_S_OK;
	tl_blk_file_failed(file, what, ret);
	return TL_BLK_S_IOERR;
}

static uint8_t transfer(const struct tl_blk_request *request, struct tl_blk_file *file)
{
	struct iovec iov[TL_VQ_SEGMENTS];
	unsigned int count = tl_blk_request_data(request, iov);
	bool is_write = request->type == TL_BLK_T_OUT;

	return status_of(file, is_write ? "writing" : "reading",
		tl_blk_file_transfer(file, iov, count, request->at, is_write));
}

static uint8_t clear_ranges(const struct tl_blk_request *request, struct tl_blk_file *file)
{
	const struct tl_vq_chain *chain = request->chain;
	bool discard = request->type == TL_BLK_T_DISCARD;

	for (uint64_t at = sizeof(struct header); at < chain->out_bytes;
		at += sizeof(struct range)) {
		struct range range;
		uint64_t from, bytes;
		int ret = 0;

		tl_virtio_copy_out(chain, at, &range, sizeof(range));
		/* Section 5.2.6.2: unmap is for WRITE_ZEROES, the other bits are reserved. */
		if (range.flags & ~(discard ? 0 : RANGE_UNMAP))
			return TL_BLK_S_UNSUPP;
		if (range.sectors > TL_BLK_RANGE_SECTORS ||
			!in_file(file, range.sector, range.sectors))
			return TL_BLK_S_IOERR;
		from = range.sector * TL_BLK_SECTOR;
		bytes = (uint64_t)range.sectors * TL_BLK_SECTOR;
		if (bytes)
			ret = discard ? tl_blk_file_discard(file, from, bytes)
				      : tl_blk_file_zero(
						file, from, bytes, range.flags & RANGE_UNMAP);
		if (ret)
			return status_of(file, discard ? "discarding" : "writing zeros", ret);
	}
	return TL_BLK_S_OK;
}

static void get_id(const struct tl_vq_chain *chain, unsigned int number)
{
	char id[ID_BYTES + 1] = "";

	snprintf(id, sizeof(id), "trapline-disk%u", number);
	tl_virtio_copy_in(chain, 0, id, ID_BYTES);
}

uint32_t tl_blk_request_do(
	const struct tl_blk_request *request, struct tl_blk_file *file, unsigned int number)
{
	uint64_t written = 0;
	uint8_t status = TL_BLK_S_OK;

	switch (request->type) {
	case TL_BLK_T_IN:
		status = transfer(request, file);
		written = status ? 0 : request->bytes;
		break;
	case TL_BLK_T_OUT:
		status = transfer(request, file);
		break;
	case TL_BLK_T_FLUSH:
		status = status_of(file, "flushing", tl_blk_file_flush(file));
		break;
	case TL_BLK_T_GET_ID:
		get_id(request->chain, number);
		written = ID_BYTES;
		break;
	default:
		status = clear_ranges(request, file);
		break;
	}
	*request->status = status;
	return (uint32_t)written + 1;
}
