/* SPDX-License-Identifier: MIT */
/*
 * Joins standard input and output to a socket, for tests: sockcat [-l] ADDRESS, where ADDRESS is
 * unix:PATH, vsock:CID:PORT or udp:ADDRESS:PORT, and -l waits there for one who connects. The end
 * of input ends that direction of the socket, and the program ends with the other one; -1: the
 * end of input is of no consequence.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Behind sys/socket.h, which it needs. */
#include <linux/vm_sockets.h>

union address {
	struct sockaddr any;
	struct sockaddr_un local;
	struct sockaddr_vm vm;
	struct sockaddr_in in;
};

static int fail(const char *what)
{
	fprintf(stderr, "sockcat: %s: %s\n", what, strerror(errno));
	return 1;
}

static socklen_t parse(const char *text, union address *address)
{
	unsigned int cid, port;
	char host[16];

	memset(address, 0, sizeof(*address));
	if (!strncmp(text, "unix:", 5) && strlen(text + 5) < sizeof(address->local.sun_path)) {
		address->local.sun_family = AF_UNIX;
		strcpy(address->local.sun_path, text + 5);
		return sizeof(address->local);
	}
	if (sscanf(text, "vsock:%u:%u", &cid, &port) == 2) {
		address->vm.svm_family = AF_VSOCK;
		address->vm.svm_cid = cid;
		address->vm.svm_port = port;
		return sizeof(address->vm);
	}
	if (sscanf(text, "udp:%15[0-9.]:%u", host, &port) == 2) {
		address->in.sin_family = AF_INET;
		address->in.sin_port = htons((uint16_t)port);
		return inet_pton(AF_INET, host, &address->in.sin_addr) ? sizeof(address->in) : 0;
	}
	errno = EINVAL;
	return 0;
}

/* Waits for one who connects, or, where nobody connects, for the first one to send something. */
static int await(int fd, bool is_udp)
{
	union address from;
	socklen_t size = sizeof(from);
	char byte;
	int client;

	if (is_udp)
		return recvfrom(fd, &byte, 1, MSG_PEEK, &from.any, &size) < 0 ||
				       connect(fd, &from.any, size)
			       ? -1
			       : fd;
	client = listen(fd, 1) ? -1 : accept(fd, NULL, NULL);
	close(fd);
	return client;
}

/* Moves what is there. Returns whether there can be more. */
static bool move(int from, int to)
{
	static char bytes[65536];
	ssize_t n = read(from, bytes, sizeof(bytes));

	if (n < 0 && errno == EINTR)
		return true;
	for (ssize_t at = 0; at < n;) {
		ssize_t written = write(to, bytes + at, (size_t)(n - at));

		if (written <= 0)
			return false;
		at += written;
	}
	return n > 0;
}

static void join(int fd, bool keep_open)
{
	struct pollfd polls[2] = {{STDIN_FILENO, POLLIN, 0}, {fd, POLLIN, 0}};

	while (polls[1].fd >= 0 || (polls[0].fd >= 0 && !keep_open)) {
		if (poll(polls, 2, -1) < 0)
			continue;
		if (polls[0].revents && !move(STDIN_FILENO, fd)) {
			polls[0].fd = -1;
			if (!keep_open)
				shutdown(fd, SHUT_WR);
		}
		if (polls[1].revents && !move(fd, STDOUT_FILENO))
			polls[1].fd = -1;
	}
}

int main(int argc, char **argv)
{
	bool listens = false, keep_open = false, is_udp;
	union address address;
	socklen_t size;
	int option, fd;

	while ((option = getopt(argc, argv, "l1")) != -1) {
		listens |= option == 'l';
		keep_open |= option == '1';
	}
	size = optind < argc ? parse(argv[optind], &address) : 0;
	if (!size)
		return fail("usage: sockcat [-l1] unix:PATH|vsock:CID:PORT|udp:ADDRESS:PORT");
	is_udp = address.any.sa_family == AF_INET;
	fd = socket(address.any.sa_family, is_udp ? SOCK_DGRAM : SOCK_STREAM, 0);
	if (fd < 0)
		return fail("socket");
	if (!listens && connect(fd, &address.any, size))
		return fail("connect");
	if (listens && (bind(fd, &address.any, size) || (fd = await(fd, is_udp)) < 0))
		return fail("listen");
	join(fd, keep_open);
	return 0;
}
