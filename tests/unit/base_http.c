/* SPDX-License-Identifier: MIT */
/*
 * The HTTP server: requests that make sense and those that do not, clients that are slow,
 * silent, too many, or gone.
 * Links: base/http.c base/http_parse.c base/buffer.c base/parse.c tests/unit/fake_log.c
 */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/http.h"
#include "tests/unit/fake_log.h"

#define END  "\r\n\r\n"
#define HOST "\r\nHost: x"

static int parse(const char *text, struct tl_http_request *request)
{
	static char copy[TL_HTTP_REQUEST_MAX + 64];

	snprintf(copy, sizeof(copy), "%s", text);
	return tl_http_parse(copy, request);
}

static void test_requests(void **state)
{
	struct tl_http_request request;

	(void)state;
	assert_int_equal(parse("GET /metrics HTTP/1.1" HOST END, &request), 0);
	assert_string_equal(request.path, "/metrics");
	assert_false(request.head);
	assert_string_equal(request.accept, "");
	assert_int_equal(
		parse("HEAD /a?b=c HTTP/1.0\r\naccept:\t text/plain, */*  " END, &request), 0);
	assert_true(request.head);
	assert_string_equal(request.path, "/a");
	assert_string_equal(request.accept, "text/plain, */*");
}

static void test_bad_requests(void **state)
{
	static const struct {
		const char *text;
		int status;
	} bad[] = {
		{"GET /" END, 400},
		{"GET" END, 400},
		{END, 400},
		{" GET / HTTP/1.1" HOST END, 400},
		{"GET  / HTTP/1.1" HOST END, 400},
		{"GET / HTTP/1.1 x" HOST END, 400},
		{"GET / http/1.1" HOST END, 400},
		{"GET / HTTP/11" HOST END, 400},
		{"GET / HTTP/1.10" HOST END, 400},
		{"GET / HTTP/2.0" HOST END, 505},
		{"G(T / HTTP/1.1" HOST END, 400},
		{"GET metrics HTTP/1.1" HOST END, 400},
		{"GET http://x/metrics HTTP/1.1" HOST END, 400},
		{"GET /\x01 HTTP/1.1" HOST END, 400},
		{"GET /\xff HTTP/1.1" HOST END, 400},
		{"POST /metrics HTTP/1.1" HOST END, 405},
		{"get /metrics HTTP/1.1" HOST END, 405},
		{"CONNECT /metrics HTTP/1.1" HOST END, 405},
		{"GET / HTTP/1.1" END, 400},
		{"GET / HTTP/1.1" HOST HOST END, 400},
		{"GET / HTTP/1.1" HOST "\r\nno colon" END, 400},
		{"GET / HTTP/1.1" HOST "\r\nblank : x" END, 400},
		{"GET / HTTP/1.1" HOST "\r\n folded" END, 400},
		{"GET / HTTP/1.1" HOST "\r\n: x" END, 400},
		{"GET / HTTP/1.1" HOST "\r\nx: a\nb" END, 400},
		{"GET / HTTP/1.1" HOST "\r\nx: \x02" END, 400},
	};
	char line[400];
	struct tl_http_request request;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(bad); i++) {
		if (parse(bad[i].text, &request) != bad[i].status)
			fail_msg("'%s' is not %d", bad[i].text, bad[i].status);
	}
	snprintf(line, sizeof(line), "GET /%0200d HTTP/1.1" HOST END, 0);
	assert_int_equal(parse(line, &request), 414);
}

static void test_accept(void **state)
{
	static const char type[] = "application/openmetrics-text";

	(void)state;
	assert_true(tl_http_accepts("application/openmetrics-text", type));
	assert_true(
		tl_http_accepts("text/plain , Application/OpenMetrics-Text;version=1.0.0", type));
	assert_true(tl_http_accepts("application/openmetrics-text; version=0.0.1;q=0.5", type));
	assert_false(tl_http_accepts("application/openmetrics-text;q=0", type));
	assert_false(tl_http_accepts("application/openmetrics-text;q=0.0", type));
	assert_false(tl_http_accepts("application/openmetrics-textual", type));
	assert_false(tl_http_accepts("*/*", type));
	assert_false(tl_http_accepts("", type));
	assert_false(tl_http_accepts(",,;,", type));
}

/* --- a server that runs --- */

static struct {
	struct tl_http *http;
	pthread_t thread;
	int stop, result;
	unsigned int ticks;
	size_t size; /* of the body of /large */
} server;

