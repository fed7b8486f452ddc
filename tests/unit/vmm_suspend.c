/* SPDX-License-Identifier: MIT */
/*
 * Suspend to RAM: who may call it and with what, how a vCPU comes back, and what happens to
 * the call when the VM is paused, reset or powered off meanwhile.
 * Links: vmm/core/coalesced.c
 * Links: vmm/arch/arm64/nisv.c
 * Links: vmm/arch/arm64/nisv_data.c vmm/arch/arm64/nisv_regs.c
 * Links: vmm/arch/arm64/walk.c vmm/arch/arm64/walk_short.c vmm/arch/arm64/insn/insn.c
 * Links: vmm/arch/arm64/insn/a64.c vmm/arch/arm64/insn/a64_simd.c
 * Links: vmm/arch/arm64/insn/a32.c vmm/arch/arm64/insn/t32.c
 * Links: vmm/core/vcpu.c vmm/core/run.c vmm/core/exit.c vmm/core/vm.c vmm/core/kvm_attr.c
 * Links: vmm/core/mem.c
 * Links: vmm/core/bus.c vmm/core/loop.c vmm/core/console.c vmm/arch/arm64/vcpu_regs.c
 * Links: vmm/arch/arm64/vm_type.c vmm/arch/arm64/gic.c vmm/arch/arm64/gic_reset.c
 * Links: vmm/arch/arm64/suspend.c vmm/arch/arm64/smccc.c
 * Links: tests/unit/fake_kvm.c tests/unit/fake_vm.c tests/unit/fake_log.c vmm/core/lock.c
 * Links: vmm/arch/arm64/cpu_features.c vmm/arch/arm64/id_regs.c vmm/arch/arm64/id_fields.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>

#include "tests/unit/fake_vm.h"
#include "vmm/arch/arm64/suspend.h"

#define EVENT(what)                                                                                \
	{                                                                                          \
		.reason = KVM_EXIT_SYSTEM_EVENT, .system_event = {.type = (what) }                 \
	}
#define ENTRY    (FAKE_RAM + 0x1000)
#define CONTEXT  UINT64_C(0x123456789abcdef0)
#define EE       (UINT64_C(1) << 25)
#define ON_RESET (1u << KVM_ARM_VCPU_PSCI_0_2)

static const struct fake_exit ask[] = {EVENT(KVM_SYSTEM_EVENT_SUSPEND)};
static const struct fake_exit wake[] = {
	EVENT(KVM_SYSTEM_EVENT_WAKEUP), EVENT(KVM_SYSTEM_EVENT_SHUTDOWN)};

/* Not on a stack: its threads outlive a test that fails. */
static struct fake_vm f;

static int setup(void **state)
{
	fake_kvm_reset();
	return fake_log_reset(state);
}

static int teardown(void **state)
{
	(void)state;
	if (f.vm.vcpus)
		fake_vm_end(&f);
	return 0;
}

/* A VM whose vCPU `caller` has made the call with these arguments. */
static void start(unsigned int vcpus, unsigned int caller, uint64_t entry)
{
	fake_vm_start(&f, vcpus);
	/* As the guest has turned them on and off: only the caller is on. */
	for (unsigned int i = 0; i < vcpus; i++)
		fake_kvm.vcpus[i].mp_state =
			i == caller ? KVM_MP_STATE_RUNNABLE : KVM_MP_STATE_STOPPED;
	fake_kvm_script(caller, ask, 1);
	fake_kvm.vcpus[caller].x[0] = 0xc400000e;
	fake_kvm.vcpus[caller].x[1] = entry;
	fake_kvm.vcpus[caller].x[2] = CONTEXT;
	assert_int_equal(fake_vm_run(&f).kind, TL_STOP_SUSPEND);
	assert_int_equal(fake_kvm.vcpus[caller].mp_state, KVM_MP_STATE_RUNNABLE);
}

