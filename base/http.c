/* SPDX-License-Identifier: MIT */
/*
 * Sockets that never block, in one poll(2). A connection is read until its request is whole,
 * written until the answer is out, and then read until the client closes, as data that nobody
 * has read would make the kernel take back what the client has not read yet.
 *
 * Of libraries, libmicrohttpd comes to mind; Debian's static one needs GnuTLS and what that
 * needs, of which not all can be linked into a static program.
 */
#include "base/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/parse.h"

/* ms to send a request, to take the answer, to close. */
#define READ_MS  5000
#define WRITE_MS 10000
#define DRAIN_MS 1000
/* Where there are no more descriptors, nobody is let in for so long. */
#define PAUSE_MS 200

struct connection {
	int fd; /* -1: the place is free */
	enum { READING, WRITING, DRAINING } state;
	int64_t deadline;
	size_t got, sent;
	struct tl_buffer answer;
	char request[TL_HTTP_REQUEST_MAX + 1];
};

struct tl_http {
	int fd;
	unsigned int port;
	const struct tl_http_ops *ops;
	void *ctx;
	int64_t next_tick, paused_until;
	struct tl_buffer body; /* of the answer that is being made; its memory is kept */
	struct connection connections[TL_HTTP_CONNECTIONS];
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- listening --- */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Returns the size of what is in `address`, 0: the text makes no sense. */
static socklen_t parse_address(const char *text, union address *address)
{
	const char *colon = strrchr(text, ':');
	char host[64];
	uint64_t port;

	if (!colon || colon - text >= (int)sizeof(host) || tl_parse_u64(colon + 1, 0, 65535, &port))
		return 0;
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	*address = (union address){0};
	if (host[0] == '[' && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = 0;
		address->v6.sin6_family = AF_INET6;
		address->v6.sin6_port = htons((uint16_t)port);
		return inet_pton(AF_INET6, host + 1, &address->v6.sin6_addr) == 1
			       ? sizeof(address->v6)
			       : 0;
	}
	address->v4.sin_family = AF_INET;
	address->v4.sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, strcmp(host, "localhost") ? host : "127.0.0.1",
		       &address->v4.sin_addr) == 1
		       ? sizeof(address->v4)
		       : 0;
}

