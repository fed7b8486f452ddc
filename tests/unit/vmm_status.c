/* SPDX-License-Identifier: MIT */
/*
 * How `trapline run` ends, on a fake kernel: for each input that cannot be used,
 * host that cannot do it, and end of a guest there is the documented exit status,
 * one line, and nothing left open.
 * Links: tests/unit/fake_vmm.c
 * Libs: elf fdt z zstd jansson uring
 * Wraps: tl_vm_init
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/fake_files.h"
#include "tests/unit/fake_kvm.h"
#include "tests/unit/fake_log.h"
#include "tests/unit/fake_run.h"
#include "tests/unit/fake_vmm.h"
#include "vmm/core/vm.h"
#include "vmm/machine/machine.h"
#include "vmm/vmm.h"

static const char *cut; /* this file becomes shorter when the VM was made */

int __real_tl_vm_init(struct tl_vm *vm, const struct tl_vm_config *config);
int __wrap_tl_vm_init(struct tl_vm *vm, const struct tl_vm_config *config);

int __wrap_tl_vm_init(struct tl_vm *vm, const struct tl_vm_config *config)
{
	if (cut)
		fake_cut(cut, 1);
	return __real_tl_vm_init(vm, config);
}

static int setup(void **state)
{
	cut = NULL;
	return fake_vmm_setup(state);
}

/* robust: kernel.0-bytes kernel.1-byte kernel.directory kernel.fifo kernel.dev-zero */
static void test_kernels(void **state)
{
	struct tl_vmm_config config = fake_vmm_config();
	uint8_t head[64];

	(void)state;
	config.kernel = fake_path("missing");
	expect_vmm_refused(&config, "cannot open kernel '");
	config.kernel = fake_file("empty", "", 0);
	expect_vmm_refused(&config, "/empty' is empty");
	config.kernel = fake_file("1", "x", 1);
	expect_vmm_refused(&config, "/1' has only 1 bytes");
	config.kernel = fake_path("folder");
	mkdir(config.kernel, 0700);
	expect_vmm_refused(&config, "is a directory");
	config.kernel = fake_path("fifo");
	mkfifo(config.kernel, 0600);
	expect_vmm_refused(&config, "is a FIFO");
	config.kernel = "/dev/zero";
	expect_vmm_refused(&config, "kernel '/dev/zero' is a device");
	fake_image_head(head, UINT64_C(1) << 63, MIB, 0);
	config.kernel = fake_file("far", head, 64);
	expect_vmm_refused(&config, "/far' has text_offset 0x8000000000000000");
	fake_image_head(head, 0, MIB, 1);
	config.kernel = fake_file("big", head, 64);
	expect_vmm_refused(&config, "/big' is big-endian");
	config.kernel = fake_file("elf", "\177ELF...", 7);
	expect_vmm_refused(&config, "/elf' is an ELF file that cannot be loaded");
	config.kernel = fake_file("gzip", "\x1f\x8b\x08", 3);
	expect_vmm_refused(&config, "/gzip' is damaged");
}

/* robust: initrd.file initrd.ram initrd.gap */
static void test_initrds(void **state)
{
	struct tl_vmm_config config = fake_vmm_config();
	uint8_t *bytes = fake_bytes(3 * MIB);

	(void)state;
	config.initrd = fake_path("missing");
	expect_vmm_refused(&config, "cannot open initrd '");
	config.initrd = fake_file("empty", "", 0);
	expect_vmm_refused(&config, "initrd '");
	config.initrd = "/dev/zero";
	expect_vmm_refused(&config, "initrd '/dev/zero' is a device");
	/* Larger than RAM, and than what the kernel leaves of it. */
	config.initrd = fake_file("large", bytes, 3 * MIB);
	config.mem = 2 * MIB;
	expect_vmm_refused(&config, "/large' of 3072 KiB does not fit");
	config.mem = 3 * MIB + MIB / 2;
	expect_vmm_refused(&config, "/large' of 3072 KiB does not fit");
	config.mem = 4 * MIB;
	expect_vmm_refused(&config, "the device tree of '");
	free(bytes);
}

static void test_command_line_too_long(void **state)
{
	struct tl_vmm_config config = fake_vmm_config();
	char *append = malloc(5000);

	(void)state;
	assert_non_null(append);
	memset(append, 'x', 4999);
	append[4999] = '\0';
	config.append = append;
	expect_vmm_refused(&config, "command line has 4999 characters");
	free(append);
}

