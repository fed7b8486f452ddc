/* SPDX-License-Identifier: MIT */
/*
 * A VM that restarts in place: its threads stay, the guest takes the answer to
 * its last exit first, and then all state is as after power-on. And threads
 * that cannot be started.
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
 * Links: vmm/arch/arm64/cpu_features.c vmm/arch/arm64/id_regs.c vmm/arch/arm64/id_fields.c
 * Links: tests/unit/fake_kvm.c tests/unit/fake_vm.c tests/unit/fake_log.c vmm/core/lock.c
 * Wraps: pthread_create
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fake_vm.h"
#include "tests/unit/fds.h"
#include "vmm/arch/arm64/vcpu_regs.h"

static const struct fake_exit reset_script[] = {
	{.reason = KVM_EXIT_SYSTEM_EVENT, .system_event = {.type = KVM_SYSTEM_EVENT_RESET}}};
static const struct fake_exit off_script[] = {
	{.reason = KVM_EXIT_SYSTEM_EVENT, .system_event = {.type = KVM_SYSTEM_EVENT_SHUTDOWN}}};

/* Not on a stack: its threads outlive a test that fails. */
static struct fake_vm f;
static int threads_left = -1; /* how many more can be started; -1: as many as one likes */

int __real_pthread_create(
	pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg);
int __wrap_pthread_create(
	pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg);

int __wrap_pthread_create(
	pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
	if (threads_left == 0)
		return EAGAIN;
	if (threads_left > 0)
		threads_left--;
	return __real_pthread_create(thread, attr, fn, arg);
}

static int setup(void **state)
{
	threads_left = -1;
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

/* Starts one with so many vCPUs, of which the first asks for a reset. */
static void start(unsigned int vcpus)
{
	fake_vm_start(&f, vcpus);
	fake_kvm_script(0, reset_script, 1);
	assert_int_equal(fake_vm_run(&f).kind, TL_STOP_RESET);
	fake_kvm.attr_count = 0;
}

static void test_restart(void **state)
{
	pid_t tids[3];

	(void)state;
	start(3);
	for (unsigned int i = 0; i < 3; i++)
		tids[i] = f.vm.vcpus[i].tid;
	memset(f.vm.mem.host, 0x5a, 4096);
	for (unsigned int round = 1; round <= 20; round++) {
		const struct fake_exit *script = round < 20 ? reset_script : off_script;

		assert_int_equal(tl_vm_reset(&f.vm), 0);
		assert_int_equal(f.dev.resets, round);
		for (unsigned int i = 0; i < 3; i++) {
			assert_int_equal(fake_kvm.vcpus[i].inits, 1 + round);
			assert_int_equal(f.vm.vcpus[i].tid, tids[i]);
		}
		fake_kvm.attr_count = 0;
		fake_kvm_script(0, script, 1);
		assert_int_equal(
			fake_vm_run(&f).kind, round < 20 ? TL_STOP_RESET : TL_STOP_POWEROFF);
	}
	/* Only the one that boots runs: the others wait for CPU_ON. */
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(fake_kvm.vcpus[i].features,
			1 << KVM_ARM_VCPU_PSCI_0_2 | (i ? 1 << KVM_ARM_VCPU_POWER_OFF : 0));
	/* As by a warm reset, RAM keeps what it has. */
	assert_int_equal(f.vm.mem.host[4095], 0x5a);
	assert_nothing_logged();
	fake_vm_end(&f);
}

/* A vCPU has just read a register when another one resets: KVM finishes the read first. */
static void test_pending_access(void **state)
{
	static const struct fake_exit script[] = {
		{.reason = KVM_EXIT_MMIO, .mmio = {.phys_addr = FAKE_DEV, .len = 4}},
		{.reason = KVM_EXIT_SYSTEM_EVENT, .system_event = {.type = KVM_SYSTEM_EVENT_RESET}},
	};

	(void)state;
	fake_vm_start(&f, 1);
	f.dev.value = 0x12345678;
	fake_kvm_script(0, script, 2);
	assert_int_equal(fake_vm_run(&f).kind, TL_STOP_RESET);
	/* What a vCPU that was stopped behind its exit looks like. */
	fake_kvm.vcpus[0].pending = true;
	assert_int_equal(tl_vm_reset(&f.vm), 0);
	assert_false(fake_kvm.vcpus[0].pending);
	assert_false(fake_kvm.vcpus[0].init_pending);
	assert_int_equal(fake_kvm.vcpus[0].run->immediate_exit, 0);
	fake_vm_end(&f);
}

/* How often a register of the GIC was written, and whether always with this value. */
static unsigned int writes(uint32_t group, uint64_t attr, uint64_t value)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < fake_kvm.attr_count; i++) {
		const struct fake_attr *a = &fake_kvm.attrs[i];

		if (a->vm || a->group != group || a->attr != attr)
			continue;
		assert_int_equal(a->value, value);
		count++;
	}
	return count;
}

