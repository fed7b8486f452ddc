/* SPDX-License-Identifier: MIT */
/*
 * zImage: a 32-bit Arm kernel that unpacks itself (the kernel's
 * Documentation/arch/arm/booting.rst, section 5). Its header says how long it is, and that of newer
 * kernels where a table is that says how much the unpacked kernel takes.
 */
#ifndef TL_VMM_BOOT_ZIMAGE_H
#define TL_VMM_BOOT_ZIMAGE_H

#include <stdbool.h>
#include <stdint.h>

struct tl_image;

/* What the unpacker needs behind its file: data, stack, heap. Its linker script: some 80 KiB. */
#define TL_ZIMAGE_TAIL UINT64_C(0x100000)

/* Whether a file that begins with these `len` bytes is one, also a big-endian or damaged one. */
bool tl_zimage_is(const uint8_t *head, uint64_t len);

/*
 * Checks the header: fills the image's kind, claimed and aarch32. Returns 0 or -errno (logged;
 * `path` is for the message).
 */
int tl_zimage_parse_head(
	struct tl_image *image, const uint8_t *head, uint64_t len, const char *path);

/*
 * Checks the length that the header claims against that of the file, and looks into the table:
 * fills the image's unpacked_end. Returns 0 or -errno (logged).
 */
int tl_zimage_parse(struct tl_image *image, const char *path);

/* Bytes from the start of RAM to where it goes, so that unpacking overwrites neither. */
uint64_t tl_zimage_offset(const struct tl_image *image);

#endif
