/* SPDX-License-Identifier: MIT */
/*
 * What each machine has no room for, and a run of machine lab, by the exit status.
 * Links: tests/unit/fake_vmm.c
 * Libs: elf fdt z zstd jansson uring
 */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/fake_files.h"
#include "tests/unit/fake_log.h"
#include "tests/unit/fake_vmm.h"
#include "vmm/machine/machine.h"

/* What a machine is not, or has no room for. */
static void test_machines(void **state)
{
	struct tl_vmm_config config = fake_vmm_config();

	(void)state;
	config.machine = &tl_machine_vexpress;
	expect_vmm_refused(
		&config, "is 64-bit code, and the CPUs of machine vexpress-a15 are 32-bit");
	config.cpus = 9;
	expect_vmm_refused(&config, "--cpus 9: machine vexpress-a15 has at most 8");
	config.cpus = 1;
	config.msi = true;
	expect_vmm_refused(&config, "--msi on: machine vexpress-a15 has nothing that takes");
	config.msi = false;
	config.firmware = config.kernel;
	config.kernel = NULL;
	expect_vmm_refused(&config, "--firmware: machine vexpress-a15 has no flash");
}

#define STORE(address, byte)                                                                       \
	{                                                                                          \
		.reason = KVM_EXIT_MMIO, .mmio = {                                                 \
			.phys_addr = (address),                                                    \
			.data = {byte},                                                            \
			.len = 8,                                                                  \
			.is_write = true                                                           \
		}                                                                                  \
	}

/* What a lab prints is for other tests: here it is that it can be. */
static int run_quietly(const struct tl_vmm_config *config)
{
	int out = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY), status;

	fflush(stdout);
	dup2(null, STDOUT_FILENO);
	status = fake_vmm_run(config);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	close(null);
	return status;
}

/* Without a CPU nobody stores the 42; all the rest is as with one. */
static void test_lab(void **state)
{
	static const struct fake_exit script[] = {
		STORE(0x200000, 'H'), STORE(0x200010, 1), STORE(0x200008, 42)};
	struct tl_vmm_config config = fake_vmm_config();
	uint8_t *code = fake_bytes(1025);

	(void)state;
	config.machine = &tl_machine_lab;
	expect_vmm_refused(&config, "--append: machine lab has memory, vCPUs and a debug port");
	config.append = "";
	expect_vmm_refused(&config, "--mem: machine lab has 2 MiB");
	config.mem = 2 * MIB;
	expect_vmm_refused(&config, "machine lab has no room for Linux");
	config.kernel = fake_file("long", code, 1025);
	expect_vmm_refused(&config, "/long' ends at 0x401: machine lab has 1024 bytes");
	config.kernel = fake_file("lab", code, 1024);
	config.cpus = 5;
	expect_vmm_refused(&config, "--cpus 5: machine lab has stacks for 4");
	config.cpus = 2;
	config.lab.explain = true;
	config.backing = TL_MEM_MERGE;
	fake_kvm_script(0, script, 3);
	fake_kvm_script(1, script + 2, 1);
	assert_int_equal(run_quietly(&config), TL_STATUS_ANSWER);
	assert_true(fake_log_has(TL_LOG_ERROR, "the guest ended with 0 at 0x400, not 42"));
	assert_true(fake_log_has(TL_LOG_ERROR, "vCPU 1 ended with 1 in x0, not 42"));
	assert_int_equal(fake_kvm.gic_fd, -1);
	assert_int_equal(fake_kvm.vcpus[1].tcr, 0x803510);
	assert_int_equal(fake_kvm.vcpus[1].ttbr0, 0x2000);
	assert_int_equal(fake_kvm.vcpus[1].sctlr, FAKE_SCTLR_RESET | 0x1005);
	assert_int_equal(fake_kvm.vcpus[1].sp_el1, 0x1fc000);
	free(code);
}

/* robust: aarch32.ram */
/* What is 32-bit reaches 4 GiB, and not more. */
static void test_aarch32(void **state)
{
	struct tl_vmm_config config = fake_vmm_config();
	uint8_t *bytes = fake_bytes(8192);

	(void)state;
	config.aarch32 = true;
	expect_vmm_refused(&config, "/Image' is 64-bit code: leave out --aarch32");
	config.kernel = fake_file("raw", bytes, 8192);
	free(bytes);
	config.mem = 3073 * MIB;
	expect_vmm_refused(&config, "--mem 3073M: this guest is 32-bit, and machine virt");
	config.mem = 64 * MIB;
	config.cpus = 124;
	expect_vmm_refused(&config, "--cpus 124: this guest is 32-bit");
	config.cpus = 2;
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_HOST);
	assert_error("cannot run a 32-bit guest");
	fake_kvm_reset();
	fake_kvm.el1_32bit = true;
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_OK);
	assert_int_equal(fake_kvm.vcpus[0].pc, 0x40010000);
	assert_int_equal(fake_kvm.vcpus[0].x[2], 0x40000000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_vmm_setup, fake_files_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_machines),
		TEST(test_lab),
		TEST(test_aarch32),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
