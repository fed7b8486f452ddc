/* SPDX-License-Identifier: MIT */
/*
 * The real-time clock as a driver sees it (DDI 0224), on a host whose clock is
 * what the test says: counting, loading, the alarm and its interrupt line.
 * Links: vmm/dev/pl031.c vmm/core/lock.c tests/unit/fake_primecell.c
 * Wraps: time timerfd_settime timerfd_create
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

#include "tests/unit/fds.h"
#include "tests/unit/fake_primecell.h"
#include "tests/unit/mmio.h"
#include "vmm/core/loop.h"
#include "vmm/dev/pl031.h"

#define DR   0x000
#define MR   0x004
#define LR   0x008
#define CR   0x00c
#define IMSC 0x010
#define RIS  0x014
#define MIS  0x018
#define ICR  0x01c

#define SPI      9
#define RTC_BASE UINT64_C(0x09010000)
#define START    ((time_t)1700000000)

static struct tl_loop loop;

/* The host, and what the device did to its surroundings. */
static struct {
	time_t now;
	time_t step; /* seconds that pass at each look at the clock */
	int create_error, add_error;
	time_t alarm; /* 0: not set */
	int fd;       /* in the loop, or -1 */
	tl_loop_fn *fn;
	void *opaque;
} host;

time_t __wrap_time(time_t *at);
int __real_timerfd_create(clockid_t clock, int flags);
int __wrap_timerfd_create(clockid_t clock, int flags);
int __real_timerfd_settime(
	int fd, int flags, const struct itimerspec *when, struct itimerspec *old);
int __wrap_timerfd_settime(
	int fd, int flags, const struct itimerspec *when, struct itimerspec *old);

time_t __wrap_time(time_t *at)
{
	time_t now = host.now;

	host.now += host.step;
	if (at)
		*at = now;
	return now;
}

int __wrap_timerfd_create(clockid_t clock, int flags)
{
	/* The clock that users set, since that is what the guest sees. */
	assert_int_equal(clock, CLOCK_REALTIME);
	if (host.create_error) {
		errno = host.create_error;
		return -1;
	}
	return __real_timerfd_create(clock, flags);
}

/* Kept, not done: the test lets it ring. */
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *old)
{
	(void)fd;
	assert_null(old);
	assert_int_equal(when->it_interval.tv_sec, 0);
	assert_int_equal(when->it_value.tv_nsec, 0);
	if (when->it_value.tv_sec)
		assert_int_equal(flags, TFD_TIMER_ABSTIME);
	host.alarm = when->it_value.tv_sec;
	return 0;
}

int tl_loop_add(struct tl_loop *to, int fd, uint32_t events, tl_loop_fn *fn, void *opaque)
{
	assert_ptr_equal(to, &loop);
	assert_int_equal(events, EPOLLIN);
	if (host.add_error)
		return -host.add_error;
	host.fd = fd;
	host.fn = fn;
	host.opaque = opaque;
	return 0;
}

void tl_loop_remove(struct tl_loop *from, int fd)
{
	assert_ptr_equal(from, &loop);
	assert_int_equal(fd, host.fd);
	host.fd = -1;
}

static int create(struct tl_dev **dev)
{
	const struct tl_dev_env env = {.irqchip = &fake_primecell.irqchip, .loop = &loop};

	return tl_pl031_create(dev, &env, RTC_BASE, SPI);
}

static int setup(void **state)
{
	memset(&host, 0, sizeof(host));
	fake_primecell_reset(SPI);
	host.fd = -1;
	host.now = START;
	return create((struct tl_dev **)state);
}

static int teardown(void **state)
{
	struct tl_dev *dev = *state;

	dev->ops->fini(dev);
	return host.fd == -1 ? 0 : -1;
}

/* The host's clock comes to the second of the alarm. */
static void ring(void)
{
	struct itimerspec past = {.it_value.tv_sec = 1};

	assert_int_not_equal(host.alarm, 0);
	host.now = host.alarm;
	host.alarm = 0;
	assert_int_equal(__real_timerfd_settime(host.fd, TFD_TIMER_ABSTIME, &past, NULL), 0);
	host.fn(host.opaque, EPOLLIN);
}

