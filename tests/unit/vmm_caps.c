/* SPDX-License-Identifier: MIT */
/*
 * What a host can do, asked of a fake kernel: each fact comes from its own
 * capability, device or feature; what fails is missing; nothing stays open.
 * Links: vmm/arch/arm64/id_regs.c vmm/arch/arm64/id_fields.c
 * Links: vmm/caps.c vmm/arch/arm64/vm_type.c vmm/core/kvm_attr.c
 * Links: tests/unit/fake_kvm.c tests/unit/fake_log.c
 * Wraps: tl_kvm_ioctl
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tests/unit/fake_kvm.h"
#include "tests/unit/fake_log.h"
#include "tests/unit/fds.h"
#include "vmm/caps.h"
#include "vmm/core/kvm.h"

#define CAPABILITIES 512

/* What the kernel has beyond fake_kvm, and what it was asked. */
static struct {
	int capabilities[CAPABILITIES];
	bool its;
	int stats_error;
	enum tl_el2_mode mode;
	struct tl_features features;

	int stats_fd;           /* given out last, -1: never */
	int probed_fd;          /* got by tl_features_probe() */
	bool probed_open;       /* ... and open */
	unsigned int real_made; /* devices that were not only asked for */
} fake;

int __wrap_tl_kvm_ioctl(int fd, unsigned long request, uintptr_t arg);
int __real_tl_kvm_ioctl(int fd, unsigned long request, uintptr_t arg);

static int create_device(const struct kvm_create_device *device)
{
	bool there = device->type == KVM_DEV_TYPE_ARM_VGIC_V3   ? fake_kvm.gicv3
		     : device->type == KVM_DEV_TYPE_ARM_VGIC_V2 ? fake_kvm.gicv2
								: fake.its;

	fake.real_made += device->flags != KVM_CREATE_DEVICE_TEST;
	return there ? 0 : -ENODEV;
}

static int get_stats_fd(void)
{
	if (fake.stats_error)
		return -fake.stats_error;
	fake.stats_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return fake.stats_fd;
}

int __wrap_tl_kvm_ioctl(int fd, unsigned long request, uintptr_t arg)
{
	bool vm = fd == fake_kvm.vm_fd && fd >= 0, kvm = fd == fake_kvm.kvm_fd && fd >= 0;

	if (request == KVM_GET_API_VERSION && kvm)
		return KVM_API_VERSION;
	if (request == KVM_CREATE_DEVICE && vm)
		return create_device((void *)arg);
	if (request == KVM_GET_STATS_FD && fake_kvm.vcpu_count && fd == fake_kvm.vcpus[0].fd)
		return get_stats_fd();
	if (request == KVM_CHECK_EXTENSION && (kvm || vm) && arg < CAPABILITIES &&
		arg != KVM_CAP_MAX_VCPUS && arg != KVM_CAP_ARM_VM_IPA_SIZE)
		return fake.capabilities[arg];
	return __real_tl_kvm_ioctl(fd, request, arg);
}

/* In the place of vmm/arch/arm64/el2_mode.c and trace/collect/features.c. */
enum tl_el2_mode tl_el2_mode(void)
{
	return fake.mode;
}

void tl_features_probe(struct tl_features *features, int stats_fd)
{
	fake.probed_fd = stats_fd;
	fake.probed_open = stats_fd >= 0 && fcntl(stats_fd, F_GETFD) >= 0;
	*features = fake.features;
}

static int set_up(void **state)
{
	fake_kvm_reset();
	memset(&fake, 0, sizeof(fake));
	fake.stats_fd = fake.probed_fd = -1;
	return fake_log_reset(state);
}

/* Whatever happened, the VM is gone and nothing was made of it. */
static int probe(struct tl_caps *caps)
{
	unsigned int before = fds_open();
	int ret;

	memset(caps, 0xa5, sizeof(*caps));
	ret = tl_caps_probe(caps);
	assert_int_equal(fds_open(), before);
	assert_int_equal(fake_kvm.bad_calls, 0);
	assert_int_equal(fake.real_made, 0);
	return ret;
}

