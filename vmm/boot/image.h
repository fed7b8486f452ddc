/* SPDX-License-Identifier: MIT */
/*
 * Kernel images: what kind a file is, where it wants to be, and bringing it
 * there. tl_image_probe() reads and checks headers; tl_image_load() copies.
 */
#ifndef TL_VMM_BOOT_IMAGE_H
#define TL_VMM_BOOT_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/boot/layout.h"
#include "vmm/boot/source.h"

struct tl_mem;

/* Bytes of a file that decide what it is. */
#define TL_IMAGE_HEAD   64
#define TL_ELF_SEGMENTS 64

struct tl_elf_segment {
	uint64_t gpa, offset, filesz, memsz;
};

struct tl_image {
	struct tl_source source;
	enum tl_image_kind kind;
	uint64_t text_offset;  /* Linux and raw: bytes from the 2 MiB aligned start of RAM */
	uint64_t claimed;      /* Linux: bytes from the first one that are the kernel's */
	uint64_t unpacked_end; /* zImage: bytes from the start of RAM; 0: not known */
	bool aarch32;          /* 32-bit code */
	uint64_t entry;        /* ELF: guest physical; bit 0 with aarch32: Thumb code */
	struct tl_elf_segment segments[TL_ELF_SEGMENTS]; /* ELF */
	unsigned int segment_count;
};

/*
 * Opens `path` and finds out what it is. Returns 0 or -errno (logged); after 0,
 * call tl_image_close().
 */
int tl_image_open(struct tl_image *image, const char *path);
void tl_image_close(struct tl_image *image);

/* Takes a raw binary for 32-bit code. Returns 0 or -EINVAL (logged): it is 64-bit code. */
int tl_image_set_aarch32(struct tl_image *image);

/*
 * Decides by the first `len` bytes; fills kind, text_offset, claimed, aarch32.
 * Returns 0 or -errno (logged; `path` is for the message).
 */
int tl_image_parse_head(
	struct tl_image *image, const uint8_t *head, uint64_t len, const char *path);

/* Sets kernel, kernel_size, kind and entry of a layout whose RAM is set. 0 or -errno (logged). */
int tl_image_place(const struct tl_image *image, struct tl_layout *layout);

/* Copies the image to where `layout` says. Returns 0 or -errno (logged). */
int tl_image_load(struct tl_image *image, const struct tl_layout *layout, const struct tl_mem *mem);

/* ELF (elf.c): headers, and segments to memory. 0 or -errno (logged). */
int tl_elf_parse(struct tl_image *image, const char *path);
int tl_elf_place(const struct tl_image *image, struct tl_layout *layout);
int tl_elf_load(struct tl_image *image, const struct tl_mem *mem);

#endif
