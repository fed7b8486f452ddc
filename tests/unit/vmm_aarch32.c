/* SPDX-License-Identifier: MIT */
/*
 * VMs whose CPUs run 32-bit code: what is asked of KVM, which registers a vCPU starts
 * with, at first, after a reset and after sleep; and what such a guest cannot have.
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
#include <string.h>

#include "tests/unit/fake_kvm.h"
#include "tests/unit/fake_log.h"
#include "vmm/arch/arm64/vcpu_regs.h"
#include "vmm/core/vm.h"

#define FEATURE(bit) (1u << KVM_ARM_VCPU_##bit)
#define ENTRY        UINT64_C(0x42000000)
#define FDT          UINT64_C(0x48000000)
/* PSTATE: Supervisor mode, A, I and F; Thumb; big-endian. */
#define SVC      UINT64_C(0x1d3)
#define THUMB    UINT64_C(0x20)
#define BIG      UINT64_C(0x200)
#define SCTLR_EE (UINT64_C(1) << 25)

static struct tl_cpu_choices choices;
static struct tl_vm vm;

static int setup(void **state)
{
	fake_kvm_reset();
	memset(&choices, 0, sizeof(choices));
	/* What a 64-bit guest would get without asking. */
	fake_kvm.el1_32bit = fake_kvm.sve = fake_kvm.pauth = true;
	return fake_log_reset(state);
}

static int init(void)
{
	static const struct tl_gic_map gic_map = TL_GIC_MAP_VIRT;
	const struct tl_vm_config config = {.vcpus = 2,
		.gic_map = &gic_map,
		.ram_base = UINT64_C(0x40000000),
		.ram_size = 4 << 20,
		.spis = 3,
		.cpu = &choices,
		.aarch32 = true};

	tl_vm_blank(&vm);
	return tl_vm_init(&vm, &config);
}

static void refused(const char *text, const char *words)
{
	if (text)
		assert_int_equal(tl_cpu_choices_parse(&choices, text), 0);
	assert_int_equal(init(), -ENODEV);
	assert_error(words);
	tl_vm_fini(&vm);
	setup(NULL);
}

static void expect_boot(uint64_t pc, uint64_t pstate)
{
	const struct fake_vcpu *vcpu = &fake_kvm.vcpus[0];

	assert_int_equal(vcpu->pc, pc);
	assert_int_equal(vcpu->pstate, pstate);
	assert_int_equal(vcpu->x[0], 0);
	assert_int_equal(vcpu->x[1], 0xffffffff);
	assert_int_equal(vcpu->x[2], FDT);
}

static void test_boot(void **state)
{
	(void)state;
	assert_int_equal(init(), 0);
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(fake_kvm.vcpus[i].features,
			FEATURE(PSCI_0_2) | FEATURE(EL1_32BIT) | (i ? FEATURE(POWER_OFF) : 0));
	assert_int_equal(fake_kvm.vcpus[0].finalized, 0);
	assert_int_equal(tl_vcpu_regs_set_boot(&vm.vcpus[0], ENTRY, FDT), 0);
	expect_boot(ENTRY, SVC);
	assert_int_equal(tl_vcpu_regs_set_boot(&vm.vcpus[0], ENTRY | 1, FDT), 0);
	expect_boot(ENTRY, SVC | THUMB);
	/* A reset: whatever mode it was in. */
	fake_kvm.vcpus[0].pstate = 0x10;
	assert_int_equal(tl_vm_reset(&vm), 0);
	assert_int_equal(tl_vcpu_regs_set_boot(&vm.vcpus[0], ENTRY, FDT), 0);
	expect_boot(ENTRY, SVC);
	assert_int_equal(fake_kvm.bad_calls, 0);
	assert_nothing_logged();
	tl_vm_fini(&vm);
}

static void test_pc(void **state)
{
	(void)state;
	assert_int_equal(init(), 0);
	/* KVM may leave anything in the upper half. */
	fake_kvm.vcpus[0].pc = UINT64_C(0xffffffffc0008000);
	assert_int_equal(tl_vcpu_regs_pc(&vm.vcpus[0]), 0xc0008000);
	tl_vm_fini(&vm);
}

