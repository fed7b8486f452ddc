/* SPDX-License-Identifier: MIT */
/*
 * Signals and time-outs: which ends the run at once, and which only presses the power key
 * first. The timers are the test's, which lets them run out.
 * Links: vmm/events.c vmm/core/loop.c tests/unit/fake_log.c
 * Wraps: timerfd_settime
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/fake_log.h"
#include "tests/unit/fds.h"
#include "vmm/core/loop.h"
#include "vmm/core/power_key.h"
#include "vmm/core/terminal.h"
#include "vmm/events.h"
#include "vmm/vmm.h"

static struct tl_loop loop;
static struct tl_events events;
static struct tl_power_key key;
static struct {
	bool listens, pressed;
	unsigned int presses;
} guest;
static struct {
	int fd;
	unsigned int ms;
} timers[3];
static unsigned int raws, restores;

int __real_timerfd_settime(
	int fd, int flags, const struct itimerspec *when, struct itimerspec *old);
int __wrap_timerfd_settime(
	int fd, int flags, const struct itimerspec *when, struct itimerspec *old);

/* Kept, not done. */
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *old)
{
	unsigned int i = 0;

	assert_int_equal(flags, 0);
	assert_null(old);
	assert_int_equal(when->it_interval.tv_sec + when->it_interval.tv_nsec, 0);
	while (timers[i].fd && timers[i].fd != fd)
		i++;
	timers[i].fd = fd;
	timers[i].ms =
		(unsigned int)(when->it_value.tv_sec * 1000 + when->it_value.tv_nsec / 1000000);
	return 0;
}

/* What a timer was set to, in ms. */
static unsigned int timer(int fd)
{
	for (unsigned int i = 0; i < ARRAY_LEN(timers); i++) {
		if (timers[i].fd == fd)
			return timers[i].ms;
	}
	return 0;
}

static void run_out(int fd)
{
	struct itimerspec now = {.it_value.tv_nsec = 1};

	assert_int_not_equal(timer(fd), 0);
	assert_int_equal(__real_timerfd_settime(fd, 0, &now, NULL), 0);
	assert_int_equal(tl_loop_once(&loop, 5000), 0);
}

bool tl_terminal_raw(int fd)
{
	raws += fd == STDIN_FILENO;
	return true;
}

void tl_terminal_restore(void)
{
	restores++;
}

static void key_set(void *opaque, bool pressed)
{
	assert_ptr_equal(opaque, &guest);
	guest.pressed = pressed;
	guest.presses += pressed;
}

static bool key_heard(void *opaque)
{
	assert_ptr_equal(opaque, &guest);
	return guest.listens;
}

static int setup(void **state)
{
	memset(&guest, 0, sizeof(guest));
	memset(timers, 0, sizeof(timers));
	guest.listens = true;
	key = (struct tl_power_key){key_set, key_heard, &guest};
	events = TL_EVENTS_INIT;
	if (tl_loop_init(&loop) || tl_events_init(&events, &loop))
		return -1;
	events.key = &key;
	tl_events_watch_stop(&events, 0, 20);
	return fake_log_reset(state);
}

static int teardown(void **state)
{
	(void)state;
	tl_events_fini(&events);
	tl_loop_fini(&loop);
	return 0;
}

static void send(int signal)
{
	assert_int_equal(kill(getpid(), signal), 0);
	assert_int_equal(tl_loop_once(&loop, 5000), 0);
}

static void assert_running(void)
{
	int status;

	assert_false(tl_events_status(&events, &status));
}

static void assert_ended(int expected)
{
	int status = -1;

	assert_true(tl_events_status(&events, &status));
	assert_int_equal(status, expected);
}

/* robust: signal.hup signal.quit */
static void test_signals_that_end(void **state)
{
	static const int signals[] = {SIGINT, SIGHUP, SIGQUIT};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(signals); i++) {
		send(signals[i]);
		assert_ended(128 + signals[i]);
		assert_int_equal(fake_log_count_of(TL_LOG_WARN), 1);
		assert_true(fake_log_has(TL_LOG_WARN, "ended by signal"));
		teardown(state);
		setup(state);
	}
	assert_int_equal(guest.presses, 0);
}

