/* SPDX-License-Identifier: MIT */
/*
 * Device trees and overlays that the user brings: the input is a file, taken as a tree and as an
 * overlay. What is built of it must be a sound tree that fits into its room.
 */
#include <libfdt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fake_file.h"
#include "vmm/boot/dtb.h"
#include "vmm/boot/fdt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tl_layout layout = {.ram_base = 0x40000000, .ram_size = 0x10000000};
static const struct tl_gic_map gic_map = TL_GIC_MAP_VIRT;
static const struct tl_irqchip irqchip = {.map = &gic_map, .kind = TL_GIC_V3};
static const uint64_t mpidrs[] = {0, 1};

/* Instead of the machine's own: a label that overlays may name, and little else. */
static const void *skeleton(void)
{
	static uint8_t fdt[1024];
	int node;

	if (fdt_magic(fdt) == FDT_MAGIC)
		return fdt;
	if (fdt_create_empty_tree(fdt, sizeof(fdt)))
		abort();
	node = fdt_add_subnode(fdt, 0, "uart");
	fdt_setprop_u32(fdt, node, "phandle", 4);
	node = fdt_add_subnode(fdt, 0, "__symbols__");
	fdt_setprop_string(fdt, node, "uart", "/uart");
	return fdt;
}

static void build(const struct tl_dtb *dtb, const struct tl_dtb *overlay)
{
	static uint8_t out[TL_LAYOUT_FDT_SIZE];
	const struct tl_fdt_config config = {
		.skeleton = skeleton(),
		.layout = &layout,
		.cmdline = "quiet",
		.gic = &irqchip,
		.cpus = 2,
		.mpidr = mpidrs,
		.dtb = dtb,
		.overlay = overlay,
	};

	if (!tl_fdt_build(&config, out) && fdt_check_full(out, sizeof(out)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tl_dtb dtb;
	struct fuzz_file file = fuzz_file(data, size);

	if (!tl_dtb_read(&dtb, "device tree", file.path)) {
		build(&dtb, NULL);
		build(NULL, &dtb);
		build(&dtb, &dtb);
	}
	tl_dtb_fini(&dtb);
	close(file.fd);
	return 0;
}
