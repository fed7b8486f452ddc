/* SPDX-License-Identifier: MIT */
/*
 * Completing the device tree with libfdt. Bindings: the Devicetree
 * Specification 0.4, and arm/cpus.yaml, arm,gic.yaml and arm,gic-v3.yaml in
 * the kernel's Documentation/devicetree/bindings.
 */
#include "vmm/boot/fdt.h"

#include <ctype.h>
#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "vmm/arch/arm64/cpu_features.h"
#include "vmm/boot/dtb.h"
#include "vmm/core/bus.h"

/* The phandle that the skeletons use as interrupt-parent. */
#define GIC_PHANDLE 1

/* libfdt's functions return a node's offset or a negative error; the first error is kept. */
static int keep(int *err, int ret)
{
	if (ret < 0 && !*err)
		*err = ret;
	return ret;
}

static void prop_pairs(
	void *fdt, int node, const char *name, const uint64_t *values, int count, int *err)
{
	fdt64_t cells[8];

	for (int i = 0; i < count; i++)
		cells[i] = cpu_to_fdt64(values[i]);
	keep(err, fdt_setprop(fdt, node, name, cells, count * (int)sizeof(cells[0])));
}

static void add_memory(void *fdt, const struct tl_layout *layout, int *err)
{
	uint64_t high = layout->hole + layout->hole_size;
	uint64_t reg[4] = {layout->ram_base, layout->ram_size};
	char name[32];
	int node;

	snprintf(name, sizeof(name), "memory@%llx", (unsigned long long)layout->ram_base);
	node = keep(err, fdt_add_subnode(fdt, 0, name));
	if (node < 0)
		return;
	keep(err, fdt_setprop_string(fdt, node, "device_type", "memory"));
	if (layout->hole_size) {
		reg[1] = layout->hole - layout->ram_base;
		reg[2] = high;
		reg[3] = layout->ram_base + layout->ram_size - high;
	}
	prop_pairs(fdt, node, "reg", reg, layout->hole_size ? 4 : 2, err);
}

/* arm/cpus.yaml: addresses have one cell where the CPUs are 32-bit. */
static void add_cpu(void *fdt, int cpus, uint64_t mpidr, bool aarch32, int *err)
{
	char name[32];
	int node;

	snprintf(name, sizeof(name), "cpu@%llx", (unsigned long long)mpidr);
	node = keep(err, fdt_add_subnode(fdt, cpus, name));
	if (node < 0)
		return;
	keep(err, fdt_setprop_string(fdt, node, "device_type", "cpu"));
	keep(err, fdt_setprop_string(fdt, node, "compatible", "arm,armv8"));
	keep(err, fdt_setprop_string(fdt, node, "enable-method", "psci"));
	keep(err, aarch32 ? fdt_setprop_u32(fdt, node, "reg", (uint32_t)mpidr)
			  : fdt_setprop_u64(fdt, node, "reg", mpidr));
}

static void add_cpus(void *fdt, const struct tl_fdt_config *config, int *err)
{
	bool aarch32 = config->layout->aarch32;
	int node = keep(err, fdt_add_subnode(fdt, 0, "cpus"));

	if (node < 0)
		return;
	keep(err, fdt_setprop_u32(fdt, node, "#address-cells", aarch32 ? 1 : 2));
	keep(err, fdt_setprop_u32(fdt, node, "#size-cells", 0));
	/* A new node becomes its parent's first child: the last CPU goes in first. */
	for (unsigned int i = config->cpus; i-- > 0;)
		add_cpu(fdt, node, config->mpidr[i], aarch32, err);
}

