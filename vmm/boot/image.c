/* SPDX-License-Identifier: MIT */
/*
 * arm64 Images and raw binaries; what the others have in common. The Image header is described in
 * the kernel's Documentation/arch/arm64/booting.rst, section 4.
 */
#include "vmm/boot/image.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/log.h"
#include "vmm/boot/zimage.h"
#include "vmm/core/mem.h"

#define HEAD_TEXT_OFFSET 8
#define HEAD_IMAGE_SIZE  16
#define HEAD_FLAGS       24
#define HEAD_MAGIC       56
#define MAGIC            UINT32_C(0x644d5241) /* "ARM\x64" */
#define FLAG_BIG_ENDIAN  1u
#define BLOCK            UINT64_C(0x200000)

/* Where raw programs for QEMU's virt board expect to be, and kernels before 3.17. */
#define RAW_OFFSET UINT64_C(0x80000)
/* The same for 32-bit ones. */
#define RAW_OFFSET_32 UINT64_C(0x10000)
/* No RAM that we offer reaches further; sums of such values cannot wrap. */
#define SANE (UINT64_C(1) << 48)

static int parse_linux(struct tl_image *image, const uint8_t *head, const char *path)
{
	image->kind = TL_IMAGE_LINUX;
	image->text_offset = tl_le64(head + HEAD_TEXT_OFFSET);
	image->claimed = tl_le64(head + HEAD_IMAGE_SIZE);
	if (tl_le64(head + HEAD_FLAGS) & FLAG_BIG_ENDIAN) {
		tl_log_error("kernel '%s' is big-endian, which this machine is not", path);
		return -ENOEXEC;
	}
	if (image->claimed == 0) {
		/* booting.rst: such a kernel (before 3.17) is at 0x80000 and claims an unknown
		 * amount. */
		image->text_offset = RAW_OFFSET;
		tl_log_warn(
			"kernel '%s' has image_size 0 in its header: taken as one from before Linux 3.17",
			path);
	}
	if (image->text_offset >= SANE || image->claimed >= SANE) {
		tl_log_error("kernel '%s' has text_offset %#" PRIx64 " and image_size %#" PRIx64
			     " in its header: no RAM is that large",
			path, image->text_offset, image->claimed);
		return -EINVAL;
	}
	return 0;
}

/* How other compressions begin. */
static const struct {
	const char *name, *tool;
	uint8_t at, len;
	const char *magic;
} packings[] = {
	{"xz", "xz", 0, 5, "\xfd\x37zXZ"},
	{"bzip2", "bzip2", 0, 3, "BZh"},
	{"lz4", "lz4", 0, 4, "\x04\x22\x4d\x18"},
	{"lz4", "lz4", 0, 4, "\x02\x21\x4c\x18"}, /* its old format, that of Image.lz4 */
	{"lzop", "lzop", 0, 4, "\x89LZO"},
	/* It has no magic number; this is a stream whose length is not said. */
	{"lzma", "xz", 5, 8, "\xff\xff\xff\xff\xff\xff\xff\xff"},
};

/* Whether it is (which is logged). */
static bool packed_otherwise(const uint8_t *head, uint64_t len, const char *path)
{
	for (size_t i = 0; i < sizeof(packings) / sizeof(packings[0]); i++) {
		if (len >= packings[i].at + (uint64_t)packings[i].len &&
			!memcmp(head + packings[i].at, packings[i].magic, packings[i].len) &&
			(packings[i].at == 0 || !memcmp(head, "\x5d\0\0", 3))) {
			tl_log_error("kernel '%s' is compressed by %s: unpack it first (%s -d)",
				path, packings[i].name, packings[i].tool);
			return true;
		}
	}
	return false;
}

int tl_image_parse_head(struct tl_image *image, const uint8_t *head, uint64_t len, const char *path)
{
	if (len >= TL_IMAGE_HEAD && tl_le32(head + HEAD_MAGIC) == MAGIC)
		return parse_linux(image, head, path);
	if (len >= 4 && !memcmp(head, "\177ELF", 4)) {
		image->kind = TL_IMAGE_ELF;
		return 0;
	}
	if (tl_zimage_is(head, len))
		return tl_zimage_parse_head(image, head, len, path);
	/* An Image begins as one, too (booting.rst); without its magic it would pass as raw. */
	if (len >= TL_IMAGE_HEAD && !memcmp(head, "MZ", 2)) {
		tl_log_error("kernel '%s' begins as an EFI program and has no arm64 Image header: "
			     "damaged, or not a kernel",
			path);
		return -ENOEXEC;
	}
	if (packed_otherwise(head, len, path))
		return -ENOEXEC;
	/* An arm64 kernel starts with an instruction; less than one is no program at all. */
	if (len < TL_IMAGE_HEAD) {
		tl_log_error("kernel '%s' has only %" PRIu64 " bytes: no image is that short", path,
			len);
		return -ENOEXEC;
	}
	image->kind = TL_IMAGE_RAW;
	image->text_offset = RAW_OFFSET;
	return 0;
}

