/* SPDX-License-Identifier: MIT */
/*
 * As much of an HTTP/1.1 server (RFC 9112) as metrics need: GET and HEAD, one request a
 * connection, no bodies in requests. Nothing that a client does or leaves undone stops it:
 * connections, the size of a request and the time for each are bounded. One thread.
 */
#ifndef TL_BASE_HTTP_H
#define TL_BASE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* At a time; one more is told 503. */
#define TL_HTTP_CONNECTIONS 16
/* Line and headers; more is 431. */
#define TL_HTTP_REQUEST_MAX 8192

struct tl_http_request {
	bool head;          /* only the headers of an answer are sent */
	char path[128];     /* without the query */
	const char *accept; /* value of that header, "" if there is none */
};

struct tl_http_ops {
	/* Fills in the body and its type; returns the status: 200, 404, 500, 503. */
	int (*get)(void *ctx, const struct tl_http_request *request, struct tl_buffer *body,
		const char **type);
	/* Now and then, and when nobody asks; NULL: not needed. */
	void (*tick)(void *ctx);
	unsigned int tick_ms;
};

struct tl_http;

/*
 * Listens at "ADDRESS:PORT", where ADDRESS is numeric, an IPv6 one in brackets, or
 * "localhost"; port 0 takes a free one. Returns 0 or -errno (logged).
 */
int tl_http_create(
	struct tl_http **out, const char *address, const struct tl_http_ops *ops, void *ctx);

/* The port it listens at. */
unsigned int tl_http_port(const struct tl_http *http);

/* Serves until `stop_fd` is readable. Returns 0 or -errno (logged). */
int tl_http_run(struct tl_http *http, int stop_fd);

/* Accepts NULL. */
void tl_http_destroy(struct tl_http *http);

/*
 * Takes a request apart (the bytes up to the empty line, ended by 0, which are changed).
 * Returns 0, or the status that it is to be answered with: 400, 405, 414, 505.
 */
int tl_http_parse(char *text, struct tl_http_request *request);

/* Whether an Accept header names the media type, and not with q=0. */
bool tl_http_accepts(const char *accept, const char *type);

#endif
