/* SPDX-License-Identifier: MIT */
/*
 * The run loop and the dispatch of exits, with guests that follow a script: what
 * KVM_RUN may return, what a guest may come back with, and what is made of it.
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
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hypercall.h"
#include "tests/unit/fake_vm.h"

#define SHUTDOWN                                                                                   \
	{                                                                                          \
		.reason = KVM_EXIT_SYSTEM_EVENT,                                                   \
		.system_event = {.type = KVM_SYSTEM_EVENT_SHUTDOWN},                               \
	}
#define MMIO_READ(gpa, bytes)                                                                      \
	{                                                                                          \
		.reason = KVM_EXIT_MMIO,                                                           \
		.mmio = {.phys_addr = (gpa), .len = (bytes), .data = {1, 2, 3, 4, 5, 6, 7, 8}},    \
	}
#define MMIO_WRITE(gpa, bytes)                                                                     \
	{                                                                                          \
		.reason = KVM_EXIT_MMIO,                                                           \
		.mmio = {.phys_addr = (gpa),                                                       \
			.len = (bytes),                                                            \
			.is_write = 1,                                                             \
			.data = {1, 2, 3, 4, 5, 6, 7, 8}},                                         \
	}
#define PC UINT64_C(0x40080abc)

/* One vCPU, one script, until it stops. */
static struct tl_stop run(struct fake_vm *f, const struct fake_exit *script, size_t len)
{
	fake_kvm_reset();
	fake_log_reset(NULL);
	fake_vm_start(f, 1);
	fake_kvm_script(0, script, len);
	fake_kvm.vcpus[0].pc = PC;
	return fake_vm_run(f);
}

/* Whatever a KVM_RUN that was interrupted left in the run area is from some earlier exit. */
/* robust: run.eintr run.eagain exit.stale */
static void test_stale_exit_after_eintr(void **state)
{
	static const struct fake_exit script[] = {
		{.ret = -EINTR,
			.reason = KVM_EXIT_SYSTEM_EVENT,
			.system_event = {.type = KVM_SYSTEM_EVENT_CRASH}},
		{.ret = -EAGAIN, .reason = KVM_EXIT_INTERNAL_ERROR},
		{.ret = -EINTR,
			.reason = KVM_EXIT_MMIO,
			.mmio = {.phys_addr = FAKE_DEV, .len = 4, .is_write = 1}},
		{.ret = -EAGAIN, .reason = KVM_EXIT_MMIO, .mmio = {.phys_addr = 0x1000, .len = 4}},
		{.ret = -EINTR, .reason = KVM_EXIT_HYPERCALL, .hypercall = {.nr = TL_HVC_VERSION}},
		{.ret = -EINTR, .reason = 12345},
		SHUTDOWN,
	};
	struct tl_stop stop;
	uint64_t exits = 0;
	struct fake_vm f;

	(void)state;
	stop = run(&f, script, ARRAY_LEN(script));
	assert_int_equal(stop.kind, TL_STOP_POWEROFF);
	assert_int_equal(fake_kvm.vcpus[0].next, ARRAY_LEN(script));
	assert_int_equal(f.dev.writes, 0);
	assert_int_equal(tl_bus_unhandled(&f.vm.bus), 0);
	assert_int_equal(fake_kvm.vcpus[0].x[0], 0);
	for (unsigned int i = 0; i < TL_EXIT_REASONS; i++)
		exits += f.vm.vcpus[0].exits[i];
	assert_int_equal(exits, 1);
	assert_int_equal(fake_log_count_of(TL_LOG_WARN), 0);
	fake_vm_end(&f);
}

