/* SPDX-License-Identifier: MIT */
/*
 * libfdt checks the structure as a whole (tl_fdt_check); what the nodes mean is checked here
 * (Devicetree Specification 0.4, sections 3.4 and 3.8).
 */
#include "vmm/boot/dtb.h"

#include <errno.h>
#include <inttypes.h>
#include <libfdt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/fdt_check.h"
#include "base/log.h"
#include "vmm/boot/source.h"

/* What dtc has written since 2006. */
#define VERSION 17

static int check_structure(const struct tl_dtb *dtb, const char *what)
{
	int node = 0;
	int depth = 0;
	int err = -FDT_ERR_TRUNCATED;

	/* libfdt crashes on some damaged trees of version 2 and the like, which nobody makes. */
	if (dtb->size >= sizeof(struct fdt_header))
		err = fdt_magic(dtb->blob) != FDT_MAGIC  ? -FDT_ERR_BADMAGIC
		      : fdt_version(dtb->blob) < VERSION ? -FDT_ERR_BADVERSION
							 : tl_fdt_check(dtb->blob, dtb->size);
	if (err) {
		tl_log_error("%s '%s' %s: %s", what, dtb->path,
			err == -FDT_ERR_BADMAGIC ? "is not compiled by dtc" : "is damaged",
			fdt_strerror(err));
		return -EBADMSG;
	}
	while (node >= 0) {
		if (depth > TL_DTB_DEPTH) {
			tl_log_error("%s '%s' is damaged: its nodes are deeper than %d levels",
				what, dtb->path, TL_DTB_DEPTH);
			return -EBADMSG;
		}
		node = fdt_next_node(dtb->blob, node, &depth);
	}
	return 0;
}

int tl_dtb_read(struct tl_dtb *dtb, const char *what, const char *path)
{
	struct tl_source source;
	int64_t n;
	int ret = tl_source_open(&source, what, path, false);

	*dtb = (struct tl_dtb){.path = path};
	if (ret)
		return ret;
	dtb->size = source.file_size;
	if (source.file_size > TL_LAYOUT_FDT_SIZE) {
		tl_log_error("%s '%s' has %" PRIu64 " bytes: there is room for %" PRIu64, what,
			path, source.file_size, TL_LAYOUT_FDT_SIZE);
		ret = -EFBIG;
	} else {
		dtb->blob = malloc(dtb->size);
		n = dtb->blob ? tl_source_read(&source, dtb->blob, dtb->size) : -ENOMEM;
		if (!dtb->blob)
			tl_log_error("cannot read %s '%s': out of memory", what, path);
		ret = n < 0 ? (int)n : check_structure(dtb, what);
	}
	tl_source_close(&source);
	return ret;
}

void tl_dtb_fini(struct tl_dtb *dtb)
{
	free(dtb->blob);
	*dtb = (struct tl_dtb){0};
}

/* A number of one or two cells. */
static uint64_t number(const fdt32_t *cells, int count)
{
	uint64_t value = fdt32_ld(cells);

	return count == 1 ? value : value << 32 | fdt32_ld(cells + 1);
}

/* One memory node. Returns how many ranges it has, or -EINVAL (logged). */
static int check_memory(const void *fdt, int node, const struct tl_layout *layout, const char *path)
{
	int at_cells = fdt_address_cells(fdt, 0);
	int size_cells = fdt_size_cells(fdt, 0);
	int len = 0;
	const fdt32_t *reg = fdt_getprop(fdt, node, "reg", &len);
	int range = (at_cells + size_cells) * (int)sizeof(*reg);

	if (at_cells < 1 || at_cells > 2 || size_cells < 1 || size_cells > 2 || !reg ||
		len % range) {
		tl_log_error("device tree '%s': its memory node cannot be understood (reg)", path);
		return -EINVAL;
	}
	for (const fdt32_t *end = reg + len / (int)sizeof(*reg); reg < end;
		reg += at_cells + size_cells) {
		uint64_t at = number(reg, at_cells);
		uint64_t size = number(reg + at_cells, size_cells);

		if (!tl_layout_has(layout, at, size)) {
			tl_log_error("device tree '%s' has %#" PRIx64
				     " bytes of memory at %#" PRIx64 ", but RAM is %#" PRIx64
				     " to %#" PRIx64 "%s: use another --mem",
				path, size, at, layout->ram_base,
				layout->ram_base + layout->ram_size,
				layout->hole_size ? ", with a hole" : "");
			return -EINVAL;
		}
	}
	return len / range;
}

static bool is_type(const void *fdt, int node, const char *type)
{
	int len;
	const char *value = fdt_getprop(fdt, node, "device_type", &len);

	return value && (size_t)len == strlen(type) + 1 && !memcmp(value, type, (size_t)len);
}

int tl_dtb_check(
	const void *fdt, const struct tl_layout *layout, unsigned int cpus, const char *path)
{
	int parent = fdt_path_offset(fdt, "/cpus");
	unsigned int found = 0;
	int ranges = 0;
	int node;

	fdt_for_each_subnode(node, fdt, 0)
	{
		int n = is_type(fdt, node, "memory") ? check_memory(fdt, node, layout, path) : 0;

		if (n < 0)
			return n;
		ranges += n;
	}
	if (!ranges) {
		tl_log_error("device tree '%s' has no memory: no node of device_type memory", path);
		return -EINVAL;
	}
	if (parent >= 0) {
		fdt_for_each_subnode(node, fdt, parent) found += is_type(fdt, node, "cpu");
	}
	if (!found) {
		tl_log_error(
			"device tree '%s' has no CPU: no node of device_type cpu in /cpus", path);
		return -EINVAL;
	}
	if (found > cpus) {
		tl_log_error("device tree '%s' has %u CPUs, and the machine %u: use --cpus %u",
			path, found, cpus, found);
		return -EINVAL;
	}
	return 0;
}
