/* SPDX-License-Identifier: MIT */
/*
 * Documentation/virt/kvm/api.rst, 4.82 KVM_ARM_VCPU_INIT, and devices/vcpu.rst
 * for the PMU. What is on where nobody says so: SVE and pointer authentication,
 * which cost a guest that does not use them nothing. The PMU is off: a driver
 * that finds one sets it up by trapped registers, on every vCPU. So is memory
 * tagging: the host has to clear and keep tags for all of the guest's memory.
 */
#include "vmm/arch/arm64/cpu_features.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/arch/arm64/id_regs.h"
#include "vmm/arch/arm64/vm_type.h"
#include "vmm/core/kvm.h"
#include "vmm/core/vcpu.h"

#define SEE_HELP "see trapline run --cpu help"

static const struct kvm_feature {
	const char *name, *what;
	long capabilities[2]; /* all of them are needed */
	uint32_t init;
	bool by_default;
} kvm_features[TL_CPU_KVM_FEATURES] = {
	[TL_CPU_PMU] = {"pmu", "performance counters (PMUv3)",
		{KVM_CAP_ARM_PMU_V3, KVM_CAP_ARM_PMU_V3}, 1u << KVM_ARM_VCPU_PMU_V3, false},
	[TL_CPU_SVE] = {"sve", "scalable vectors (SVE)", {KVM_CAP_ARM_SVE, KVM_CAP_ARM_SVE},
		1u << KVM_ARM_VCPU_SVE, true},
	[TL_CPU_PAUTH] = {"pauth", "pointer authentication",
		{KVM_CAP_ARM_PTRAUTH_ADDRESS, KVM_CAP_ARM_PTRAUTH_GENERIC},
		1u << KVM_ARM_VCPU_PTRAUTH_ADDRESS | 1u << KVM_ARM_VCPU_PTRAUTH_GENERIC, true},
	[TL_CPU_MTE] = {"mte", "memory tagging (MTE)", {KVM_CAP_ARM_MTE, KVM_CAP_ARM_MTE}, 0,
		false},
};

/* The index of a feature's choice, or -1. */
static int find(const char *name, size_t length)
{
	int field;

	for (int i = 0; i < TL_CPU_KVM_FEATURES; i++) {
		if (strlen(kvm_features[i].name) == length &&
			!memcmp(kvm_features[i].name, name, length))
			return i;
	}
	field = tl_id_fields_find(name, length);
	return field < 0 ? -1 : TL_CPU_KVM_FEATURES + field;
}

static int parse_one(struct tl_cpu_choices *choices, const char *text, size_t length)
{
	const char *equals = memchr(text, '=', length);
	size_t name = equals ? (size_t)(equals - text) : length;
	size_t value = equals ? length - name - 1 : 0;
	int index = find(text, name);

	if (index < 0 || index >= TL_CPU_CHOICES) {
		tl_log_error("--cpu '%.*s': there is no such feature; " SEE_HELP, (int)name, text);
		return -EINVAL;
	}
	if (value == 2 && !memcmp(equals + 1, "on", 2))
		choices->choice[index] = TL_CPU_ON;
	else if (value == 3 && !memcmp(equals + 1, "off", 3))
		choices->choice[index] = TL_CPU_OFF;
	else {
		tl_log_error("--cpu '%.*s': wants %.*s=on or %.*s=off", (int)length, text,
			(int)name, text, (int)name, text);
		return -EINVAL;
	}
	return 0;
}

int tl_cpu_choices_parse(struct tl_cpu_choices *choices, const char *text)
{
	int ret = 0;

	for (;;) {
		size_t length = strcspn(text, ",");

		ret = parse_one(choices, text, length);
		if (ret || !text[length])
			return ret;
		text += length + 1;
	}
}

static bool host_has(int fd, const struct kvm_feature *feature)
{
	return tl_kvm_check(fd, feature->capabilities[0]) > 0 &&
	       tl_kvm_check(fd, feature->capabilities[1]) > 0;
}

/* Tags are the whole VM's, and have to be asked for before its first vCPU. */
static int enable_mte(int vm_fd)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_ARM_MTE};
	int ret = tl_kvm_ioctl_ptr(vm_fd, KVM_ENABLE_CAP, &cap);

	if (ret)
		tl_log_error(
			"--cpu mte=on: KVM does not turn memory tagging on: %s", strerror(-ret));
	return ret;
}

