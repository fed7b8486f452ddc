/* SPDX-License-Identifier: MIT */
/*
 * The control socket: what may be at its path, who may come in, requests that are none or too
 * long, clients that are slow, many, or gone.
 * Links: vmm/ctl/server.c base/unix_socket.c vmm/core/loop.c tests/unit/fake_log.c
 * Links: tests/unit/fake_files.c
 * Libs: jansson z zstd
 * Wraps: getsockopt
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/fake_files.h"
#include "tests/unit/fake_log.h"
#include "tests/unit/fds.h"
#include "vmm/core/loop.h"
#include "vmm/ctl/server.h"

#define BIG_REPLY 3000000

static struct tl_loop loop;
static struct tl_ctl ctl;
static char path[256];
static unsigned int requests, gone;
static struct tl_ctl_client *held; /* to be answered later */
static int uid = -1;               /* whom the kernel says it is */

int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *size);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *size);

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
	int ret = __real_getsockopt(fd, level, name, value, size);

	if (!ret && level == SOL_SOCKET && name == SO_PEERCRED && uid >= 0)
		((struct ucred *)value)->uid = (uid_t)uid;
	return ret;
}

static void on_request(void *opaque, struct tl_ctl_client *client, const json_t *request)
{
	const char *name = json_string_value(json_object_get(request, "command"));

	assert_ptr_equal(opaque, &ctl);
	requests++;
	if (name && !strcmp(name, "hold")) {
		held = client;
	} else if (name && !strcmp(name, "big")) {
		char *text = malloc(BIG_REPLY + 1);

		memset(text, 'x', BIG_REPLY);
		text[BIG_REPLY] = '\0';
		tl_ctl_reply(client, json_pack("{ss}", "text", text));
		free(text);
	} else if (name && !strcmp(name, "no")) {
		tl_ctl_refuse(client, "not %s", "now");
	} else {
		tl_ctl_reply(client, json_pack("{sb si}", "ok", 1, "n", (int)requests));
	}
}

static void on_gone(void *opaque, struct tl_ctl_client *client)
{
	assert_ptr_equal(opaque, &ctl);
	assert_ptr_equal(client, held);
	gone++;
}

static const struct tl_ctl_ops ops = {on_request, on_gone, &ctl};

static int setup(void **state)
{
	requests = gone = 0;
	held = NULL;
	uid = -1;
	if (fake_files_setup(state) || tl_loop_init(&loop))
		return -1;
	snprintf(path, sizeof(path), "%s", fake_path("socket"));
	tl_ctl_blank(&ctl);
	return fake_log_reset(state);
}

static int teardown(void **state)
{
	tl_ctl_fini(&ctl);
	tl_loop_fini(&loop);
	return fake_files_teardown(state);
}

static void start(void)
{
	assert_int_equal(tl_ctl_init(&ctl, &loop, path, &ops), 0);
	assert_nothing_logged();
}

/* What is due, and nothing else. */
static void turn(void)
{
	for (unsigned int i = 0; i < 20; i++)
		assert_int_equal(tl_loop_once(&loop, 0), 0);
}

static int dial(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	turn();
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	turn();
}

/* What has come, up to some bytes; "" if nothing, "(end)" if the connection is closed. */
static const char *hear(int fd)
{
	static char text[512];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	if (n < 0)
		assert_int_equal(errno, EAGAIN);
	text[n > 0 ? n : 0] = '\0';
	return n == 0 ? "(end)" : text;
}

static void test_request_and_answer(void **state)
{
	struct stat st;
	int fd;

	(void)state;
	start();
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFSOCK | 0600);
	fd = dial();
	say(fd, "{\"command\":\"a\"}\n");
	assert_string_equal(hear(fd), "{\"ok\":true,\"n\":1}\n");
	say(fd, "{\"command\":\"no\"}\n");
	assert_string_equal(hear(fd), "{\"ok\":false,\"error\":\"not now\"}\n");
	/* In pieces, and several at once. */
	say(fd, "{\"comm");
	assert_string_equal(hear(fd), "");
	say(fd, "and\":\"a\"}\n{}\n{}\n{\"com");
	assert_string_equal(
		hear(fd), "{\"ok\":true,\"n\":3}\n{\"ok\":true,\"n\":4}\n{\"ok\":true,\"n\":5}\n");
	close(fd);
	turn();
	assert_int_equal(ctl.clients[0].fd, -1);
	tl_ctl_fini(&ctl);
	assert_int_equal(lstat(path, &st), -1);
}

