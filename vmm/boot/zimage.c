/* SPDX-License-Identifier: MIT */
/*
 * The header is that of the kernel's arch/arm/boot/compressed/head.S, the table that of its
 * vmlinux.lds.S. A zImage runs wherever it is put within 128 MiB of RAM; it unpacks the kernel to
 * the start of RAM, and first moves itself away if it lies where the kernel will be. It is put
 * where it does not have to, so that what lies behind it is safe.
 */
#include "vmm/boot/zimage.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/log.h"
#include "vmm/boot/image.h"

#define HEAD_MAGIC  0x24
#define HEAD_START  0x28
#define HEAD_END    0x2c
#define HEAD_ENDIAN 0x30
#define HEAD_MAGIC2 0x34 /* says that HEAD_TABLE is there */
#define HEAD_TABLE  0x38
#define HEAD_SIZE   0x3c

#define MAGIC      UINT32_C(0x016f2818)
#define MAGIC_BE   UINT32_C(0x18286f01)
#define MAGIC2     UINT32_C(0x45454545)
#define ENDIAN_BIG UINT32_C(0x01020304)

/* The table, in words: its length, this, where the unpacked size is, bytes of zeroed data. */
#define TABLE_WORDS UINT32_C(4)
#define TABLE_MAGIC UINT32_C(0x5a534c4b)

/* booting.rst: the kernel is to be in the first 128 MiB of RAM, and best at 32 MiB or above. */
#define REACH       UINT64_C(0x8000000)
#define RECOMMENDED UINT64_C(0x2000000)
/* Where a kernel starts in RAM: 32 KiB, on some platforms up to 3 MiB and 32 KiB. */
#define TEXT_OFFSET_MAX UINT64_C(0x308000)
#define BLOCK           UINT64_C(0x200000)

bool tl_zimage_is(const uint8_t *head, uint64_t len)
{
	uint32_t magic = len >= HEAD_MAGIC + 4 ? tl_le32(head + HEAD_MAGIC) : 0;

	return magic == MAGIC || magic == MAGIC_BE;
}

static int refuse(const char *path, const char *why)
{
	tl_log_error("kernel '%s' is a zImage %s", path, why);
	return -ENOEXEC;
}

int tl_zimage_parse_head(
	struct tl_image *image, const uint8_t *head, uint64_t len, const char *path)
{
	uint32_t start, end;

	if (len < HEAD_SIZE)
		return refuse(path, "whose header is cut off: truncated");
	/* Kernels for BE-8 have a small magic number, and this word as the CPU will see it. */
	if (tl_le32(head + HEAD_MAGIC) == MAGIC_BE || tl_le32(head + HEAD_ENDIAN) == ENDIAN_BIG)
		return refuse(path, "for a big-endian CPU, which this machine is not");
	start = tl_le32(head + HEAD_START);
	end = tl_le32(head + HEAD_END);
	if (start) {
		tl_log_error("kernel '%s' is a zImage that runs at %#" PRIx32
			     " only: build it without CONFIG_ZBOOT_ROM",
			path, start);
		return -ENOEXEC;
	}
	if (end < HEAD_SIZE || end > REACH) {
		tl_log_error("kernel '%s' is a zImage of %" PRIu32
			     " bytes, as its header says: damaged",
			path, end);
		return -EINVAL;
	}
	image->kind = TL_IMAGE_ZIMAGE;
	image->aarch32 = true;
	image->claimed = end;
	return 0;
}

/* `len` bytes at `offset` of the kernel's file, if they are inside what the header claims. */
static bool read_at(struct tl_image *image, uint64_t offset, uint8_t *bytes, uint64_t len)
{
	if (offset % 4 || offset > image->claimed || image->claimed - offset < len)
		return false;
	image->source.offset = offset;
	return tl_source_read(&image->source, bytes, len) == (int64_t)len;
}

/* Where the unpacked kernel and its data end, from the start of RAM; 0 if nothing sane says it. */
static uint64_t find_unpacked_end(struct tl_image *image)
{
	uint8_t head[HEAD_SIZE], table[16], size[4];
	uint64_t end;

	if (!read_at(image, 0, head, sizeof(head)) || tl_le32(head + HEAD_MAGIC2) != MAGIC2 ||
		!read_at(image, tl_le32(head + HEAD_TABLE), table, sizeof(table)) ||
		tl_le32(table) < TABLE_WORDS || tl_le32(table + 4) != TABLE_MAGIC ||
		!read_at(image, tl_le32(table + 8), size, sizeof(size)))
		return 0;
	end = TEXT_OFFSET_MAX + tl_le32(size) + tl_le32(table + 12);
	return end + image->claimed < REACH ? end : 0;
}

int tl_zimage_parse(struct tl_image *image, const char *path)
{
	/* What is inside a compressed file is seen when it is unpacked. */
	if (image->source.packed)
		return 0;
	if (image->claimed > image->source.file_size) {
		tl_log_error("kernel '%s' is a zImage of %" PRIu64
			     " bytes, as its header says, and the file has %" PRIu64 ": truncated",
			path, image->claimed, image->source.file_size);
		return -EBADMSG;
	}
	image->unpacked_end = find_unpacked_end(image);
	return 0;
}

uint64_t tl_zimage_offset(const struct tl_image *image)
{
	if (!image->unpacked_end)
		return RECOMMENDED;
	return (image->unpacked_end + BLOCK - 1) & ~(BLOCK - 1);
}