static const struct tl_cap *find(const struct tl_caps *caps, const char *key)
{
	const struct tl_cap *found = NULL;

	for (unsigned int i = 0; i < caps->count; i++) {
		if (strcmp(caps->caps[i].key, key) != 0)
			continue;
		assert_null(found);
		found = &caps->caps[i];
	}
	return found;
}

static int value_of(const struct tl_caps *caps, const char *key)
{
	const struct tl_cap *cap = find(caps, key);

	if (!cap)
		fail_msg("no '%s'", key);
	return cap->value;
}

static const struct {
	unsigned int capability;
	const char *key;
} extensions[] = {
	{KVM_CAP_ARM_EL1_32BIT, "el1_32bit"},
	{KVM_CAP_ARM_PMU_V3, "pmu"},
	{KVM_CAP_ARM_SVE, "sve"},
	{KVM_CAP_ARM_PTRAUTH_ADDRESS, "pauth"},
	{KVM_CAP_ARM_MTE, "mte"},
	{KVM_CAP_ARM_NISV_TO_USER, "nisv"},
	{KVM_CAP_ARM_INJECT_EXT_DABT, "inject_dabt"},
	{KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES, "writable_id_regs"},
	{KVM_CAP_READONLY_MEM, "readonly_mem"},
	{KVM_CAP_COALESCED_MMIO, "coalesced_mmio"},
	{KVM_CAP_IOEVENTFD, "ioeventfd"},
	{KVM_CAP_IRQFD, "irqfd"},
	{KVM_CAP_COUNTER_OFFSET, "counter_offset"},
	{KVM_CAP_BINARY_STATS_FD, "binary_stats"},
	{KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP, "dirty_ring"},
};

/* Each on its own: yes where it is there, and nowhere else. */
static void test_extensions(void **state)
{
	(void)state;
	for (unsigned int there = 0; there < ARRAY_LEN(extensions); there++) {
		struct tl_caps caps;

		set_up(NULL);
		/* Some answer with a mask or an offset: yes is 1. */
		fake.capabilities[extensions[there].capability] = 0x70;
		assert_int_equal(probe(&caps), 0);
		for (unsigned int i = 0; i < ARRAY_LEN(extensions); i++) {
			const struct tl_cap *cap = find(&caps, extensions[i].key);

			assert_non_null(cap);
			assert_false(cap->number);
			assert_int_equal(cap->group, TL_CAP_KVM);
			if (cap->value != (i == there))
				fail_msg("%s, with %s", cap->key, extensions[there].key);
		}
	}
}

/* A kernel that refuses to answer does not have it. */
static void test_extensions_fail(void **state)
{
	struct tl_caps caps;

	(void)state;
	for (unsigned int i = 0; i < CAPABILITIES; i++)
		fake.capabilities[i] = -EINVAL;
	assert_int_equal(probe(&caps), 0);
	for (unsigned int i = 0; i < ARRAY_LEN(extensions); i++)
		assert_int_equal(value_of(&caps, extensions[i].key), 0);
	assert_int_equal(value_of(&caps, "breakpoints"), 0);
	assert_int_equal(value_of(&caps, "watchpoints"), 0);
	assert_nothing_logged();
}

static void test_devices(void **state)
{
	(void)state;
	for (unsigned int mask = 0; mask < 16; mask++) {
		struct tl_caps caps;

		set_up(NULL);
		fake_kvm.gicv3 = mask & 1;
		fake_kvm.gicv2 = mask & 2;
		fake.its = mask & 4;
		fake_kvm.smccc_filter = mask & 8;
		assert_int_equal(probe(&caps), 0);
		assert_int_equal(value_of(&caps, "gicv3"), !!(mask & 1));
		assert_int_equal(value_of(&caps, "gicv2"), !!(mask & 2));
		assert_int_equal(value_of(&caps, "its"), !!(mask & 4));
		assert_int_equal(value_of(&caps, "smccc_filter"), !!(mask & 8));
	}
}

