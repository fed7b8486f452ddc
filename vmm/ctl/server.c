/* SPDX-License-Identifier: MIT */
/*
 * One request at a time of each client: while it is carried out, or its answer not taken,
 * nothing more is read from that client. So there is one line and one answer a client, however
 * much it sends.
 */
#include "vmm/ctl/server.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/core/loop.h"

void tl_ctl_blank(struct tl_ctl *ctl)
{
	memset(ctl, 0, sizeof(*ctl));
	ctl->listener.fd = -1;
	for (unsigned int i = 0; i < TL_CTL_CLIENTS; i++) {
		ctl->clients[i].fd = -1;
		ctl->clients[i].ctl = ctl;
	}
}

static void drop(struct tl_ctl_client *client)
{
	struct tl_ctl *ctl = client->ctl;

	if (client->fd < 0)
		return;
	tl_loop_remove(ctl->loop, client->fd);
	close(client->fd);
	free(client->line);
	free(client->reply);
	if (client->waiting)
		ctl->ops.gone(ctl->ops.opaque, client);
	*client = (struct tl_ctl_client){.fd = -1, .ctl = ctl};
}

/* What is waited for: room for the answer, else the next request, if that is not there already. */
static void watch(struct tl_ctl_client *client)
{
	bool more = client->ended || memchr(client->line, '\n', client->length);
	uint32_t events = client->reply     ? EPOLLOUT
			  : client->waiting ? 0
			  : more            ? EPOLLOUT
					    : EPOLLIN;

	if (tl_loop_change(client->ctl->loop, client->fd, events))
		drop(client);
}

/* Writes what the client takes at once. Returns whether it is still there. */
static bool send_reply(struct tl_ctl_client *client)
{
	while (client->reply) {
		ssize_t n = send(client->fd, client->reply + client->reply_sent,
			client->reply_size - client->reply_sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (n < 0) {
			drop(client);
			return false;
		}
		client->reply_sent += (size_t)n;
		if (client->reply_sent < client->reply_size)
			continue;
		free(client->reply);
		client->reply = NULL;
		if (client->closing) {
			drop(client);
			return false;
		}
	}
	return true;
}

/* The text of an answer, with its newline. NULL: no memory. */
static char *text_of(json_t *reply, size_t *size)
{
	char *text = reply ? json_dumps(reply, JSON_COMPACT) : NULL;
	size_t length = text ? strlen(text) : 0;
	char *line = text ? malloc(length + 1) : NULL;

	if (line) {
		memcpy(line, text, length + 1);
		line[length] = '\n';
		*size = length + 1;
	}
	free(text);
	return line;
}

void tl_ctl_reply(struct tl_ctl_client *client, json_t *reply)
{
	client->waiting = false;
	client->reply_sent = 0;
	client->reply = text_of(reply, &client->reply_size);
	/* Without an answer it must not wait for one. */
	client->closing = client->closing || !client->reply;
	json_decref(reply);
	if (!client->reply) {
		tl_log_error("--ctl '%s': no memory for an answer", client->ctl->listener.path);
		drop(client);
	} else if (send_reply(client)) {
		watch(client);
	}
}

void tl_ctl_refuse(struct tl_ctl_client *client, const char *fmt, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	tl_ctl_reply(client, json_pack("{sb ss}", "ok", 0, "error", why));
}

static void carry_out(struct tl_ctl_client *client, const char *line, size_t length)
{
	json_error_t error;
	json_t *request = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);

	client->waiting = true;
	if (json_is_object(request))
		client->ctl->ops.request(client->ctl->ops.opaque, client, request);
	else
		tl_ctl_refuse(client, "a request is a JSON object on a line: %s",
			request ? "not an object" : error.text);
	json_decref(request);
}

/* Carries out what there is of whole lines, one after the other. */
static void take_lines(struct tl_ctl_client *client)
{
	while (client->fd >= 0 && !client->waiting && !client->reply) {
		char *end = memchr(client->line, '\n', client->length);
		size_t length = end ? (size_t)(end - client->line) : 0;

		if (!end)
			break;
		/* Its bytes stay where they are until it is parsed; then the rest moves up. */
		carry_out(client, client->line, length);
		if (client->fd < 0)
			return;
		client->length -= length + 1;
		memmove(client->line, end + 1, client->length);
	}
	if (client->fd < 0 || client->waiting || client->reply)
		return;
	if (client->length == TL_CTL_LINE) {
		client->waiting = client->closing = true;
		tl_ctl_refuse(client, "a request has at most %d bytes", TL_CTL_LINE);
	} else if (client->ended) {
		drop(client);
	}
}

static void read_lines(struct tl_ctl_client *client)
{
	ssize_t n = recv(client->fd, client->line + client->length, TL_CTL_LINE - client->length,
		MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		drop(client);
		return;
	}
	client->ended = n == 0;
	client->length += (size_t)n;
	take_lines(client);
}

static void on_client(void *opaque, uint32_t events)
{
	struct tl_ctl_client *client = opaque;

	/* The other end is closed altogether: nobody reads the answer. */
	if ((events & (EPOLLHUP | EPOLLERR)) && (client->waiting || client->reply)) {
		drop(client);
		return;
	}
	if (!send_reply(client))
		return;
	take_lines(client);
	if (client->fd >= 0 && !client->waiting && !client->reply)
		read_lines(client);
	if (client->fd >= 0)
		watch(client);
}

static struct tl_ctl_client *free_client(struct tl_ctl *ctl)
{
	for (unsigned int i = 0; i < TL_CTL_CLIENTS; i++) {
		if (ctl->clients[i].fd < 0)
			return &ctl->clients[i];
	}
	return NULL;
}

#define REFUSAL(why) "{\"ok\":false,\"error\":\"" why "\"}\n"

static void on_connection(void *opaque, uint32_t events)
{
	static const char refusal[] = REFUSAL("there are too many clients");
	struct tl_ctl *ctl = opaque;
	struct tl_ctl_client *client = free_client(ctl);
	int fd = tl_unix_accept(&ctl->listener, REFUSAL("this VM belongs to another user"));

	(void)events;
	if (fd < 0)
		return;
	if (client)
		client->line = malloc(TL_CTL_LINE);
	if (!client || !client->line || tl_loop_add(ctl->loop, fd, EPOLLIN, on_client, client)) {
		if (client)
			free(client->line);
		/* If it cannot be told, the closed connection says it. */
		if (send(fd, refusal, strlen(refusal), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			tl_log_info("a client of the control socket was turned away");
		close(fd);
		return;
	}
	client->fd = fd;
}

int tl_ctl_init(
	struct tl_ctl *ctl, struct tl_loop *loop, const char *path, const struct tl_ctl_ops *ops)
{
	int ret;

	tl_ctl_blank(ctl);
	/* From a file, which it would be too late for when a request comes. */
	json_object_seed(0);
	ctl->loop = loop;
	ctl->ops = *ops;
	ret = tl_unix_listen(&ctl->listener, "--ctl", path);
	if (ret)
		return ret;
	ret = tl_loop_add(loop, ctl->listener.fd, EPOLLIN, on_connection, ctl);
	if (ret)
		tl_log_error("--ctl '%s': %s", path, strerror(-ret));
	return ret;
}

void tl_ctl_fini(struct tl_ctl *ctl)
{
	for (unsigned int i = 0; i < TL_CTL_CLIENTS; i++)
		drop(&ctl->clients[i]);
	if (ctl->listener.fd < 0)
		return;
	tl_loop_remove(ctl->loop, ctl->listener.fd);
	tl_unix_unlisten(&ctl->listener);
}
