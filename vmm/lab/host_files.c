/* SPDX-License-Identifier: MIT */
/*
 * Each file is read from its start, in one piece, as the kernel wants it.
 */
#include "vmm/lab/host_files.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"

#define KPF_KSM (UINT64_C(1) << 21)

static const char *const paths[TL_HOST_FILES] = {
	[TL_HOST_KSM_RUN] = "/sys/kernel/mm/ksm/run",
	[TL_HOST_KSM_SCANS] = "/sys/kernel/mm/ksm/full_scans",
	[TL_HOST_KSM_SHARED] = "/sys/kernel/mm/ksm/pages_shared",
	[TL_HOST_KSM_SHARING] = "/sys/kernel/mm/ksm/pages_sharing",
	[TL_HOST_KSM_PROCESS] = "/proc/self/ksm_stat",
	[TL_HOST_PAGEMAP] = "/proc/self/pagemap",
	[TL_HOST_PAGE_FLAGS] = "/proc/kpageflags",
};

void tl_host_files_open(struct tl_host_files *files)
{
	for (unsigned int i = 0; i < TL_HOST_FILES; i++)
		files->fd[i] = open(paths[i], O_RDONLY | O_CLOEXEC);
	files->opened = true;
}

void tl_host_files_close(struct tl_host_files *files)
{
	for (unsigned int i = 0; files->opened && i < TL_HOST_FILES; i++) {
		if (files->fd[i] >= 0)
			close(files->fd[i]);
	}
	files->opened = false;
}

bool tl_host_number(const struct tl_host_files *files, enum tl_host_file file, const char *name,
	uint64_t *value)
{
	size_t length = strlen(name);
	char text[512], *rest = text, *line;
	ssize_t n = files->opened ? pread(files->fd[file], text, sizeof(text) - 1, 0) : -1;

	if (n <= 0)
		return false;
	text[n] = 0;
	while ((line = strsep(&rest, "\n"))) {
		if (*line && !strncmp(line, name, length))
			return !tl_parse_u64(tl_trim(line + length), 0, UINT64_MAX, value);
	}
	return false;
}

/* An entry of eight bytes. */
static uint64_t entry(const struct tl_host_files *files, enum tl_host_file file, uint64_t index)
{
	uint64_t value = 0;
	ssize_t n = files->opened ? pread(files->fd[file], &value, sizeof(value),
					    (off_t)(index * sizeof(value)))
				  : -1;

	return n == sizeof(value) ? value : 0;
}

uint64_t tl_host_page(const struct tl_host_files *files, uint64_t host)
{
	return entry(files, TL_HOST_PAGEMAP, host / (uint64_t)sysconf(_SC_PAGESIZE));
}

uint64_t tl_host_merged_frame(const struct tl_host_files *files, uint64_t host)
{
	uint64_t page = tl_host_page(files, host);
	uint64_t frame = page & TL_HOST_PAGE_PRESENT ? page & TL_HOST_PAGE_FRAME : 0;

	return frame && entry(files, TL_HOST_PAGE_FLAGS, frame) & KPF_KSM ? frame : 0;
}
