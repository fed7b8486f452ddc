/* SPDX-License-Identifier: MIT */
/*
 * The header of an EFI zboot program. Linux describes it only by its source,
 * drivers/firmware/efi/libstub/zboot-header.S and Makefile.zboot: "MZ", "zimg"
 * at 4, where the payload is at 8 and how long at 12, the name of its
 * compression at 24. The magic number at 56 is younger (6.4) and not looked at.
 */
#include "vmm/boot/zboot.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/bytes.h"
#include "base/log.h"

#define HEAD_OFFSET  8
#define HEAD_SIZE    12
#define HEAD_PACKING 24
#define PACKING_MAX  32 /* up to the magic number */

static const struct {
	const char *name;
	enum tl_packing packing;
} packings[] = {
	{"gzip", TL_PACKING_GZIP}, {"zstd", TL_PACKING_ZSTD},
	{"zstd22", TL_PACKING_ZSTD}, /* before Linux 6.12 */
};

static int find_packing(
	struct tl_zboot *zboot, const uint8_t *head, const char *what, const char *path)
{
	char name[PACKING_MAX + 1] = {0};

	memcpy(name, head + HEAD_PACKING, PACKING_MAX);
	for (size_t i = 0; i < sizeof(packings) / sizeof(packings[0]); i++) {
		if (!strcmp(name, packings[i].name)) {
			zboot->packing = packings[i].packing;
			return 0;
		}
	}
	/* A file's own words do not go to a terminal as they are. */
	for (char *at = name; *at; at++) {
		if (!isprint((unsigned char)*at))
			*at = '?';
	}
	tl_log_error("%s '%s' is an EFI program with a kernel packed by '%s': only gzip and zstd "
		     "can be unpacked here",
		what, path, name);
	return -ENOEXEC;
}

int tl_zboot_parse(struct tl_zboot *zboot, const uint8_t *head, uint64_t len, uint64_t file_size,
	const char *what, const char *path)
{
	if (len < TL_ZBOOT_HEAD || memcmp(head, "MZ\0\0zimg", HEAD_OFFSET) != 0)
		return 0;
	zboot->offset = tl_le32(head + HEAD_OFFSET);
	zboot->size = tl_le32(head + HEAD_SIZE);
	if (zboot->offset < TL_ZBOOT_HEAD || zboot->size == 0 ||
		zboot->offset + zboot->size > file_size) {
		tl_log_error("%s '%s' is an EFI program whose kernel would be %" PRIu64
			     " bytes at %" PRIu64 ", and the file has %" PRIu64
			     " bytes: truncated or damaged",
			what, path, zboot->size, zboot->offset, file_size);
		return -EBADMSG;
	}
	return find_packing(zboot, head, what, path) ? -ENOEXEC : 1;
}