#define DIST   KVM_DEV_ARM_VGIC_GRP_DIST_REGS
#define REDIST KVM_DEV_ARM_VGIC_GRP_REDIST_REGS
#define ONES   0xffffffff

/* IHI 0069H: everything of the 32 shared interrupts. */
static void test_gicv3_distributor(void **state)
{
	(void)state;
	start(1);
	assert_int_equal(tl_vm_reset(&f.vm), 0);
	assert_int_equal(writes(DIST, 0x000, 0), 1);    /* CTLR */
	assert_int_equal(writes(DIST, 0x084, ONES), 1); /* IGROUPR1 */
	assert_int_equal(writes(DIST, 0x184, ONES), 1); /* ICENABLER1 */
	assert_int_equal(writes(DIST, 0x204, 0), 1);    /* ISPENDR1 */
	assert_int_equal(writes(DIST, 0x384, ONES), 1); /* ICACTIVER1 */
	for (unsigned int i = 32; i < 64; i += 4)
		assert_int_equal(writes(DIST, 0x400 + i, 0), 1); /* IPRIORITYR */
	assert_int_equal(writes(DIST, 0xc08, 0), 1);             /* ICFGR2 */
	assert_int_equal(writes(DIST, 0xc0c, 0), 1);
	for (unsigned int i = 32; i < 64; i++) {
		assert_int_equal(writes(DIST, 0x6000 + 8 * i, 0), 1); /* IROUTER */
		assert_int_equal(writes(DIST, 0x6004 + 8 * i, 0), 1);
	}
	/* There are no more. */
	assert_int_equal(writes(DIST, 0x188, ONES), 0);
	assert_int_equal(writes(DIST, 0x6200, 0), 0);
	fake_vm_end(&f);
}

static void test_gicv3_cpus(void **state)
{
	(void)state;
	start(18);
	assert_int_equal(tl_vm_reset(&f.vm), 0);
	for (uint64_t i = 0; i < 18; i++) {
		/* Affinity 0 has 16 values; the attribute's upper half is the affinity. */
		uint64_t cpu = (i % 16 | i / 16 << 8) << 32;
		/* ICC_PMR_EL1 and ICC_IGRPEN1_EL1, as op0 op1 CRn CRm op2. */
		uint64_t pmr = 3 << 14 | 4 << 7 | 6 << 3;
		uint64_t enable = 3 << 14 | 12 << 7 | 12 << 3 | 7;

		assert_int_equal(writes(REDIST, cpu | 0x10080, ONES), 1);
		assert_int_equal(writes(REDIST, cpu | 0x10180, ONES), 1);
		assert_int_equal(writes(REDIST, cpu | 0x10200, 0), 1);
		assert_int_equal(writes(REDIST, cpu | 0x10380, ONES), 1);
		assert_int_equal(writes(REDIST, cpu | 0x10400, 0), 1);
		assert_int_equal(writes(REDIST, cpu | 0x1041c, 0), 1);
		assert_int_equal(writes(REDIST, cpu | 0x10420, 0), 0);
		assert_int_equal(writes(KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS, cpu | pmr, 0), 1);
		assert_int_equal(writes(KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS, cpu | enable, 0), 1);
	}
	fake_vm_end(&f);
}

/* LPIs go before the tables that they are in; without an ITS neither is touched. */
static void test_its(void **state)
{
	(void)state;
	start(2);
	assert_int_equal(tl_vm_reset(&f.vm), 0);
	assert_int_equal(writes(REDIST, 0, 0), 0);
	assert_int_equal(writes(KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_ITS_CTRL_RESET, 0), 0);
	f.vm.irqchip.its_fd = fake_kvm.its_fd = dup(fake_kvm.gic_fd);
	assert_int_equal(tl_vm_reset(&f.vm), 0);
	assert_int_equal(writes(REDIST, 0, 0), 1);
	assert_int_equal(writes(REDIST, UINT64_C(1) << 32, 0), 1);
	assert_int_equal(writes(KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_ITS_CTRL_RESET, 0), 1);
	assert_int_equal(fake_kvm.attrs[fake_kvm.attr_count - 1].attr, KVM_DEV_ARM_ITS_CTRL_RESET);
	fake_vm_end(&f);
}

