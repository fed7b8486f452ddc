/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls that the VMM answers: the memory map, with and without a hole and flash, and those
 * that it does not know.
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
 * Links: tests/unit/fake_kvm.c tests/unit/fake_vm.c tests/unit/fake_log.c vmm/core/lock.c
 * Links: vmm/arch/arm64/cpu_features.c vmm/arch/arm64/id_regs.c vmm/arch/arm64/id_fields.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "base/hypercall.h"
#include "tests/unit/fake_vm.h"
#include "vmm/arch/arm64/smccc.h"

#define MIB   UINT64_C(0x100000)
#define TABLE (FAKE_RAM + 0x1000)
/* What was in the table before. */
#define OLD 0x5a

struct entry {
	uint64_t base, length;
	uint32_t type, zero;
};

static struct fake_vm f;

static int setup(void **state)
{
	(void)state;
	fake_kvm_reset();
	fake_log_reset(NULL);
	fake_vm_start(&f, 1);
	memset(f.vm.mem.host, OLD, 8192);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_vm_end(&f);
	return 0;
}

/* Asks for the map; returns x0. */
static int64_t ask(uint64_t table, uint64_t room)
{
	fake_kvm.vcpus[0].x[1] = table;
	fake_kvm.vcpus[0].x[2] = room;
	assert_int_equal(tl_smccc_handle(&f.vm.vcpus[0], TL_HVC_MEMORY_MAP), 0);
	return (int64_t)fake_kvm.vcpus[0].x[0];
}

static struct entry entry(unsigned int i)
{
	struct entry e;

	memcpy(&e, f.vm.mem.host + (TABLE - FAKE_RAM) + i * sizeof(e), sizeof(e));
	return e;
}

static void check(unsigned int i, uint64_t base, uint64_t length, uint32_t type)
{
	struct entry e = entry(i);

	assert_int_equal(e.base, base);
	assert_int_equal(e.length, length);
	assert_int_equal(e.type, type);
	assert_int_equal(e.zero, 0);
}

static void test_map(void **state)
{
	(void)state;
	assert_int_equal(ask(TABLE, 1), 1);
	check(0, FAKE_RAM, FAKE_RAM_MIB * MIB, TL_HVC_MAP_RAM);
	/* Not a byte behind it. */
	assert_int_equal(f.vm.mem.host[TABLE - FAKE_RAM + sizeof(struct entry)], OLD);
}

/* In the order of addresses: flash, RAM, RAM behind the hole. */
static void test_map_with_all(void **state)
{
	struct tl_mem ram = f.vm.mem;

	(void)state;
	assert_int_equal(tl_mem_init(&f.vm.flash, 0, 2 * MIB), 0);
	/* As tl_mem_punch() would, of larger memory. */
	f.vm.mem.hole = FAKE_RAM + 2 * MIB;
	f.vm.mem.hole_size = MIB;
	assert_int_equal(ask(TABLE, 8), 3);
	check(0, 0, 2 * MIB, TL_HVC_MAP_READONLY);
	check(1, FAKE_RAM, 2 * MIB, TL_HVC_MAP_RAM);
	check(2, FAKE_RAM + 3 * MIB, MIB, TL_HVC_MAP_RAM);
	/* Too little room: how much it takes, and nothing written. */
	memset(f.vm.mem.host, OLD, 8192);
	assert_int_equal(ask(TABLE, 2), 3);
	assert_int_equal(f.vm.mem.host[TABLE - FAKE_RAM], OLD);
	assert_int_equal(ask(0, 0), 3);
	/* The table itself is not all in RAM. */
	assert_int_equal(ask(0, 3), TL_HVC_INVALID_PARAMETER);
	assert_int_equal(ask(FAKE_RAM + 2 * MIB - 8, 3), TL_HVC_INVALID_PARAMETER);
	assert_int_equal(ask(UINT64_MAX - 8, 3), TL_HVC_INVALID_PARAMETER);
	f.vm.mem = ram;
}

static void test_unknown(void **state)
{
	(void)state;
	assert_int_equal(tl_smccc_handle(&f.vm.vcpus[0], 0xc60001ff), 0);
	assert_int_equal(fake_kvm.vcpus[0].x[0], UINT64_MAX);
	f.vm.stop_unknown_calls = true;
	assert_int_equal(tl_smccc_handle(&f.vm.vcpus[0], 0xc60001ff), -ENOSYS);
	/* What is known is answered as ever. */
	assert_int_equal(tl_smccc_handle(&f.vm.vcpus[0], TL_HVC_VERSION), 0);
	assert_int_equal(fake_kvm.vcpus[0].x[0], TL_HVC_VERSION_VALUE);
	assert_int_equal(tl_smccc_arguments(TL_HVC_VERSION), 0);
	assert_int_equal(tl_smccc_arguments(TL_HVC_MEMORY_MAP), 2);
	assert_int_equal(tl_smccc_arguments(0xc60001ff), 6);
}

/* Named, and stopped. */
static void test_unknown_stops(void **state)
{
	static const struct fake_exit script[] = {{.reason = KVM_EXIT_HYPERCALL,
		.hypercall = {.nr = 0x82001234, .flags = KVM_HYPERCALL_EXIT_SMC}}};
	struct tl_stop stop;

	(void)state;
	f.vm.stop_unknown_calls = true;
	fake_kvm.vcpus[0].pc = 0x40080004;
	fake_kvm_script(0, script, 1);
	stop = fake_vm_run(&f);
	assert_int_equal(stop.kind, TL_STOP_ERROR);
	assert_int_equal(stop.pc, 0x40080004);
	assert_string_equal(stop.why,
		"unknown hypercall 0x82001234 (SMC, fast call to owner 2, function 0x1234)");
}

/* All that KVM has no service for, each once, beside what is ours. */
static void test_forwarded(void **state)
{
	uint64_t end = 0, sum = 0;

	(void)state;
	assert_int_equal(fake_kvm.filter_count, 2);
	assert_int_equal(tl_smccc_forward_unknown(f.vm.vm_fd), 0);
	assert_int_equal(fake_kvm.filter_count, 7);
	for (unsigned int i = 2; i < 7; i++) {
		const struct kvm_smccc_filter *filter = &fake_kvm.filters[i];

		assert_true(filter->base >= end);
		end = (uint64_t)filter->base + filter->nr_functions;
		sum += filter->nr_functions;
		assert_int_equal(filter->action, KVM_SMCCC_FILTER_FWD_TO_USER);
	}
	/* But for four owners of 64, with 32 and 64 bits: Arm, standard, standard hyp, vendor hyp.
	 */
	assert_int_equal(end, UINT64_C(1) << 32);
	assert_int_equal(sum, (UINT64_C(1) << 32) - 2 * 4 * (UINT64_C(1) << 24));
	fake_kvm.smccc_filter = false;
	assert_int_equal(tl_smccc_forward_unknown(f.vm.vm_fd), -ENXIO);
	assert_error("--unknown-calls stop", "Linux 6.4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_map, setup, teardown),
		cmocka_unit_test_setup_teardown(test_map_with_all, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_stops, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forwarded, setup, teardown),
	};

	return cmocka_run_group_tests_name("vmm_smccc", tests, NULL, NULL);
}
