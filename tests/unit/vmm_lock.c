/* SPDX-License-Identifier: MIT */
/*
 * The lock: one at a time, nobody sleeps for ever, and who is alone makes no system call.
 * Links: vmm/core/lock.c
 * Wraps: syscall
 */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vmm/core/lock.h"

#define THREADS 4
#define ROUNDS  20000
#define STUCK_S 120

static struct {
	struct tl_lock lock;
	unsigned long count; /* under the lock, and not atomic */
	unsigned int inside;
} shared;
static _Atomic unsigned int calls;

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

long __wrap_syscall(long number, ...)
{
	long a[4];
	va_list ap;

	va_start(ap, number);
	for (unsigned int i = 0; i < 4; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	calls++;
	return __real_syscall(number, a[0], a[1], a[2], a[3]);
}

static int setup(void **state)
{
	(void)state;
	alarm(STUCK_S);
	memset(&shared, 0, sizeof(shared));
	calls = 0;
	return 0;
}

static void test_alone(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		tl_lock_acquire(&shared.lock);
		assert_false(tl_lock_try(&shared.lock));
		tl_lock_release(&shared.lock);
	}
	assert_true(tl_lock_try(&shared.lock));
	tl_lock_release(&shared.lock);
	assert_int_equal(calls, 0);
}

static void *count(void *arg)
{
	for (unsigned int i = 0; i < ROUNDS; i++) {
		unsigned long was;

		tl_lock_acquire(&shared.lock);
		was = shared.count;
		if (++shared.inside != 1)
			*(bool *)arg = true;
		/* Now and then long enough for the others to fall asleep. */
		if (i % 512 == 0)
			usleep(100);
		shared.inside--;
		shared.count = was + 1;
		tl_lock_release(&shared.lock);
	}
	return NULL;
}

static void test_crowd(void **state)
{
	pthread_t threads[THREADS];
	bool two = false;

	(void)state;
	for (unsigned int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count, &two), 0);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_false(two);
	assert_int_equal(shared.count, THREADS * ROUNDS);
	assert_true(tl_lock_try(&shared.lock));
}

static void *hold(void *arg)
{
	tl_lock_acquire(&shared.lock);
	*(_Atomic bool *)arg = true;
	tl_lock_release(&shared.lock);
	return NULL;
}

/* Who waits sleeps, and is woken. */
static void test_sleeper(void **state)
{
	_Atomic bool had = false;
	pthread_t thread;

	(void)state;
	tl_lock_acquire(&shared.lock);
	assert_int_equal(pthread_create(&thread, NULL, hold, &had), 0);
	while (!calls)
		sched_yield();
	usleep(10000);
	assert_false(had);
	assert_in_range(calls, 1, 10);
	tl_lock_release(&shared.lock);
	pthread_join(thread, NULL);
	assert_true(had);
	assert_int_equal(shared.lock.state, TL_LOCK_FREE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_alone, setup),
		cmocka_unit_test_setup(test_crowd, setup),
		cmocka_unit_test_setup(test_sleeper, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
