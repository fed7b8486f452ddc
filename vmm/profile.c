/* SPDX-License-Identifier: MIT */
/*
 * Between the VMM and the profiler: the VM's description goes one way, the
 * profile comes back.
 */
#include "vmm/profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/vm_desc.h"
#include "trace/decode/symbols.h"
#include "trace/profile/slide.h"
#include "trace/report/json.h"
#include "trace/report/text.h"
#include "vmm/core/kvm.h"
#include "vmm/boot/layout.h"
#include "vmm/core/vm.h"
#include "vmm/sandbox/gate.h"
#include "vmm/vmm.h"

#define ONE_GIB (UINT64_C(1) << 30)

static void add_region(struct tl_vm_map *map, const char *name, uint64_t base, uint64_t size)
{
	struct tl_vm_region *region;

	if (map->count == TL_VM_REGIONS)
		return;
	region = &map->regions[map->count++];
	snprintf(region->name, sizeof(region->name), "%s", name);
	region->base = base;
	region->size = size;
}

static void describe(struct tl_vm_map *map, const struct tl_vm *vm)
{
	const struct tl_gic_map *gic = vm->irqchip.map;
	const struct tl_gic_range *dist = tl_gic_dist(gic, vm->irqchip.kind);
	struct tl_bpf_range ram[3];
	unsigned int count = tl_vmm_profile_ram(vm, ram);

	for (unsigned int i = 0; i < count; i++)
		add_region(map, "ram", ram[i].base, ram[i].end - ram[i].base);
	if (vm->irqchip.kind != TL_GIC_NONE)
		add_region(map, "gicd", dist->base, dist->size);
	if (vm->irqchip.kind == TL_GIC_V3) {
		unsigned int low =
			vm->vcpu_count < gic->low_redists ? vm->vcpu_count : gic->low_redists;
		char high[16];

		/* Whose the first one there is: trace/decode/device_regs.h. */
		snprintf(high, sizeof(high), "gicr@%u", low);

		add_region(map, "gicr", gic->redists, TL_GIC_REDIST_SIZE * low);
		if (vm->vcpu_count > low)
			add_region(map, high, vm->irqchip.high_redists,
				TL_GIC_REDIST_SIZE * (vm->vcpu_count - low));
		if (vm->irqchip.msi)
			add_region(map, "gicits", gic->its, TL_GIC_ITS_SIZE);
	} else if (vm->irqchip.kind == TL_GIC_V2) {
		add_region(map, "gicc", gic->v2_cpu.base, gic->v2_cpu.size);
	}
	for (size_t i = 0; i < vm->bus.count; i++) {
		const struct tl_dev *dev = vm->bus.devices[i];

		add_region(map, dev->ops->name, dev->base, dev->size);
	}
}

/* The vCPUs, as the profiler wants them; the caller's to free. NULL: no memory. */
static struct tl_vcpu_desc *describe_vcpus(const struct tl_vm *vm)
{
	struct tl_vcpu_desc *vcpus = calloc(vm->vcpu_count, sizeof(*vcpus));

	for (unsigned int i = 0; vcpus && i < vm->vcpu_count; i++) {
		int fd = tl_kvm_ioctl(vm->vcpus[i].fd, KVM_GET_STATS_FD, 0);

		/* Without it (before Linux 5.14) the report says what it cannot check. */
		vcpus[i].id = vm->vcpus[i].id;
		vcpus[i].tid = vm->vcpus[i].tid;
		vcpus[i].stats_fd = fd < 0 ? -1 : fd;
	}
	return vcpus;
}

static void on_thread(void *gate)
{
	tl_gate_pass(gate, TL_SANDBOX_TRACE);
}

/* The VM as the profiler sees it; `vcpus` and `map` are the caller's, and outlive it. */
static struct tl_vm_desc describe_vm(
	const struct tl_vm *vm, struct tl_vcpu_desc *vcpus, struct tl_vm_map *map)
{
	return (struct tl_vm_desc){.pid = getpid(),
		.vcpu_count = vm->vcpu_count,
		.vcpus = vcpus,
		.map = map,
		.on_thread = on_thread,
		.opaque = vm->gate};
}

int tl_vmm_profile_attach(struct tl_session *session, const struct tl_vm *vm)
{
	struct tl_vm_map map = {0};
	struct tl_vcpu_desc *vcpus = describe_vcpus(vm);
	struct tl_vm_desc desc = describe_vm(vm, vcpus, &map);
	int ret;

	if (!vcpus)
		return -ENOMEM;
	describe(&map, vm);
	ret = tl_session_set_vm(session, &desc);
	if (tl_session_has_thread(session))
		tl_gate_expect(vm->gate);
	free(vcpus);
	return ret;
}

