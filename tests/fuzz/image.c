/* SPDX-License-Identifier: MIT */
/*
 * Kernels: the input is a file that somebody wants to boot. What is loaded must lie
 * where its layout says, a second time as well, as at a reset.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fake_file.h"
#include "vmm/boot/image.h"
#include "vmm/boot/layout.h"
#include "vmm/core/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BASE     UINT64_C(0x40000000)
#define RAM_SIZE UINT64_C(0x800000)

static void load(struct tl_image *image, const char *path)
{
	static struct tl_mem mem;
	struct tl_layout layout = {.kernel_path = path, .ram_base = BASE, .ram_size = RAM_SIZE};
	int ret;

	if (!mem.host && tl_mem_init(&mem, BASE, RAM_SIZE))
		return;
	if (tl_image_place(image, &layout) || tl_layout_place(&layout))
		return;
	if (!tl_mem_contains(&mem, layout.kernel, layout.kernel_size) ||
		!tl_mem_contains(&mem, layout.fdt, TL_LAYOUT_FDT_SIZE))
		abort();
	memset(mem.host + (layout.fdt - BASE), 0xfd, TL_LAYOUT_FDT_SIZE);
	ret = tl_image_load(image, &layout, &mem);
	if (tl_image_load(image, &layout, &mem) != ret)
		abort();
	for (uint64_t i = 0; i < TL_LAYOUT_FDT_SIZE; i++) {
		if (mem.host[layout.fdt - BASE + i] != 0xfd)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tl_image image;
	struct fuzz_file file = fuzz_file(data, size);

	if (!tl_image_open(&image, file.path)) {
		load(&image, file.path);
		tl_image_close(&image);
	}
	close(file.fd);
	return 0;
}
