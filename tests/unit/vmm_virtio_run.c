/* SPDX-License-Identifier: MIT */
/*
 * Virtio devices at work: from the driver's notification by an eventfd through the device's
 * thread to the interrupt by another; before DRIVER_OK, after a reset, and after the driver
 * broke the rules.
 * Links: vmm/dev/virtio/virtio.c vmm/dev/virtio/mmio.c vmm/dev/virtio/queue.c vmm/core/mem.c
 * Links: tests/unit/fake_virtio.c tests/unit/fake_log.c vmm/core/lock.c
 * Libs: fdt
 * Wraps: pthread_create
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <unistd.h>
#include <poll.h>

#include "tests/unit/fds.h"
#include "tests/unit/mmio.h"
#include "tests/unit/virtio_ram.h"
#include "vmm/core/kvm.h"

#define EVENT_IDX (UINT64_C(1) << TL_VIRTIO_F_EVENT_IDX)

static bool no_thread;

int __real_pthread_create(
	pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg);
int __wrap_pthread_create(
	pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg);

int __wrap_pthread_create(
	pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
	return no_thread ? EAGAIN : __real_pthread_create(thread, attr, fn, arg);
}

static void run(struct tl_dev *dev, uint64_t features)
{
	assert_true(negotiate(dev, VERSION1 | features));
	memset(at(AVAIL), 0, 0x2000);
	set_queue(dev, SIZE, DESC, AVAIL, USED);
	set(dev, STATUS, RUNNING);
	assert_int_equal(get(dev, STATUS), RUNNING);
}

/* A request of four bytes, and as much room for the answer. */
static void request(uint32_t value)
{
	*at32(DATA) = value;
	*at32(DATA + 64) = 0;
	put(DESC, 2, (struct desc){DATA, 4, NEXT, 3});
	put(DESC, 3, (struct desc){DATA + 64, 4, WRITE, 0});
	offer(SIZE, 2);
	kick();
}

static void expect_answer(struct tl_dev *dev, uint32_t value, uint16_t idx)
{
	expect_interrupt(dev, 1);
	assert_int_equal(used_idx(), idx);
	assert_int_equal(*at32(USED + 4 + 8 * ((idx - 1u) % SIZE)), 2);
	assert_int_equal(*at32(USED + 8 + 8 * ((idx - 1u) % SIZE)), 4);
	assert_int_equal(*at32(DATA + 64), ~value);
}

/* It was done, without an interrupt. */
static void expect_quiet_after(struct tl_dev *dev, uint16_t idx)
{
	for (int ms = 0; used_idx() != idx && ms < 10000; ms++)
		poll(NULL, 0, 1);
	assert_int_equal(used_idx(), idx);
	expect_quiet(dev);
}

/* It is asked for nothing more, until it is reset; then it works again. */
static void expect_down(struct tl_dev *dev, const char *why)
{
	uint16_t idx;

	expect_interrupt(dev, 2);
	assert_int_equal(get(dev, STATUS), RUNNING | NEEDS_RESET);
	assert_warned("turner", "0xa000200", why);
	idx = used_idx();
	request(1);
	expect_quiet(dev);
	set(dev, STATUS, RUNNING);
	kick();
	expect_quiet(dev);
	assert_int_equal(get(dev, STATUS), RUNNING | NEEDS_RESET);
	assert_int_equal(used_idx(), idx);
	fake_virtio.answer = 0;
	run(dev, 0);
	request(7);
	expect_answer(dev, 7, 1);
	assert_nothing_logged();
}

static void test_requests(void **state)
{
	struct tl_dev *dev = *state;

	run(dev, 0);
	expect_quiet(dev);
	/* Round the ring, more than once. */
	for (uint16_t i = 1; i <= 3 * SIZE; i++) {
		request(i * 0x01010101u);
		expect_answer(dev, i * 0x01010101u, i);
	}
	/* The driver polls; two at once. */
	*at16(AVAIL) = 1;
	offer(SIZE, 2);
	request(9);
	expect_quiet_after(dev, 3 * SIZE + 2);
	request(10);
	expect_quiet_after(dev, 3 * SIZE + 3);
	/* A number that is no queue's: KVM leaves it to the register. */
	set(dev, QUEUE_NOTIFY, 1);
	set(dev, QUEUE_NOTIFY, UINT32_MAX);
	expect_quiet(dev);
}