static void test_sleep_and_wake(void **state)
{
	(void)state;
	for (unsigned int caller = 0; caller < 3; caller++) {
		struct fake_vcpu *vcpu = &fake_kvm.vcpus[caller];

		fake_kvm_reset();
		start(3, caller, ENTRY);
		assert_int_equal(fake_kvm.enabled_cap, KVM_CAP_ARM_SYSTEM_SUSPEND);
		assert_false(tl_suspend_asleep(&f.vm));
		assert_int_equal(tl_suspend_enter(&f.vm), 0);
		assert_true(tl_suspend_asleep(&f.vm));
		assert_int_equal(vcpu->mp_state, KVM_MP_STATE_SUSPENDED);
		/* Its registers change only when it wakes up. */
		assert_int_equal(vcpu->x[1], ENTRY);
		vcpu->x[5] = 77;
		vcpu->sctlr = FAKE_SCTLR_RESET | 1;
		fake_kvm_script(caller, wake, 2);
		assert_int_equal(fake_vm_run(&f).kind, TL_STOP_POWEROFF);
		assert_false(tl_suspend_asleep(&f.vm));
		assert_int_equal(vcpu->inits, 2);
		assert_int_equal(vcpu->features, ON_RESET);
		assert_int_equal(vcpu->mp_state, KVM_MP_STATE_RUNNABLE);
		assert_true(vcpu->pc == ENTRY && vcpu->x[0] == CONTEXT && vcpu->x[5] == 0);
		assert_int_equal(vcpu->sctlr, FAKE_SCTLR_RESET);
		assert_nothing_logged();
		fake_vm_end(&f);
	}
}

/* As CPU_ON has it, what comes back has the caller's endianness. */
static void test_big_endian(void **state)
{
	(void)state;
	start(1, 0, ENTRY);
	assert_int_equal(tl_suspend_enter(&f.vm), 0);
	fake_kvm.vcpus[0].sctlr = FAKE_SCTLR_RESET | EE | 1;
	fake_kvm_script(0, wake, 2);
	assert_int_equal(fake_vm_run(&f).kind, TL_STOP_POWEROFF);
	assert_int_equal(fake_kvm.vcpus[0].sctlr, FAKE_SCTLR_RESET | EE);
}

static void test_bad_addresses(void **state)
{
	static const uint64_t bad[] = {
		ENTRY + 1,
		ENTRY + 2,
		0,
		FAKE_DEV,
		FAKE_RAM - 4,
		FAKE_RAM + (FAKE_RAM_MIB << 20),
		UINT64_MAX - 3,
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(bad); i++) {
		fake_kvm_reset();
		start(1, 0, bad[i]);
		assert_int_equal(tl_suspend_enter(&f.vm), 0);
		assert_false(tl_suspend_asleep(&f.vm));
		assert_int_equal(fake_kvm.vcpus[0].mp_state, KVM_MP_STATE_RUNNABLE);
		/* INVALID_ADDRESS */
		assert_int_equal((int64_t)fake_kvm.vcpus[0].x[0], -9);
		assert_int_equal(fake_kvm.vcpus[0].inits, 1);
		fake_vm_end(&f);
	}
}

/* 32-bit: bit 0 says Thumb, whose instructions are at multiples of 2. */
static void test_aarch32_entries(void **state)
{
	static const struct {
		uint64_t entry;
		bool good;
	} cases[] = {{ENTRY, true}, {ENTRY + 1, true}, {ENTRY + 3, true}, {ENTRY + 2, false},
		{FAKE_RAM + (FAKE_RAM_MIB << 20) - 1, true},
		{FAKE_RAM + (FAKE_RAM_MIB << 20) + 1, false}};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(cases); i++) {
		fake_kvm_reset();
		/* What KVM has above 32 bits means nothing. */
		start(1, 0, UINT64_C(0x500000000) | cases[i].entry);
		f.vm.cpu.aarch32 = true;
		assert_int_equal(tl_suspend_enter(&f.vm), 0);
		assert_int_equal(tl_suspend_asleep(&f.vm), cases[i].good);
		if (!cases[i].good)
			assert_int_equal(fake_kvm.vcpus[0].x[0], 0xfffffff7);
		fake_vm_end(&f);
	}
}

