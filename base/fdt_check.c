/* SPDX-License-Identifier: MIT */
/*
 * A walk over the tags of the structure block, which only ever goes forward.
 */
#include "base/fdt_check.h"

#include <libfdt.h>
#include <stdint.h>
#include <string.h>

#define TAG sizeof(fdt32_t)

/* How many bytes the tag at `at` has, of `left` that there are; 0: more than that, or no tag. */
static size_t tag_size(const char *at, size_t left)
{
	size_t size = TAG;

	switch (fdt32_ld((const fdt32_t *)at)) {
	case FDT_BEGIN_NODE:
		size += strnlen(at + TAG, left - TAG) + 1;
		break;
	case FDT_PROP:
		size = sizeof(struct fdt_property);
		if (left < size)
			return 0;
		size += fdt32_ld((const fdt32_t *)(at + TAG));
		break;
	case FDT_END_NODE:
	case FDT_NOP:
	case FDT_END:
		break;
	default:
		return 0;
	}
	size = (size + TAG - 1) / TAG * TAG;
	return size <= left ? size : 0;
}

int tl_fdt_check(const void *blob, size_t size)
{
	uint64_t start, left;
	const char *at;

	if (size < sizeof(struct fdt_header))
		return -FDT_ERR_TRUNCATED;
	start = fdt_off_dt_struct(blob);
	left = fdt_size_dt_struct(blob);
	if (start % TAG || start > size || left > size - start)
		return -FDT_ERR_TRUNCATED;
	at = (const char *)blob + start;
	while (left >= TAG) {
		size_t tag = tag_size(at, left);

		if (!tag)
			return -FDT_ERR_BADSTRUCTURE;
		if (fdt32_ld((const fdt32_t *)at) == FDT_END)
			return fdt_check_full(blob, size);
		at += tag;
		left -= tag;
	}
	return -FDT_ERR_BADSTRUCTURE;
}