/* Each of these ends the VM, and says on which vCPU, where, and why. */
/* robust: run.efault run.enomem run.enoexec run.enosys */
static void test_run_errors(void **state)
{
	static const struct {
		int err;
		const char *name, *words, *last;
	} cases[] = {
		{EFAULT, "Bad address", "could not reach the memory behind a guest address",
			"address"},
		{ENOMEM, "Cannot allocate memory", "the host is out of memory: use a smaller --mem",
			"free some"},
		{ENOEXEC, "Exec format error", "the vCPU was never initialised", "initialised"},
		{ENOSYS, "Function not implemented", "load/store pair, write-back, SIMD", "there"},
		{ENXIO, "No such device or address", "see dmesg on the host", "host"},
		{EINVAL, "Invalid argument", "see dmesg on the host", "host"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		/* The exit reason is stale: the guest did not just power off. */
		const struct fake_exit script[] = {{.ret = -cases[i].err,
			.reason = KVM_EXIT_SYSTEM_EVENT,
			.system_event = {.type = KVM_SYSTEM_EVENT_SHUTDOWN}}};
		struct tl_stop stop;
		struct fake_vm f;

		fake_kvm_reset();
		fake_vm_start(&f, 3);
		fake_kvm_script(2, script, 1);
		fake_kvm.vcpus[2].pc = PC + i;
		stop = fake_vm_run(&f);
		assert_int_equal(stop.kind, TL_STOP_ERROR);
		assert_int_equal(stop.vcpu, 2);
		assert_int_equal(stop.pc, PC + i);
		assert_ptr_equal(strstr(stop.why, "KVM_RUN failed: "), stop.why);
		assert_non_null(strstr(stop.why, cases[i].name));
		assert_non_null(strstr(stop.why, cases[i].words));
		/* It was not cut off. */
		assert_string_equal(
			stop.why + strlen(stop.why) - strlen(cases[i].last), cases[i].last);
		assert_int_equal(f.vm.vcpus[2].exits[KVM_EXIT_SYSTEM_EVENT], 0);
		fake_vm_end(&f);
	}
}

/* robust: exit.fail-entry exit.internal-error exit.memory-fault exit.crash */
static void test_exits_that_stop(void **state)
{
	static const struct {
		struct fake_exit exit;
		enum tl_stop_kind kind;
		const char *words[3];
	} cases[] = {
		{SHUTDOWN, TL_STOP_POWEROFF, {""}},
		{{.reason = KVM_EXIT_SYSTEM_EVENT,
			 .system_event = {.type = KVM_SYSTEM_EVENT_RESET}},
			TL_STOP_RESET, {""}},
		{{.reason = KVM_EXIT_SYSTEM_EVENT,
			 .system_event = {.type = KVM_SYSTEM_EVENT_CRASH}},
			TL_STOP_CRASH, {"the guest reported a crash"}},
		{{.reason = KVM_EXIT_SYSTEM_EVENT, .system_event = {.type = 4711}}, TL_STOP_ERROR,
			{"KVM_EXIT_SYSTEM_EVENT", "unknown type 4711"}},
		{{.reason = KVM_EXIT_FAIL_ENTRY,
			 .fail_entry = {.hardware_entry_failure_reason = 0xdeadbeefcafe,
				 .cpu = 37}},
			TL_STOP_ERROR,
			{"KVM_EXIT_FAIL_ENTRY", "reason 0xdeadbeefcafe", "host CPU 37"}},
		{{.reason = KVM_EXIT_INTERNAL_ERROR, .internal = {.suberror = 3, .ndata = 16}},
			TL_STOP_ERROR, {"KVM_EXIT_INTERNAL_ERROR", "suberror 3"}},
		{{.reason = KVM_EXIT_MEMORY_FAULT,
			 .memory_fault = {.gpa = 0x123456789000, .size = 0x2000}},
			TL_STOP_ERROR,
			{"KVM_EXIT_MEMORY_FAULT", "at 0x123456789000", "0x2000 bytes"}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake_vm f;
		struct tl_stop stop = run(&f, &cases[i].exit, 1);

		assert_int_equal(stop.kind, cases[i].kind);
		assert_int_equal(stop.vcpu, 0);
		assert_int_equal(stop.pc, PC);
		for (unsigned int w = 0; w < 3 && cases[i].words[w]; w++)
			assert_non_null(strstr(stop.why, cases[i].words[w]));
		if (cases[i].kind == TL_STOP_POWEROFF || cases[i].kind == TL_STOP_RESET)
			assert_string_equal(stop.why, "");
		assert_int_equal(f.vm.vcpus[0].exits[cases[i].exit.reason], 1);
		fake_vm_end(&f);
	}
}

/* robust: exit.unknown */
static void test_unknown_exits(void **state)
{
	static const struct {
		uint32_t reason;
		unsigned int slot;
		const char *name;
	} cases[] = {
		{KVM_EXIT_UNKNOWN, KVM_EXIT_UNKNOWN, "KVM_EXIT_UNKNOWN"},
		{KVM_EXIT_DEBUG, KVM_EXIT_DEBUG, "KVM_EXIT_DEBUG"},
		{TL_EXIT_REASONS - 1, TL_EXIT_REASONS - 1, "without a name"},
		{TL_EXIT_REASONS, TL_EXIT_REASONS - 1, "without a name"},
		{UINT32_MAX, TL_EXIT_REASONS - 1, "without a name"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct fake_exit script[] = {{.reason = cases[i].reason}};
		char number[32];
		struct fake_vm f;
		struct tl_stop stop = run(&f, script, 1);

		snprintf(number, sizeof(number), "(reason %u)", cases[i].reason);
		assert_int_equal(stop.kind, TL_STOP_ERROR);
		assert_int_equal(stop.pc, PC);
		assert_non_null(strstr(stop.why, "unknown exit"));
		assert_non_null(strstr(stop.why, cases[i].name));
		assert_non_null(strstr(stop.why, number));
		assert_int_equal(f.vm.vcpus[0].exits[cases[i].slot], 1);
		fake_vm_end(&f);
	}
	assert_null(tl_exit_reason_name(UINT32_MAX));
	assert_string_equal(tl_exit_reason_name(KVM_EXIT_MMIO), "KVM_EXIT_MMIO");
}

/* What cannot be emulated is an abort in the guest, said once for each address; it goes on. */
static void test_nisv(void **state)
{
	static const struct fake_exit script[] = {
		{.reason = KVM_EXIT_ARM_NISV, .arm_nisv = {.fault_ipa = 0x1000}},
		{.reason = KVM_EXIT_ARM_NISV, .arm_nisv = {.fault_ipa = 0x1000}},
		SHUTDOWN,
	};
	struct tl_stop stop;
	struct fake_vm f;

	(void)state;
	fake_kvm_reset();
	fake_vm_start(&f, 1);
	fake_kvm_script(0, script, ARRAY_LEN(script));
	stop = fake_vm_run(&f);
	assert_int_equal(stop.kind, TL_STOP_POWEROFF);
	assert_int_equal(fake_kvm.vcpus[0].aborts, 2);
	assert_int_equal(tl_bus_unhandled(&f.vm.bus), 2);
	assert_int_equal(fake_log_count_of(TL_LOG_WARN), 1);
	fake_vm_end(&f);
}

/* KVM keeps the registers that it takes: the VM cannot go on. */
static void test_nisv_fails(void **state)
{
	static const struct fake_exit script[] = {
		{.reason = KVM_EXIT_ARM_NISV, .arm_nisv = {.fault_ipa = 0x1000}},
	};
	struct tl_stop stop;
	struct fake_vm f;

	(void)state;
	fake_kvm_reset();
	fake_vm_start(&f, 1);
	fake_kvm.fail_request = KVM_GET_VCPU_EVENTS;
	fake_kvm.fail_error = EPERM;
	fake_kvm_script(0, script, ARRAY_LEN(script));
	stop = fake_vm_run(&f);
	assert_int_equal(stop.kind, TL_STOP_ERROR);
	assert_non_null(strstr(stop.why, "cannot emulate the instruction that accesses 0x1000"));
	fake_vm_end(&f);
}

/* KVM_EXIT_INTR asks for nothing but another KVM_RUN. */
static void test_intr(void **state)
{
	static const struct fake_exit script[] = {
		{.reason = KVM_EXIT_INTR}, {.reason = KVM_EXIT_INTR}, SHUTDOWN};
	struct fake_vm f;

	(void)state;
	assert_int_equal(run(&f, script, ARRAY_LEN(script)).kind, TL_STOP_POWEROFF);
	assert_int_equal(f.vm.vcpus[0].exits[KVM_EXIT_INTR], 2);
	fake_vm_end(&f);
}

/* A device gets the bytes that belong to the access, and the guest what the device says. */
static void test_mmio_handled(void **state)
{
	static const uint64_t written[] = {0x01, 0x0201, 0x04030201, 0x0807060504030201};

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		const unsigned int size = 1u << i;
		const struct fake_exit script[] = {MMIO_WRITE(FAKE_DEV + 8 * i, size),
			MMIO_READ(FAKE_DEV + 8 * i, size), SHUTDOWN};
		struct fake_vm f;

		assert_int_equal(run(&f, script, 3).kind, TL_STOP_POWEROFF);
		assert_int_equal(f.dev.writes, 1);
		assert_int_equal(f.dev.reads, 1);
		assert_int_equal(f.dev.value, written[i]);
		assert_int_equal(f.dev.offset, 8 * i);
		assert_int_equal(f.dev.size, size);
		assert_int_equal(fake_kvm.vcpus[0].read_count, 1);
		assert_int_equal(fake_kvm.vcpus[0].reads[0], written[i]);
		assert_int_equal(tl_bus_unhandled(&f.vm.bus), 0);
		assert_int_equal(fake_log_count_of(TL_LOG_WARN), 0);
		fake_vm_end(&f);
	}
}

/* Nobody there, no such register, across the end, longer than any access: zero, and one line. */
/* robust: mmio.unmapped mmio.across */
static void test_mmio_unhandled(void **state)
{
	static const struct fake_exit script[] = {
		MMIO_READ(0x0a000000, 4),
		MMIO_READ(0x0a000000, 4),
		MMIO_WRITE(0x0a000000, 8), /* the address was seen */
		MMIO_WRITE(0x0a000001, 1),
		MMIO_READ(FAKE_DEV + 0x80, 2),
		MMIO_READ(FAKE_DEV + FAKE_DEV_LEN - 4, 8),
		MMIO_READ(UINT64_MAX, 8),
		MMIO_READ(0, 4000),
		SHUTDOWN,
	};
	struct fake_vm f;

	(void)state;
	assert_int_equal(run(&f, script, ARRAY_LEN(script)).kind, TL_STOP_POWEROFF);
	assert_int_equal(tl_bus_unhandled(&f.vm.bus), 8);
	assert_int_equal(fake_kvm.vcpus[0].read_count, 6);
	for (unsigned int i = 0; i < 6; i++)
		assert_int_equal(fake_kvm.vcpus[0].reads[i], 0);
	assert_int_equal(f.dev.writes + f.dev.reads, 0);
	assert_int_equal(fake_log_count_of(TL_LOG_WARN), 6);
	assert_true(fake_log_has(TL_LOG_WARN,
		"vCPU 0 at PC 0x40080abc: read of 4 bytes at 0xa000000, where no device answers; "
		"reads as zero"));
	assert_true(fake_log_has(TL_LOG_WARN, "write of 1 bytes at 0xa000001"));
	assert_true(fake_log_has(TL_LOG_WARN, "ignored"));
	assert_true(fake_log_has(TL_LOG_WARN, "read of 2 bytes at 0x9000080"));
	assert_true(fake_log_has(TL_LOG_WARN, "read of 8 bytes at 0x90000fc"));
	assert_true(fake_log_has(TL_LOG_WARN, "at 0xffffffffffffffff"));
	fake_vm_end(&f);
}

/* The guest wrote `byte` to the device, and the kernel put it into the ring. */
static void coalesce(struct fake_vm *f, uint8_t byte)
{
	struct kvm_coalesced_mmio_ring *ring = f->vm.coalesced.ring;

	assert_non_null(ring);
	ring->coalesced_mmio[ring->last].phys_addr = FAKE_DEV;
	ring->coalesced_mmio[ring->last].len = 1;
	ring->coalesced_mmio[ring->last].data[0] = byte;
	__atomic_store_n(&ring->last, ring->last + 1, __ATOMIC_RELEASE);
}

/* Before any exit is handled, and before a VM that was paused is looked at. */
static void test_coalesced_first(void **state)
{
	static const struct fake_exit script[] = {MMIO_READ(FAKE_DEV, 4), SHUTDOWN};
	struct fake_vm f;

	(void)state;
	fake_kvm_reset();
	fake_vm_start(&f, 2);
	fake_kvm_script(0, script, ARRAY_LEN(script));
	coalesce(&f, 0x54);
	coalesce(&f, 0x55);
	assert_int_equal(fake_vm_run(&f).kind, TL_STOP_POWEROFF);
	assert_int_equal(f.dev.writes, 2);
	assert_int_equal(fake_kvm.vcpus[0].reads[0], 0x55);

	fake_kvm_script(0, NULL, 0);
	tl_vm_resume(&f.vm);
	fake_kvm_wait_idle(0);
	fake_kvm_wait_idle(1);
	coalesce(&f, 0x56);
	assert_int_equal(f.dev.writes, 2);
	tl_vm_pause(&f.vm);
	assert_int_equal(f.dev.writes, 3);
	assert_int_equal(f.dev.value, 0x56);
	fake_vm_end(&f);
}

static void test_hypercalls(void **state)
{
	static const struct fake_exit version[] = {
		{.reason = KVM_EXIT_HYPERCALL, .hypercall = {.nr = TL_HVC_VERSION}}, SHUTDOWN};
	static const struct fake_exit put[] = {
		{.reason = KVM_EXIT_HYPERCALL, .hypercall = {.nr = TL_HVC_PUTCHAR}}, SHUTDOWN};
	/* Unknown ones, and known ones with something in the upper half. */
	static const uint64_t unknown[] = {
		0xC60001ff, 0x86000100, 0, UINT64_MAX, UINT64_C(0x100000000) | TL_HVC_VERSION};
	struct fake_vm f;
	char byte = 0;

	(void)state;
	assert_int_equal(run(&f, version, 2).kind, TL_STOP_POWEROFF);
	assert_int_equal(fake_kvm.vcpus[0].x[0], TL_HVC_VERSION_VALUE);
	fake_vm_end(&f);

	fake_kvm_reset();
	fake_vm_start(&f, 1);
	fake_kvm_script(0, put, 2);
	fake_kvm.vcpus[0].x[0] = TL_HVC_PUTCHAR;
	fake_kvm.vcpus[0].x[1] = UINT64_C(0xffffffffffffff00) | 'q';
	assert_int_equal(fake_vm_run(&f).kind, TL_STOP_POWEROFF);
	assert_int_equal(fake_kvm.vcpus[0].x[0], 0);
	tl_console_service(&f.console);
	assert_int_equal(read(f.out[0], &byte, 1), 1);
	assert_int_equal(byte, 'q');
	fake_vm_end(&f);

	for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
		const struct fake_exit script[] = {
			{.reason = KVM_EXIT_HYPERCALL, .hypercall = {.nr = unknown[i]}}, SHUTDOWN};

		assert_int_equal(run(&f, script, 2).kind, TL_STOP_POWEROFF);
		assert_true(fake_kvm.vcpus[0].x[0] == UINT64_MAX);
		fake_vm_end(&f);
	}
}

/* Registers that KVM does not give or take: the VM stops, and says at which call. */
static void test_hypercall_without_registers(void **state)
{
	static const struct fake_exit put[] = {
		{.reason = KVM_EXIT_HYPERCALL, .hypercall = {.nr = TL_HVC_PUTCHAR}}, SHUTDOWN};
	static const unsigned long requests[] = {KVM_GET_ONE_REG, KVM_SET_ONE_REG};

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct tl_stop stop;
		struct fake_vm f;

		fake_kvm_reset();
		fake_vm_start(&f, 1);
		fake_kvm_script(0, put, 2);
		fake_kvm.vcpus[0].pc = PC;
		fake_kvm.fail_request = requests[i];
		fake_kvm.fail_error = ENOENT;
		stop = fake_vm_run(&f);
		assert_int_equal(stop.kind, TL_STOP_ERROR);
		assert_non_null(strstr(stop.why, "cannot answer hypercall 0xc6000101: No such"));
		/* A PC that cannot be read is shown as 0. */
		assert_int_equal(stop.pc, requests[i] == KVM_GET_ONE_REG ? 0 : PC);
		assert_int_equal(fake_kvm.vcpus[0].next, 1);
		fake_vm_end(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stale_exit_after_eintr),
		cmocka_unit_test(test_run_errors),
		cmocka_unit_test(test_exits_that_stop),
		cmocka_unit_test(test_unknown_exits),
		cmocka_unit_test(test_nisv),
		cmocka_unit_test(test_nisv_fails),
		cmocka_unit_test(test_intr),
		cmocka_unit_test(test_mmio_handled),
		cmocka_unit_test(test_mmio_unhandled),
		cmocka_unit_test(test_coalesced_first),
		cmocka_unit_test(test_hypercalls),
		cmocka_unit_test(test_hypercall_without_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