/* The device interrupts first, and then asks for the next notification. */
static void expect_soon(uint64_t gpa, uint16_t value)
{
	for (unsigned int i = 0; i < 1000 && *(volatile uint16_t *)at16(gpa) != value; i++)
		usleep(1000);
	assert_int_equal(*at16(gpa), value);
}

static void test_event_index(void **state)
{
	uint64_t used_event = AVAIL + 4 + 2 * SIZE, avail_event = USED + 4 + 8 * SIZE;
	struct tl_dev *dev = *state;

	run(dev, EVENT_IDX);
	request(1);
	expect_answer(dev, 1, 1);
	expect_soon(avail_event, 1);
	/* Not before the third. */
	*at16(used_event) = 2;
	request(2);
	expect_quiet_after(dev, 2);
	request(3);
	expect_answer(dev, 3, 3);
	expect_soon(avail_event, 3);
}

static void test_indirect(void **state)
{
	struct tl_dev *dev = *state;

	for (unsigned int negotiated = 2; negotiated-- > 0;) {
		run(dev, (uint64_t)negotiated << TL_VIRTIO_F_INDIRECT);
		*at32(DATA) = 0x12345678;
		put(TABLE, 0, (struct desc){DATA, 4, NEXT, 1});
		put(TABLE, 1, (struct desc){DATA + 64, 4, WRITE, 0});
		put(DESC, 2, (struct desc){TABLE, 32, INDIRECT, 0});
		offer(SIZE, 2);
		kick();
		if (negotiated)
			expect_answer(dev, 0x12345678, 1);
		else
			expect_down(dev, "broke its queue");
	}
}

/* What was there before DRIVER_OK is not forgotten, but not begun with either. */
/* robust: transport.kick-early */
static void test_early(void **state)
{
	struct tl_dev *dev = *state;

	request(1);
	expect_quiet(dev);
	assert_true(negotiate(dev, VERSION1));
	kick();
	expect_quiet(dev);
	set_queue(dev, SIZE, DESC, AVAIL, USED);
	kick();
	expect_quiet(dev);
	set(dev, STATUS, RUNNING);
	expect_answer(dev, 1, 1);
}

/* A queue that was not made ready is none. */
static void test_not_ready(void **state)
{
	struct tl_dev *dev = *state;

	assert_true(negotiate(dev, VERSION1));
	set_queue(dev, SIZE, DESC, AVAIL, USED);
	set(dev, QUEUE_READY, 0);
	set(dev, STATUS, RUNNING);
	request(1);
	expect_quiet(dev);
	assert_int_equal(get(dev, STATUS), RUNNING);
}

static void test_reset(void **state)
{
	struct tl_dev *dev = *state;

	for (unsigned int by_board = 0; by_board < 2; by_board++) {
		run(dev, EVENT_IDX);
		request(1);
		expect_answer(dev, 1, 1);
		if (by_board)
			dev->ops->reset(dev);
		else
			set(dev, STATUS, 0);
		assert_int_equal(get(dev, STATUS), 0);
		assert_int_equal(get(dev, QUEUE_READY), 0);
		assert_int_equal(((struct tl_virtio *)dev)->queues[0].desc, 0);
		assert_int_equal(((struct tl_virtio *)dev)->driver_features, 0);
		request(2);
		expect_quiet(dev);
		assert_int_equal(used_idx(), 1);
	}
	run(dev, 0);
	request(3);
	expect_answer(dev, 3, 1);
}

/* Once the status reads as 0, nothing more is written to RAM. */
/* robust: transport.reset */
static void test_reset_at_work(void **state)
{
	struct tl_dev *dev = *state;

	run(dev, 0);
	__atomic_store_n(&fake_virtio.slow, true, __ATOMIC_SEQ_CST);
	request(1);
	while (!__atomic_load_n(&fake_virtio.requests, __ATOMIC_SEQ_CST))
		poll(NULL, 0, 1);
	set(dev, STATUS, 0);
	assert_true(__atomic_load_n(&fake_virtio.done, __ATOMIC_SEQ_CST));
	assert_int_equal(get(dev, INTERRUPT_STATUS), 0);
	assert_int_equal(used_idx(), 1);
}

