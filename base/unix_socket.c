/* SPDX-License-Identifier: MIT */
/*
 * unix(7).
 */
#include "base/unix_socket.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

#define BACKLOG 8

static int set_name(struct sockaddr_un *name, const char *path)
{
	*name = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (!*path)
		return -ENOENT;
	if (strlen(path) >= sizeof(name->sun_path))
		return -ENAMETOOLONG;
	memcpy(name->sun_path, path, strlen(path) + 1);
	return 0;
}

static int say(const char *what, const char *path, int ret)
{
	const char *why = strerror(-ret);

	if (ret == -EADDRINUSE)
		why = "is in use by another program";
	else if (ret == -EEXIST)
		why = "is there already, and is no socket";
	else if (ret == -ENAMETOOLONG)
		why = "a socket's path has at most 107 characters";
	tl_log_error("%s '%s': %s", what, path, why);
	return ret;
}

/* Removes a socket that nobody listens to any more. Returns 0, or -errno if it is to stay. */
static int remove_stale(const char *path)
{
	struct stat st;
	int fd;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = tl_unix_connect(path);
	if (fd >= 0) {
		close(fd);
		return -EADDRINUSE;
	}
	if (fd != -ECONNREFUSED)
		return fd;
	return unlink(path) && errno != ENOENT ? -errno : 0;
}

/* A descriptor that is to be given up; without opening a file, which may not be allowed any more.
 */
static int make_spare(void)
{
	return eventfd(0, EFD_CLOEXEC);
}

static int make(struct tl_unix_listener *listener, const struct sockaddr_un *name)
{
	struct stat st;

	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	listener->spare_fd = make_spare();
	if (listener->fd < 0 || listener->spare_fd < 0)
		return -errno;
	/* Before bind(2), which gives the file the socket's mode: there is no moment in which
	 * others could connect. */
	if (fchmod(listener->fd, 0600) ||
		bind(listener->fd, (const struct sockaddr *)name, sizeof(*name)) ||
		lstat(listener->path, &st))
		return -errno;
	listener->dev = st.st_dev;
	listener->ino = st.st_ino;
	return listen(listener->fd, BACKLOG) ? -errno : 0;
}

int tl_unix_listen(struct tl_unix_listener *listener, const char *what, const char *path)
{
	struct sockaddr_un name;
	int ret = set_name(&name, path);

	*listener = (struct tl_unix_listener){.what = what, .path = path, .fd = -1, .spare_fd = -1};
	if (!ret)
		ret = remove_stale(path);
	if (!ret)
		ret = make(listener, &name);
	if (!ret)
		return 0;
	tl_unix_unlisten(listener);
	return say(what, path, ret);
}

void tl_unix_unlisten(struct tl_unix_listener *listener)
{
	struct stat st;

	/* Somebody may have put another one there. */
	if (listener->fd >= 0 && listener->ino && !lstat(listener->path, &st) &&
		st.st_dev == listener->dev && st.st_ino == listener->ino)
		unlink(listener->path);
	if (listener->fd >= 0)
		close(listener->fd);
	if (listener->spare_fd >= 0)
		close(listener->spare_fd);
	listener->fd = listener->spare_fd = -1;
}

static int turned_away(const struct tl_unix_listener *listener, int ret, const char *who)
{
	tl_log_warn("%s '%s': %s was turned away", listener->what, listener->path, who);
	return ret;
}

/* With the spare descriptor there is one to take him with, and to turn him away. */
static int use_spare(struct tl_unix_listener *listener, int why)
{
	int client;

	if (listener->spare_fd >= 0)
		close(listener->spare_fd);
	client = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
	/* The error comes even where nobody is there. */
	if (client < 0 && errno == EWOULDBLOCK)
		why = EAGAIN;
	if (client >= 0)
		close(client);
	listener->spare_fd = make_spare();
	return why == EAGAIN
		       ? -why
		       : turned_away(listener, -why, "a client, for want of file descriptors,");
}

static bool is_owner(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) &&
	       (peer.uid == geteuid() || peer.uid == 0);
}

int tl_unix_accept(struct tl_unix_listener *listener, const char *refusal)
{
	int client = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (client < 0 && (errno == EMFILE || errno == ENFILE))
		return use_spare(listener, errno);
	if (client < 0)
		return errno == EWOULDBLOCK || errno == ECONNABORTED || errno == EINTR ? -EAGAIN
										       : -errno;
	if (is_owner(client))
		return client;
	/* If it cannot be told, the closed connection says it. */
	if (refusal)
		(void)!send(client, refusal, strlen(refusal), MSG_NOSIGNAL | MSG_DONTWAIT);
	close(client);
	return turned_away(listener, -EPERM, "another user");
}

static int connect_to(const char *path, int flags)
{
	struct sockaddr_un name;
	int ret = set_name(&name, path), fd;

	if (ret)
		return ret;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (struct sockaddr *)&name, sizeof(name)))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

int tl_unix_connect(const char *path)
{
	return connect_to(path, 0);
}

int tl_unix_connect_now(const char *path)
{
	return connect_to(path, SOCK_NONBLOCK);
}