static void test_identification(void **state)
{
	/* DDI 0224, 3.3.9 and 3.3.10: part 0x031, Arm; PrimeCell. */
	static const uint8_t ids[] = {0x31, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

	expect_primecell(*state, "pl031", RTC_BASE, ids);
}

static void test_registers(void **state)
{
	static const uint64_t read_only[] = {DR, CR, RIS, MIS};
	struct tl_dev *dev = *state;

	assert_int_equal(get(dev, MR), 0);
	assert_int_equal(get(dev, LR), 0);
	assert_int_equal(get(dev, IMSC), 0);
	assert_int_equal(get(dev, CR), 1);
	for (unsigned int i = 0; i < ARRAY_LEN(read_only); i++) {
		uint64_t value = get(dev, read_only[i]);

		set(dev, read_only[i], 0);
		set(dev, read_only[i], UINT32_MAX);
		assert_int_equal(get(dev, read_only[i]), value);
	}
	set(dev, IMSC, UINT32_MAX);
	assert_int_equal(get(dev, IMSC), 1);
	set(dev, MR, 0x12345678);
	assert_int_equal(get(dev, MR), 0x12345678);
	assert_int_equal(fake_primecell.edges, 0);
}

static void test_no_such_register(void **state)
{
	static const uint64_t offsets[] = {0x001, 0x002, 0x020, 0x024, 0xfdc, 0xfe1, 0xffe};
	static const unsigned int sizes[] = {1, 2, 8};
	struct tl_dev *dev = *state;

	for (unsigned int i = 0; i < ARRAY_LEN(offsets) + ARRAY_LEN(sizes); i++) {
		bool by_size = i >= ARRAY_LEN(offsets);
		struct tl_mmio access = {.offset = by_size ? LR : offsets[i],
			.size = by_size ? sizes[i - ARRAY_LEN(offsets)] : 4,
			.value = 5};

		assert_int_equal(mmio_access(dev, &access), TL_MMIO_UNHANDLED);
		access.is_write = true;
		assert_int_equal(mmio_access(dev, &access), TL_MMIO_UNHANDLED);
	}
	assert_int_equal(get(dev, DR), START);
}

/* The host's time, until the guest loads its own. */
static void test_counts(void **state)
{
	struct tl_dev *dev = *state;

	assert_int_equal(get(dev, DR), START);
	host.now += 1000;
	assert_int_equal(get(dev, DR), START + 1000);
	set(dev, LR, 5);
	assert_int_equal(get(dev, LR), 5);
	assert_int_equal(get(dev, DR), 5);
	host.now += 7;
	assert_int_equal(get(dev, DR), 12);
	/* It has 32 bits, and goes on from 0. */
	set(dev, LR, UINT32_MAX);
	host.now += 2;
	assert_int_equal(get(dev, DR), 1);
	/* As after power-on, a reset forgets what was loaded. */
	dev->ops->reset(dev);
	assert_int_equal(get(dev, DR), host.now);
}

/* After 2106 the host's seconds need more than 32 bits. */
static void test_far_future(void **state)
{
	struct tl_dev *dev = *state;

	host.now = ((time_t)1 << 32) + 77;
	assert_int_equal(get(dev, DR), 77);
	set(dev, MR, 100);
	assert_true(host.alarm == ((time_t)1 << 32) + 100);
}

static void test_alarm(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, IMSC, 1);
	set(dev, MR, (uint32_t)START + 60);
	assert_int_equal(host.alarm, START + 60);
	assert_int_equal(get(dev, RIS), 0);
	ring();
	assert_int_equal(get(dev, RIS), 1);
	assert_int_equal(get(dev, MIS), 1);
	assert_true(fake_primecell.line);
	/* It stays until it is cleared; other bits clear nothing. */
	set(dev, ICR, ~1u);
	assert_true(fake_primecell.line);
	set(dev, ICR, 1);
	assert_int_equal(get(dev, RIS), 0);
	assert_false(fake_primecell.line);
	assert_int_equal(fake_primecell.edges, 2);
}

static void test_alarm_masked(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, MR, (uint32_t)START + 60);
	ring();
	assert_int_equal(get(dev, RIS), 1);
	assert_int_equal(get(dev, MIS), 0);
	assert_int_equal(fake_primecell.edges, 0);
	set(dev, IMSC, 1);
	assert_true(fake_primecell.line);
	set(dev, IMSC, 0);
	assert_false(fake_primecell.line);
}

