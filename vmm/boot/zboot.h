/* SPDX-License-Identifier: MIT */
/*
 * EFI zboot: an EFI program that carries a compressed Image and unpacks it, as
 * distributions install it under the name vmlinuz. Nothing of the program is run
 * here: its header says where the Image is.
 */
#ifndef TL_VMM_BOOT_ZBOOT_H
#define TL_VMM_BOOT_ZBOOT_H

#include <stdint.h>

/* Bytes of a file that its header takes, as far as it matters here. */
#define TL_ZBOOT_HEAD 64

enum tl_packing {
	TL_PACKING_NONE,
	TL_PACKING_GZIP,
	TL_PACKING_ZSTD,
};

/* Where the packed Image is in the file, bytes. */
struct tl_zboot {
	uint64_t offset, size;
	enum tl_packing packing;
};

/*
 * Looks at the first `len` bytes of a file of `file_size` bytes. Returns 1 and fills `zboot`, 0 if
 * the file is no such program, or -errno (logged): one that is damaged, or packed in another way.
 * `what` and `path` are for messages.
 */
int tl_zboot_parse(struct tl_zboot *zboot, const uint8_t *head, uint64_t len, uint64_t file_size,
	const char *what, const char *path);

#endif
