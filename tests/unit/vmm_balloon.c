/* SPDX-License-Identifier: MIT */
/*
 * virtio-balloon: pages that the guest gives or reports are taken, and no others; what is asked
 * and what is given; requests that are none.
 * Links: vmm/dev/virtio/balloon.c vmm/dev/virtio/virtio.c vmm/dev/virtio/mmio.c vmm/core/lock.c
 * Links: vmm/dev/virtio/queue.c vmm/core/mem.c tests/unit/fake_virtio.c tests/unit/fake_log.c
 * Libs: fdt
 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "tests/unit/fake_log.h"
#include "tests/unit/fake_virtio.h"
#include "tests/unit/mmio.h"
#include "tests/unit/vq.h"
#include "vmm/dev/virtio/balloon.h"

#define INFLATE   0u
#define DEFLATE   1u
#define REPORTING 2u
#define PAGE      4096u
#define PFN(n)    ((uint32_t)(DATA / PAGE) + (n))

static int setup(void **state)
{
	struct tl_dev_env env;

	fake_log_reset(NULL);
	memset(&fake_virtio, 0, sizeof(fake_virtio));
	if (ram_init())
		return -1;
	memset(at(DATA), 0xaa, 8 * PAGE);
	env = fake_virtio_env(&mem);
	return tl_virtio_balloon_create((struct tl_dev **)state, &env, PLACE, SPI, 3 * PAGE);
}

static int teardown(void **state)
{
	struct tl_dev *dev = *state;

	dev->ops->fini(dev);
	tl_mem_fini(&ram);
	return fake_log_count() || fake_virtio.bad_calls;
}

static int64_t send(struct tl_virtio *virtio, unsigned int queue, uint32_t *pfns, size_t bytes)
{
	struct tl_vq_chain chain = {.out = 1, .out_bytes = bytes};

	chain.iov[0] = (struct iovec){pfns, bytes};
	return virtio->ops->request(virtio, queue, &chain);
}

static int64_t report(struct tl_virtio *virtio, void *from, size_t bytes)
{
	struct tl_vq_chain chain = {.in = 1, .in_bytes = bytes};

	chain.iov[0] = (struct iovec){from, bytes};
	return virtio->ops->request(virtio, REPORTING, &chain);
}

/* Which of the eight pages are still what they were. */
static unsigned int left(void)
{
	unsigned int mask = 0;

	for (unsigned int i = 0; i < 8; i++) {
		const uint8_t *page = at(DATA + i * PAGE);

		assert_true(page[0] == page[PAGE - 1]);
		mask |= (page[0] == 0xaau) << i;
	}
	return mask;
}

static void test_inflate(void **state)
{
	uint32_t pfns[] = {PFN(1), PFN(2), PFN(5), PFN(4), PFN(7)};
	uint32_t again[] = {PFN(0)};

	assert_int_equal(send(*state, INFLATE, pfns, sizeof(pfns)), 0);
	assert_int_equal(left(), 1u << 0 | 1u << 3 | 1u << 6);
	assert_int_equal(send(*state, DEFLATE, again, sizeof(again)), 0);
	assert_int_equal(left(), 1u << 0 | 1u << 3 | 1u << 6);
	assert_int_equal(tl_virtio_balloon_state(*state).inflated, 5 * PAGE);
}

/* More numbers than are copied at a time. */
static void test_many(void **state)
{
	static uint32_t pfns[1000];

	for (uint32_t i = 0; i < 1000; i++)
		pfns[i] = PFN(i + 1);
	assert_int_equal(send(*state, INFLATE, pfns, sizeof(pfns)), 0);
	assert_int_equal(left(), 1u);
	assert_int_equal(tl_virtio_balloon_state(*state).inflated, 1000 * PAGE);
}

static void test_refuses(void **state)
{
	uint32_t below[] = {(uint32_t)(BASE / PAGE) - 1}, behind[] = {(uint32_t)(END / PAGE)};
	uint32_t fine[] = {PFN(0), PFN(0)}, highest[] = {UINT32_MAX};
	struct tl_vq_chain back = {.in = 1, .in_bytes = 4};

	back.iov[0] = (struct iovec){fine, 4};
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(send(*state, i, fine, 3), -EPROTO);
		assert_int_equal(send(*state, i, fine, 5), -EPROTO);
		assert_int_equal(
			((struct tl_virtio *)*state)->ops->request(*state, i, &back), -EPROTO);
	}
	assert_int_equal(send(*state, INFLATE, below, 4), -EPROTO);
	assert_int_equal(send(*state, INFLATE, behind, 4), -EPROTO);
	assert_int_equal(send(*state, INFLATE, highest, 4), -EPROTO);
	/* More pages than the guest has. */
	{
		struct tl_vq_chain chain = {.out = 1, .out_bytes = RAM_SIZE / PAGE * 4 + 4};

		chain.iov[0] = (struct iovec){at(BASE), chain.out_bytes};
		assert_int_equal(
			((struct tl_virtio *)*state)->ops->request(*state, 0, &chain), -EPROTO);
	}
	assert_int_equal(left(), 0xff);
}

static void test_reports(void **state)
{
	struct tl_virtio *virtio = *state;

	assert_int_equal(report(virtio, at(DATA), PAGE), -EPROTO);
	virtio->driver_features = UINT64_C(1) << 5;
	assert_int_equal(report(virtio, at(DATA + 2 * PAGE), 2 * PAGE), 0);
	assert_int_equal(left(), 0xff & ~(3u << 2));
	/* Only whole pages of the host. */
	assert_int_equal(report(virtio, (char *)at(DATA) + 1, 2 * PAGE), 0);
	assert_int_equal(left(), 0xff & ~(7u << 1));
	assert_int_equal(report(virtio, (char *)at(DATA) + 8, 64), 0);
	assert_int_equal(tl_virtio_balloon_state(*state).reported, 3 * PAGE);
}

static void test_configuration(void **state)
{
	struct tl_dev *dev = *state;
	struct tl_mmio bad = {.offset = CONFIG, .size = 4, .is_write = true, .value = 9};

	assert_int_equal(get(dev, 8), 5);
	assert_int_equal(get(dev, CONFIG), 3);
	set(dev, CONFIG + 4, 2);
	assert_int_equal(get(dev, CONFIG + 4), 2);
	assert_int_equal(tl_virtio_balloon_state(dev).asked, 3 * PAGE);
	assert_int_equal(tl_virtio_balloon_state(dev).given, 2 * PAGE);
	assert_int_equal(mmio_access(dev, &bad), TL_MMIO_UNHANDLED);
	bad = (struct tl_mmio){.offset = CONFIG + 4, .size = 2, .is_write = true, .value = 9};
	assert_int_equal(mmio_access(dev, &bad), TL_MMIO_UNHANDLED);
	assert_int_equal(get(dev, CONFIG), 3);
	assert_true(negotiate(dev, VERSION1));
	set(dev, STATUS, RUNNING);
	tl_virtio_balloon_ask(dev, UINT64_MAX);
	assert_int_equal(get(dev, CONFIG), RAM_SIZE / PAGE);
	expect_interrupt(dev, 2);
	assert_int_equal(get(dev, 0x0fc), 1);
	set(dev, STATUS, 0);
	assert_int_equal(get(dev, CONFIG + 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_inflate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reports, setup, teardown),
		cmocka_unit_test_setup_teardown(test_configuration, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