static void test_junk(void **state)
{
	static const char *const junk[] = {"hello\n", "\n", "[]\n", "{\"a\":1,\"a\":2}\n",
		"{\"command\"\n", "\"x\"\n", "{} {}\n", "{\"x\":\"\\u0000\"}\n", "\xff\xfe\n"};
	int fd;

	(void)state;
	start();
	fd = dial();
	for (unsigned int i = 0; i < ARRAY_LEN(junk); i++) {
		say(fd, junk[i]);
		assert_non_null(strstr(hear(fd), "{\"ok\":false,\"error\":\"a request is a JSON"));
	}
	/* It is still there. */
	say(fd, "{}\n");
	assert_string_equal(hear(fd), "{\"ok\":true,\"n\":1}\n");
	close(fd);
}

/* A line that never ends, and one that is just as long as it may be. */
static void test_length(void **state)
{
	char *line = malloc(TL_CTL_LINE + 1);
	int fd;

	(void)state;
	start();
	memset(line, ' ', TL_CTL_LINE);
	line[TL_CTL_LINE] = '\0';
	fd = dial();
	say(fd, line);
	assert_non_null(strstr(hear(fd), "a request has at most 65536 bytes"));
	assert_string_equal(hear(fd), "(end)");
	assert_int_equal(requests, 0);
	close(fd);
	line[0] = '{';
	line[TL_CTL_LINE - 2] = '}';
	line[TL_CTL_LINE - 1] = '\n';
	fd = dial();
	say(fd, line);
	assert_string_equal(hear(fd), "{\"ok\":true,\"n\":1}\n");
	close(fd);
	free(line);
}

/* Many requests, then the end of what it says: all are answered, and then it is closed. */
static void test_half_closed(void **state)
{
	int fd;

	(void)state;
	start();
	fd = dial();
	assert_int_equal(send(fd, "{}\n{}\nrest", 10, 0), 10);
	shutdown(fd, SHUT_WR);
	turn();
	assert_string_equal(hear(fd), "{\"ok\":true,\"n\":1}\n{\"ok\":true,\"n\":2}\n");
	assert_string_equal(hear(fd), "(end)");
	close(fd);
}

/* Said and gone: it is carried out all the same. */
static void test_gone_at_once(void **state)
{
	int fd;

	(void)state;
	start();
	fd = dial();
	assert_int_equal(send(fd, "{}\n", 3, 0), 3);
	close(fd);
	turn();
	assert_int_equal(requests, 1);
	assert_int_equal(ctl.clients[0].fd, -1);
}

/* An answer that nobody reads is kept, the client's next request waits, the others go on. */
static void test_slow_client(void **state)
{
	int slow, other;
	size_t total = 0;
	char buffer[65536];

	(void)state;
	start();
	slow = dial();
	other = dial();
	say(slow, "{\"command\":\"big\"}\n{}\n");
	assert_int_equal(requests, 1);
	say(other, "{}\n");
	assert_string_equal(hear(other), "{\"ok\":true,\"n\":2}\n");
	for (;;) {
		ssize_t n = recv(slow, buffer, sizeof(buffer), 0);

		if (n <= 0)
			break;
		total += (size_t)n;
		turn();
	}
	assert_int_equal(total, BIG_REPLY + strlen("{\"text\":\"\"}\n{\"ok\":true,\"n\":3}\n"));
	close(slow);
	/* And one that goes instead of reading. */
	slow = dial();
	say(slow, "{\"command\":\"big\"}\n");
	close(slow);
	turn();
	say(other, "{}\n");
	assert_string_equal(hear(other), "{\"ok\":true,\"n\":5}\n");
	close(other);
}

static void test_answered_later(void **state)
{
	int fd;

	(void)state;
	start();
	fd = dial();
	say(fd, "{\"command\":\"hold\"}\n{}\n");
	assert_string_equal(hear(fd), "");
	assert_int_equal(requests, 1);
	tl_ctl_reply(held, json_pack("{sb}", "ok", 1));
	turn();
	assert_string_equal(hear(fd), "{\"ok\":true}\n{\"ok\":true,\"n\":2}\n");
	/* It only says no more: it is still waited for. */
	assert_int_equal(send(fd, "{\"command\":\"hold\"}\n", 19, 0), 19);
	shutdown(fd, SHUT_WR);
	turn();
	assert_int_equal(gone, 0);
	tl_ctl_reply(held, json_pack("{sb}", "ok", 1));
	turn();
	assert_string_equal(hear(fd), "{\"ok\":true}\n");
	assert_string_equal(hear(fd), "(end)");
	close(fd);
	assert_int_equal(gone, 0);
	/* It goes away, or the VM does. */
	fd = dial();
	say(fd, "{\"command\":\"hold\"}\n");
	close(fd);
	turn();
	assert_int_equal(gone, 1);
	fd = dial();
	say(fd, "{\"command\":\"hold\"}\n");
	tl_ctl_fini(&ctl);
	assert_int_equal(gone, 2);
	assert_string_equal(hear(fd), "(end)");
	close(fd);
}

