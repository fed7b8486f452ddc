/* SPDX-License-Identifier: MIT */
/*
 * The event loop: what is ready is called, what was removed is not, even in the
 * same round; a wake-up from another thread is never lost.
 * Links: vmm/core/loop.c
 * Wraps: eventfd
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/unit/fds.h"
#include "vmm/core/loop.h"

#define STUCK_MS 5000 /* a wait that ends only if something is wrong */

static bool no_eventfd;

int __real_eventfd(unsigned int value, int flags);
int __wrap_eventfd(unsigned int value, int flags);

int __wrap_eventfd(unsigned int value, int flags)
{
	if (!no_eventfd)
		return __real_eventfd(value, flags);
	errno = EMFILE;
	return -1;
}

struct source {
	int fd;
	unsigned int calls;
	uint32_t events;
	struct source *remove; /* what its callback removes, or NULL */
};

static struct tl_loop loop;
static struct source sources[TL_LOOP_SOURCES + 1];
static unsigned int fds;

static int setup(void **state)
{
	(void)state;
	fds = fds_open();
	memset(sources, 0, sizeof(sources));
	for (unsigned int i = 0; i < TL_LOOP_SOURCES + 1; i++)
		sources[i].fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return tl_loop_init(&loop);
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < TL_LOOP_SOURCES + 1; i++)
		close(sources[i].fd);
	tl_loop_fini(&loop);
	tl_loop_fini(&loop);
	return fds_open() == fds ? 0 : -1;
}

static void on_event(void *opaque, uint32_t events)
{
	struct source *source = opaque;

	source->calls++;
	source->events = events;
	if (source->remove)
		tl_loop_remove(&loop, source->remove->fd);
}

static void add(struct source *source)
{
	assert_int_equal(tl_loop_add(&loop, source->fd, EPOLLIN, on_event, source), 0);
}

static void make_ready(const struct source *source)
{
	assert_int_equal(eventfd_write(source->fd, 1), 0);
}

static void test_calls_what_is_ready(void **state)
{
	(void)state;
	add(&sources[0]);
	add(&sources[1]);
	assert_int_equal(tl_loop_once(&loop, 0), 0);
	assert_int_equal(sources[0].calls + sources[1].calls, 0);
	make_ready(&sources[1]);
	assert_int_equal(tl_loop_once(&loop, STUCK_MS), 0);
	assert_int_equal(sources[0].calls, 0);
	assert_int_equal(sources[1].calls, 1);
	assert_int_equal(sources[1].events, EPOLLIN);
	/* As long as it is ready. */
	assert_int_equal(tl_loop_once(&loop, STUCK_MS), 0);
	assert_int_equal(sources[1].calls, 2);
}

static void test_change(void **state)
{
	struct source *s = &sources[0];

	(void)state;
	add(s);
	assert_int_equal(tl_loop_once(&loop, 0), 0);
	assert_int_equal(s->calls, 0);
	assert_int_equal(tl_loop_change(&loop, s->fd, EPOLLOUT), 0);
	assert_int_equal(tl_loop_once(&loop, STUCK_MS), 0);
	assert_int_equal(s->events, EPOLLOUT);
	assert_int_equal(tl_loop_change(&loop, sources[1].fd, EPOLLOUT), -ENOENT);
	/* Empty slots have this number, too. */
	assert_int_equal(tl_loop_change(&loop, -1, EPOLLOUT), -ENOENT);
}

static void test_remove(void **state)
{
	(void)state;
	add(&sources[0]);
	make_ready(&sources[0]);
	tl_loop_remove(&loop, sources[1].fd);
	tl_loop_remove(&loop, -1);
	tl_loop_remove(&loop, sources[0].fd);
	tl_loop_remove(&loop, sources[0].fd);
	assert_int_equal(tl_loop_once(&loop, 0), 0);
	assert_int_equal(sources[0].calls, 0);
	add(&sources[0]);
	assert_int_equal(tl_loop_once(&loop, STUCK_MS), 0);
	assert_int_equal(sources[0].calls, 1);
}

/* Both are ready, and whichever comes first removes the other one. */
static void test_remove_in_a_callback(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		sources[i].remove = &sources[1 - i];
		add(&sources[i]);
		make_ready(&sources[i]);
	}
	assert_int_equal(tl_loop_once(&loop, STUCK_MS), 0);
	assert_int_equal(sources[0].calls + sources[1].calls, 1);
}