static void test_kernel_larger_than_it_says(void **state)
{
	struct tl_vmm_config config = fake_vmm_config();
	uint8_t *bytes = calloc(2, MIB);

	(void)state;
	assert_non_null(bytes);
	fake_image_head(bytes, 0, MIB, 0);
	config.kernel = fake_gzip("bomb", bytes, 2 * MIB);
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_INPUT);
	assert_error("/bomb' is larger than the 1024 KiB");
	free(bytes);
}

/* robust: kvm.missing kvm.vcpus */
static void test_hosts(void **state)
{
	struct tl_vmm_config config = fake_vmm_config();

	(void)state;
	fake_kvm.open_error = ENOENT;
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_HOST);
	fake_kvm.open_error = 0;
	config.cpus = 513;
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_HOST);
	assert_error("--cpus 513");
	fake_kvm_reset();
	config = fake_vmm_config();
	config.profile = true;
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_HOST);
	assert_nothing_logged();
}

/* robust: exit.crash run.efault */
static void test_ends_of_a_guest(void **state)
{
	static const struct fake_exit crash[] = {EVENT(KVM_SYSTEM_EVENT_CRASH)};
	static const struct fake_exit error[] = {{.ret = -EFAULT}};
	struct tl_vmm_config config = fake_vmm_config();

	(void)state;
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_OK);
	assert_nothing_logged();
	fake_kvm_reset();
	fake_kvm_script(0, crash, 1);
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_CRASH);
	assert_error("vCPU 0 stopped at PC 0x40000000: the guest reported a crash");
	fake_kvm_reset();
	fake_kvm_script(1, error, 1);
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_VM);
	assert_error("vCPU 1 stopped at PC ", "KVM_RUN failed: Bad address");
	/* A guest that waits for ever. */
	fake_kvm_reset();
	fake_run.out_of_time = true;
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_TIMEOUT);
	assert_nothing_logged();
}

/* A recording that cannot be made keeps the guest from running; one that is not whole shows. */
static void test_recordings(void **state)
{
	static const struct fake_exit crash[] = {EVENT(KVM_SYSTEM_EVENT_CRASH)};
	struct tl_vmm_config config = fake_vmm_config();

	(void)state;
	config.record = "folder";
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_OK);
	fake_kvm_reset();
	fake_run.record_ends = -ENOSPC;
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_FAILURE);
	assert_nothing_logged();
	/* What the guest did comes first. */
	fake_kvm_reset();
	fake_kvm_script(0, crash, 1);
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_CRASH);
	fake_log_reset(NULL);
	fake_kvm_reset();
	fake_run.record_starts = -EACCES;
	fake_run.record_ends = 0;
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_HOST);
	assert_nothing_logged();
	assert_int_equal(fake_run.recorders, 0);
}

/* It restarts as it started: vCPU 0 at the entry, the device tree's address in x0. */
static void test_resets(void **state)
{
	static const struct fake_exit script[] = {EVENT(KVM_SYSTEM_EVENT_RESET),
		EVENT(KVM_SYSTEM_EVENT_RESET), EVENT(KVM_SYSTEM_EVENT_SHUTDOWN)};
	struct tl_vmm_config config = fake_vmm_config();

	(void)state;
	fake_kvm_script(0, script, 3);
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_OK);
	assert_nothing_logged();
	assert_int_equal(fake_kvm.vcpus[0].inits, 3);
	assert_int_equal(fake_kvm.vcpus[1].inits, 3);
	assert_int_equal(fake_kvm.vcpus[0].pc, 0x40000000);
	assert_int_equal(fake_kvm.vcpus[0].x[0], 0x40100000);
}

/* Entered in flash, which it cannot write, with nothing in x0; the same after a reset. */
static void test_firmware(void **state)
{
	static const struct fake_exit script[] = {
		EVENT(KVM_SYSTEM_EVENT_RESET), EVENT(KVM_SYSTEM_EVENT_SHUTDOWN)};
	struct tl_vmm_config config = fake_vmm_config();

	(void)state;
	config.kernel = NULL;
	config.firmware = fake_file("firmware", "some code", 9);
	fake_kvm_script(0, script, 2);
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_OK);
	assert_nothing_logged();
	assert_int_equal(fake_kvm.region.slot, 1);
	assert_int_equal(fake_kvm.region.flags, KVM_MEM_READONLY);
	assert_int_equal(fake_kvm.region.guest_phys_addr, 0);
	assert_int_equal(fake_kvm.region.memory_size, 128 * MIB);
	assert_int_equal(fake_kvm.vcpus[0].inits, 2);
	assert_int_equal(fake_kvm.vcpus[0].pc, 0);
	assert_int_equal(fake_kvm.vcpus[0].x[0], 0);
	fake_kvm_reset();
	cut = config.firmware;
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_INPUT);
	assert_error("/firmware' became shorter while it was read");
	cut = NULL;
}

