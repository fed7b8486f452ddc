/* SPDX-License-Identifier: MIT */
/*
 * The capabilities are in Documentation/virt/kvm/api.rst, chapter 8 and where
 * each ioctl is described.
 */
#include "vmm/caps.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/arch/arm64/id_regs.h"
#include "vmm/arch/arm64/vm_type.h"
#include "vmm/core/kvm.h"

/* A VM type for this much address space is one that every host has. */
#define SMALL_IPA (UINT64_C(1) << 32)

struct probe {
	int kvm_fd, vm_fd, vcpu_fd, stats_fd;
};

static void add(struct tl_caps *caps, struct tl_cap cap)
{
	if (caps->count < TL_CAPS_MAX)
		caps->caps[caps->count++] = cap;
}

static void add_kvm(
	struct tl_caps *caps, const char *name, const char *key, int value, const char *without)
{
	add(caps, (struct tl_cap){TL_CAP_KVM, name, key, without, value > 0, false});
}

static void add_number(
	struct tl_caps *caps, const char *name, const char *key, int value, const char *without)
{
	add(caps, (struct tl_cap){TL_CAP_KVM, name, key, without, value, true});
}

static void add_counting(
	struct tl_caps *caps, const char *name, const char *key, bool value, const char *without)
{
	add(caps, (struct tl_cap){TL_CAP_COUNTING, name, key, without, value, false});
}

/* Whether a device of this type could be made. */
static int has_device(const struct probe *probe, uint32_t type)
{
	struct kvm_create_device device = {.type = type, .flags = KVM_CREATE_DEVICE_TEST};

	return !tl_kvm_ioctl_ptr(probe->vm_fd, KVM_CREATE_DEVICE, &device);
}

static void add_numbers(struct tl_caps *caps, const struct probe *probe)
{
	int ipa = tl_kvm_check(probe->kvm_fd, KVM_CAP_ARM_VM_IPA_SIZE);

	add_number(caps, "API version", "api_version",
		tl_kvm_ioctl(probe->kvm_fd, KVM_GET_API_VERSION, 0), "");
	add_number(caps, "vCPUs of a VM, at most", "max_vcpus",
		tl_kvm_check(probe->kvm_fd, KVM_CAP_MAX_VCPUS), "");
	add_number(caps, "address bits of a VM, at most", "ipa_bits", ipa ? ipa : 40, "");
	add_number(caps, "hardware breakpoints", "breakpoints",
		tl_kvm_check(probe->kvm_fd, KVM_CAP_GUEST_DEBUG_HW_BPS),
		"a debugger has only software breakpoints");
	add_number(caps, "hardware watchpoints", "watchpoints",
		tl_kvm_check(probe->kvm_fd, KVM_CAP_GUEST_DEBUG_HW_WPS),
		"a debugger cannot watch memory");
}

static void add_devices(struct tl_caps *caps, const struct probe *probe)
{
	add_kvm(caps, "GICv3", "gicv3", has_device(probe, KVM_DEV_TYPE_ARM_VGIC_V3),
		"no --gic 3, and at most 8 vCPUs");
	add_kvm(caps, "GICv2", "gicv2", has_device(probe, KVM_DEV_TYPE_ARM_VGIC_V2),
		"no --gic 2, which guests without a GICv3 driver need");
	add_kvm(caps, "ITS", "its", has_device(probe, KVM_DEV_TYPE_ARM_VGIC_ITS),
		"no --msi on with a GICv3");
}

/* No capability says it, but what the guest finds in ID_AA64PFR0_EL1. */
static bool has_el0_32bit(const struct probe *probe)
{
	static const char name[] = "aarch32";
	int field = tl_id_fields_find(name, sizeof(name) - 1);

	return field >= 0 && probe->vcpu_fd >= 0 &&
	       !tl_id_regs_init_vcpu(probe->vm_fd, probe->vcpu_fd) &&
	       tl_id_regs_on(probe->vcpu_fd, &tl_id_fields[field]) > 0;
}

