/* SPDX-License-Identifier: MIT */
/*
 * Setting machine lab up, and checking what its guest left: the whole of a minimal hypervisor
 * that is not the run loop.
 */
#include "vmm/lab/lab.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <string.h>

#include "base/log.h"
#include "vmm/arch/arm64/vcpu_regs.h"
#include "vmm/core/kvm.h"
#include "vmm/devices.h"
#include "vmm/guest.h"
#include "vmm/lab/explain.h"

/* The most tables that a format here takes: one a level, of which there are four. */
#define TABLES 4

/* What makes no sense on this machine. Returns its name, or NULL. */
static const char *foreign_option(const struct tl_vmm_config *config)
{
	const struct {
		const char *name;
		bool given;
	} options[] = {
		{"--firmware", config->firmware},
		{"--initrd", config->initrd},
		{"--append", *config->append},
		{"--gic", config->gic != TL_GIC_AUTO},
		{"--msi", config->msi},
		{"--dtb", config->dtb},
		{"--overlay", config->overlay},
		{"--dump-dtb", config->dump_dtb},
		{"--show-layout", config->show_layout},
		{"--mem hole", config->hole_size},
		{"a virtio device", tl_devices_count(config)},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (options[i].given)
			return options[i].name;
	}
	return NULL;
}

static int check_options(const struct tl_vmm_config *config)
{
	const char *foreign = foreign_option(config);

	if (foreign)
		tl_log_error("%s: machine lab has memory, vCPUs and a debug port, and nothing else",
			foreign);
	else if (config->mem != TL_LAB_RAM_SIZE)
		tl_log_error("--mem: machine lab has 2 MiB of memory, no more and no less");
	else if (config->cpus > TL_LAB_CPUS)
		tl_log_error("--cpus %u: machine lab has stacks for %d", config->cpus, TL_LAB_CPUS);
	else
		return 0;
	return -EINVAL;
}

/*
 * 4 KiB: levels 0 to 2, a block. 16 and 64 KiB: levels 1 to 3, as their blocks are larger. 32-bit
 * vCPUs have 4 KiB, and start at level 1.
 */
static void choose_format(struct tl_lab *lab, const struct tl_lab_choices *choices, bool aarch32)
{
	unsigned int shift = choices->granule_shift ? choices->granule_shift : 12;

	lab->format.granule_shift = shift;
	lab->format.va_bits = aarch32 ? 32 : shift == 14 ? 47 : 48;
	lab->ram_level = shift == 12 && !choices->pages ? 2 : 3;
}

int tl_lab_prepare(struct tl_guest *guest)
{
	const struct tl_vmm_config *config = guest->config;
	struct tl_layout *layout = &guest->layout;
	int ret = check_options(config);

	if (!ret)
		ret = tl_image_open(&guest->image, config->kernel);
	if (!ret && config->aarch32)
		ret = tl_image_set_aarch32(&guest->image);
	if (ret)
		return ret;
	choose_format(&guest->lab, &config->lab, guest->image.aarch32);
	if (guest->image.aarch32 && guest->lab.format.granule_shift != 12) {
		tl_log_error("--lab: 32-bit CPUs have a granule of 4k only");
		return -EINVAL;
	}
	if (guest->image.kind == TL_IMAGE_LINUX || guest->image.kind == TL_IMAGE_ZIMAGE) {
		tl_log_error("kernel '%s': machine lab has no room for Linux", config->kernel);
		return -ENOEXEC;
	}
	if (config->lab.explain)
		tl_host_files_open(&guest->lab.files);
	guest->image.text_offset = 0;
	layout->kernel_path = config->kernel;
	layout->ram_base = 0;
	layout->ram_size = TL_LAB_RAM_SIZE;
	ret = tl_image_place(&guest->image, layout);
	if (ret)
		return ret;
	guest->lab.code_size = layout->kernel + layout->kernel_size;
	if (guest->lab.code_size > TL_LAB_CODE_SIZE) {
		tl_log_error("guest '%s' ends at %#" PRIx64 ": machine lab has %" PRIu64
			     " bytes for code, from 0 on",
			config->kernel, guest->lab.code_size, TL_LAB_CODE_SIZE);
		return -ENOSPC;
	}
	return 0;
}

void tl_lab_fini(struct tl_lab *lab)
{
	tl_host_files_close(&lab->files);
}

int tl_lab_add_devices(struct tl_guest *guest)
{
	int ret = tl_lab_port_add(&guest->lab.port, &guest->vm);

	if (ret)
		tl_log_error("cannot add the debug port: %s", strerror(-ret));
	return ret;
}

static int make_table(struct tl_lab *lab, const struct tl_mem *mem)
{
	const struct tl_pt_format *format = &lab->format;
	uint64_t size = tl_pt_table_size(format);
	uint64_t root = size > TL_LAB_TABLE ? size : TL_LAB_TABLE;
	unsigned int port_level = format->granule_shift == 12 ? 2 : 3;
	int ret = tl_pt_init(&lab->table, mem, format, root, TABLES);

	if (!ret)
		ret = tl_pt_map(&lab->table, 0, 0, TL_LAB_RAM_SIZE, lab->ram_level,
			TL_PT_ATTR(TL_LAB_NORMAL) | TL_PT_INNER_SHAREABLE | TL_PT_ACCESSED);
	if (!ret)
		ret = tl_pt_map(&lab->table, TL_LAB_PORT_BASE, TL_LAB_PORT_BASE,
			tl_pt_span(format, port_level), port_level,
			TL_PT_ATTR(TL_LAB_DEVICE) | TL_PT_ACCESSED | TL_PT_NEVER_EXECUTE);
	if (ret)
		tl_log_error("cannot make the page table: %s", strerror(-ret));
	return ret;
}

