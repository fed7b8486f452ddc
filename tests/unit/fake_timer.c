/* SPDX-License-Identifier: MIT */
/*
 * The clock and the timer of fake_timer.h. The file descriptor is a real one, so that what the
 * device reads from it is what the kernel would give.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

#include "tests/unit/fake_timer.h"

#define NS_PER_S UINT64_C(1000000000)

struct fake_timer fake_timer;

int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __real_timerfd_create(clockid_t clock, int flags);
int __wrap_timerfd_create(clockid_t clock, int flags);
int __real_timerfd_settime(
	int fd, int flags, const struct itimerspec *when, struct itimerspec *old);
int __wrap_timerfd_settime(
	int fd, int flags, const struct itimerspec *when, struct itimerspec *old);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	assert_int_equal(clock, CLOCK_MONOTONIC);
	now->tv_sec = (time_t)(fake_timer.now_ns / NS_PER_S);
	now->tv_nsec = (long)(fake_timer.now_ns % NS_PER_S);
	return 0;
}

int __wrap_timerfd_create(clockid_t clock, int flags)
{
	assert_int_equal(clock, CLOCK_MONOTONIC);
	if (fake_timer.create_error) {
		errno = fake_timer.create_error;
		return -1;
	}
	return __real_timerfd_create(clock, flags);
}

/* Kept, not done. */
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *old)
{
	uint64_t ns = (uint64_t)when->it_value.tv_sec * NS_PER_S + (uint64_t)when->it_value.tv_nsec;

	(void)fd;
	assert_null(old);
	assert_int_equal(when->it_interval.tv_sec, 0);
	assert_int_equal(when->it_interval.tv_nsec, 0);
	assert_true((uint64_t)when->it_value.tv_nsec < NS_PER_S);
	fake_timer.when_ns = ns && !(flags & TFD_TIMER_ABSTIME) ? fake_timer.now_ns + ns : ns;
	return 0;
}

int tl_loop_add(struct tl_loop *to, int fd, uint32_t events, tl_loop_fn *fn, void *opaque)
{
	assert_ptr_equal(to, &fake_timer.loop);
	assert_int_equal(events, EPOLLIN);
	if (fake_timer.add_error)
		return -fake_timer.add_error;
	fake_timer.fd = fd;
	fake_timer.fn = fn;
	fake_timer.opaque = opaque;
	return 0;
}

void tl_loop_remove(struct tl_loop *from, int fd)
{
	assert_ptr_equal(from, &fake_timer.loop);
	assert_int_equal(fd, fake_timer.fd);
	fake_timer.fd = -1;
}

void fake_timer_reset(uint64_t now_ns)
{
	fake_timer = (struct fake_timer){.now_ns = now_ns, .fd = -1};
}

static void ring(void)
{
	struct itimerspec past = {.it_value.tv_nsec = 1};

	fake_timer.when_ns = 0;
	fake_timer.rings++;
	assert_int_equal(__real_timerfd_settime(fake_timer.fd, TFD_TIMER_ABSTIME, &past, NULL), 0);
	fake_timer.fn(fake_timer.opaque, EPOLLIN);
}

void fake_timer_pass(uint64_t ns)
{
	uint64_t end = fake_timer.now_ns + ns;

	while (fake_timer.when_ns && fake_timer.when_ns <= end) {
		if (fake_timer.when_ns > fake_timer.now_ns)
			fake_timer.now_ns = fake_timer.when_ns;
		ring();
	}
	fake_timer.now_ns = end;
}

void fake_timer_ring_for_nothing(void)
{
	fake_timer.fn(fake_timer.opaque, EPOLLIN);
}