static void add_extensions(struct tl_caps *caps, const struct probe *probe)
{
	static const struct {
		long capability;
		const char *name, *key, *without;
	} list[] = {
		{KVM_CAP_ARM_EL1_32BIT, "32-bit guests", "el1_32bit",
			"only 64-bit kernels run (the CPU has no AArch32 at EL1)"},
		{KVM_CAP_ARM_PMU_V3, "PMU", "pmu",
			"guests cannot count cycles or instructions (--cpu pmu=on)"},
		{KVM_CAP_ARM_SVE, "SVE", "sve", "guests have no scalable vectors"},
		{KVM_CAP_ARM_PTRAUTH_ADDRESS, "pointer authentication", "pauth",
			"guests cannot sign pointers"},
		{KVM_CAP_ARM_MTE, "memory tagging", "mte",
			"guests have no memory tags (--cpu mte=on)"},
		{KVM_CAP_ARM_NISV_TO_USER, "NISV to user space", "nisv",
			"load/store pair or write-back to a device ends the VM"},
		{KVM_CAP_ARM_INJECT_EXT_DABT, "inject an external abort", "inject_dabt",
			"a guest cannot be told that an access failed"},
		{KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES, "writable ID registers", "writable_id_regs",
			"few features of the CPU can be hidden from guests (--cpu)"},
		{KVM_CAP_READONLY_MEM, "read-only memory", "readonly_mem",
			"ROM and pages of status registers cost an exit a read"},
		{KVM_CAP_COALESCED_MMIO, "coalesced MMIO", "coalesced_mmio",
			"each write to a device is an exit to user space"},
		{KVM_CAP_IOEVENTFD, "ioeventfd", "ioeventfd",
			"a device's notification goes through the vCPU's thread"},
		{KVM_CAP_IRQFD, "irqfd", "irqfd", "an interrupt takes a call of its own"},
		{KVM_CAP_COUNTER_OFFSET, "counter offset", "counter_offset",
			"a restored guest sees time jump"},
		{KVM_CAP_BINARY_STATS_FD, "binary statistics", "binary_stats",
			"no count of exits to hold the profile against"},
		{KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP, "dirty ring", "dirty_ring",
			"written pages are found by bitmap only"},
	};

	add_kvm(caps, "32-bit programs in guests", "el0_32bit", has_el0_32bit(probe),
		"guests run only 64-bit programs (the CPU has no AArch32 at EL0)");
	for (unsigned int i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		add_kvm(caps, list[i].name, list[i].key,
			tl_kvm_check(probe->vm_fd, list[i].capability), list[i].without);
	add_kvm(caps, "SMCCC filter", "smccc_filter",
		!tl_kvm_has_attr(probe->vm_fd, KVM_ARM_VM_SMCCC_CTRL, KVM_ARM_VM_SMCCC_FILTER),
		"hypercalls do not reach the VMM (before Linux 6.4)");
}

static void add_features(struct tl_caps *caps)
{
	const struct tl_features *f = &caps->features;

	add_counting(caps, "events can be traced", "events", f->events,
		f->problem[0] ? f->problem : "only counts: no times, no single exits");
	add_counting(caps, "counting in the kernel (BPF)", "bpf", f->bpf,
		"events are read: exits by class only, and not of other VMMs");
	add_counting(caps, "KVM's count of exits", "statistics", f->statistics,
		"no proof that a profile is complete (before Linux 5.14)");
	if (f->events) {
		add_counting(caps, "events with vCPU and count", "identity", f->identity,
			"a lost event shows in the sum, not where it was *");
		add_counting(caps, "events with syndrome and clean time", "syndrome", f->syndrome,
			"host interrupts count as the guest's time *");
	}
	add_counting(caps, "exits by class", "classes", f->classes,
		"--count is one number, --profile has to trace *");
	add_counting(caps, "exits handled at EL2", "fixups", f->fixups,
		"FP and workaround traps that EL2 answers are not seen *");
	add_counting(
		caps, "histograms of handling times", "times", f->times, "times only by tracing *");
	if (f->times)
		add_counting(caps, "... and switched on", "times_on", f->times_on,
			"echo Y >/sys/module/kvm/parameters/handling_time");
}

/* A VM and a vCPU, only to ask. What fails leaves its descriptor negative. */
static void open_vm(struct probe *probe)
{
	probe->vm_fd = tl_vm_type_create(probe->kvm_fd, SMALL_IPA);
	if (probe->vm_fd >= 0)
		probe->vcpu_fd = tl_kvm_ioctl(probe->vm_fd, KVM_CREATE_VCPU, 0);
	if (probe->vcpu_fd >= 0)
		probe->stats_fd = tl_kvm_ioctl(probe->vcpu_fd, KVM_GET_STATS_FD, 0);
}

static void close_all(const struct probe *probe)
{
	const int fds[] = {probe->stats_fd, probe->vcpu_fd, probe->vm_fd, probe->kvm_fd};

	for (unsigned int i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}

int tl_caps_probe(struct tl_caps *caps)
{
	struct probe probe = {-1, -1, -1, -1};
	struct utsname name;

	memset(caps, 0, sizeof(*caps));
	probe.kvm_fd = tl_kvm_open();
	if (probe.kvm_fd < 0)
		return probe.kvm_fd;
	open_vm(&probe);
	if (probe.vm_fd < 0) {
		close_all(&probe);
		return probe.vm_fd;
	}
	if (!uname(&name)) {
		snprintf(caps->kernel, sizeof(caps->kernel), "%s", name.release);
		snprintf(caps->machine, sizeof(caps->machine), "%s", name.machine);
	}
	caps->mode = tl_el2_mode();
	tl_features_probe(&caps->features, probe.stats_fd);
	add_numbers(caps, &probe);
	add_devices(caps, &probe);
	add_extensions(caps, &probe);
	add_features(caps);
	close_all(&probe);
	return 0;
}
