/* SPDX-License-Identifier: MIT */
/*
 * What the guest's CPUs have: the option's text, KVM's own features, and those
 * that identification registers hide, on hosts that can do it and on others.
 * Links: vmm/core/coalesced.c
 * Links: vmm/core/vcpu.c vmm/core/run.c vmm/core/exit.c vmm/core/vm.c vmm/core/kvm_attr.c
 * Links: vmm/core/mem.c
 * Links: vmm/core/bus.c vmm/core/loop.c vmm/core/console.c vmm/arch/arm64/vcpu_regs.c
 * Links: vmm/arch/arm64/vm_type.c vmm/arch/arm64/gic.c vmm/arch/arm64/gic_reset.c
 * Links: vmm/arch/arm64/suspend.c vmm/arch/arm64/smccc.c vmm/arch/arm64/nisv.c
 * Links: vmm/arch/arm64/nisv_data.c vmm/arch/arm64/nisv_regs.c
 * Links: vmm/arch/arm64/walk.c vmm/arch/arm64/walk_short.c vmm/arch/arm64/insn/insn.c
 * Links: vmm/arch/arm64/insn/a64.c vmm/arch/arm64/insn/a64_simd.c
 * Links: vmm/arch/arm64/insn/a32.c vmm/arch/arm64/insn/t32.c
 * Links: vmm/arch/arm64/cpu_features.c vmm/arch/arm64/id_regs.c vmm/arch/arm64/id_fields.c
 * Links: tests/unit/fake_kvm.c tests/unit/fake_log.c vmm/core/lock.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_kvm.h"
#include "tests/unit/fake_log.h"
#include "tests/unit/fds.h"
#include "vmm/arch/arm64/id_fields.h"
#include "vmm/core/vm.h"

#define PFR0         ARM64_SYS_REG(3, 0, 0, 4, 0)
#define ISAR0        ARM64_SYS_REG(3, 0, 0, 6, 0)
#define ISAR5        ARM64_SYS_REG(3, 0, 0, 2, 5)
#define FEATURE(bit) (1u << KVM_ARM_VCPU_##bit)
#define PAUTH        (FEATURE(PTRAUTH_ADDRESS) | FEATURE(PTRAUTH_GENERIC))

static struct tl_cpu_choices choices;

/* A Cortex-A57's, more or less; KVM lets all be changed but FP and AdvSIMD. */
static int setup(void **state)
{
	fake_kvm_reset();
	memset(&choices, 0, sizeof(choices));
	fake_kvm.reg_masks = true;
	fake_kvm.id_regs[0] = (struct fake_id_reg){PFR0, 0x1000000001000222, ~UINT64_C(0xff0000)};
	fake_kvm.id_regs[1] = (struct fake_id_reg){ISAR0, 0x11120, ~UINT64_C(0)};
	fake_kvm.id_regs[2] = (struct fake_id_reg){ISAR5, 0x11121, 0xffffffff};
	return fake_log_reset(state);
}

/* Makes a VM of two vCPUs, looks, resets it, and takes it down. */
static void try(const char *text, int err)
{
	static const struct tl_gic_map gic_map = TL_GIC_MAP_VIRT;
	struct tl_vm_config config = {.vcpus = 2,
		.gic_map = &gic_map,
		.ram_base = UINT64_C(0x40000000),
		.ram_size = 4 << 20,
		.spis = 3,
		.cpu = &choices};
	unsigned int fds = fds_open();
	struct tl_vm vm;

	if (text)
		assert_int_equal(tl_cpu_choices_parse(&choices, text), 0);
	tl_vm_blank(&vm);
	assert_int_equal(tl_vm_init(&vm, &config), -err);
	if (!err)
		assert_int_equal(tl_vm_reset(&vm), 0);
	tl_vm_fini(&vm);
	assert_int_equal(fds_open(), fds);
	assert_int_equal(fake_kvm.bad_calls, 0);
	if (!err)
		assert_nothing_logged();
}

static uint32_t features_of(unsigned int vcpu)
{
	return fake_kvm.vcpus[vcpu].features & ~FEATURE(POWER_OFF);
}