/* robust: vq.needs-reset */
static void test_broken_ring(void **state)
{
	static const uint64_t rings[] = {0, END - 16, UINT64_MAX - 15, DESC + 1, USED};
	struct tl_dev *dev = *state;

	for (unsigned int i = 0; i < ARRAY_LEN(rings); i++) {
		assert_true(negotiate(dev, VERSION1));
		set_queue(dev, SIZE, rings[i], AVAIL, USED);
		set(dev, STATUS, RUNNING);
		expect_down(dev, "placed a queue where none can be");
	}
	assert_true(negotiate(dev, VERSION1));
	set_queue(dev, 512, DESC, AVAIL, USED);
	set(dev, STATUS, RUNNING);
	expect_down(dev, "placed a queue where none can be");
}

/* robust: vq.needs-reset */
static void test_broken_request(void **state)
{
	struct tl_dev *dev = *state;

	run(dev, 0);
	put(DESC, 0, (struct desc){END, 4, 0, 0});
	offer(SIZE, 0);
	kick();
	expect_down(dev, "broke its queue");
	/* In the kind of device's eyes. */
	fake_virtio.answer = -EPROTO;
	request(1);
	expect_down(dev, "made a request that is none");
}

/* Whatever KVM refuses: no device, and nothing is left of it. */
static void test_no_kvm(void **state)
{
	unsigned int fds = fds_open();

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		struct tl_virtio *virtio;

		memset(&fake_virtio, 0, sizeof(fake_virtio));
		fake_virtio.fail = i == 0 ? KVM_IRQFD : i == 1 ? KVM_IOEVENTFD : 0;
		no_thread = i == 2;
		assert_int_equal(fake_virtio_make(&virtio, &mem), i == 2 ? -EAGAIN : -EPERM);
		assert_error("turner", i == 2 ? strerror(EAGAIN) : strerror(EPERM));
		assert_int_equal(fake_virtio.finis, 1);
		assert_int_equal(fds_open(), fds);
	}
	no_thread = false;
	fake_virtio.finis = 0; /* the test's own comes yet */
}

/* Between a buffer and a request, whose pieces have other bounds. */
static void test_copies(void **state)
{
	char pieces[] = "abcdefghij", buffer[16];
	const struct tl_vq_chain chain = {.out = 3,
		.in = 2,
		.iov = {{pieces, 1}, {pieces + 1, 3}, {pieces + 4, 1}, {pieces + 5, 2},
			{pieces + 7, 3}}};

	(void)state;
	for (size_t offset = 0; offset < 8; offset++) {
		for (size_t size = 0; size < 8; size++) {
			size_t out = offset < 5 ? 5 - offset : 0;

			out = out < size ? out : size;
			memset(buffer, '.', sizeof(buffer));
			assert_int_equal(tl_virtio_copy_out(&chain, offset, buffer, size), out);
			assert_memory_equal(buffer, pieces + offset, out);
			assert_int_equal(buffer[out], '.');
			memcpy(pieces, "abcdefghij", 10);
			assert_int_equal(tl_virtio_copy_in(&chain, offset, "01234567", size), out);
			assert_memory_equal(pieces, "abcde", 5);
			assert_memory_equal(pieces + 5 + offset, "01234567", out);
			memcpy(pieces, "abcdefghij", 10);
		}
	}
	assert_int_equal(tl_virtio_copy_out(&chain, UINT64_MAX, buffer, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_requests, virtio_setup, virtio_teardown),
		cmocka_unit_test_setup_teardown(test_event_index, virtio_setup, virtio_teardown),
		cmocka_unit_test_setup_teardown(test_indirect, virtio_setup, virtio_teardown),
		cmocka_unit_test_setup_teardown(test_early, virtio_setup, virtio_teardown),
		cmocka_unit_test_setup_teardown(test_not_ready, virtio_setup, virtio_teardown),
		cmocka_unit_test_setup_teardown(test_reset, virtio_setup, virtio_teardown),
		cmocka_unit_test_setup_teardown(test_reset_at_work, virtio_setup, virtio_teardown),
		cmocka_unit_test_setup_teardown(test_broken_ring, virtio_setup, virtio_teardown),
		cmocka_unit_test_setup_teardown(test_broken_request, virtio_setup, virtio_teardown),
		cmocka_unit_test_setup_teardown(test_no_kvm, virtio_setup, virtio_teardown),
		cmocka_unit_test_setup_teardown(test_copies, virtio_setup, virtio_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