static void test_no_memory(void **state)
{
	int fd;

	(void)state;
	start();
	fd = dial();
	say(fd, "{\"command\":\"hold\"}\n");
	tl_ctl_reply(held, NULL);
	turn();
	assert_string_equal(hear(fd), "(end)");
	close(fd);
	assert_true(fake_log_has(TL_LOG_ERROR, "no memory for an answer"));
	assert_int_equal(gone, 0);
}

static void test_too_many(void **state)
{
	int fds[TL_CTL_CLIENTS], fd;

	(void)state;
	start();
	for (unsigned int i = 0; i < TL_CTL_CLIENTS; i++)
		fds[i] = dial();
	fd = dial();
	assert_string_equal(hear(fd), "{\"ok\":false,\"error\":\"there are too many clients\"}\n");
	assert_string_equal(hear(fd), "(end)");
	close(fd);
	close(fds[3]);
	turn();
	fds[3] = dial();
	say(fds[3], "{}\n");
	assert_string_equal(hear(fds[3]), "{\"ok\":true,\"n\":1}\n");
	for (unsigned int i = 0; i < TL_CTL_CLIENTS; i++)
		close(fds[i]);
}

static void test_other_users(void **state)
{
	int fd;

	(void)state;
	start();
	uid = (int)geteuid() + 4711;
	fd = dial();
	assert_non_null(strstr(hear(fd), "belongs to another user"));
	assert_string_equal(hear(fd), "(end)");
	close(fd);
	uid = 0;
	fd = dial();
	say(fd, "{}\n");
	assert_string_equal(hear(fd), "{\"ok\":true,\"n\":1}\n");
	close(fd);
}

static void expect_refused(int error, const char *words)
{
	unsigned int fds = fds_open();

	fake_log_reset(NULL);
	assert_int_equal(tl_ctl_init(&ctl, &loop, path, &ops), error);
	assert_true(fake_log_has(TL_LOG_ERROR, words));
	assert_int_equal(fake_log_count_of(TL_LOG_ERROR), 1);
	tl_ctl_fini(&ctl);
	assert_int_equal(fds_open(), fds);
}

/* robust: socket.stale socket.symlink */
static void test_what_is_at_the_path(void **state)
{
	struct tl_ctl other;
	struct stat st;

	(void)state;
	/* In use. */
	tl_ctl_blank(&other);
	assert_int_equal(tl_ctl_init(&other, &loop, path, &ops), 0);
	expect_refused(-EADDRINUSE, "is in use by another program");
	/* Left behind: its program has not removed it. */
	tl_loop_remove(&loop, other.listener.fd);
	close(other.listener.fd);
	close(other.listener.spare_fd);
	other.listener.fd = -1;
	assert_int_equal(lstat(path, &st), 0);
	fake_log_reset(NULL);
	start();
	tl_ctl_fini(&ctl);
	/* Other things stay where they are. */
	snprintf(path, sizeof(path), "%s", fake_file("file", "text", 4));
	expect_refused(-EEXIST, "is there already, and is no socket");
	assert_int_equal(lstat(path, &st), 0);
	snprintf(path, sizeof(path), "%s", fake_path("link"));
	assert_int_equal(symlink("nowhere", path), 0);
	expect_refused(-EEXIST, "is there already, and is no socket");
	assert_int_equal(lstat(path, &st), 0);
	snprintf(path, sizeof(path), "%s", fake_path("no/such/folder"));
	expect_refused(-ENOENT, "No such file or directory");
	memset(path, 'x', sizeof(path) - 1);
	expect_refused(-ENAMETOOLONG, "a socket's path has at most 107 characters");
}

/* What somebody has put there instead is not removed at the end. */
static void test_replaced(void **state)
{
	struct stat st;
	int fd;

	(void)state;
	start();
	unlink(path);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	tl_ctl_fini(&ctl);
	assert_int_equal(lstat(path, &st), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_request_and_answer),
		TEST(test_junk),
		TEST(test_length),
		TEST(test_half_closed),
		TEST(test_gone_at_once),
		TEST(test_slow_client),
		TEST(test_answered_later),
		TEST(test_no_memory),
		TEST(test_too_many),
		TEST(test_other_users),
		TEST(test_what_is_at_the_path),
		TEST(test_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
