/* SPDX-License-Identifier: MIT */
/*
 * virtio-rng: all of a request is random, and one that is no request is refused.
 * Links: vmm/dev/virtio/rng.c vmm/dev/virtio/virtio.c vmm/dev/virtio/mmio.c vmm/dev/virtio/queue.c
 * Links: vmm/core/mem.c tests/unit/fake_virtio.c tests/unit/fake_log.c vmm/core/lock.c
 * Libs: fdt
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <linux/kvm.h>

#include "tests/unit/fake_log.h"
#include "tests/unit/fake_virtio.h"
#include "tests/unit/mmio.h"
#include "tests/unit/vq.h"
#include "vmm/dev/virtio/rng.h"

static int setup(void **state)
{
	struct tl_dev_env env;

	fake_log_reset(NULL);
	memset(&fake_virtio, 0, sizeof(fake_virtio));
	if (ram_init())
		return -1;
	env = fake_virtio_env(&mem);
	return tl_virtio_rng_create((struct tl_dev **)state, &env, PLACE, SPI);
}

static int teardown(void **state)
{
	struct tl_dev *dev = *state;

	dev->ops->fini(dev);
	tl_mem_fini(&ram);
	return fake_log_count() || fake_virtio.bad_calls;
}

static int64_t ask(struct tl_virtio *virtio, uint8_t *bytes, unsigned int out, size_t size)
{
	struct tl_vq_chain chain = {.out = out, .in = size ? 1 : 0, .in_bytes = size};

	chain.out_bytes = out;
	chain.iov[0] = (struct iovec){bytes, out ? 1 : size};
	chain.iov[out] = (struct iovec){bytes, size};
	return virtio->ops->request(virtio, 0, &chain);
}

static void test_fills(void **state)
{
	static uint8_t bytes[2][70000];
	struct tl_virtio *virtio = *state;
	unsigned int zeros = 0;

	assert_int_equal(get(&virtio->dev, 8), 4);
	assert_int_equal(ask(virtio, bytes[0], 0, 1), 1);
	assert_int_equal(ask(virtio, bytes[0], 0, 1000), 1000);
	assert_int_equal(ask(virtio, bytes[1], 0, 1000), 1000);
	assert_memory_not_equal(bytes[0], bytes[1], 1000);
	assert_int_equal(bytes[0][1000], 0);
	/* No more at a time than 64 KiB, and all of these are. */
	assert_int_equal(ask(virtio, bytes[0], 0, 70000), 65536);
	for (unsigned int i = 65536 - 256; i < 65536; i++)
		zeros += !bytes[0][i];
	assert_in_range(zeros, 0, 16);
	for (unsigned int i = 65536; i < 70000; i++)
		assert_int_equal(bytes[0][i], 0);
}

static void test_no_request(void **state)
{
	uint8_t bytes[8] = {0};

	assert_int_equal(ask(*state, bytes, 0, 0), -EPROTO);
	assert_int_equal(ask(*state, bytes, 1, 4), -EPROTO);
	assert_int_equal(ask(*state, bytes, 1, 0), -EPROTO);
}

static void test_create_fails(void **state)
{
	const struct tl_dev_env env = fake_virtio_env(&mem);
	struct tl_dev *dev;

	(void)state;
	fake_virtio.fail = KVM_IRQFD;
	assert_int_equal(tl_virtio_rng_create(&dev, &env, PLACE, SPI), -EIO);
	assert_null(dev);
	assert_error("virtio-rng: cannot connect it to KVM");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_fills, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_request, setup, teardown),
		cmocka_unit_test_setup_teardown(test_create_fails, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