static void test_not_alone(void **state)
{
	(void)state;
	start(3, 1, ENTRY);
	fake_kvm.vcpus[2].mp_state = KVM_MP_STATE_RUNNABLE;
	assert_int_equal(tl_suspend_enter(&f.vm), 0);
	assert_false(tl_suspend_asleep(&f.vm));
	/* DENIED */
	assert_int_equal((int64_t)fake_kvm.vcpus[1].x[0], -3);
	/* The call is answered: the next one is another. */
	assert_int_equal(tl_suspend_enter(&f.vm), 0);
	assert_int_equal(fake_kvm.vcpus[1].mp_state, KVM_MP_STATE_RUNNABLE);
}

/* Both call at once: both are on, so both are denied, and neither is forgotten. */
static void test_two_at_once(void **state)
{
	(void)state;
	fake_vm_start(&f, 2);
	for (unsigned int i = 0; i < 2; i++) {
		fake_kvm.vcpus[i].mp_state = KVM_MP_STATE_RUNNABLE;
		fake_kvm.vcpus[i].x[1] = ENTRY;
		f.vm.vcpus[i].suspend_asked = true;
	}
	assert_int_equal(tl_suspend_enter(&f.vm), 0);
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal((int64_t)fake_kvm.vcpus[i].x[0], -3);
	assert_false(tl_suspend_asleep(&f.vm));
}

/* One vCPU's power-off is not lost because another asked to sleep first. */
static void test_power_off_wins(void **state)
{
	struct tl_stop stop = {.kind = TL_STOP_SUSPEND};

	(void)state;
	fake_vm_start(&f, 1);
	tl_vm_request_stop(&f.vm, &stop);
	assert_int_equal(tl_vm_stop_reason(&f.vm).kind, TL_STOP_SUSPEND);
	stop.kind = TL_STOP_POWEROFF;
	tl_vm_request_stop(&f.vm, &stop);
	assert_int_equal(tl_vm_stop_reason(&f.vm).kind, TL_STOP_POWEROFF);
	stop.kind = TL_STOP_SUSPEND;
	tl_vm_request_stop(&f.vm, &stop);
	assert_int_equal(tl_vm_stop_reason(&f.vm).kind, TL_STOP_POWEROFF);
}

static void test_reset_while_asleep(void **state)
{
	(void)state;
	start(2, 1, ENTRY);
	assert_int_equal(tl_suspend_enter(&f.vm), 0);
	assert_int_equal(tl_vm_reset(&f.vm), 0);
	assert_false(tl_suspend_asleep(&f.vm));
	assert_int_equal(fake_kvm.vcpus[0].mp_state, KVM_MP_STATE_RUNNABLE);
	assert_int_equal(fake_kvm.vcpus[1].mp_state, KVM_MP_STATE_STOPPED);
	/* A call that was not answered is forgotten as well. */
	f.vm.vcpus[0].suspend_asked = true;
	assert_int_equal(tl_vm_reset(&f.vm), 0);
	assert_int_equal(tl_suspend_enter(&f.vm), 0);
	assert_int_equal(fake_kvm.vcpus[0].mp_state, KVM_MP_STATE_RUNNABLE);
}

/* Whether lines that are up will be raised again. */
static bool ticking(void)
{
	struct itimerspec when;

	if (f.vm.suspend.timer_fd < 0)
		return false;
	assert_int_equal(timerfd_gettime(f.vm.suspend.timer_fd, &when), 0);
	return when.it_interval.tv_nsec != 0;
}

/* Waits for a tick. */
static void tick(void)
{
	unsigned int left = f.vm.suspend.left;

	while (f.vm.suspend.left == left)
		assert_int_equal(tl_loop_once(&f.loop, 5000), 0);
}

static void assert_line(unsigned int call, unsigned int spi, unsigned int level)
{
	assert_int_equal(fake_kvm.lines[call].irq,
		KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | (spi + 32));
	assert_int_equal(fake_kvm.lines[call].level, level);
}