static void test_numbers(void **state)
{
	static const char *const keys[] = {
		"api_version", "max_vcpus", "ipa_bits", "breakpoints", "watchpoints"};
	struct tl_caps caps;

	(void)state;
	fake_kvm.max_vcpus = 123;
	fake.capabilities[KVM_CAP_GUEST_DEBUG_HW_BPS] = 6;
	fake.capabilities[KVM_CAP_GUEST_DEBUG_HW_WPS] = 4;
	assert_int_equal(probe(&caps), 0);
	assert_int_equal(value_of(&caps, "api_version"), 12);
	assert_int_equal(value_of(&caps, "max_vcpus"), 123);
	assert_int_equal(value_of(&caps, "ipa_bits"), 48);
	assert_int_equal(value_of(&caps, "breakpoints"), 6);
	assert_int_equal(value_of(&caps, "watchpoints"), 4);
	for (unsigned int i = 0; i < caps.count; i++) {
		bool number = false;

		for (unsigned int k = 0; k < ARRAY_LEN(keys); k++)
			number = number || !strcmp(caps.caps[i].key, keys[k]);
		assert_int_equal(caps.caps[i].number, number);
	}
}

/* Without the capability a VM has 40 bits; with fewer than 40, they have to be asked for. */
static void test_address_bits(void **state)
{
	struct tl_caps caps;

	(void)state;
	fake_kvm.ipa_bits = 0;
	assert_int_equal(probe(&caps), 0);
	assert_int_equal(value_of(&caps, "ipa_bits"), 40);
	fake_kvm_reset();
	fake_kvm.ipa_bits = 36;
	assert_int_equal(probe(&caps), 0);
	assert_int_equal(value_of(&caps, "ipa_bits"), 36);
	assert_int_equal(fake_kvm.vm_type, 36);
}

/* The vCPU's statistics are what the features are looked for in. */
static void test_host(void **state)
{
	struct utsname name;
	struct tl_caps caps;

	(void)state;
	fake.mode = TL_EL2_PROTECTED;
	fake.features.classes = true;
	assert_int_equal(uname(&name), 0);
	assert_int_equal(probe(&caps), 0);
	assert_string_equal(caps.kernel, name.release);
	assert_string_equal(caps.machine, name.machine);
	assert_int_equal(caps.mode, TL_EL2_PROTECTED);
	assert_true(caps.features.classes);
	assert_true(fake.probed_open);
	assert_int_equal(fake.probed_fd, fake.stats_fd);
	assert_int_equal(fake_kvm.vcpu_count, 1);
	/* Its identification registers can be read then. */
	assert_int_equal(fake_kvm.vcpus[0].inits, 1);
	assert_nothing_logged();
}

static const struct {
	const char *key;
	bool *feature, *needs; /* without which it is no question */
} features[] = {
	{"events", &fake.features.events, NULL},
	{"identity", &fake.features.identity, &fake.features.events},
	{"syndrome", &fake.features.syndrome, &fake.features.events},
	{"statistics", &fake.features.statistics, NULL},
	{"classes", &fake.features.classes, NULL},
	{"fixups", &fake.features.fixups, NULL},
	{"times", &fake.features.times, NULL},
	{"times_on", &fake.features.times_on, &fake.features.times},
};

static void test_features(void **state)
{
	(void)state;
	for (unsigned int there = 0; there < ARRAY_LEN(features); there++) {
		struct tl_caps caps;

		set_up(NULL);
		*features[there].feature = true;
		if (features[there].needs)
			*features[there].needs = true;
		assert_int_equal(probe(&caps), 0);
		for (unsigned int i = 0; i < ARRAY_LEN(features); i++) {
			const struct tl_cap *cap = find(&caps, features[i].key);

			if (!cap != (features[i].needs && !*features[i].needs))
				fail_msg("%s, with %s", features[i].key, features[there].key);
			if (!cap)
				continue;
			assert_int_equal(cap->value, *features[i].feature);
			assert_int_equal(cap->group, TL_CAP_COUNTING);
		}
	}
}