int tl_image_open(struct tl_image *image, const char *path)
{
	uint8_t head[TL_IMAGE_HEAD];
	int64_t len;
	int ret;

	memset(image, 0, sizeof(*image));
	ret = tl_source_open(&image->source, "kernel", path, true);
	if (ret)
		return ret;
	len = tl_source_read(&image->source, head, sizeof(head));
	ret = len < 0 ? (int)len : tl_image_parse_head(image, head, (uint64_t)len, path);
	if (!ret && image->source.zboot && image->kind != TL_IMAGE_LINUX) {
		tl_log_error(
			"kernel '%s' is an EFI program, and what it holds is no arm64 Image", path);
		ret = -ENOEXEC;
	}
	if (!ret && image->kind == TL_IMAGE_ELF) {
		if (image->source.packed) {
			tl_log_error("kernel '%s' is a compressed ELF file: unpack it first", path);
			ret = -ENOEXEC;
		} else {
			ret = tl_elf_parse(image, path);
		}
	}
	if (!ret && image->kind == TL_IMAGE_ZIMAGE)
		ret = tl_zimage_parse(image, path);
	if (ret)
		tl_image_close(image);
	return ret;
}

int tl_image_set_aarch32(struct tl_image *image)
{
	if (image->aarch32)
		return 0;
	if (image->kind != TL_IMAGE_RAW) {
		tl_log_error("kernel '%s' is 64-bit code: leave out --aarch32", image->source.path);
		return -EINVAL;
	}
	image->aarch32 = true;
	image->text_offset = RAW_OFFSET_32;
	return 0;
}

void tl_image_close(struct tl_image *image)
{
	tl_source_close(&image->source);
}

int tl_image_place(const struct tl_image *image, struct tl_layout *layout)
{
	uint64_t base = (layout->ram_base + BLOCK - 1) & ~(BLOCK - 1);
	uint64_t size = image->claimed;

	layout->kind = image->kind;
	layout->aarch32 = image->aarch32;
	if (image->kind == TL_IMAGE_ELF)
		return tl_elf_place(image, layout);
	/* A packed file's size is known when it is unpacked, and checked then. */
	if (size < image->source.file_size && !image->source.packed)
		size = image->source.file_size;
	if (image->kind == TL_IMAGE_ZIMAGE) {
		layout->kernel = layout->ram_base + tl_zimage_offset(image);
		layout->unpacked_known = image->unpacked_end != 0;
	} else {
		layout->kernel = base + image->text_offset;
	}
	layout->kernel_size = size ? size : 16 * BLOCK;
	layout->entry = layout->kernel;
	return 0;
}

static int load_stream(
	struct tl_image *image, uint64_t gpa, uint64_t room, const struct tl_mem *mem)
{
	uint8_t *to = tl_mem_at(mem, gpa, room);
	uint8_t extra;
	int64_t n, read;
	int ret = tl_source_rewind(&image->source);

	if (ret || !to)
		return ret ? ret : -EFAULT;
	n = read = tl_source_read(&image->source, to, room);
	/* What is behind the last byte also tells whether a packed file is whole. */
	if (n >= 0)
		n = (uint64_t)n == room ? tl_source_read(&image->source, &extra, 1) : 0;
	tl_source_rest(&image->source);
	if (n < 0)
		return (int)n;
	if (n > 0) {
		tl_log_error("kernel '%s' is larger than the %" PRIu64
			     " KiB that are kept for it: its header lies, or --mem is too small",
			image->source.path, room / 1024);
		return -EFBIG;
	}
	if (image->kind == TL_IMAGE_ZIMAGE && (uint64_t)read < image->claimed) {
		tl_log_error("kernel '%s' is a zImage of %" PRIu64
			     " bytes, as its header says, and has only %" PRId64 ": truncated",
			image->source.path, image->claimed, read);
		return -EBADMSG;
	}
	/* What the kernel claims beyond its file is zeroed by itself; after a reset it must be,
	 * too. */
	return 0;
}

int tl_image_load(struct tl_image *image, const struct tl_layout *layout, const struct tl_mem *mem)
{
	if (image->kind == TL_IMAGE_ELF)
		return tl_elf_load(image, mem);
	return load_stream(image, layout->kernel, layout->kernel_size, mem);
}