static void test_wrong_texts(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"", "--cpu '': there is no such feature"},
		{"avx=on", "--cpu 'avx': there is no such feature; see trapline run --cpu help"},
		{"ae=on", "--cpu 'ae': there is no such feature"},
		{"aess=on", "--cpu 'aess': there is no such feature"},
		{"=on", "--cpu '': there is no such feature"},
		{"aes", "--cpu 'aes': wants aes=on or aes=off"},
		{"aes=", "--cpu 'aes=': wants aes=on or aes=off"},
		{"aes=ON", "--cpu 'aes=ON': wants"},
		{"pmu=offf", "--cpu 'pmu=offf': wants pmu=on or pmu=off"},
		{"aes=on,", "--cpu '': there is no such feature"},
		{"aes=on,,sve=on", "--cpu '': there is no such feature"},
		{"aes=on,sve=1", "--cpu 'sve=1': wants"},
		{"help,aes=on", "--cpu 'help': there is no such feature"},
	};

	for (unsigned int i = 0; i < ARRAY_LEN(cases); i++) {
		setup(state);
		assert_int_equal(tl_cpu_choices_parse(&choices, cases[i].text), -EINVAL);
		assert_error(cases[i].words);
	}
}

/* Every name has a place, and no two the same one. */
static void test_all_names(void **state)
{
	unsigned int names = 0, chosen = 0;
	char text[64];

	(void)state;
	assert_true(tl_id_field_count + TL_CPU_KVM_FEATURES <= TL_CPU_CHOICES);
	for (unsigned int i = 0; i < tl_id_field_count; i += tl_id_fields_of(i), names++) {
		snprintf(text, sizeof(text), "%s=off", tl_id_fields[i].feature);
		assert_int_equal(tl_cpu_choices_parse(&choices, text), 0);
		assert_int_equal(tl_id_fields_find(text, strlen(text) - 4), i);
	}
	for (unsigned int i = 0; i < TL_CPU_CHOICES; i++)
		chosen += choices.choice[i] == TL_CPU_OFF;
	assert_int_equal(chosen, names);
	assert_nothing_logged();
}

static void test_fields(void **state)
{
	const struct tl_id_field *aes = &tl_id_fields[tl_id_fields_find("aes", 3)];
	const struct tl_id_field *pmull = &tl_id_fields[tl_id_fields_find("pmull", 5)];
	const struct tl_id_field *fp = &tl_id_fields[tl_id_fields_find("fp", 2)];
	const struct tl_id_field *fp16 = &tl_id_fields[tl_id_fields_find("fp16", 4)];

	(void)state;
	assert_true(tl_id_field_on(aes, 0x10) && !tl_id_field_on(aes, 0xf0f));
	assert_int_equal(tl_id_field_hide(aes, 0xabc2d), 0xabc0d);
	/* Two features of one field: the lesser one stays. */
	assert_true(tl_id_field_on(pmull, 0x20) && !tl_id_field_on(pmull, 0x10));
	assert_int_equal(tl_id_field_hide(pmull, 0x11120), 0x11110);
	assert_int_equal(tl_id_field_hide(pmull, 0x11110), 0x11110);
	assert_int_equal(tl_id_field_hide(pmull, 0x11100), 0x11100);
	/* 0xf is -1: less than nothing. */
	assert_true(tl_id_field_on(fp, 0) && tl_id_field_on(fp, 0x10000));
	assert_false(tl_id_field_on(fp, 0xf0000));
	assert_int_equal(tl_id_field_hide(fp, 0x110000), 0x1f0000);
	assert_false(tl_id_field_on(fp16, 0xf0000) || tl_id_field_on(fp16, 0));
	assert_int_equal(tl_id_field_hide(fp16, 0x110000), 0x100000);
	assert_int_equal(tl_id_field_mask(fp16), 0xf0000);
	assert_int_equal(tl_id_fields_find("fpx", 3), -1);
}

/* What costs nothing is on where it is there; PMU and tags have to be asked for. */
static void test_defaults(void **state)
{
	(void)state;
	try(NULL, 0);
	assert_int_equal(features_of(0), FEATURE(PSCI_0_2));
	setup(state);
	fake_kvm.pmu = fake_kvm.sve = fake_kvm.pauth = fake_kvm.mte = true;
	try(NULL, 0);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(features_of(i), FEATURE(PSCI_0_2) | FEATURE(SVE) | PAUTH);
		assert_int_equal(fake_kvm.vcpus[i].finalized, 1);
		assert_int_equal(fake_kvm.vcpus[i].inits, 2);
		assert_int_equal(fake_kvm.vcpus[i].pmu_inits, 0);
	}
	assert_false(fake_kvm.mte_on);
	assert_int_equal(fake_kvm.id_regs[0].value, 0x1000000001000222);
}

