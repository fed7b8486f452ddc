/* SPDX-License-Identifier: MIT */
/*
 * Firmware: a file that lies in the machine's flash and is entered there, instead of
 * a kernel. It looks for what to start by itself.
 */
#ifndef TL_VMM_BOOT_FIRMWARE_H
#define TL_VMM_BOOT_FIRMWARE_H

#include <stdint.h>

#include "vmm/boot/source.h"

struct tl_mem;

/*
 * Opens the file, which `room` bytes of flash must hold. Returns 0 or -errno (logged); after 0,
 * call tl_source_close().
 */
int tl_firmware_open(struct tl_source *source, const char *path, uint64_t room);

/* Copies it to the start of the flash. Returns 0 or -errno (logged). */
int tl_firmware_load(struct tl_source *source, const struct tl_mem *flash);

#endif