/* DDI 0487, D1.20.1, register by register. */
static void test_banks(void **state)
{
	static const struct {
		unsigned int mode, n, x;
	} cases[] = {
		{0x10, 0, 0},
		{0x10, 8, 8},
		{0x10, 12, 12},
		{0x10, 13, 13},
		{0x10, 14, 14},
		{0x1f, 7, 7},
		{0x1f, 12, 12},
		{0x1f, 13, 13},
		{0x1f, 14, 14},
		{0x11, 7, 7},
		{0x11, 8, 24},
		{0x11, 12, 28},
		{0x11, 13, 29},
		{0x11, 14, 30},
		{0x12, 12, 12},
		{0x12, 13, 17},
		{0x12, 14, 16},
		{0x13, 12, 12},
		{0x13, 13, 19},
		{0x13, 14, 18},
		{0x17, 12, 12},
		{0x17, 13, 21},
		{0x17, 14, 20},
		{0x1b, 12, 12},
		{0x1b, 13, 23},
		{0x1b, 14, 22},
	};
	struct fake_vcpu *fake = &fake_kvm.vcpus[0];
	uint64_t value;

	(void)state;
	assert_int_equal(init(), 0);
	for (unsigned int i = 0; i < ARRAY_LEN(cases); i++) {
		for (unsigned int x = 0; x < 31; x++)
			fake->x[x] = UINT64_C(0xffffffff00000100) + x;
		fake->pstate = 0x1c0 | cases[i].mode;
		assert_int_equal(tl_vcpu_regs_get_x(&vm.vcpus[0], cases[i].n, &value), 0);
		assert_int_equal(value, 0x100 + cases[i].x);
		assert_int_equal(tl_vcpu_regs_set_x(&vm.vcpus[0], cases[i].n, UINT64_MAX), 0);
		assert_int_equal(fake->x[cases[i].x], 0xffffffff);
	}
	assert_int_equal(tl_vcpu_regs_get_x(&vm.vcpus[0], 15, &value), -EINVAL);
	/* Hyp mode, which no guest has. */
	fake->pstate = 0x1da;
	assert_int_equal(tl_vcpu_regs_get_x(&vm.vcpus[0], 13, &value), -EINVAL);
	tl_vm_fini(&vm);
}

static void test_wake(void **state)
{
	struct fake_vcpu *vcpu = &fake_kvm.vcpus[0];

	(void)state;
	assert_int_equal(init(), 0);
	assert_int_equal(tl_vcpu_regs_restart(&vm.vcpus[0], ENTRY | 1, 7), 0);
	assert_int_equal(vcpu->pc, ENTRY);
	assert_int_equal(vcpu->pstate, SVC | THUMB);
	assert_int_equal(vcpu->x[0], 7);
	vcpu->sctlr |= SCTLR_EE;
	assert_int_equal(tl_vcpu_regs_restart(&vm.vcpus[0], ENTRY, 7), 0);
	assert_int_equal(vcpu->pstate, SVC | BIG);
	assert_true(vcpu->sctlr & SCTLR_EE);
	tl_vm_fini(&vm);
}

static void test_pmu(void **state)
{
	(void)state;
	fake_kvm.pmu = true;
	assert_int_equal(tl_cpu_choices_parse(&choices, "pmu=on,sve=off,mte=off"), 0);
	assert_int_equal(init(), 0);
	assert_true(fake_kvm.vcpus[1].features & FEATURE(PMU_V3));
	assert_int_equal(fake_kvm.vcpus[1].pmu_inits, 1);
	assert_nothing_logged();
	tl_vm_fini(&vm);
}

/* robust: kvm.no-32bit */
static void test_refused(void **state)
{
	(void)state;
	fake_kvm.el1_32bit = false;
	refused(NULL, "cannot run a 32-bit guest");
	refused("sve=on", "--cpu sve=on: this guest is 32-bit, and only 64-bit ones can have that");
	refused("pauth=on", "--cpu pauth=on: this guest is 32-bit");
	refused("mte=on", "--cpu mte=on: this guest is 32-bit");
	refused("aes=off", "--cpu aes=off: this guest is 32-bit, and KVM fixes");
	refused("lse=on", "--cpu lse=on: this guest is 32-bit, and KVM fixes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_boot, setup),
		cmocka_unit_test_setup(test_pc, setup),
		cmocka_unit_test_setup(test_banks, setup),
		cmocka_unit_test_setup(test_wake, setup),
		cmocka_unit_test_setup(test_pmu, setup),
		cmocka_unit_test_setup(test_refused, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