static void test_all_on_and_all_off(void **state)
{
	fake_kvm.pmu = fake_kvm.sve = fake_kvm.pauth = fake_kvm.mte = true;
	try("pmu=on,sve=on,pauth=on,mte=on", 0);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(
			features_of(i), FEATURE(PSCI_0_2) | FEATURE(SVE) | FEATURE(PMU_V3) | PAUTH);
		assert_int_equal(fake_kvm.vcpus[i].pmu_intid, 23);
		assert_int_equal(fake_kvm.vcpus[i].pmu_inits, 1);
	}
	assert_true(fake_kvm.mte_on);
	setup(state);
	fake_kvm.pmu = fake_kvm.sve = fake_kvm.pauth = fake_kvm.mte = true;
	/* The last word counts. */
	try("sve=on,pmu=on,sve=off,pauth=off,pmu=off,mte=off", 0);
	assert_int_equal(features_of(0), FEATURE(PSCI_0_2));
	assert_int_equal(fake_kvm.vcpus[0].finalized, 0);
	assert_false(fake_kvm.mte_on);
	/* Off where it is not there anyway. */
	setup(state);
	try("sve=off,pmu=off,pauth=off,mte=off", 0);
}

/* robust: kvm.no-pmu kvm.no-sve */
static void test_host_lacks_it(void **state)
{
	static const char *const names[] = {"pmu", "sve", "pauth", "mte"};
	char text[64];

	for (unsigned int i = 0; i < ARRAY_LEN(names); i++) {
		setup(state);
		fake_kvm.pmu = i != 0;
		fake_kvm.sve = i != 1;
		fake_kvm.pauth = i != 2;
		fake_kvm.mte = i != 3;
		snprintf(text, sizeof(text), "%s=on", names[i]);
		try(text, ENODEV);
		assert_error("--cpu ", names[i], "=on: this host cannot give guests ");
	}
}

static void test_refused_calls(void **state)
{
	static const struct {
		unsigned long request;
		unsigned int skip;
		const char *words;
	} cases[] = {
		{KVM_ENABLE_CAP, 0, "--cpu mte=on: KVM does not turn memory tagging on: "},
		{KVM_ARM_VCPU_FINALIZE, 1, "cannot give vCPU 1 SVE: "},
		/* Behind the four of the GIC. */
		{KVM_SET_DEVICE_ATTR, 4, "cannot give vCPU 0 a PMU: "},
		{KVM_SET_DEVICE_ATTR, 7, "cannot give vCPU 1 a PMU: "},
		{KVM_GET_ONE_REG, 0, "--cpu aes=off: cannot access ID_AA64ISAR0_EL1.AES: "},
		{KVM_GET_ONE_REG, 2, "--cpu aes=off: cannot access ID_ISAR5_EL1.AES: "},
		{KVM_SET_ONE_REG, 0, "--cpu aes=off: cannot access ID_AA64ISAR0_EL1.AES: "},
		{KVM_GET_ONE_REG, 4, "--cpu crc32=on: cannot read ID_AA64ISAR0_EL1.CRC32: "},
	};

	for (unsigned int i = 0; i < ARRAY_LEN(cases); i++) {
		setup(state);
		fake_kvm.pmu = fake_kvm.sve = fake_kvm.pauth = fake_kvm.mte = true;
		fake_kvm.fail_request = cases[i].request;
		fake_kvm.fail_skip = cases[i].skip;
		fake_kvm.fail_error = EIO;
		fake_kvm.fail_times = 1;
		try("pmu=on,mte=on,aes=off,crc32=on", EIO);
		assert_error(cases[i].words, "Input/output error");
	}
}

/* In the registers of AArch32 too; a reset keeps it. */
static void test_hidden(void **state)
{
	(void)state;
	try("aes=off,sha1=off,aarch32=off,lse=off", 0);
	assert_int_equal(fake_kvm.id_regs[0].value, 0x1000000001000111);
	assert_int_equal(fake_kvm.id_regs[1].value, 0x11000);
	assert_int_equal(fake_kvm.id_regs[2].value, 0x11001);
}

/* All of what a field says, and the lesser part of it. */
static void test_hidden_in_part(void **state)
{
	(void)state;
	try("pmull=off,sha512=off,crc32=on,aes=on", 0);
	assert_int_equal(fake_kvm.id_regs[1].value, 0x11110);
	assert_int_equal(fake_kvm.id_regs[2].value, 0x11111);
}

static void test_cannot_be_hidden(void **state)
{
	try("advsimd=off", ENOTSUP);
	assert_error("--cpu advsimd=off: this host's KVM does not let ID_AA64PFR0_EL1.AdvSIMD be "
		     "changed; see trapline run --cpu help");
	assert_int_equal(fake_kvm.id_regs[0].value, 0x1000000001000222);
	/* Not all that says so. */
	setup(state);
	fake_kvm.id_regs[2].writable = 0;
	try("crc32=off", ENOTSUP);
	assert_error("--cpu crc32=off: ", "ID_ISAR5_EL1.CRC32");
	/* What is not there need not be hidden. */
	setup(state);
	fake_kvm.id_regs[1].writable = 0;
	try("lse=off,rng=off", 0);
	/* Taken, and forgotten. */
	setup(state);
	fake_kvm.id_forgets = true;
	try("aes=off", ENOTSUP);
	assert_error("--cpu aes=off: ", "ID_AA64ISAR0_EL1.AES");
}

