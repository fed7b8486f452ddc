/* SPDX-License-Identifier: MIT */
/*
 * The lines of --trace-exits: what is in them, and what becomes of the guest when nobody reads
 * them or the disk is full.
 * Links: vmm/core/exit_line.c vmm/core/exit_trace.c vmm/core/run_traced.c
 * Links: trace/decode/device_regs.c trace/decode/smccc.c
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
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hypercall.h"
#include "tests/unit/fake_vm.h"
#include "vmm/core/exit_trace.h"

#define MANY 3000
#define PC   UINT64_C(0x40080abc)

/* A VM whose exits go to a pipe of the test, or to a path. */
struct traced {
	struct fake_vm f;
	struct tl_exit_trace trace;
	int pipe[2];
};

static void start(struct traced *t, const char *path)
{
	char own[40];
	const uint32_t insn = 0xf8408420; /* ldr x0, [x1], #8 */

	fake_kvm_reset();
	fake_log_reset(NULL);
	assert_int_equal(pipe2(t->pipe, O_CLOEXEC), 0);
	snprintf(own, sizeof(own), "/proc/self/fd/%d", t->pipe[1]);
	fake_vm_start(&t->f, 1);
	tl_exit_trace_blank(&t->trace);
	assert_int_equal(tl_exit_trace_init(&t->trace, &t->f.loop, path ? path : own), 0);
	t->f.vm.trace = &t->trace;
	t->f.vm.run_guest = tl_vcpu_run_traced;
	fake_kvm.vcpus[0].pc = PC;
	assert_int_equal(tl_mem_write(&t->f.vm.mem, PC, &insn, sizeof(insn)), 0);
}

static void end(struct traced *t)
{
	tl_exit_trace_fini(&t->trace);
	fake_vm_end(&t->f);
	close(t->pipe[0]);
	close(t->pipe[1]);
}