/* Why events cannot be traced is known better than what it means. */
static void test_problem(void **state)
{
	struct tl_caps caps;

	(void)state;
	assert_int_equal(probe(&caps), 0);
	assert_non_null(strstr(find(&caps, "events")->without, "only counts"));
	fake_kvm_reset();
	strcpy(fake.features.problem, "no tracefs here");
	assert_int_equal(probe(&caps), 0);
	assert_string_equal(find(&caps, "events")->without, "no tracefs here");
}

/* What can be missing says what that means. */
static void test_texts(void **state)
{
	struct tl_caps caps;

	(void)state;
	fake.features.events = fake.features.times = true;
	assert_int_equal(probe(&caps), 0);
	assert_in_range(caps.count, 25, TL_CAPS_MAX - 1);
	for (unsigned int i = 0; i < caps.count; i++) {
		const struct tl_cap *cap = &caps.caps[i];

		assert_true(cap->name[0] && strlen(cap->name) <= 36);
		assert_ptr_equal(find(&caps, cap->key), cap);
		assert_true(cap->without[0] || (cap->number && cap->value));
	}
}

static void test_no_kvm(void **state)
{
	struct tl_caps caps;

	(void)state;
	fake_kvm.open_error = ENOENT;
	assert_int_equal(probe(&caps), -ENOENT);
	fake_kvm_reset();
	fake_kvm.fail_request = KVM_CREATE_VM;
	fake_kvm.fail_error = EBUSY;
	assert_int_equal(probe(&caps), -EBUSY);
	assert_error("cannot create a VM", "another hypervisor");
	assert_int_equal(fake.probed_fd, -1);
}

/* ID_AA64PFR0_EL1.EL0: 1 is AArch64 only. */
static void test_32bit_programs(void **state)
{
	struct tl_caps caps;

	(void)state;
	for (unsigned int el0 = 1; el0 <= 2; el0++) {
		fake_kvm_reset();
		fake_kvm.id_regs[0] =
			(struct fake_id_reg){ARM64_SYS_REG(3, 0, 0, 4, 0), 0x1110 | el0, 0};
		assert_int_equal(probe(&caps), 0);
		assert_int_equal(value_of(&caps, "el0_32bit"), el0 == 2);
	}
	fake_kvm_reset();
	fake_kvm.fail_request = KVM_ARM_VCPU_INIT;
	fake_kvm.fail_error = EINVAL;
	assert_int_equal(probe(&caps), 0);
	assert_int_equal(value_of(&caps, "el0_32bit"), 0);
}

/* The rest can be told without a vCPU, and without its statistics. */
static void test_no_vcpu(void **state)
{
	struct tl_caps caps;

	(void)state;
	fake.capabilities[KVM_CAP_IRQFD] = 1;
	fake_kvm.fail_request = KVM_CREATE_VCPU;
	fake_kvm.fail_error = ENOMEM;
	fake.probed_fd = 7;
	assert_int_equal(probe(&caps), 0);
	assert_true(fake.probed_fd < 0);
	assert_int_equal(value_of(&caps, "irqfd"), 1);
	set_up(NULL);
	fake.stats_error = ENOTTY;
	fake.probed_fd = 7;
	assert_int_equal(probe(&caps), 0);
	assert_true(fake.probed_fd < 0);
	assert_int_equal(value_of(&caps, "gicv3"), 1);
	assert_nothing_logged();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_extensions, set_up),
		cmocka_unit_test_setup(test_extensions_fail, set_up),
		cmocka_unit_test_setup(test_devices, set_up),
		cmocka_unit_test_setup(test_numbers, set_up),
		cmocka_unit_test_setup(test_address_bits, set_up),
		cmocka_unit_test_setup(test_host, set_up),
		cmocka_unit_test_setup(test_features, set_up),
		cmocka_unit_test_setup(test_problem, set_up),
		cmocka_unit_test_setup(test_texts, set_up),
		cmocka_unit_test_setup(test_32bit_programs, set_up),
		cmocka_unit_test_setup(test_no_kvm, set_up),
		cmocka_unit_test_setup(test_no_vcpu, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