static void test_gicv2(void **state)
{
	(void)state;
	fake_kvm.gicv3 = false;
	start(2);
	assert_int_equal(tl_vm_reset(&f.vm), 0);
	assert_int_equal(writes(DIST, 0x000, 0), 1);
	assert_int_equal(writes(DIST, 0x284, ONES), 1); /* ICPENDR1 */
	assert_int_equal(writes(DIST, 0x084, 0), 1);    /* IGROUPR1 */
	assert_int_equal(writes(DIST, 0x6100, 0), 0);   /* it has no IROUTER */
	for (uint64_t i = 0; i < 2; i++) {
		uint64_t cpu = i << 32;

		assert_int_equal(writes(DIST, cpu | 0x180, ONES), 1);
		assert_int_equal(writes(DIST, cpu | 0x280, ONES), 1);
		assert_int_equal(writes(DIST, cpu | 0x400, 0), 1);
		/* CTLR, PMR, BPR, APR0 of its CPU interface. */
		assert_int_equal(writes(KVM_DEV_ARM_VGIC_GRP_CPU_REGS, cpu, 0), 1);
		assert_int_equal(writes(KVM_DEV_ARM_VGIC_GRP_CPU_REGS, cpu | 4, 0), 1);
		assert_int_equal(writes(KVM_DEV_ARM_VGIC_GRP_CPU_REGS, cpu | 8, 0), 1);
		assert_int_equal(writes(KVM_DEV_ARM_VGIC_GRP_CPU_REGS, cpu | 0xd0, 0), 1);
	}
	fake_vm_end(&f);
}

/* Whichever of its writes KVM refuses: the reset fails, and says so once. */
static void test_refused(void **state)
{
	(void)state;
	start(2);
	assert_int_equal(tl_vm_reset(&f.vm), 0);
	for (unsigned int n = fake_kvm.attr_count, i = 0; i < n; i++) {
		fake_kvm.attr_count = 0;
		fake_kvm.fail_request = KVM_SET_DEVICE_ATTR;
		fake_kvm.fail_skip = i;
		fake_kvm.fail_error = EBUSY;
		fake_kvm.fail_times = 1;
		assert_int_equal(tl_vm_reset(&f.vm), -EBUSY);
		assert_error("cannot reset the interrupt controller: Device or resource busy");
	}
	fake_kvm.fail_request = KVM_ARM_VCPU_INIT;
	fake_kvm.fail_skip = 1;
	fake_kvm.fail_error = EBUSY;
	assert_int_equal(tl_vm_reset(&f.vm), -EBUSY);
	assert_error("cannot initialise vCPU 1");
	fake_vm_end(&f);
}

/* Running vCPUs are stopped, and go on as if nothing had been. */
static void test_pause_and_resume(void **state)
{
	(void)state;
	fake_vm_start(&f, 4);
	for (unsigned int round = 0; round < 50; round++) {
		tl_vm_resume(&f.vm);
		if (round % 2) {
			for (unsigned int i = 0; i < 4; i++)
				fake_kvm_wait_idle(i);
		}
		tl_vm_pause(&f.vm);
		for (unsigned int i = 0; i < 4; i++)
			assert_true(f.vm.vcpus[i].parked);
		assert_int_equal(tl_vm_stop_reason(&f.vm).kind, TL_STOP_NONE);
	}
	fake_kvm_script(3, off_script, 1);
	assert_int_equal(fake_vm_run(&f).kind, TL_STOP_POWEROFF);
	fake_vm_end(&f);
}

/* Two vCPUs stop the VM at once, for other reasons: one of them counts, whichever was first. */
static void test_first_reason_counts(void **state)
{
	struct tl_stop late = {.kind = TL_STOP_CRASH, .vcpu = 1};

	(void)state;
	start(2);
	tl_vm_request_stop(&f.vm, &late);
	assert_int_equal(tl_vm_stop_reason(&f.vm).kind, TL_STOP_RESET);
	assert_int_equal(tl_vm_stop_reason(&f.vm).vcpu, 0);
	fake_vm_end(&f);
}

/* robust: host.threads */
static void test_no_more_threads(void **state)
{
	static const struct tl_gic_map gic_map = TL_GIC_MAP_VIRT;
	struct tl_vm_config config = {.gic_map = &gic_map,
		.vcpus = 3,
		.ram_base = FAKE_RAM,
		.ram_size = FAKE_RAM_MIB << 20,
		.spis = 3};

	(void)state;
	for (int i = 0; i < 3; i++) {
		unsigned int fds = fds_open();
		struct tl_vm vm;

		setup(NULL);
		tl_vm_blank(&vm);
		assert_int_equal(tl_vm_init(&vm, &config), 0);
		threads_left = i;
		assert_int_equal(tl_vm_start_threads(&vm), -EAGAIN);
		assert_error("cannot start the thread of vCPU ", "ulimit -u");
		/* Those that run are ended. */
		tl_vm_fini(&vm);
		assert_int_equal(fds_open(), fds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pending_access, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gicv3_distributor, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gicv3_cpus, setup, teardown),
		cmocka_unit_test_setup_teardown(test_its, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gicv2, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pause_and_resume, setup, teardown),
		cmocka_unit_test_setup_teardown(test_first_reason_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_more_threads, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