static int get(
	void *ctx, const struct tl_http_request *request, struct tl_buffer *body, const char **type)
{
	(void)ctx;
	*type = "text/special";
	if (!strcmp(request->path, "/failed"))
		body->failed = true;
	for (size_t i = 0; !strcmp(request->path, "/large") && i < server.size; i += 16)
		tl_buffer_add_string(body, "0123456789abcdef");
	tl_buffer_add_string(body, "body\n");
	return !strcmp(request->path, "/none") ? 404 : 200;
}

static void tick(void *ctx)
{
	(void)ctx;
	server.ticks++;
}

static void *run(void *arg)
{
	(void)arg;
	server.result = tl_http_run(server.http, server.stop);
	return NULL;
}

static int start(void **state)
{
	static const struct tl_http_ops ops = {get, tick, 10};

	fake_log_reset(state);
	server.ticks = 0;
	server.size = 1 << 20;
	server.stop = eventfd(0, EFD_CLOEXEC);
	if (server.stop < 0 || tl_http_create(&server.http, "127.0.0.1:0", &ops, NULL))
		return -1;
	return pthread_create(&server.thread, NULL, run, NULL);
}

static int stop(void **state)
{
	(void)state;
	if (eventfd_write(server.stop, 1) || pthread_join(server.thread, NULL))
		return -1;
	tl_http_destroy(server.http);
	close(server.stop);
	return server.result;
}

static int connect_to(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)tl_http_port(server.http)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* All that comes until the server closes; closes too. */
static const char *receive(int fd)
{
	static char answer[2 << 20];
	size_t got = 0;
	ssize_t n;

	while ((n = recv(fd, answer + got, sizeof(answer) - 1 - got, 0)) > 0)
		got += (size_t)n;
	assert_int_equal(n, 0);
	close(fd);
	answer[got] = 0;
	return answer;
}

static const char *ask(const char *text, size_t size)
{
	int fd = connect_to();

	assert_int_equal(send(fd, text, size, MSG_NOSIGNAL), size);
	return receive(fd);
}

#define ASK(text) ask(text, sizeof(text) - 1)

static void assert_begins(const char *text, const char *begin)
{
	if (strncmp(text, begin, strlen(begin)) != 0)
		fail_msg("'%.100s' does not begin with '%s'", text, begin);
}

static void test_answers(void **state)
{
	(void)state;
	assert_string_equal(ASK("GET /metrics HTTP/1.1" HOST END),
		"HTTP/1.1 200 OK\r\nContent-Type: text/special\r\nContent-Length: 5\r\n"
		"Connection: close\r\n\r\nbody\n");
	assert_string_equal(ASK("HEAD / HTTP/1.1" HOST END),
		"HTTP/1.1 200 OK\r\nContent-Type: text/special\r\nContent-Length: 5\r\n"
		"Connection: close\r\n\r\n");
	assert_begins(ASK("GET /none HTTP/1.1" HOST END), "HTTP/1.1 404 Not Found\r\n");
	assert_non_null(strstr(ASK("POST / HTTP/1.1" HOST END), "\r\nAllow: GET, HEAD\r\n"));
	assert_begins(ASK("GET /failed HTTP/1.1" HOST END), "HTTP/1.1 503 ");
	assert_begins(ASK("nonsense" END), "HTTP/1.1 400 ");
	assert_begins(ASK("GET /\0 HTTP/1.1" HOST END), "HTTP/1.1 400 ");
}

/* A body that nobody wants does not take the answer away. */
static void test_body(void **state)
{
	static char request[100000] = "GET / HTTP/1.1" HOST "\r\nContent-Length: 90000" END;

	(void)state;
	assert_begins(ask(request, sizeof(request)), "HTTP/1.1 200 ");
}

static void test_too_large(void **state)
{
	static char request[TL_HTTP_REQUEST_MAX];

	(void)state;
	memset(request, 'a', sizeof(request));
	memcpy(request, "GET / HTTP/1.1\r\nx: ", 19);
	assert_begins(ask(request, sizeof(request)), "HTTP/1.1 431 ");
}

/* Byte by byte. */
static void test_pieces(void **state)
{
	static const char request[] = "GET / HTTP/1.1" HOST END;
	int fd = connect_to();

	(void)state;
	for (size_t i = 0; i < sizeof(request) - 1; i++) {
		assert_int_equal(send(fd, request + i, 1, MSG_NOSIGNAL), 1);
		usleep(500);
	}
	assert_begins(receive(fd), "HTTP/1.1 200 ");
}

