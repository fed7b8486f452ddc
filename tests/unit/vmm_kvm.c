/* SPDX-License-Identifier: MIT */
/*
 * Opening /dev/kvm on hosts where that fails, and on such that speak another version of it: one
 * line, with what to do about it.
 * Links: vmm/core/kvm.c tests/unit/fake_log.c
 * Wraps: open ioctl close
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_log.h"
#include "vmm/core/kvm.h"

#define FD 1000

static struct {
	int error, version, open;
} host;

int __wrap_open(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_close(int fd);

int __wrap_open(const char *path, int flags, ...)
{
	(void)flags;
	assert_string_equal(path, "/dev/kvm");
	errno = host.error;
	host.open += !host.error;
	return host.error ? -1 : FD;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	assert_int_equal(fd, FD);
	assert_int_equal(request, KVM_GET_API_VERSION);
	errno = -host.version;
	return host.version < 0 ? -1 : host.version;
}

int __wrap_close(int fd)
{
	assert_int_equal(fd, FD);
	host.open--;
	return 0;
}

static int setup(void **state)
{
	memset(&host, 0, sizeof(host));
	host.version = KVM_API_VERSION;
	return fake_log_reset(state);
}

static void test_opens(void **state)
{
	(void)state;
	assert_int_equal(tl_kvm_open(), FD);
	assert_int_equal(host.open, 1);
	assert_nothing_logged();
}

/* robust: kvm.missing kvm.eacces kvm.ebusy */
static void test_refused(void **state)
{
	static const struct {
		int error;
		const char *words;
	} cases[] = {
		{ENOENT,
			"cannot open /dev/kvm: No such file or directory; this machine offers no KVM"},
		{ENODEV, "this machine offers no KVM"},
		{ENXIO, "this machine offers no KVM"},
		{EACCES, "Permission denied; run as root, or join the group"},
		{EPERM, "run as root, or join the group"},
		{EBUSY, "Device or resource busy; another hypervisor holds it: stop that one"},
		{EIO, "see dmesg"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		host.error = cases[i].error;
		assert_int_equal(tl_kvm_open(), -cases[i].error);
		assert_error(cases[i].words);
	}
	assert_int_equal(host.open, 0);
}

/* robust: kvm.version */
static void test_other_versions(void **state)
{
	static const int versions[] = {11, 13, 0, -ENOTTY};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		host.version = versions[i];
		assert_int_equal(tl_kvm_open(), -EPROTO);
		assert_error("/dev/kvm speaks API version ", ", not 12");
		assert_int_equal(host.open, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_opens, setup),
		cmocka_unit_test_setup(test_refused, setup),
		cmocka_unit_test_setup(test_other_versions, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
