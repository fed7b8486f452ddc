/* SPDX-License-Identifier: MIT */
/*
 * What the guest's CPUs have: features that KVM gives a vCPU when asked (PMU,
 * SVE, pointer authentication, memory tagging), and those that every guest sees
 * unless its identification registers hide them (id_fields.h). What the host
 * cannot do about a choice is an error, never a guest that is other than asked.
 */
#ifndef TL_VMM_ARCH_ARM64_CPU_FEATURES_H
#define TL_VMM_ARCH_ARM64_CPU_FEATURES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct tl_vcpu;

/* KVM's own; the rest follow them, in the order of tl_id_fields[]. */
enum tl_cpu_kvm_feature {
	TL_CPU_PMU,
	TL_CPU_SVE,
	TL_CPU_PAUTH,
	TL_CPU_MTE,
	TL_CPU_KVM_FEATURES,
};

/* More than there are names. */
#define TL_CPU_CHOICES 160

/* The private interrupt of the PMU on QEMU's virt board, as an INTID and in the device tree. */
#define TL_PMU_INTID 23
#define TL_PMU_PPI   7

/* What the user said about each feature: 0 nothing, else TL_CPU_ON or TL_CPU_OFF. */
enum { TL_CPU_ON = 1, TL_CPU_OFF };

struct tl_cpu_choices {
	uint8_t choice[TL_CPU_CHOICES];
};

/* What a VM's CPUs have of KVM's own features. */
struct tl_cpu_features {
	bool on[TL_CPU_KVM_FEATURES];
	bool aarch32;  /* EL1 is 32-bit */
	uint32_t init; /* bits for KVM_ARM_VCPU_INIT */
};

/*
 * Adds "FEATURE=on|off[,FEATURE=on|off...]" to the choices; a later one wins.
 * Returns 0 or -EINVAL (logged).
 */
int tl_cpu_choices_parse(struct tl_cpu_choices *choices, const char *text);

/*
 * Decides what the CPUs of this VM have, before they are created; with `aarch32` they run 32-bit
 * code, and have nothing of AArch64. Returns 0 or -ENODEV, -errno (logged): the host cannot give
 * what was asked for.
 */
int tl_cpu_features_setup(struct tl_cpu_features *features, int vm_fd,
	const struct tl_cpu_choices *choices, bool aarch32);

/* After the first KVM_ARM_VCPU_INIT of this vCPU. 0 or -errno (logged). */
int tl_cpu_features_finalize(const struct tl_cpu_features *features, const struct tl_vcpu *vcpu);

/*
 * Hides what is to be off, and looks for what is to be on. KVM keeps these
 * registers for the whole VM, also over resets, so one vCPU does for all of
 * them. All are initialised, none has run. 0 or -errno (logged).
 */
int tl_cpu_features_hide(const struct tl_cpu_choices *choices, int vm_fd, int vcpu_fd);

/* Sets up the vCPU's PMU, if it has one; after the interrupt controller. 0 or -errno (logged). */
int tl_cpu_features_start_pmu(const struct tl_cpu_features *features, const struct tl_vcpu *vcpu);

/*
 * For --cpu help: every feature, whether this host's guests have it, and whether
 * it can be switched. Makes a VM of its own for that. Returns 0 or -errno (logged).
 */
int tl_cpu_features_print(FILE *out);

#endif
