/* SPDX-License-Identifier: MIT */
/*
 * What a guest starts with: its files, opened and checked before there is a VM, put into its
 * RAM at the start and at each reset.
 */
#include <errno.h>
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/status.h"
#include "vmm/arch/arm64/vcpu_regs.h"
#include "vmm/boot/fdt.h"
#include "vmm/boot/firmware.h"
#include "vmm/guest.h"

static int open_firmware(struct tl_guest *guest)
{
	const struct tl_machine *machine = guest->machine;

	guest->layout.kind = TL_IMAGE_FIRMWARE;
	guest->layout.aarch32 = guest->config->aarch32;
	guest->layout.flash = guest->layout.entry = machine->flash_base;
	guest->layout.flash_size = machine->flash_size;
	return tl_firmware_open(&guest->firmware, guest->config->firmware, machine->flash_bank);
}

static int open_kernel(struct tl_guest *guest)
{
	int ret = tl_image_open(&guest->image, guest->config->kernel);
	bool raw = !ret && guest->image.kind == TL_IMAGE_RAW;

	/* A raw program is what the CPUs are. */
	if (ret || !(guest->config->aarch32 || (raw && guest->machine->aarch32)))
		return ret;
	return tl_image_set_aarch32(&guest->image);
}

/* What a 32-bit guest cannot reach: addresses have 32 bits without LPAE. */
static int check_aarch32(const struct tl_guest *guest)
{
	uint64_t room = (UINT64_C(1) << 32) - guest->machine->ram_base;

	if (!guest->layout.aarch32 && guest->machine->aarch32) {
		tl_log_error("kernel '%s' is 64-bit code, and the CPUs of machine %s are 32-bit",
			guest->config->kernel, guest->machine->name);
		return -ENOEXEC;
	}
	if (!guest->layout.aarch32)
		return 0;
	if (guest->config->mem > room) {
		tl_log_error("--mem %" PRIu64
			     "M: this guest is 32-bit, and machine %s has room for %" PRIu64
			     "M of RAM below 4 GiB",
			guest->config->mem >> 20, guest->machine->name, room >> 20);
		return -ENOSPC;
	}
	if (guest->config->cpus > guest->machine->gic.low_redists) {
		tl_log_error(
			"--cpus %u: this guest is 32-bit, and the GIC's registers of %u CPUs are below 4 GiB",
			guest->config->cpus, guest->machine->gic.low_redists);
		return -ENOSPC;
	}
	return 0;
}

static int open_initrd(struct tl_guest *guest)
{
	if (!guest->config->initrd)
		return 0;
	return tl_source_open(&guest->initrd, "initrd", guest->config->initrd, false);
}

int tl_guest_prepare(struct tl_guest *guest)
{
	const struct tl_vmm_config *config = guest->config;
	int ret;

	if (guest->machine->is_lab)
		return tl_lab_prepare(guest);
	ret = tl_fdt_check_cmdline(config->append);
	if (!ret)
		ret = tl_machine_check(
			guest->machine, config->cpus, config->msi, config->firmware != NULL);
	if (!ret)
		ret = config->firmware ? open_firmware(guest) : open_kernel(guest);
	if (!ret)
		ret = open_initrd(guest);
	if (!ret && config->dtb)
		ret = tl_dtb_read(&guest->dtb, "device tree", config->dtb);
	if (!ret && config->overlay)
		ret = tl_dtb_read(&guest->overlay, "overlay", config->overlay);
	guest->layout.kernel_path = config->kernel;
	guest->layout.initrd_path = config->initrd;
	guest->layout.ram_base = guest->machine->ram_base;
	guest->layout.ram_size = config->mem;
	guest->layout.hole = guest->machine->ram_base + config->hole;
	guest->layout.hole_size = config->hole_size;
	guest->layout.initrd_size = guest->initrd.file_size;
	if (!ret && !config->firmware)
		ret = tl_image_place(&guest->image, &guest->layout);
	if (!ret)
		ret = check_aarch32(guest);
	if (!ret)
		ret = tl_layout_place(&guest->layout);
	return ret;
}

static int load_initrd(struct tl_guest *guest)
{
	uint64_t size = guest->layout.initrd_size;
	void *to = tl_mem_at(&guest->vm.mem, guest->layout.initrd, size);
	int64_t n;

	if (size == 0)
		return 0;
	if (!to)
		return -EFAULT;
	tl_source_rewind(&guest->initrd);
	n = tl_source_read(&guest->initrd, to, size);
	if (n >= 0 && (uint64_t)n < size)
		tl_log_error("initrd '%s' became shorter while it was read", guest->initrd.path);
	return n < 0 ? (int)n : (uint64_t)n < size ? -EIO : 0;
}

static int build_fdt(struct tl_guest *guest, void *out)
{
	uint64_t mpidr[TL_GIC_MAX_VCPUS];
	struct tl_fdt_config fdt = {
		.skeleton = guest->machine->skeleton,
		.layout = &guest->layout,
		.cmdline = guest->config->append,
		.gic = &guest->vm.irqchip,
		.pmu = guest->vm.cpu.on[TL_CPU_PMU],
		.cpus = guest->vm.vcpu_count,
		.mpidr = mpidr,
		.bus = &guest->vm.bus,
		.dtb = &guest->dtb,
		.overlay = &guest->overlay,
	};
	int ret = 0;

	for (unsigned int i = 0; !ret && i < fdt.cpus; i++)
		ret = tl_vcpu_regs_mpidr(&guest->vm.vcpus[i], &mpidr[i]);
	return ret ? ret : tl_fdt_build(&fdt, out);
}

int tl_guest_load(struct tl_guest *guest)
{
	const struct tl_layout *layout = &guest->layout;
	void *fdt = tl_mem_at(&guest->vm.mem, layout->fdt, TL_LAYOUT_FDT_SIZE);
	bool firmware = layout->kind == TL_IMAGE_FIRMWARE;
	int ret;

	if (guest->machine->is_lab)
		return tl_lab_load(guest);
	ret = firmware ? 0 : tl_image_load(&guest->image, layout, &guest->vm.mem);
	if (!ret)
		ret = load_initrd(guest);
	if (!ret)
		ret = fdt ? build_fdt(guest, fdt) : -EFAULT;
	if (!ret)
		ret = tl_vcpu_regs_set_boot(
			&guest->vm.vcpus[0], layout->entry, firmware ? 0 : layout->fdt);
	return ret;
}

int tl_guest_dump_dtb(struct tl_guest *guest)
{
	const char *path = guest->config->dump_dtb;
	const void *fdt = tl_mem_at(&guest->vm.mem, guest->layout.fdt, TL_LAYOUT_FDT_SIZE);
	size_t size = fdt_totalsize(fdt);
	FILE *out = fopen(path, "we");
	bool ok = out && fwrite(fdt, 1, size, out) == size;

	if (out && fclose(out))
		ok = false;
	if (!ok) {
		tl_log_error("cannot write the device tree to '%s': %s", path, strerror(errno));
		return TL_STATUS_FAILURE;
	}
	return TL_STATUS_OK;
}
