/* SPDX-License-Identifier: MIT */
/*
 * Files in which the host's kernel tells of this process's memory. They are opened before the
 * guest runs, for behind that nothing can be opened any more, and read when it has ended. Main
 * thread.
 */
#ifndef TL_VMM_LAB_HOST_FILES_H
#define TL_VMM_LAB_HOST_FILES_H

#include <stdbool.h>
#include <stdint.h>

/* Same-page merging (Documentation/admin-guide/mm/ksm.rst), and pages (pagemap.rst). */
enum tl_host_file {
	TL_HOST_KSM_RUN,
	TL_HOST_KSM_SCANS,
	TL_HOST_KSM_SHARED,
	TL_HOST_KSM_SHARING,
	TL_HOST_KSM_PROCESS,
	TL_HOST_PAGEMAP,
	TL_HOST_PAGE_FLAGS,
	TL_HOST_FILES,
};

struct tl_host_files {
	bool opened; /* else the rest says nothing */
	int fd[TL_HOST_FILES];
};

/* Opens those that there are. */
void tl_host_files_open(struct tl_host_files *files);
void tl_host_files_close(struct tl_host_files *files);

/*
 * A number that stands alone in the file, or behind `name` in a line of it. False: it is not
 * there.
 */
bool tl_host_number(const struct tl_host_files *files, enum tl_host_file file, const char *name,
	uint64_t *value);

/* The entry of the page at this address in /proc/self/pagemap, or 0. */
uint64_t tl_host_page(const struct tl_host_files *files, uint64_t host);

/* The entry's page is there; its frame, where root has asked. */
#define TL_HOST_PAGE_PRESENT (UINT64_C(1) << 63)
#define TL_HOST_PAGE_FRAME   ((UINT64_C(1) << 55) - 1)

/* The frame that holds the page at this address if it is a merged one, else 0. */
uint64_t tl_host_merged_frame(const struct tl_host_files *files, uint64_t host);

#endif