int tl_vmm_record_start(struct tl_recorder **recorder, const char *path, const struct tl_vm *vm)
{
	struct tl_vm_map map = {0};
	struct tl_vcpu_desc *vcpus = describe_vcpus(vm);
	struct tl_vm_desc desc = describe_vm(vm, vcpus, &map);
	pid_t *tids = calloc(vm->vcpu_count, sizeof(*tids));
	struct tl_recorder_config config = {
		.path = path, .tids = tids, .tid_count = vm->vcpu_count};
	int ret = -ENOMEM;

	if (vcpus && tids) {
		describe(&map, vm);
		for (unsigned int i = 0; i < vm->vcpu_count; i++)
			tids[i] = vcpus[i].tid;
		ret = tl_recorder_create(recorder, &config);
		ret = ret ? ret : tl_recorder_set_vm(*recorder, &desc);
		ret = ret ? ret : tl_recorder_start(*recorder);
		if (!ret)
			tl_gate_expect(vm->gate);
	}
	free(vcpus);
	free(tids);
	return ret;
}

/* The guest's symbols: those of the file that was named, else the kernel's own, if it has any. */
static struct tl_symbols *load_symbols(
	const struct tl_vmm_config *config, const struct tl_layout *layout)
{
	const char *path = config->symbols ? config->symbols : config->kernel;
	struct tl_symbols *symbols;
	uint64_t start, unpacked;
	int ret = path ? tl_symbols_load(&symbols, path) : -ENOENT;

	if (ret && config->symbols)
		tl_log_warn("--symbols '%s': %s; addresses stay numbers", path,
			ret == -ENOENT ? "no symbols in it" : strerror(-ret));
	if (ret)
		return NULL;
	/* Until its MMU is on, Linux runs where it was loaded. */
	if (!tl_symbols_address(symbols, "_text", &start))
		return symbols;
	/* A 32-bit kernel's RAM starts at a whole GiB of virtual addresses, and is below its
	 * zImage. */
	unpacked = layout->ram_base + start % ONE_GIB;
	if (layout->kind != TL_IMAGE_ZIMAGE)
		tl_symbols_set_loaded(symbols, start, layout->kernel, layout->kernel_size);
	else if (unpacked < layout->kernel)
		tl_symbols_set_loaded(symbols, start, unpacked, layout->kernel - unpacked);
	return symbols;
}

int tl_vmm_record_stop(struct tl_recorder *recorder, const struct tl_vmm_config *config,
	const struct tl_layout *layout)
{
	struct tl_symbols *symbols = load_symbols(config, layout);
	int ret = tl_recorder_stop(recorder, symbols);

	tl_symbols_destroy(symbols);
	if (!ret)
		fprintf(stderr,
			"trapline: recorded %.1f MiB to %s; 'trapline report %s' shows it\n",
			(double)tl_recorder_bytes(recorder) / (1 << 20), config->record,
			config->record);
	return ret;
}

int tl_vmm_profile_print(struct tl_session *session, const struct tl_vmm_config *config,
	const struct tl_layout *layout, FILE *text, FILE *json)
{
	struct tl_symbols *symbols = load_symbols(config, layout);
	int ret;

	tl_slide_set(symbols, &tl_session_profile(session)->details);
	tl_session_set_symbols(session, symbols);
	ret = tl_report_text(text, tl_session_profile(session));
	if (!ret)
		ret = tl_report_json_print(json, tl_session_profile(session));
	tl_session_set_symbols(session, NULL);
	tl_symbols_destroy(symbols);
	return ret;
}

int tl_vmm_profile_report(struct tl_session *session, const struct tl_vmm_config *config,
	const struct tl_layout *layout)
{
	const char *json = config->profile_json;
	struct tl_symbols *symbols = NULL;
	int ret = tl_session_stop(session);
	int err;

	if (ret)
		return ret;
	symbols = load_symbols(config, layout);
	tl_slide_set(symbols, &tl_session_profile(session)->details);
	tl_session_set_symbols(session, symbols);
	fflush(stdout);
	ret = tl_report_text(stderr, tl_session_profile(session));
	if (ret)
		tl_log_error("cannot print the profile: %s", strerror(-ret));
	if (json) {
		err = tl_report_json(json, tl_session_profile(session));
		ret = ret ? ret : err;
	}
	tl_session_set_symbols(session, NULL);
	tl_symbols_destroy(symbols);
	return ret;
}