/* What was said about a feature that AArch32 does not have, or whose registers it does not see. */
static int refuse_for_aarch32(const struct tl_cpu_choices *choices)
{
	for (unsigned int i = 0; i < TL_CPU_KVM_FEATURES + tl_id_field_count; i++) {
		bool is_field = i >= TL_CPU_KVM_FEATURES;

		if (i == TL_CPU_PMU || !choices->choice[i] ||
			(!is_field && choices->choice[i] == TL_CPU_OFF))
			continue;
		tl_log_error("--cpu %s=%s: this guest is 32-bit, and %s",
			is_field ? tl_id_fields[i - TL_CPU_KVM_FEATURES].feature
				 : kvm_features[i].name,
			choices->choice[i] == TL_CPU_ON ? "on" : "off",
			is_field ? "KVM fixes what its identification registers say"
				 : "only 64-bit ones can have that");
		return -ENODEV;
	}
	return 0;
}

/* Makes the CPUs 32-bit. */
static int setup_aarch32(
	struct tl_cpu_features *features, int vm_fd, const struct tl_cpu_choices *choices)
{
	if (tl_kvm_check(vm_fd, KVM_CAP_ARM_EL1_32BIT) <= 0) {
		tl_log_error("this host's CPUs cannot run a 32-bit guest (they have no AArch32 at "
			     "EL1); see trapline caps");
		return -ENODEV;
	}
	features->aarch32 = true;
	features->init |= 1u << KVM_ARM_VCPU_EL1_32BIT;
	return refuse_for_aarch32(choices);
}

int tl_cpu_features_setup(struct tl_cpu_features *features, int vm_fd,
	const struct tl_cpu_choices *choices, bool aarch32)
{
	int ret;

	memset(features, 0, sizeof(*features));
	ret = aarch32 ? setup_aarch32(features, vm_fd, choices) : 0;
	if (ret)
		return ret;
	for (unsigned int i = 0; i < TL_CPU_KVM_FEATURES; i++) {
		const struct kvm_feature *feature = &kvm_features[i];
		bool wanted = choices->choice[i] == TL_CPU_ON ||
			      (!choices->choice[i] && feature->by_default && !aarch32);
		bool there = wanted && host_has(vm_fd, feature);

		if (!there && choices->choice[i] == TL_CPU_ON) {
			tl_log_error("--cpu %s=on: this host cannot give guests %s; " SEE_HELP,
				feature->name, feature->what);
			return -ENODEV;
		}
		features->on[i] = there;
		if (there)
			features->init |= feature->init;
	}
	return features->on[TL_CPU_MTE] ? enable_mte(vm_fd) : 0;
}

int tl_cpu_features_finalize(const struct tl_cpu_features *features, const struct tl_vcpu *vcpu)
{
	int sve = KVM_ARM_VCPU_SVE;
	int ret = 0;

	/* The vector lengths stay those that the host has. */
	if (features->on[TL_CPU_SVE])
		ret = tl_kvm_ioctl_ptr(vcpu->fd, KVM_ARM_VCPU_FINALIZE, &sve);
	if (ret)
		tl_log_error(
			"cannot give vCPU %u SVE: %s; try --cpu sve=off", vcpu->id, strerror(-ret));
	return ret;
}

static int hide(int vm_fd, int vcpu_fd, unsigned int first)
{
	const struct tl_id_field *field = &tl_id_fields[first];

	for (unsigned int i = tl_id_fields_of(first); i > 0; i--, field++) {
		int ret = tl_id_regs_hide(vcpu_fd, field);
		bool old = !tl_kvm_check(vm_fd, KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES);

		if (ret == -ENOTSUP)
			tl_log_error(
				"--cpu %s=off: this host's KVM does not let %s be changed%s; " SEE_HELP,
				field->feature, field->name,
				old ? " (Linux 6.7 and later let many)" : "");
		else if (ret)
			tl_log_error("--cpu %s=off: cannot access %s: %s", field->feature,
				field->name, strerror(-ret));
		if (ret)
			return ret;
	}
	return 0;
}

static int look_for(int vcpu_fd, unsigned int first)
{
	const struct tl_id_field *field = &tl_id_fields[first];
	int ret = tl_id_regs_on(vcpu_fd, field);

	if (ret > 0)
		return 0;
	if (ret < 0)
		tl_log_error("--cpu %s=on: cannot read %s: %s", field->feature, field->name,
			strerror(-ret));
	else
		tl_log_error("--cpu %s=on: this host's guests do not have it (%s); " SEE_HELP,
			field->feature, field->name);
	return ret ? ret : -ENODEV;
}