/* The key goes down and up, and the guest has its time. */
/* robust: signal.term */
static void test_term_presses_the_key(void **state)
{
	(void)state;
	send(SIGTERM);
	assert_running();
	assert_true(guest.pressed);
	assert_int_equal(timer(events.grace_fd), 20000);
	assert_true(fake_log_has(TL_LOG_WARN, "it has 20 s to power off (--grace)"));
	run_out(events.release_fd);
	assert_false(guest.pressed);
	assert_running();
	run_out(events.grace_fd);
	assert_ended(128 + SIGTERM);
	assert_true(fake_log_has(TL_LOG_WARN, "did not power off within 20 s"));
	assert_int_equal(guest.presses, 1);
}

static void test_second_term(void **state)
{
	(void)state;
	send(SIGTERM);
	assert_running();
	send(SIGTERM);
	assert_ended(128 + SIGTERM);
	assert_int_equal(guest.presses, 1);
	assert_true(fake_log_has(TL_LOG_WARN, "ended by signal 15"));
}

/* Another signal does not wait for the guest either. */
static void test_int_after_term(void **state)
{
	(void)state;
	send(SIGTERM);
	send(SIGINT);
	assert_ended(128 + SIGINT);
}

/* Where nobody would hear the key, the first one ends it. */
static void test_term_at_once(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		setup(state);
		if (i == 0)
			guest.listens = false;
		if (i == 1)
			events.key = NULL;
		if (i == 2)
			key.set = NULL;
		if (i == 3)
			tl_events_watch_stop(&events, 0, 0);
		if (i == 4)
			events.paused = true;
		send(SIGTERM);
		assert_ended(128 + SIGTERM);
		assert_int_equal(guest.presses, 0);
		assert_int_equal(fake_log_count_of(TL_LOG_WARN), 1);
		teardown(state);
	}
}

static void test_timeout(void **state)
{
	(void)state;
	tl_events_watch_stop(&events, 7, 20);
	assert_int_equal(timer(events.timer_fd), 7000);
	send(SIGTERM);
	run_out(events.timer_fd);
	assert_ended(TL_STATUS_TIMEOUT);
	/* What comes later changes nothing. */
	run_out(events.grace_fd);
	send(SIGTERM);
	assert_ended(TL_STATUS_TIMEOUT);
}

/* Pressed again while it is down: it stays down, for as long again. */
static void test_key_by_hand(void **state)
{
	(void)state;
	assert_int_equal(tl_events_press_key(&events), 0);
	assert_int_equal(tl_events_press_key(&events), 0);
	assert_int_equal(guest.presses, 2);
	assert_int_equal(timer(events.release_fd), 500);
	run_out(events.release_fd);
	assert_false(guest.pressed);
	assert_running();
	/* There is no end to wait for. */
	assert_int_equal(timer(events.grace_fd), 0);
	guest.listens = false;
	assert_int_equal(tl_events_press_key(&events), -ENXIO);
	assert_nothing_logged();
}

/* Ctrl-Z of another: the terminal is the shell's while we are stopped, and then ours again. */
/* robust: signal.tstp */
static void test_stopped(void **state)
{
	pid_t pid = fork();
	int status = 0;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		/* An epoll reports the signals of who added the signalfd. */
		setup(state);
		raws = restores = 0;
		kill(getpid(), SIGTSTP);
		(void)tl_loop_once(&loop, 5000);
		_exit(raws == 1 && restores == 1 && !events.ended ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(WSTOPSIG(status), SIGSTOP);
	assert_int_equal(kill(pid, SIGCONT), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Neither a reader that went nor a file that is too large ends the VM: their calls fail. */
/* robust: signal.pipe signal.xfsz */
static void test_ignored(void **state)
{
	(void)state;
	assert_int_equal(raise(SIGPIPE), 0);
	assert_int_equal(raise(SIGXFSZ), 0);
	assert_running();
	assert_nothing_logged();
}

static void test_nothing_left_open(void **state)
{
	unsigned int fds = fds_open();

	setup(state);
	teardown(state);
	teardown(state);
	assert_int_equal(fds_open(), fds);
	events = TL_EVENTS_INIT;
	tl_events_fini(&events);
	assert_int_equal(fds_open(), fds);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_signals_that_end),
		TEST(test_term_presses_the_key),
		TEST(test_second_term),
		TEST(test_int_after_term),
		cmocka_unit_test(test_term_at_once),
		TEST(test_timeout),
		TEST(test_key_by_hand),
		TEST(test_stopped),
		TEST(test_ignored),
		cmocka_unit_test(test_nothing_left_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
