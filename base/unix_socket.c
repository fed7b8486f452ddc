/* SPDX-License-Identifier: MIT */
/*
 * unix(7).
 */
#include "base/unix_socket.h"

#include <errno.h>
#include <string.h>
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

int tl_unix_listen(const char *what, const char *path)
{
	struct sockaddr_un name;
	int ret = set_name(&name, path), fd;

	if (!ret)
		ret = remove_stale(path);
	if (ret)
		return say(what, path, ret);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return say(what, path, -errno);
	/* Before bind(2), which gives the file the socket's mode: there is no moment in which
	 * others could connect. */
	if (fchmod(fd, 0600) || bind(fd, (struct sockaddr *)&name, sizeof(name)) ||
		listen(fd, BACKLOG)) {
		ret = -errno;
		close(fd);
		return say(what, path, ret);
	}
	return fd;
}

int tl_unix_accept(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (client < 0)
		return errno == EWOULDBLOCK || errno == ECONNABORTED || errno == EINTR ? -EAGAIN
										       : -errno;
	if (getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) ||
		(peer.uid != geteuid() && peer.uid != 0)) {
		close(client);
		return -EPERM;
	}
	return client;
}

int tl_unix_connect(const char *path)
{
	struct sockaddr_un name;
	int ret = set_name(&name, path), fd;

	if (ret)
		return ret;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (struct sockaddr *)&name, sizeof(name)))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}