/* More than any socket's buffer, to one who takes it slowly; others are served meanwhile. */
static void test_large(void **state)
{
	int fd = connect_to();

	(void)state;
	assert_true(send(fd, "GET /large HTTP/1.0" END, 23, MSG_NOSIGNAL) == 23);
	assert_begins(ASK("GET / HTTP/1.1" HOST END), "HTTP/1.1 200 ");
	assert_int_equal(strlen(strstr(receive(fd), END) + 4), server.size + 5);
}

/* All places are taken by clients who say nothing: one more is told so; then they go. */
static void test_many(void **state)
{
	int silent[TL_HTTP_CONNECTIONS];
	unsigned int tries = 500;

	(void)state;
	for (unsigned int i = 0; i < TL_HTTP_CONNECTIONS; i++)
		silent[i] = connect_to();
	/* It says 503 without having read anything. */
	assert_begins(receive(connect_to()), "HTTP/1.1 503 ");
	for (unsigned int i = 0; i < TL_HTTP_CONNECTIONS; i++)
		close(silent[i]);
	while (--tries && strncmp(ASK("GET / HTTP/1.0" END), "HTTP/1.1 200", 12) != 0)
		usleep(10000);
	assert_true(tries);
}

/* Half a request, and then nothing: it is told so, and others go on. */
static void test_slow(void **state)
{
	int fd = connect_to(), silent = connect_to();

	(void)state;
	assert_true(send(fd, "GET / HTTP", 10, MSG_NOSIGNAL) == 10);
	assert_begins(ASK("GET / HTTP/1.1" HOST END), "HTTP/1.1 200 ");
	assert_begins(receive(fd), "HTTP/1.1 408 ");
	assert_string_equal(receive(silent), "");
}

static void test_gone(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 50; i++) {
		int fd = connect_to();
		const struct linger now = {1, 0};

		assert_true(send(fd, "GET /large HTTP/1.0" END, 23, MSG_NOSIGNAL) == 23);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(fd);
	}
	for (unsigned int i = 0; i < 500 && strncmp(ASK("GET / HTTP/1.0" END), "HTTP/1.1 200", 12);
		i++)
		usleep(10000);
	assert_begins(ASK("GET / HTTP/1.0" END), "HTTP/1.1 200 ");
}

static void test_tick(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 500 && *(volatile unsigned int *)&server.ticks < 3; i++)
		usleep(10000);
	assert_true(*(volatile unsigned int *)&server.ticks >= 3);
}

static void test_addresses(void **state)
{
	static const char *const bad[] = {"", ":", "9970", "host:1", "127.0.0.1",
		"127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:1x", "[::1:1", "::1:1",
		"[::1]", "300.0.0.1:1", "[127.0.0.1]:1", ":1"};
	static const char *const good[] = {"127.0.0.1:0", "localhost:0", "0.0.0.0:0"};
	static const struct tl_http_ops ops = {.get = get};
	struct tl_http *http, *second;
	char same[32];

	for (unsigned int i = 0; i < ARRAY_LEN(bad); i++) {
		fake_log_reset(state);
		assert_int_equal(tl_http_create(&http, bad[i], &ops, NULL), -EINVAL);
		assert_null(http);
		assert_error("is no address", "127.0.0.1:9970");
	}
	for (unsigned int i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(tl_http_create(&http, good[i], &ops, NULL), 0);
		assert_true(tl_http_port(http));
		tl_http_destroy(http);
	}
	fake_log_reset(state);
	assert_int_equal(tl_http_create(&http, "127.0.0.1:0", &ops, NULL), 0);
	snprintf(same, sizeof(same), "127.0.0.1:%u", tl_http_port(http));
	assert_int_equal(tl_http_create(&second, same, &ops, NULL), -EADDRINUSE);
	assert_error("cannot listen at 127.0.0.1:", "in use");
	tl_http_destroy(http);
	tl_http_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_bad_requests),
		cmocka_unit_test(test_accept),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test_setup_teardown(test_answers, start, stop),
		cmocka_unit_test_setup_teardown(test_body, start, stop),
		cmocka_unit_test_setup_teardown(test_too_large, start, stop),
		cmocka_unit_test_setup_teardown(test_pieces, start, stop),
		cmocka_unit_test_setup_teardown(test_large, start, stop),
		cmocka_unit_test_setup_teardown(test_many, start, stop),
		cmocka_unit_test_setup_teardown(test_slow, start, stop),
		cmocka_unit_test_setup_teardown(test_gone, start, stop),
		cmocka_unit_test_setup_teardown(test_tick, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