int tl_cpu_features_hide(const struct tl_cpu_choices *choices, int vm_fd, int vcpu_fd)
{
	int ret = 0;

	for (unsigned int i = 0; i < tl_id_field_count && !ret; i++) {
		if (choices->choice[TL_CPU_KVM_FEATURES + i] == TL_CPU_OFF)
			ret = hide(vm_fd, vcpu_fd, i);
	}
	/* When all is hidden: sha512=on and sha256=off contradict each other. */
	for (unsigned int i = 0; i < tl_id_field_count && !ret; i++) {
		if (choices->choice[TL_CPU_KVM_FEATURES + i] == TL_CPU_ON)
			ret = look_for(vcpu_fd, i);
	}
	return ret;
}

int tl_cpu_features_start_pmu(const struct tl_cpu_features *features, const struct tl_vcpu *vcpu)
{
	int intid = TL_PMU_INTID;
	int ret;

	if (!features->on[TL_CPU_PMU])
		return 0;
	ret = tl_kvm_set_attr(vcpu->fd, KVM_ARM_VCPU_PMU_V3_CTRL, KVM_ARM_VCPU_PMU_V3_IRQ, &intid);
	if (!ret)
		ret = tl_kvm_set_attr(
			vcpu->fd, KVM_ARM_VCPU_PMU_V3_CTRL, KVM_ARM_VCPU_PMU_V3_INIT, NULL);
	if (ret)
		tl_log_error("cannot give vCPU %u a PMU: %s; try --cpu pmu=off", vcpu->id,
			strerror(-ret));
	return ret;
}

/* Whether all that announces a feature may be changed. */
static const char *can_hide(int vcpu_fd, const struct tl_id_masks *masks, unsigned int first)
{
	for (unsigned int i = first; i < first + tl_id_fields_of(first); i++) {
		if (tl_id_regs_on(vcpu_fd, &tl_id_fields[i]) > 0 &&
			!tl_id_masks_allow(masks, &tl_id_fields[i]))
			return masks->known ? "no" : "unknown";
	}
	return "yes";
}

/* What --cpu help prints, once there is a vCPU to ask. */
static void print(FILE *out, int vm_fd, int vcpu_fd)
{
	static const char line[] = "%-10s %-5s %-9s %s%s\n";
	struct tl_id_masks masks;

	tl_id_masks_read(&masks, vm_fd);
	fprintf(out, line, "FEATURE", "HERE", "CAN HIDE", "WHAT IT IS", "");
	for (unsigned int i = 0; i < TL_CPU_KVM_FEATURES; i++) {
		bool here = host_has(vm_fd, &kvm_features[i]);

		fprintf(out, line, kvm_features[i].name, here ? "yes" : "no", here ? "yes" : "-",
			kvm_features[i].what,
			kvm_features[i].by_default ? "" : "; off unless asked for");
	}
	for (unsigned int i = 0; i < tl_id_field_count; i += tl_id_fields_of(i)) {
		bool here = tl_id_regs_on(vcpu_fd, &tl_id_fields[i]) > 0;

		fprintf(out, line, tl_id_fields[i].feature, here ? "yes" : "no",
			here ? can_hide(vcpu_fd, &masks, i) : "-", tl_id_fields[i].name, "");
	}
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

int tl_cpu_features_print(FILE *out)
{
	int kvm_fd = tl_kvm_open();
	int vm_fd = -1, vcpu_fd = -1;
	int ret = kvm_fd;

	if (kvm_fd >= 0)
		ret = vm_fd = tl_vm_type_create(kvm_fd, UINT64_C(1) << 32);
	if (vm_fd >= 0) {
		ret = vcpu_fd = tl_kvm_ioctl(vm_fd, KVM_CREATE_VCPU, 0);
		if (vcpu_fd >= 0)
			ret = tl_id_regs_init_vcpu(vm_fd, vcpu_fd);
		if (ret)
			tl_log_error("cannot make a vCPU to ask: %s", strerror(-ret));
		else
			print(out, vm_fd, vcpu_fd);
	}
	close_fd(vcpu_fd);
	close_fd(vm_fd);
	close_fd(kvm_fd);
	return ret;
}
