/* SPDX-License-Identifier: MIT */
/*
 * Devicetree Specification v0.4, sections 2.3 (compatible, reg) and 3.4 (memory). Nodes
 * inside a bus that translates addresses (ranges) are left out: no VMM has one.
 */
#include "trace/tool/dtb_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libfdt.h>

#include "base/fdt_check.h"
#include "base/log.h"

/* No device tree of a VM comes near. */
#define SIZE_MAX_BYTES (8 << 20)

/* What a device is called here (trace/decode/device_regs.c), by its first two `reg`. */
static const struct {
	const char *compatible, *names[2];
} kinds[] = {
	{"arm,pl011", {"pl011", NULL}},
	{"arm,pl031", {"pl031", NULL}},
	{"arm,pl061", {"pl061", NULL}},
	{"arm,sp804", {"sp804", NULL}},
	{"arm,vexpress-sysreg", {"vexpress-sysreg", NULL}},
	{"virtio,mmio", {"virtio-mmio", NULL}},
	{"arm,gic-v3", {"gicd", "gicr"}},
	{"arm,gic-v3-its", {"gicits", NULL}},
	{"arm,gic-v2m-frame", {"gicm", NULL}},
	{"arm,cortex-a15-gic", {"gicd", "gicc"}},
	{"arm,gic-400", {"gicd", "gicc"}},
	{"ns16550a", {"8250", NULL}},
	{"qemu,fw-cfg-mmio", {"fw-cfg", NULL}},
	{"pci-host-ecam-generic", {"pci", NULL}},
};

/* The name of range number `i` of a node. */
static void name_range(const void *fdt, int node, int i, char *name, size_t size)
{
	const char *type = fdt_getprop(fdt, node, "device_type", NULL);
	const char *own = fdt_get_name(fdt, node, NULL);

	snprintf(name, size, "%.*s", own ? (int)strcspn(own, "@") : 0, own ? own : "");
	if (type && !strcmp(type, "memory"))
		snprintf(name, size, "ram");
	for (unsigned int k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		if (!fdt_node_check_compatible(fdt, node, kinds[k].compatible) && i < 2 &&
			kinds[k].names[i])
			snprintf(name, size, "%s", kinds[k].names[i]);
	}
}

static uint64_t cells(const fdt32_t *at, int count)
{
	uint64_t value = 0;

	for (int i = 0; i < count; i++)
		value = value << 32 | fdt32_to_cpu(at[i]);
	return value;
}

static void add_node(const void *fdt, int node, int parent, struct tl_vm_map *map)
{
	int address = fdt_address_cells(fdt, parent), size = fdt_size_cells(fdt, parent);
	int length = 0;
	const fdt32_t *reg = fdt_getprop(fdt, node, "reg", &length);

	/* CPUs and the like have no size; more than 64 bits are PCI's. */
	if (!reg || address < 1 || address > 2 || size < 1 || size > 2)
		return;
	for (int i = 0; (i + 1) * (address + size) * 4 <= length; i++) {
		const fdt32_t *at = reg + i * (address + size);
		struct tl_vm_region *region = &map->regions[map->count];

		if (map->count == TL_VM_REGIONS)
			return;
		region->base = cells(at, address);
		region->size = cells(at + address, size);
		name_range(fdt, node, i, region->name, sizeof(region->name));
		if (region->size && region->base + region->size > region->base)
			map->count++;
	}
}

/* A bus whose addresses are those outside of it: its `ranges` is empty. */
static int maps_one_to_one(const void *fdt, int bus)
{
	int length;

	return fdt_getprop(fdt, bus, "ranges", &length) && !length;
}

static int add_all(const void *fdt, struct tl_vm_map *map)
{
	int depth = -1, has_ram = 0;
	int parents[3] = {0, 0, 0};

	for (int node = fdt_next_node(fdt, -1, &depth); node >= 0 && depth >= 0;
		node = fdt_next_node(fdt, node, &depth)) {
		if (depth < 1 || depth > 2) {
			parents[0] = depth ? parents[0] : node;
			continue;
		}
		parents[depth] = node;
		/* Only what is directly in the root, or in a bus that maps one to one. */
		if (depth == 1 || maps_one_to_one(fdt, parents[1]))
			add_node(fdt, node, parents[depth - 1], map);
	}
	for (unsigned int i = 0; i < map->count; i++)
		has_ram |= !strcmp(map->regions[i].name, "ram");
	return has_ram ? 0 : -EINVAL;
}

static int read_file(const char *path, void **data, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t n;
	int ret = 0;

	*data = NULL;
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > SIZE_MAX_BYTES)
		ret = -EINVAL;
	if (!ret)
		*data = malloc((size_t)st.st_size + 1);
	if (!ret && !*data)
		ret = -ENOMEM;
	n = ret ? 0 : read(fd, *data, (size_t)st.st_size);
	if (n < 0)
		ret = -errno;
	*size = n > 0 ? (size_t)n : 0;
	close(fd);
	return ret;
}

int tl_dtb_map(const char *path, struct tl_vm_map *map)
{
	size_t size = 0;
	void *fdt;
	int ret = read_file(path, &fdt, &size);

	if (!ret && (size < sizeof(struct fdt_header) || tl_fdt_check(fdt, size)))
		ret = -EINVAL;
	if (!ret)
		ret = add_all(fdt, map);
	free(fdt);
	if (ret)
		tl_log_error("--dtb '%s': %s", path,
			ret == -EINVAL ? "is no device tree with memory in it; 'dtc -O dtb' "
					 "makes one of its source"
				       : strerror(-ret));
	return ret;
}