uint64_t tl_lab_stack(unsigned int vcpu)
{
	return TL_LAB_RAM_SIZE - vcpu * TL_LAB_STACK_SIZE;
}

static int start_vcpu(struct tl_guest *guest, const struct tl_vcpu *vcpu)
{
	struct kvm_mp_state state = {.mp_state = KVM_MP_STATE_RUNNABLE};
	struct tl_lab_start start = {
		.format = guest->lab.format,
		.table = guest->lab.table.root,
		.pc = guest->layout.entry,
		.sp = tl_lab_stack(vcpu->id),
		.number = vcpu->id,
		.aarch32 = guest->layout.aarch32,
	};
	struct tl_lab_regs regs;
	int ret = tl_lab_regs_sctlr(vcpu, &start.sctlr);

	if (!ret && vcpu->id == 0)
		ret = tl_vcpu_regs_get(vcpu,
			TL_VCPU_CORE_REG(offsetof(struct kvm_regs, regs.pstate)),
			&guest->lab.pstate);
	tl_lab_regs_make(&regs, &start);
	if (vcpu->id == 0)
		guest->lab.regs = regs;
	if (!ret)
		ret = tl_lab_regs_set(&regs, vcpu);
	/* Nobody but the VMM starts the others: here is no PSCI driver. */
	return ret ? ret : tl_kvm_ioctl_ptr(vcpu->fd, KVM_SET_MP_STATE, &state);
}

/*
 * All of it: only what has been touched is there, and can be merged. Not with zeros: Linux (6.12)
 * drops pages that have only those when it splits a huge page, before there is something to merge.
 */
static int fill(const struct tl_mem *mem)
{
	void *all = tl_mem_at(mem, 0, TL_LAB_RAM_SIZE);

	if (!all)
		return -EFAULT;
	memset(all, TL_LAB_FILL, TL_LAB_RAM_SIZE);
	return 0;
}

int tl_lab_load(struct tl_guest *guest)
{
	const struct tl_mem *mem = &guest->vm.mem;
	int ret = tl_lab_regs_check_granule(&guest->vm.vcpus[0], guest->lab.format.granule_shift);

	if (!ret && guest->config->backing == TL_MEM_MERGE)
		ret = fill(mem);
	if (!ret)
		ret = tl_mem_zero(mem, TL_LAB_ANSWER, TL_LAB_TABLE - TL_LAB_ANSWER);
	if (!ret)
		ret = tl_image_load(&guest->image, &guest->layout, mem);
	if (!ret)
		ret = make_table(&guest->lab, mem);
	for (unsigned int i = 0; !ret && i < guest->vm.vcpu_count; i++)
		ret = start_vcpu(guest, &guest->vm.vcpus[i]);
	return ret;
}

/* What the guest left. Returns 0 or -errno (logged). */
static int read_answers(struct tl_guest *guest)
{
	const uint8_t *stored = tl_mem_at(&guest->vm.mem, TL_LAB_ANSWER, 8);
	int ret = stored ? 0 : -EFAULT;

	if (stored)
		memcpy(&guest->lab.stored, stored, sizeof(guest->lab.stored));
	for (unsigned int i = 0; !ret && i < guest->vm.vcpu_count; i++)
		ret = tl_vcpu_regs_get_x(&guest->vm.vcpus[i], 0, &guest->lab.answers[i]);
	if (ret)
		tl_log_error("cannot read what the guest left: %s", strerror(-ret));
	return ret;
}

static int check_answers(const struct tl_guest *guest)
{
	const struct tl_lab *lab = &guest->lab;
	int status = TL_STATUS_OK;

	if (lab->stored != TL_LAB_THE_ANSWER) {
		tl_log_error("the guest ended with %" PRIu64 " at %#" PRIx64 ", not %d",
			lab->stored, TL_LAB_ANSWER, TL_LAB_THE_ANSWER);
		status = TL_STATUS_ANSWER;
	}
	for (unsigned int i = 0; i < guest->vm.vcpu_count; i++) {
		if (lab->answers[i] != TL_LAB_THE_ANSWER) {
			tl_log_error("vCPU %u ended with %" PRIu64 " in x0, not %d", i,
				lab->answers[i], TL_LAB_THE_ANSWER);
			status = TL_STATUS_ANSWER;
		}
	}
	return status;
}

int tl_lab_finish(struct tl_guest *guest, int status)
{
	if (guest->console.quit || read_answers(guest))
		return status;
	if (guest->config->lab.explain && tl_lab_explain(guest, stdout) && status == TL_STATUS_OK)
		status = TL_STATUS_FAILURE;
	return status == TL_STATUS_OK ? check_answers(guest) : status;
}