/* Kernels that do not tell what may be changed are asked by trying. */
static void test_without_masks(void **state)
{
	fake_kvm.reg_masks = false;
	fake_kvm.id_regs[1].writable = 0;
	try("aes=off", ENOTSUP);
	assert_error("ID_AA64ISAR0_EL1.AES be changed (Linux 6.7 and later let many)");
	setup(state);
	fake_kvm.reg_masks = false;
	try("csv3=off", 0);
	assert_int_equal(fake_kvm.id_regs[0].value, 0x1000222);
}

static void test_wanted(void **state)
{
	try("aes=on,aarch32=on,fp=on", 0);
	setup(state);
	try("lse=on", ENODEV);
	assert_error("--cpu lse=on: this host's guests do not have it (ID_AA64ISAR0_EL1.Atomic)");
	/* PMULL goes with AES. */
	setup(state);
	try("pmull=on,aes=off", ENODEV);
	assert_error("--cpu pmull=on: this host's guests do not have it");
}

/* The line of a feature in what --cpu help prints. */
static void check_line(const char *text, const char *start, const char *end)
{
	const char *line = strstr(text, start);

	if (!line || line[-1] != '\n' || !strstr(line, end) ||
		strstr(line, end) > strchr(line, '\n'))
		fail_msg("no line '%s ... %s' in:\n%s", start, end, text);
}

static void test_help(void **state)
{
	unsigned int fds = fds_open();
	size_t size;
	char *text;
	FILE *out;

	(void)state;
	fake_kvm.sve = true;
	out = open_memstream(&text, &size);
	assert_int_equal(tl_cpu_features_print(out), 0);
	fclose(out);
	check_line(text, "pmu        no    -  ", "; off unless asked for");
	check_line(text, "sve        yes   yes  ", "(SVE)");
	check_line(text, "advsimd    yes   no  ", "ID_AA64PFR0_EL1.AdvSIMD");
	check_line(text, "aes        yes   yes  ", "ID_AA64ISAR0_EL1.AES");
	check_line(text, "lse        no    -  ", "ID_AA64ISAR0_EL1.Atomic");
	free(text);
	assert_int_equal(fds_open(), fds);
	setup(state);
	fake_kvm.reg_masks = false;
	out = open_memstream(&text, &size);
	assert_int_equal(tl_cpu_features_print(out), 0);
	fclose(out);
	check_line(text, "aes        yes   unknown ", "ID_AA64ISAR0_EL1.AES");
	free(text);
}

static void test_help_without_kvm(void **state)
{
	static const unsigned long requests[] = {
		KVM_CREATE_VCPU, KVM_ARM_PREFERRED_TARGET, KVM_ARM_VCPU_INIT};
	unsigned int fds = fds_open();

	fake_kvm.open_error = ENOENT;
	assert_int_equal(tl_cpu_features_print(stdout), -ENOENT);
	for (unsigned int i = 0; i < ARRAY_LEN(requests); i++) {
		setup(state);
		fake_kvm.fail_request = requests[i];
		fake_kvm.fail_error = ENOMEM;
		assert_int_equal(tl_cpu_features_print(stdout), -ENOMEM);
		assert_error("cannot make a vCPU to ask: ");
		assert_int_equal(fds_open(), fds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_wrong_texts, setup),
		cmocka_unit_test_setup(test_all_names, setup),
		cmocka_unit_test_setup(test_fields, setup),
		cmocka_unit_test_setup(test_defaults, setup),
		cmocka_unit_test_setup(test_all_on_and_all_off, setup),
		cmocka_unit_test_setup(test_host_lacks_it, setup),
		cmocka_unit_test_setup(test_refused_calls, setup),
		cmocka_unit_test_setup(test_hidden, setup),
		cmocka_unit_test_setup(test_hidden_in_part, setup),
		cmocka_unit_test_setup(test_cannot_be_hidden, setup),
		cmocka_unit_test_setup(test_without_masks, setup),
		cmocka_unit_test_setup(test_wanted, setup),
		cmocka_unit_test_setup(test_help, setup),
		cmocka_unit_test_setup(test_help_without_kvm, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
