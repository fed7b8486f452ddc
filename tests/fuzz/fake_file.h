/* SPDX-License-Identifier: MIT */
/*
 * The input as a file that a user names, for targets that read files.
 */
#ifndef TL_FUZZ_FAKE_FILE_H
#define TL_FUZZ_FAKE_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"

struct fuzz_file {
	int fd; /* to be closed */
	char path[64];
};

/* What is wrong with most of them is not said. */
static inline struct fuzz_file fuzz_file(const uint8_t *data, size_t size)
{
	struct fuzz_file file = {.fd = memfd_create("trapline-fuzz", MFD_CLOEXEC)};

	tl_log_set_level(TL_LOG_ERROR);
	if (file.fd < 0 || write(file.fd, data, size) != (ssize_t)size)
		abort();
	snprintf(file.path, sizeof(file.path), "/proc/self/fd/%d", file.fd);
	return file;
}

#endif