static void test_alarm_of_a_loaded_clock(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, LR, 1000);
	set(dev, MR, 1030);
	assert_int_equal(host.alarm, START + 30);
	/* The clock is set forward: the alarm comes earlier. */
	set(dev, LR, 1020);
	assert_int_equal(host.alarm, START + 10);
	/* And beyond it: only after the counter has wrapped. */
	set(dev, LR, 1031);
	assert_true(host.alarm == START + (time_t)UINT32_MAX);
	/* To the very second. */
	set(dev, IMSC, 1);
	set(dev, LR, 1030);
	assert_true(fake_primecell.line);
}

/* The match is now: there is nothing to wait for, and no earlier alarm is left. */
static void test_alarm_now(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, IMSC, 1);
	set(dev, MR, (uint32_t)START + 60);
	set(dev, MR, (uint32_t)START);
	assert_true(fake_primecell.line);
	assert_int_equal(host.alarm, 0);
}

/* The host's second ends just while the guest sets its alarm: it is not a second late. */
static void test_alarm_at_the_turn_of_a_second(void **state)
{
	struct tl_dev *dev = *state;

	host.step = 1;
	set(dev, MR, (uint32_t)START + 60);
	assert_int_equal(host.alarm, START + 60);
	/* Nor is the second lost that the clock is set to. */
	set(dev, LR, (uint32_t)START + 60);
	assert_int_equal(get(dev, RIS), 1);
}

/*
 * Somebody sets the host's clock. The guest's shows the same, and an alarm stays at its second of
 * it: passed over, it rings; set back, it waits.
 */
/* robust: clock.jump */
static void test_clock_jumps(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, IMSC, 1);
	set(dev, MR, (uint32_t)START + 60);
	host.now = START - 1000000;
	assert_int_equal(get(dev, DR), START - 1000000);
	assert_int_equal(host.alarm, START + 60);
	assert_false(fake_primecell.line);
	/* What is set then is reckoned from there. */
	set(dev, MR, (uint32_t)START - 999990);
	assert_int_equal(host.alarm, START - 999990);
	/* The host's timer has run out on the way, and rings once. */
	ring();
	host.now = START + 1000000;
	assert_int_equal(get(dev, DR), START + 1000000);
	assert_true(fake_primecell.line);
	assert_int_equal(fake_primecell.edges, 1);
	set(dev, ICR, 1);
	host.now = 0;
	assert_int_equal(get(dev, DR), 0);
	set(dev, LR, 7);
	host.now = -5;
	assert_int_equal(get(dev, DR), 2);
	assert_false(fake_primecell.line);
}

/* Set anew before the loop comes to it: the old one does not ring. */
static void test_alarm_taken_back(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, IMSC, 1);
	set(dev, MR, (uint32_t)START + 60);
	host.fn(host.opaque, EPOLLIN);
	assert_false(fake_primecell.line);
	assert_int_equal(get(dev, RIS), 0);
}

static void test_reset(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, LR, 1000);
	set(dev, IMSC, 1);
	set(dev, MR, 1000);
	assert_true(fake_primecell.line);
	set(dev, MR, 2000);
	assert_int_not_equal(host.alarm, 0);
	dev->ops->reset(dev);
	assert_false(fake_primecell.line);
	assert_int_equal(host.alarm, 0);
	assert_int_equal(get(dev, RIS), 0);
	assert_int_equal(get(dev, IMSC), 0);
	assert_int_equal(get(dev, MR), 0);
	assert_int_equal(get(dev, LR), 0);
}

static void test_cannot_be_made(void **state)
{
	unsigned int fds = fds_open();
	struct tl_dev *dev;

	(void)state;
	memset(&host, 0, sizeof(host));
	host.create_error = EMFILE;
	assert_int_equal(create(&dev), -EMFILE);
	host.create_error = 0;
	host.add_error = ENOSPC;
	assert_int_equal(create(&dev), -ENOSPC);
	assert_int_equal(fds_open(), fds);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_identification),
		TEST(test_registers),
		TEST(test_no_such_register),
		TEST(test_counts),
		TEST(test_far_future),
		TEST(test_alarm),
		TEST(test_alarm_masked),
		TEST(test_alarm_of_a_loaded_clock),
		TEST(test_alarm_now),
		TEST(test_alarm_at_the_turn_of_a_second),
		TEST(test_clock_jumps),
		TEST(test_alarm_taken_back),
		TEST(test_reset),
		cmocka_unit_test(test_cannot_be_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