static int start_listening(struct tl_http *http, const char *text)
{
	union address address;
	socklen_t size = parse_address(text, &address);
	int one = 1;

	if (!size) {
		tl_log_error("'%s' is no address to listen at: wants one such as 127.0.0.1:9970 "
			     "or [::1]:9970",
			text);
		return -EINVAL;
	}
	http->fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (http->fd < 0 || setsockopt(http->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
		bind(http->fd, &address.any, size) || listen(http->fd, 64) ||
		getsockname(http->fd, &address.any, &size)) {
		int ret = -errno;

		tl_log_error("cannot listen at %s: %s", text, strerror(-ret));
		return ret;
	}
	/* The same place in both. */
	http->port = ntohs(address.v4.sin_port);
	return 0;
}

int tl_http_create(
	struct tl_http **out, const char *address, const struct tl_http_ops *ops, void *ctx)
{
	struct tl_http *http = calloc(1, sizeof(*http));
	int ret;

	*out = NULL;
	if (!http)
		return -ENOMEM;
	http->ops = ops;
	http->ctx = ctx;
	http->fd = -1;
	for (unsigned int i = 0; i < TL_HTTP_CONNECTIONS; i++)
		http->connections[i].fd = -1;
	ret = start_listening(http, address);
	if (ret)
		tl_http_destroy(http);
	else
		*out = http;
	return ret;
}

unsigned int tl_http_port(const struct tl_http *http)
{
	return http->port;
}

/* --- answers --- */

static const char *reason_of(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {{200, "OK"}, {400, "Bad Request"}, {404, "Not Found"},
		{405, "Method Not Allowed"}, {408, "Request Timeout"}, {414, "URI Too Long"},
		{431, "Request Header Fields Too Large"}, {500, "Internal Server Error"},
		{503, "Service Unavailable"}, {505, "HTTP Version Not Supported"}};

	for (unsigned int i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "Error";
}

/* What is not there to be read says so in words. */
static void put_answer(
	struct tl_buffer *answer, int status, const char *type, struct tl_buffer *body, bool head)
{
	char text[256];

	if (status != 200) {
		tl_buffer_clear(body);
		snprintf(text, sizeof(text), "%d %s\n", status, reason_of(status));
		tl_buffer_add_string(body, text);
		type = "text/plain; charset=utf-8";
	}
	snprintf(text, sizeof(text),
		"HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s"
		"Connection: close\r\n\r\n",
		status, reason_of(status), type, body->used,
		status == 405 ? "Allow: GET, HEAD\r\n" : "");
	tl_buffer_add_string(answer, text);
	if (!head)
		tl_buffer_add(answer, body->data, body->used);
}

static void answer(struct tl_http *http, struct connection *c, int status,
	const struct tl_http_request *request)
{
	struct tl_buffer *body = &http->body;
	const char *type = "text/plain; charset=utf-8";

	tl_buffer_clear(body);
	if (!status) {
		status = http->ops->get(http->ctx, request, body, &type);
		if (body->failed)
			status = 503;
		body->failed = false;
	}
	put_answer(&c->answer, status, type, body, request->head);
	c->state = WRITING;
	c->deadline = now_ms() + WRITE_MS;
}

/* --- connections --- */

static void drop(struct connection *c)
{
	close(c->fd);
	c->fd = -1;
	tl_buffer_fini(&c->answer);
}

static void on_request(struct tl_http *http, struct connection *c)
{
	struct tl_http_request request = {.accept = ""};
	const char *end;
	size_t head;

	end = memmem(c->request, c->got, "\r\n\r\n", 4);
	head = end ? (size_t)(end - c->request) + 4 : c->got;
	/* No head has a 0 in it. */
	if (memchr(c->request, 0, head)) {
		answer(http, c, 400, &request);
	} else if (end) {
		c->request[head] = 0;
		answer(http, c, tl_http_parse(c->request, &request), &request);
	} else if (c->got == TL_HTTP_REQUEST_MAX) {
		answer(http, c, 431, &request);
	}
}

static void read_request(struct tl_http *http, struct connection *c)
{
	ssize_t n = recv(c->fd, c->request + c->got, TL_HTTP_REQUEST_MAX - c->got, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop(c);
		return;
	}
	c->got += (size_t)n;
	on_request(http, c);
}

static void write_answer(struct connection *c)
{
	ssize_t n;

	if (c->answer.failed) {
		drop(c);
		return;
	}
	n = send(c->fd, c->answer.data + c->sent, c->answer.used - c->sent, MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		drop(c);
		return;
	}
	c->sent += (size_t)n;
	if (c->sent < c->answer.used)
		return;
	shutdown(c->fd, SHUT_WR);
	c->state = DRAINING;
	c->deadline = now_ms() + DRAIN_MS;
}

static void drain(struct connection *c)
{
	ssize_t n = recv(c->fd, c->request, TL_HTTP_REQUEST_MAX, 0);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		drop(c);
}

static void on_late(struct tl_http *http, struct connection *c)
{
	const struct tl_http_request none = {.accept = ""};

	if (c->state == READING && c->got)
		answer(http, c, 408, &none);
	else
		drop(c);
}

static void serve(struct tl_http *http, struct connection *c, short events)
{
	if (c->fd >= 0 && events) {
		if (c->state == READING)
			read_request(http, c);
		/* Mostly there is room for all of the answer at once. */
		if (c->fd >= 0 && c->state == WRITING)
			write_answer(c);
		else if (c->fd >= 0 && c->state == DRAINING)
			drain(c);
	}
	if (c->fd >= 0 && now_ms() >= c->deadline)
		on_late(http, c);
}

static void let_in(struct tl_http *http)
{
	static const char full[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
				   "Connection: close\r\n\r\n";
	int fd = accept4(http->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			http->paused_until = now_ms() + PAUSE_MS;
		return;
	}
	for (unsigned int i = 0; i < TL_HTTP_CONNECTIONS; i++) {
		struct connection *c = &http->connections[i];

		if (c->fd >= 0)
			continue;
		c->fd = fd;
		c->state = READING;
		c->deadline = now_ms() + READ_MS;
		c->got = c->sent = 0;
		return;
	}
	(void)send(fd, full, sizeof(full) - 1, MSG_NOSIGNAL);
	close(fd);
}

/* --- the loop --- */

static void earlier(int64_t *when, int64_t other)
{
	if (other < *when)
		*when = other;
}

/* Fills in what to wait for; returns for how long, in ms. */
static int prepare(const struct tl_http *http, struct pollfd *polls, int64_t now)
{
	int64_t until = now + 60000;

	polls[0].fd = http->paused_until > now ? -1 : http->fd;
	polls[0].events = POLLIN;
	if (http->paused_until > now)
		earlier(&until, http->paused_until);
	if (http->ops->tick)
		earlier(&until, http->next_tick);
	for (unsigned int i = 0; i < TL_HTTP_CONNECTIONS; i++) {
		const struct connection *c = &http->connections[i];

		polls[2 + i] = (struct pollfd){
			.fd = c->fd, .events = c->state == WRITING ? POLLOUT : POLLIN};
		if (c->fd >= 0)
			earlier(&until, c->deadline);
	}
	return until > now ? (int)(until - now) : 0;
}

static void tick(struct tl_http *http)
{
	if (!http->ops->tick || now_ms() < http->next_tick)
		return;
	http->ops->tick(http->ctx);
	http->next_tick = now_ms() + http->ops->tick_ms;
}

int tl_http_run(struct tl_http *http, int stop_fd)
{
	struct pollfd polls[2 + TL_HTTP_CONNECTIONS];

	for (;;) {
		int timeout = prepare(http, polls, now_ms());

		polls[1] = (struct pollfd){.fd = stop_fd, .events = POLLIN};
		if (poll(polls, 2 + TL_HTTP_CONNECTIONS, timeout) < 0) {
			if (errno == EINTR)
				continue;
			tl_log_error("waiting for connections: %s", strerror(errno));
			return -errno;
		}
		if (polls[1].revents)
			return 0;
		tick(http);
		for (unsigned int i = 0; i < TL_HTTP_CONNECTIONS; i++)
			serve(http, &http->connections[i], polls[2 + i].revents);
		if (polls[0].fd >= 0 && polls[0].revents)
			let_in(http);
	}
}

void tl_http_destroy(struct tl_http *http)
{
	if (!http)
		return;
	for (unsigned int i = 0; i < TL_HTTP_CONNECTIONS; i++) {
		if (http->connections[i].fd >= 0)
			drop(&http->connections[i]);
	}
	if (http->fd >= 0)
		close(http->fd);
	tl_buffer_fini(&http->body);
	free(http);
}