/* Runs the script, and returns what was printed. */
static const char *lines_of(const struct fake_exit *script, size_t len)
{
	static char text[8192];
	struct traced t;
	ssize_t n;

	start(&t, NULL);
	fake_kvm.vcpus[0].x[1] = 'T';
	fake_kvm.vcpus[0].x[6] = 0x66;
	fake_kvm_script(0, script, len);
	fake_vm_run(&t.f);
	assert_int_equal(tl_exit_trace_end(&t.trace, 1000), 0);
	n = read(t.pipe[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = 0;
	end(&t);
	return text;
}

/* Each reason, decoded; numbers count the exits of the vCPU. */
static void test_lines(void **state)
{
	static const struct fake_exit script[] = {
		{.reason = KVM_EXIT_MMIO,
			.mmio = {.phys_addr = FAKE_DEV + 4,
				.len = 1,
				.is_write = 1,
				.data = {'H'}}},
		{.ret = -EINTR, .reason = KVM_EXIT_MMIO},
		{.reason = KVM_EXIT_MMIO, .mmio = {.phys_addr = FAKE_DEV + 4, .len = 4}},
		{.reason = KVM_EXIT_MMIO, .mmio = {.phys_addr = 0x0f000000, .len = 8}},
		{.reason = KVM_EXIT_HYPERCALL, .hypercall = {.nr = TL_HVC_VERSION}},
		{.reason = KVM_EXIT_HYPERCALL,
			.hypercall = {.nr = TL_HVC_PUTCHAR, .flags = KVM_HYPERCALL_EXIT_SMC}},
		{.reason = KVM_EXIT_HYPERCALL, .hypercall = {.nr = 0xc6000fff}},
		{.reason = KVM_EXIT_INTR},
		{.reason = KVM_EXIT_SYSTEM_EVENT,
			.system_event = {.type = KVM_SYSTEM_EVENT_SHUTDOWN}},
	};

	(void)state;
	assert_string_equal(lines_of(script, ARRAY_LEN(script)),
		"vCPU 0 #1 PC 0x40080abc KVM_EXIT_MMIO: fake +0x4 (0x09000004), write of 1 byte: 0x48 'H'\n"
		"vCPU 0 #2 PC 0x40080abc KVM_EXIT_MMIO: fake +0x4 (0x09000004), read of 4 bytes: 0x48\n"
		"vCPU 0 #3 PC 0x40080abc KVM_EXIT_MMIO: no device (0x0f000000), read of 8 bytes: 0x0\n"
		"vCPU 0 #4 PC 0x40080ab8 KVM_EXIT_HYPERCALL: HVC, Trapline VERSION (0xc6000100): x0 = "
		"0x10001\n"
		"vCPU 0 #5 PC 0x40080ab8 KVM_EXIT_HYPERCALL: SMC, Trapline PUTCHAR (0xc6000101) with x1 = "
		"0x54: x0 = 0x0\n"
		"vCPU 0 #6 PC 0x40080ab8 KVM_EXIT_HYPERCALL: HVC, vendor hyp 0xc6000fff (0xc6000fff) with "
		"x1 = 0x54, x2 = 0x0, x3 = 0x0, x4 = 0x0, x5 = 0x0, x6 = 0x66: x0 = 0xffffffffffffffff\n"
		"vCPU 0 #7 PC 0x40080abc KVM_EXIT_INTR: a signal\n"
		"vCPU 0 #8 PC 0x40080ab8 KVM_EXIT_SYSTEM_EVENT: SHUTDOWN, of PSCI SYSTEM_OFF\n");
}

/* What ends the VM has its line, too. */
static void test_last_lines(void **state)
{
	static const struct {
		struct fake_exit exit;
		const char *line;
	} cases[] = {
		{{.ret = -EFAULT}, "vCPU 0 PC 0x40080abc KVM_RUN failed: Bad address\n"},
		{{.reason = 4711}, "vCPU 0 #1 PC 0x40080abc exit reason 4711: unknown here\n"},
		{{.reason = KVM_EXIT_DEBUG},
			"vCPU 0 #1 PC 0x40080abc KVM_EXIT_DEBUG: unknown here\n"},
		{{.reason = KVM_EXIT_SYSTEM_EVENT, .system_event = {.type = 99}},
			"vCPU 0 #1 PC 0x40080abc KVM_EXIT_SYSTEM_EVENT: type 99\n"},
		{{.reason = KVM_EXIT_FAIL_ENTRY,
			 .fail_entry = {.hardware_entry_failure_reason = 7, .cpu = 3}},
			"vCPU 0 #1 PC 0x40080abc KVM_EXIT_FAIL_ENTRY: hardware reason 0x7 on host CPU 3\n"},
		{{.reason = KVM_EXIT_INTERNAL_ERROR, .internal = {.suberror = 5}},
			"vCPU 0 #1 PC 0x40080abc KVM_EXIT_INTERNAL_ERROR: suberror 5\n"},
		{{.reason = KVM_EXIT_MEMORY_FAULT,
			 .memory_fault = {.gpa = 0x50000000, .size = 4096}},
			"vCPU 0 #1 PC 0x40080abc KVM_EXIT_MEMORY_FAULT: at 0x50000000, 4096 bytes\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(lines_of(&cases[i].exit, 1), cases[i].line);
}

/* An access that KVM does not describe: what it is, the emulation says. */
static void test_instruction(void **state)
{
	static const struct fake_exit script[] = {
		{.reason = KVM_EXIT_ARM_NISV, .arm_nisv = {.fault_ipa = 'T'}},
		{.reason = KVM_EXIT_ARM_NISV, .arm_nisv = {.fault_ipa = 'T'}},
		{.reason = KVM_EXIT_SYSTEM_EVENT,
			.system_event = {.type = KVM_SYSTEM_EVENT_SHUTDOWN}},
	};

	(void)state;
	assert_string_equal(lines_of(script, ARRAY_LEN(script)),
		"vCPU 0 #1 PC 0x40080abc KVM_EXIT_ARM_NISV: at 0x00000054, instruction 0xf8408420, "
		"LDR, STR and the like, general and SIMD&FP (post-index)\n"
		"vCPU 0 #2 PC 0x40080ac0 KVM_EXIT_ARM_NISV: at 0x00000054, instruction 0x0, which "
		"is no load or store\n"
		"vCPU 0 #3 PC 0x40080abc KVM_EXIT_SYSTEM_EVENT: SHUTDOWN, of PSCI SYSTEM_OFF\n");
}

/* A guest that nobody watches runs to its end, with all its exits handled. */
static void test_no_reader(void **state)
{
	struct fake_exit *script = calloc(MANY + 1, sizeof(*script));
	struct traced t;

	(void)state;
	assert_non_null(script);
	for (unsigned int i = 0; i < MANY; i++)
		script[i] = (struct fake_exit){.reason = KVM_EXIT_MMIO,
			.mmio = {.phys_addr = FAKE_DEV, .len = 4, .is_write = 1}};
	script[MANY].reason = KVM_EXIT_SYSTEM_EVENT;
	script[MANY].system_event.type = KVM_SYSTEM_EVENT_SHUTDOWN;
	start(&t, NULL);
	assert_int_equal(fcntl(t.pipe[1], F_SETPIPE_SZ, 4096), 4096);
	fake_kvm_script(0, script, MANY + 1);
	assert_int_equal(fake_vm_run(&t.f).kind, TL_STOP_POWEROFF);
	assert_int_equal(t.f.dev.writes, MANY);
	assert_true(t.trace.lost > 0 && t.trace.lost < MANY);
	assert_int_equal(tl_exit_trace_end(&t.trace, 10), 0);
	assert_warned("--trace-exits", "the reader was too slow");
	end(&t);
	free(script);
}

/* A reader that comes back is told how much it has missed, in its place. */
static void test_gap(void **state)
{
	char text[2 * TL_CONSOLE_TX_BYTES] = "", expected[80], line[101];
	unsigned int put = 0;
	size_t n = 0;
	struct traced t;
	ssize_t got;

	(void)state;
	memset(line, '-', sizeof(line) - 1);
	line[sizeof(line) - 1] = 0;
	start(&t, NULL);
	assert_int_equal(fcntl(t.pipe[0], F_SETFL, O_NONBLOCK), 0);
	while (t.trace.lost < 7) {
		tl_exit_trace_put(&t.trace, line);
		put++;
	}
	/* By the time that the loop has one, the writer has work. */
	assert_true(tl_exit_trace_timeout(&t.trace, 1000) < 1000);
	tl_exit_trace_service(&t.trace);
	while ((got = read(t.pipe[0], text + n, sizeof(text) - 1 - n)) > 0) {
		n += (size_t)got;
		tl_exit_trace_service(&t.trace);
	}
	text[n] = 0;
	assert_int_equal(n, (put - 7) * sizeof(line));
	tl_exit_trace_put(&t.trace, "again");
	assert_int_equal(tl_exit_trace_end(&t.trace, 1000), 0);
	got = read(t.pipe[0], text, sizeof(text) - 1);
	text[got > 0 ? got : 0] = 0;
	snprintf(expected, sizeof(expected),
		"... 7 exits are not shown: the reader is too slow\nagain\n");
	assert_string_equal(text, expected);
	assert_warned("--trace-exits", "for 7 lines");
	assert_int_equal(tl_exit_trace_timeout(&t.trace, -1), -1);
	end(&t);
}

/* Said once, at its time; the status tells it at the end. */
static void test_full_disk(void **state)
{
	struct traced t;

	(void)state;
	start(&t, "/dev/full");
	for (unsigned int i = 0; i < 3; i++) {
		tl_exit_trace_put(&t.trace, "a line");
		tl_exit_trace_service(&t.trace);
	}
	assert_int_equal(fake_log_count(), 1);
	assert_int_equal(tl_exit_trace_end(&t.trace, 1000), -ENOSPC);
	assert_error(
		"--trace-exits", "'/dev/full'", "No space left on device", "the guest goes on");
	end(&t);
}

static void test_no_file(void **state)
{
	struct tl_exit_trace trace;

	(void)state;
	fake_log_reset(NULL);
	tl_exit_trace_blank(&trace);
	assert_int_equal(tl_exit_trace_init(&trace, NULL, "/nowhere/at/all"), -ENOENT);
	assert_error("--trace-exits", "cannot write '/nowhere/at/all'", "No such file");
	/* Nothing was asked for. */
	tl_exit_trace_service(&trace);
	assert_int_equal(tl_exit_trace_timeout(&trace, -1), -1);
	assert_int_equal(tl_exit_trace_timeout(&trace, 5), 5);
	assert_int_equal(tl_exit_trace_end(&trace, 0), 0);
	tl_exit_trace_fini(&trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_last_lines),
		cmocka_unit_test(test_instruction),
		cmocka_unit_test(test_no_reader),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests_name("vmm_exit_trace", tests, NULL, NULL);
}