static void fall_asleep_and_wake(void)
{
	start(1, 0, ENTRY);
	assert_int_equal(tl_suspend_enter(&f.vm), 0);
	assert_false(ticking());
	fake_kvm_script(0, wake, 2);
	assert_int_equal(fake_vm_run(&f).kind, TL_STOP_POWEROFF);
}

/* KVM's GICv2 forgets lines that are up while Linux has the distributor turned off. */
static void test_gicv2_lines(void **state)
{
	(void)state;
	fake_kvm.gicv3 = false;
	fall_asleep_and_wake();
	assert_true(ticking());
	assert_int_equal(tl_gic_set_spi(&f.vm.irqchip, 2, true), 0);
	assert_int_equal(tl_gic_set_spi(&f.vm.irqchip, 33, true), 0);
	assert_int_equal(tl_gic_set_spi(&f.vm.irqchip, 2, false), 0);
	assert_int_equal(fake_kvm.line_count, 3);
	tick();
	assert_int_equal(fake_kvm.line_count, 5);
	assert_line(3, 33, 0);
	assert_line(4, 33, 1);
	assert_int_equal(tl_gic_set_spi(&f.vm.irqchip, 33, false), 0);
	tick();
	assert_int_equal(fake_kvm.line_count, 6);
	/* It ends. */
	f.vm.suspend.left = 1;
	tick();
	assert_false(ticking());
	assert_int_equal(tl_gic_set_spi(&f.vm.irqchip, TL_GIC_SPIS, true), -EINVAL);
}

static void test_gicv2_lines_reset(void **state)
{
	(void)state;
	fake_kvm.gicv3 = false;
	fall_asleep_and_wake();
	assert_true(ticking());
	assert_int_equal(tl_vm_reset(&f.vm), 0);
	assert_false(ticking());
}

/* A GICv3 needs none of this. */
static void test_gicv3_lines(void **state)
{
	(void)state;
	fall_asleep_and_wake();
	assert_int_equal(f.vm.suspend.timer_fd, -1);
}

/* KVM does not do its part: the VM cannot go on, and says so. */
static void test_kvm_fails(void **state)
{
	static const unsigned long requests[] = {
		KVM_GET_ONE_REG, KVM_GET_MP_STATE, KVM_SET_MP_STATE};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(requests); i++) {
		fake_kvm_reset();
		start(2, 0, ENTRY);
		fake_kvm.fail_request = requests[i];
		fake_kvm.fail_error = EINVAL;
		assert_int_equal(tl_suspend_enter(&f.vm), -EINVAL);
		assert_false(tl_suspend_asleep(&f.vm));
		fake_kvm.fail_error = 0;
		fake_vm_end(&f);
	}
	fake_kvm_reset();
	start(1, 0, ENTRY);
	assert_int_equal(tl_suspend_enter(&f.vm), 0);
	fake_kvm.fail_request = KVM_ARM_VCPU_INIT;
	fake_kvm.fail_error = EINVAL;
	fake_kvm_script(0, wake, 2);
	assert_int_equal(fake_vm_run(&f).kind, TL_STOP_ERROR);
	assert_non_null(strstr(f.vm.stop.why, "cannot wake up from suspend to RAM: Invalid"));
}

/* A kernel that cannot: it is not asked, and guests learn it by themselves. */
static void test_no_capability(void **state)
{
	(void)state;
	fake_kvm.system_suspend = false;
	fake_kvm.nisv = false;
	fake_vm_start(&f, 1);
	assert_int_equal(fake_kvm.enabled_cap, 0);
	assert_true(fake_log_has(TL_LOG_INFO, "does not let guests suspend to RAM"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_sleep_and_wake),
		TEST(test_big_endian),
		TEST(test_bad_addresses),
		TEST(test_aarch32_entries),
		TEST(test_not_alone),
		TEST(test_two_at_once),
		TEST(test_power_off_wins),
		TEST(test_reset_while_asleep),
		TEST(test_gicv2_lines),
		TEST(test_gicv2_lines_reset),
		TEST(test_gicv3_lines),
		TEST(test_kvm_fails),
		TEST(test_no_capability),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