/* What takes messages, below the GIC: an ITS, or for a GICv2 a frame of GICv2m. */
static void add_msi(void *fdt, int gic, const struct tl_irqchip *irqchip, int *err)
{
	bool v3 = irqchip->kind == TL_GIC_V3;
	uint64_t reg[2] = {v3 ? irqchip->map->its : irqchip->map->gicv2m,
		v3 ? TL_GIC_ITS_SIZE : TL_GICV2M_SIZE};
	char name[32];
	int node;

	keep(err, fdt_setprop_u32(fdt, gic, "#address-cells", 2));
	keep(err, fdt_setprop_u32(fdt, gic, "#size-cells", 2));
	keep(err, fdt_setprop_empty(fdt, gic, "ranges"));
	snprintf(name, sizeof(name), "%s@%llx", v3 ? "its" : "v2m", (unsigned long long)reg[0]);
	node = keep(err, fdt_add_subnode(fdt, gic, name));
	if (node < 0)
		return;
	keep(err, fdt_setprop_string(
			  fdt, node, "compatible", v3 ? "arm,gic-v3-its" : "arm,gic-v2m-frame"));
	keep(err, fdt_setprop_empty(fdt, node, "msi-controller"));
	if (v3)
		keep(err, fdt_setprop_u32(fdt, node, "#msi-cells", 1));
	prop_pairs(fdt, node, "reg", reg, 2, err);
}

static void add_pmu(void *fdt, int *err)
{
	/* A private interrupt, level, active high. */
	fdt32_t interrupt[3] = {cpu_to_fdt32(1), cpu_to_fdt32(TL_PMU_PPI), cpu_to_fdt32(4)};
	int node = keep(err, fdt_add_subnode(fdt, 0, "pmu"));

	if (node < 0)
		return;
	keep(err, fdt_setprop_string(fdt, node, "compatible", "arm,armv8-pmuv3"));
	keep(err, fdt_setprop(fdt, node, "interrupts", interrupt, sizeof(interrupt)));
}

static void add_gic(void *fdt, const struct tl_fdt_config *config, int *err)
{
	const struct tl_gic_map *map = config->gic->map;
	bool v3 = config->gic->kind == TL_GIC_V3;
	bool high = v3 && config->cpus > map->low_redists;
	const struct tl_gic_range *dist = tl_gic_dist(map, config->gic->kind);
	uint64_t reg[6] = {dist->base, dist->size, map->v2_cpu.base, map->v2_cpu.size,
		config->gic->high_redists,
		TL_GIC_REDIST_SIZE * (high ? config->cpus - map->low_redists : 0)};
	char name[32];
	int node;

	snprintf(name, sizeof(name), "intc@%llx", (unsigned long long)dist->base);
	node = keep(err, fdt_add_subnode(fdt, 0, name));
	if (node < 0)
		return;
	if (v3) {
		reg[2] = map->redists;
		reg[3] = TL_GIC_REDIST_SIZE * (high ? map->low_redists : config->cpus);
	}
	keep(err, fdt_setprop_string(
			  fdt, node, "compatible", v3 ? "arm,gic-v3" : "arm,cortex-a15-gic"));
	prop_pairs(fdt, node, "reg", reg, high ? 6 : 4, err);
	if (high)
		keep(err, fdt_setprop_u32(fdt, node, "#redistributor-regions", 2));
	keep(err, fdt_setprop_empty(fdt, node, "interrupt-controller"));
	keep(err, fdt_setprop_u32(fdt, node, "#interrupt-cells", 3));
	keep(err, fdt_setprop_u32(fdt, node, "phandle", GIC_PHANDLE));
	if (config->gic->msi)
		add_msi(fdt, node, config->gic, err);
}

static void add_chosen(void *fdt, const struct tl_fdt_config *config, int *err)
{
	const struct tl_layout *layout = config->layout;
	int node = fdt_path_offset(fdt, "/chosen");

	if (node == -FDT_ERR_NOTFOUND)
		node = fdt_add_subnode(fdt, 0, "chosen");
	if (keep(err, node) < 0)
		return;
	if (config->cmdline[0])
		keep(err, fdt_setprop_string(fdt, node, "bootargs", config->cmdline));
	/* A tree that was written by --dump-dtb may name one that is not there now. */
	(void)fdt_delprop(fdt, node, "linux,initrd-start");
	(void)fdt_delprop(fdt, node, "linux,initrd-end");
	if (layout->initrd_size) {
		keep(err, fdt_setprop_u64(fdt, node, "linux,initrd-start", layout->initrd));
		keep(err, fdt_setprop_u64(fdt, node, "linux,initrd-end",
				  layout->initrd + layout->initrd_size));
	}
}