static void test_bad_firmware(void **state)
{
	struct tl_vmm_config config = fake_vmm_config();

	(void)state;
	config.kernel = NULL;
	config.firmware = fake_path("missing");
	expect_vmm_refused(&config, "cannot open firmware '");
	config.firmware = fake_file("short", "abc", 3);
	expect_vmm_refused(&config, "/short' has 3 bytes, and the flash holds 64 MiB");
	config.firmware = fake_file("elf", "\177ELF and more", 14);
	expect_vmm_refused(&config, "/elf' is an ELF file");
	config.firmware = fake_file("large", "x", 1);
	assert_int_equal(truncate(config.firmware, 64 * MIB + 1), 0);
	expect_vmm_refused(&config, "/large' has 67108865 bytes");
	/* A whole bank is what the board takes. */
	assert_int_equal(truncate(config.firmware, 64 * MIB), 0);
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_OK);
}

/* The call to suspend to RAM is answered (not at address 0), and the guest goes on. */
static void test_suspend(void **state)
{
	static const struct fake_exit script[] = {
		EVENT(KVM_SYSTEM_EVENT_SUSPEND), EVENT(KVM_SYSTEM_EVENT_SHUTDOWN)};
	struct tl_vmm_config config = fake_vmm_config();

	(void)state;
	config.cpus = 1;
	fake_kvm_script(0, script, 2);
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_OK);
	assert_int_equal(fake_kvm.vcpus[0].next, 2);
	assert_int_equal((int64_t)fake_kvm.vcpus[0].x[0], -9);
	assert_nothing_logged();
	/* KVM does not tell which vCPUs are off. */
	fake_kvm_reset();
	config.cpus = 2;
	fake_kvm_script(0, script, 2);
	fake_kvm.fail_request = KVM_GET_MP_STATE;
	fake_kvm.fail_error = EIO;
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_VM);
	assert_error("vCPU 0 stopped at PC ", "cannot suspend to RAM: Input/output error");
}

/* A control socket that cannot be made; one that can is gone afterwards. */
static void test_control_socket(void **state)
{
	struct tl_vmm_config config = fake_vmm_config();

	(void)state;
	config.ctl = config.kernel;
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_INPUT);
	assert_error("--ctl '", "is there already, and is no socket");
	assert_int_equal(access(config.kernel, F_OK), 0);
	fake_kvm_reset();
	config.ctl = fake_path("socket");
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_OK);
	assert_int_equal(access(config.ctl, F_OK), -1);
}

/* The initrd was cut since it was opened, and is read when the VM is there. */
/* robust: initrd.file */
static void test_initrd_cut(void **state)
{
	struct tl_vmm_config config = fake_vmm_config();

	(void)state;
	cut = config.initrd = fake_file("initrd", "0123456789", 10);
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_INPUT);
	assert_error("/initrd' became shorter while it was read");
	cut = NULL;
}

static void test_device_tree_written(void **state)
{
	struct tl_vmm_config config = fake_vmm_config();
	struct stat st;

	(void)state;
	config.dump_dtb = fake_path("tree");
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_OK);
	assert_int_equal(stat(config.dump_dtb, &st), 0);
	assert_true(st.st_size > 500 && st.st_size < 5000);
	fake_kvm_reset();
	config.dump_dtb = "/dev/full";
	assert_int_equal(fake_vmm_run(&config), TL_STATUS_FAILURE);
	assert_error("cannot write the device tree to '/dev/full': No space left on device");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_files_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_kernels),
		TEST(test_initrds),
		TEST(test_command_line_too_long),
		TEST(test_kernel_larger_than_it_says),
		TEST(test_hosts),
		TEST(test_ends_of_a_guest),
		TEST(test_recordings),
		TEST(test_resets),
		TEST(test_suspend),
		TEST(test_firmware),
		TEST(test_bad_firmware),
		TEST(test_control_socket),
		TEST(test_initrd_cut),
		TEST(test_device_tree_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
