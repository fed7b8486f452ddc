/* SPDX-License-Identifier: MIT */
/*
 * User networking: frames to and from passt on a stream socket, each behind its length, 32 bits
 * big endian, and without the header that virtio has. What passt sends is read many frames at
 * once and copied from there.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/dev/virtio/net_backend.h"
#include "vmm/dev/virtio/passt.h"
#include "vmm/dev/virtio/queue.h"

#define LENGTH 4u
/* Of a frame, and its length. */
#define SEGMENTS    (TL_VQ_SEGMENTS + 1)
#define STREAM_SIZE (128u << 10)
/* How long to wait for passt's first word. It may have none: where there is no IPv4. */
#define READY_MS 3000

struct user {
	struct tl_net_backend backend;
	struct tl_passt passt;
	bool all_read; /* the socket had no more, the last time */
	/* What came: in[in_start] is where a frame's length begins. */
	size_t in_start, in_end;
	/* The end of a frame that the socket did not take at once. */
	size_t out_start, out_end;
	unsigned char in[STREAM_SIZE], out[LENGTH + TL_NET_FRAME_MAX];
};

/* Reads more. Returns 0 or -errno. */
static int fill(struct user *user)
{
	size_t space;
	ssize_t n;

	if (user->all_read) {
		user->all_read = false;
		return -EAGAIN;
	}
	if (user->in_start) {
		memmove(user->in, user->in + user->in_start, user->in_end - user->in_start);
		user->in_end -= user->in_start;
		user->in_start = 0;
	}
	space = sizeof(user->in) - user->in_end;
	do
		n = recv(user->backend.fd, user->in + user->in_end, space, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n ? -errno : -EPIPE;
	user->in_end += (size_t)n;
	user->all_read = (size_t)n < space;
	return 0;
}

/* The length of the frame that in begins with, which is there as a whole; or -errno. */
static ssize_t next_frame(struct user *user)
{
	for (;;) {
		size_t there = user->in_end - user->in_start;
		uint32_t length;
		int ret;

		if (there >= LENGTH) {
			memcpy(&length, user->in + user->in_start, sizeof(length));
			length = ntohl(length);
			if (!length || length > TL_NET_FRAME_MAX - TL_NET_HEADER)
				return -EPROTO;
			if (there - LENGTH >= length)
				return (ssize_t)length;
		}
		ret = fill(user);
		if (ret)
			return ret;
	}
}

static ssize_t receive(
	struct tl_net_backend *backend, const struct iovec *iov, int count, size_t room)
{
	static const unsigned char header[TL_NET_HEADER];
	struct user *user = (struct user *)backend;
	ssize_t length = next_frame(user);
	size_t size;

	if (length < 0)
		return length;
	size = TL_NET_HEADER + (size_t)length;
	if (size <= room) {
		tl_net_put(iov, count, 0, header, sizeof(header));
		tl_net_put(iov, count, sizeof(header), user->in + user->in_start + LENGTH,
			(size_t)length);
		user->in_start += LENGTH + (size_t)length;
	}
	return (ssize_t)size;
}

static void drop(struct tl_net_backend *backend)
{
	struct user *user = (struct user *)backend;
	uint32_t length;

	/* Only a frame that is there as a whole; of another nothing was taken yet. */
	if (user->in_end - user->in_start < LENGTH)
		return;
	memcpy(&length, user->in + user->in_start, sizeof(length));
	if (user->in_end - user->in_start - LENGTH >= ntohl(length))
		user->in_start += LENGTH + ntohl(length);
}

/* What is left of the frame before. Returns 0 or -errno. */
static int flush(struct tl_net_backend *backend)
{
	struct user *user = (struct user *)backend;

	while (user->out_start < user->out_end) {
		ssize_t n = send(user->backend.fd, user->out + user->out_start,
			user->out_end - user->out_start, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		user->out_start += (size_t)n;
	}
	user->out_start = user->out_end = 0;
	backend->holds = false;
	return 0;
}

/* The vector without its first `skip` bytes. Returns how many entries and bytes are left. */
static size_t cut(const struct iovec *iov, int count, size_t skip, struct iovec *out, int *left)
{
	size_t bytes = 0;

	*left = 0;
	for (int i = 0; i < count; i++) {
		size_t n = iov[i].iov_len;

		if (skip >= n) {
			skip -= n;
			continue;
		}
		out[(*left)++] = (struct iovec){(char *)iov[i].iov_base + skip, n - skip};
		bytes += n - skip;
		skip = 0;
	}
	return bytes;
}

/* Keeps a copy of what follows the first `sent` bytes: the guest may change its own. */
static void keep(struct user *user, const struct iovec *iov, int count, size_t sent)
{
	static _Thread_local struct iovec rest[SEGMENTS];
	int left;

	user->out_start = user->out_end = 0;
	cut(iov, count, sent, rest, &left);
	for (int i = 0; i < left; i++) {
		memcpy(user->out + user->out_end, rest[i].iov_base, rest[i].iov_len);
		user->out_end += rest[i].iov_len;
	}
	user->backend.holds = true;
}

static int send_frame(struct tl_net_backend *backend, const struct iovec *iov, int count)
{
	static _Thread_local struct iovec all[SEGMENTS];
	struct user *user = (struct user *)backend;
	struct msghdr message = {.msg_iov = all};
	uint32_t length;
	size_t bytes;
	ssize_t n;
	int left, ret = flush(backend);

	if (ret)
		return ret;
	bytes = cut(iov, count, TL_NET_HEADER, all + 1, &left);
	if (!bytes)
		return 0;
	length = htonl((uint32_t)bytes);
	all[0] = (struct iovec){&length, sizeof(length)};
	message.msg_iovlen = (size_t)left + 1;
	do
		n = sendmsg(backend->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if ((size_t)n < LENGTH + bytes)
		keep(user, all, left + 1, (size_t)n);
	return 0;
}

static void fail(struct tl_net_backend *backend, int err)
{
	struct user *user = (struct user *)backend;
	char words[256];

	tl_passt_last_words(&user->passt, words, sizeof(words));
	tl_passt_end(&user->passt);
	tl_log_warn("--net user: passt %s%s%s: the guest's link is down",
		err == EPROTO ? "sent what is no frame" : "has ended", *words ? ": " : "", words);
}

static void destroy(struct tl_net_backend *backend)
{
	struct user *user = (struct user *)backend;

	if (backend->fd >= 0)
		close(backend->fd);
	tl_passt_end(&user->passt);
	free(user);
}

static const struct tl_net_backend_ops user_ops = {.receive = receive,
	.drop = drop,
	.send = send_frame,
	.flush = flush,
	.fail = fail,
	.destroy = destroy};

/*
 * passt answers a question for any address (ARP, RFC 826) once it works, so that what keeps
 * it from that, such as a port in use, is an error of the option, and not of a VM that runs.
 * Returns 0 or -errno (logged).
 */
static int wait_ready(struct user *user)
{
	/* Who has 192.0.2.1 (RFC 5737)? Tell a locally administered 02:00:00:00:00:00. */
	static const unsigned char question[LENGTH + 42] = {0, 0, 0, 42, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 2, 0, 0, 0, 0, 0, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1};
	struct pollfd polled = {.fd = user->backend.fd, .events = POLLIN};
	char words[256];
	ssize_t length = -EPIPE;

	if (send(user->backend.fd, question, sizeof(question), MSG_NOSIGNAL) ==
		(ssize_t)sizeof(question))
		length = -EAGAIN;
	while (length == -EAGAIN || length == -EINTR) {
		int ret = poll(&polled, 1, READY_MS);

		if (!ret)
			return 0;
		/* An answer may come in pieces. */
		length = ret < 0 ? -errno : next_frame(user);
	}
	tl_passt_last_words(&user->passt, words, sizeof(words));
	if (length > 0) {
		/* What it said until now is not why it ends some day. */
		drop(&user->backend);
		return 0;
	}
	tl_log_error("--net user: passt does not work%s%s", *words ? ": " : "", words);
	return -ENETDOWN;
}

int tl_net_user_create(struct tl_net_backend **backend, const struct tl_net *net)
{
	struct user *user = calloc(1, sizeof(*user));
	int sockets[2] = {-1, -1};
	int ret = 0;

	*backend = NULL;
	if (!user || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets)) {
		ret = user ? -errno : -ENOMEM;
		tl_log_error("--net user: %s", strerror(-ret));
		free(user);
		return ret;
	}
	user->backend =
		(struct tl_net_backend){.ops = &user_ops, .fd = sockets[0], .mtu = TL_PASST_MTU};
	ret = tl_passt_start(&user->passt, net, sockets[1]);
	close(sockets[1]);
	if (!ret)
		ret = wait_ready(user);
	if (ret) {
		destroy(&user->backend);
		return ret;
	}
	*backend = &user->backend;
	return 0;
}