/* Devices that the skeleton does not have. */
static void add_devices(void *fdt, const struct tl_bus *bus, int *err)
{
	/* The first one is to come first. */
	for (size_t i = bus ? bus->count : 0; i-- > 0;) {
		struct tl_dev *dev = bus->devices[i];

		if (dev->ops->fdt && dev->ops->fdt(dev, fdt))
			keep(err, -FDT_ERR_NOSPACE);
	}
}

static bool given(const struct tl_dtb *dtb)
{
	return dtb && dtb->path;
}

/* Returns 0 or libfdt's error (logged). */
static int apply_overlay(void *fdt, const struct tl_dtb *overlay)
{
	/* libfdt changes the overlay while it applies it. */
	void *copy = malloc(overlay->size);
	int err = -FDT_ERR_NOSPACE;

	if (copy) {
		memcpy(copy, overlay->blob, overlay->size);
		err = fdt_overlay_apply(fdt, copy);
	}
	free(copy);
	if (err)
		tl_log_error("cannot apply overlay '%s': %s%s", overlay->path, fdt_strerror(err),
			err == -FDT_ERR_NOTFOUND ? "; it names a label or node that is not there"
						 : "");
	return err;
}

/* Returns 0 or libfdt's error; *said: which has been logged. */
static int build(const struct tl_fdt_config *config, void *out, bool *said)
{
	const void *from = given(config->dtb) ? config->dtb->blob : config->skeleton;
	int err = fdt_open_into(from, out, (int)TL_LAYOUT_FDT_SIZE);
	int symbols;

	if (!err && !given(config->dtb)) {
		/* The last added node comes first in the tree. */
		add_devices(out, config->bus, &err);
		if (config->pmu)
			add_pmu(out, &err);
		add_gic(out, config, &err);
		add_cpus(out, config, &err);
		add_memory(out, config->layout, &err);
	}
	if (!err)
		add_chosen(out, config, &err);
	if (!err && given(config->overlay)) {
		err = apply_overlay(out, config->overlay);
		*said = err != 0;
	}
	if (err)
		return err;
	/* Only overlays want them. */
	symbols = fdt_path_offset(out, "/__symbols__");
	if (symbols >= 0)
		err = fdt_del_node(out, symbols);
	return err ? err : fdt_pack(out);
}

int tl_fdt_build(const struct tl_fdt_config *config, void *out)
{
	bool said = false;
	int err = build(config, out, &said);

	if (err) {
		if (!said)
			tl_log_error("cannot build the device tree: %s", fdt_strerror(err));
		return err == -FDT_ERR_NOSPACE ? -ENOSPC : -EINVAL;
	}
	if (!given(config->dtb) && !given(config->overlay))
		return 0;
	return tl_dtb_check(out, config->layout, config->cpus,
		given(config->dtb) ? config->dtb->path : config->overlay->path);
}

static void warn_mem(const char *number)
{
	const char *end = number;

	while (isdigit((unsigned char)*end))
		end++;
	if (end > number && (*end == '\0' || *end == ' '))
		tl_log_warn(
			"'mem=%.*s' on the kernel command line means %.*s bytes: did you mean mem=%.*sM?",
			(int)(end - number), number, (int)(end - number), number,
			(int)(end - number), number);
}

int tl_fdt_check_cmdline(const char *cmdline)
{
	size_t len = strlen(cmdline);

	if (len >= TL_CMDLINE_MAX) {
		tl_log_error("the kernel command line has %zu characters: Linux on arm64 takes %d",
			len, TL_CMDLINE_MAX - 1);
		return -E2BIG;
	}
	for (const char *at = cmdline; (at = strstr(at, "mem=")) != NULL; at += 4) {
		if (at == cmdline || at[-1] == ' ')
			warn_mem(at + 4);
	}
	return 0;
}
