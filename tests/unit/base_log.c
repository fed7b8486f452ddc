/* SPDX-License-Identifier: MIT */
/*
 * Messages on standard error: one line each, whatever is in them.
 * Links: base/log.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static int saved_stderr, reader;

/* Standard error is a pipe, as long as the test runs. */
static int setup(void **state)
{
	int ends[2];

	(void)state;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return -1;
	reader = ends[0];
	saved_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tl_log_set_level(TL_LOG_WARN);
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(reader);
	return 0;
}

/* What was written since the last time. */
static const char *written(void)
{
	static char text[65536];
	ssize_t n = read(reader, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void test_levels(void **state)
{
	(void)state;
	tl_log_error("cannot open '%s': %d", "x", 5);
	assert_string_equal(written(), "trapline: cannot open 'x': 5\n");
	tl_log_warn("odd");
	assert_string_equal(written(), "trapline: warning: odd\n");
	/* Only with -v. */
	tl_log_info("detail");
	assert_string_equal(written(), "");
	assert_false(tl_log_enabled(TL_LOG_INFO));
	tl_log_set_level(TL_LOG_INFO);
	assert_true(tl_log_enabled(TL_LOG_INFO));
	tl_log_info("detail");
	assert_string_equal(written(), "trapline: detail\n");
	tl_log_set_level(TL_LOG_ERROR);
	tl_log_warn("odd");
	assert_string_equal(written(), "");
	assert_true(tl_log_enabled(TL_LOG_ERROR));
}

/* A file's name may move the cursor or start a line of its own; a guest's text, too. */
static void test_control_characters(void **state)
{
	(void)state;
	tl_log_error("a\nb\tc\x1b[2Jd\x7f\r\x01");
	assert_string_equal(written(), "trapline: a?b?c?[2Jd???\n");
	tl_log_error("%s", "gr\xc3\xbc\xc3\x9f");
	assert_string_equal(written(), "trapline: gr\xc3\xbc\xc3\x9f\n");
}

/* What is too long is cut, and still one line. */
static void test_long_messages(void **state)
{
	char text[5000];
	const char *line;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	tl_log_error("%s", text);
	line = written();
	assert_true(strlen(line) > 1000 && strlen(line) <= 1024);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	tl_log_error("%s", "");
	assert_string_equal(written(), "trapline: \n");
}

static void test_errno_stays(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	errno = ENOTTY;
	tl_log_error("message");
	assert_int_equal(errno, ENOTTY);
	/* Nobody reads it, or there is no standard error: nothing else can be done. */
	close(reader);
	tl_log_error("message");
	assert_int_equal(errno, ENOTTY);
	close(STDERR_FILENO);
	tl_log_error("message");
	assert_int_equal(errno, ENOTTY);
}

static void *log_often(void *what)
{
	for (int i = 0; i < 100; i++)
		tl_log_error("%s", (const char *)what);
	return NULL;
}

/* Lines of two threads do not mix. */
static void test_threads(void **state)
{
	static char a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", b[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
	const char *line;
	pthread_t threads[2];
	unsigned int count = 0;

	(void)state;
	assert_int_equal(pthread_create(&threads[0], NULL, log_often, a), 0);
	assert_int_equal(pthread_create(&threads[1], NULL, log_often, b), 0);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	for (line = written(); *line; line = strchr(line, '\n') + 1) {
		const char *text = line + strlen("trapline: ");

		assert_memory_equal(line, "trapline: ", strlen("trapline: "));
		assert_memory_equal(text, *text == 'a' ? a : b, strlen(a));
		assert_int_equal(text[strlen(a)], '\n');
		count++;
	}
	assert_int_equal(count, 200);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_levels),
		TEST(test_control_characters),
		TEST(test_long_messages),
		TEST(test_errno_stays),
		TEST(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