static void test_remove_itself(void **state)
{
	(void)state;
	sources[0].remove = &sources[0];
	add(&sources[0]);
	make_ready(&sources[0]);
	assert_int_equal(tl_loop_once(&loop, STUCK_MS), 0);
	assert_int_equal(tl_loop_once(&loop, 0), 0);
	assert_int_equal(sources[0].calls, 1);
}

static void test_full(void **state)
{
	struct source *last = &sources[TL_LOOP_SOURCES];

	(void)state;
	for (unsigned int i = 0; i < TL_LOOP_SOURCES; i++) {
		add(&sources[i]);
		make_ready(&sources[i]);
	}
	assert_int_equal(tl_loop_add(&loop, last->fd, EPOLLIN, on_event, last), -ENOSPC);
	/* More than are handled in one round: none is forgotten. */
	for (unsigned int i = 0; i < TL_LOOP_SOURCES; i++)
		assert_int_equal(tl_loop_once(&loop, STUCK_MS), 0);
	for (unsigned int i = 0; i < TL_LOOP_SOURCES; i++)
		assert_true(sources[i].calls > 0);
	tl_loop_remove(&loop, sources[5].fd);
	add(last);
}

static void test_cannot_be_added(void **state)
{
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)state;
	/* Always ready, which the console handles itself. */
	assert_int_equal(tl_loop_add(&loop, file, EPOLLIN, on_event, NULL), -EPERM);
	close(file);
	assert_int_equal(tl_loop_add(&loop, file, EPOLLIN, on_event, NULL), -EBADF);
	/* They took no slot. */
	for (unsigned int i = 0; i < TL_LOOP_SOURCES; i++)
		add(&sources[i]);
}

/* Before the wait or during it, once or often: the wait ends, and the next one does not. */
static void test_wake(void **state)
{
	eventfd_t count;

	(void)state;
	for (int i = 0; i < 3; i++)
		tl_loop_wake(&loop);
	assert_int_equal(tl_loop_once(&loop, -1), 0);
	assert_int_equal(eventfd_read(loop.wake_fd, &count), -1);
	assert_int_equal(errno, EAGAIN);
}

/* As many as there can be: the counter is full, and waking must not block. */
static void test_wake_with_a_full_counter(void **state)
{
	(void)state;
	assert_int_equal(eventfd_write(loop.wake_fd, UINT64_MAX - 1), 0);
	tl_loop_wake(&loop);
	assert_int_equal(tl_loop_once(&loop, -1), 0);
}

static void *wake_often(void *rounds)
{
	for (unsigned int i = 0; i < *(unsigned int *)rounds; i++)
		tl_loop_wake(&loop);
	return NULL;
}

static void test_wake_from_a_thread(void **state)
{
	unsigned int rounds = 1;
	pthread_t thread;

	(void)state;
	for (int i = 0; i < 50; i++) {
		assert_int_equal(pthread_create(&thread, NULL, wake_often, &rounds), 0);
		/* For ever: only the thread ends it. */
		assert_int_equal(tl_loop_once(&loop, -1), 0);
		pthread_join(thread, NULL);
	}
}

static void on_signal(int signal)
{
	(void)signal;
}

static void test_signal(void **state)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct sigaction old;

	(void)state;
	assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
	alarm(1);
	assert_int_equal(tl_loop_once(&loop, -1), 0);
	sigaction(SIGALRM, &old, NULL);
}

/* robust: host.eventfds */
static void test_cannot_be_made(void **state)
{
	unsigned int before = fds_open();
	struct tl_loop other;

	(void)state;
	no_eventfd = true;
	assert_int_equal(tl_loop_init(&other), -EMFILE);
	no_eventfd = false;
	assert_int_equal(fds_open(), before);
	tl_loop_fini(&other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_calls_what_is_ready),
		TEST(test_change),
		TEST(test_remove),
		TEST(test_remove_in_a_callback),
		TEST(test_remove_itself),
		TEST(test_full),
		TEST(test_cannot_be_added),
		TEST(test_wake),
		TEST(test_wake_with_a_full_counter),
		TEST(test_wake_from_a_thread),
		TEST(test_signal),
		TEST(test_cannot_be_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
