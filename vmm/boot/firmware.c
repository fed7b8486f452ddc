/* SPDX-License-Identifier: MIT */
/*
 * Firmware files are plain: no header, no compression. The file is copied, not mapped: one
 * that is cut or written over while the guest runs must not change the guest's flash.
 */
#include "vmm/boot/firmware.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "vmm/core/mem.h"

/* Less than an instruction can do nothing. */
#define MIN_SIZE 4

/* A mistake easily made: packages have both forms side by side. */
static int refuse_elf(struct tl_source *source)
{
	char magic[MIN_SIZE];
	int64_t n = tl_source_read(source, magic, sizeof(magic));

	if (n < 0)
		return (int)n;
	if (memcmp(magic, "\177ELF", sizeof(magic)) != 0)
		return tl_source_rewind(source);
	tl_log_error(
		"firmware '%s' is an ELF file: flash holds the plain binary (objcopy -O binary), "
		"and without --firmware it runs as a kernel",
		source->path);
	return -ENOEXEC;
}

int tl_firmware_open(struct tl_source *source, const char *path, uint64_t room)
{
	int ret = tl_source_open(source, "firmware", path, false);

	if (ret)
		return ret;
	if (source->file_size < MIN_SIZE || source->file_size > room) {
		tl_log_error("firmware '%s' has %" PRIu64 " bytes, and the flash holds %" PRIu64
			     " MiB: no firmware for this machine",
			path, source->file_size, room >> 20);
		ret = source->file_size > room ? -EFBIG : -ENOEXEC;
	}
	if (!ret)
		ret = refuse_elf(source);
	if (ret)
		tl_source_close(source);
	return ret;
}

int tl_firmware_load(struct tl_source *source, const struct tl_mem *flash)
{
	void *to = tl_mem_at(flash, flash->base, source->file_size);
	int64_t n;

	if (!to)
		return -EFAULT;
	n = tl_source_read(source, to, source->file_size);
	return n < 0 ? (int)n : 0;
}
