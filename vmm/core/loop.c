/* SPDX-License-Identifier: MIT */
/*
 * The event loop. A source is found by its slot, and a removed slot is empty
 * at once, so a callback may remove any source, its own too.
 */
#include "vmm/core/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define WAKE_SLOT TL_LOOP_SOURCES

int tl_loop_init(struct tl_loop *loop)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = WAKE_SLOT};
	int err;

	*loop = TL_LOOP_INIT;
	for (int i = 0; i < TL_LOOP_SOURCES; i++)
		loop->sources[i].fd = -1;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		return -errno;
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->wake_fd >= 0 && !epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->wake_fd, &event))
		return 0;
	err = errno;
	tl_loop_fini(loop);
	return -err;
}

void tl_loop_fini(struct tl_loop *loop)
{
	if (loop->wake_fd >= 0)
		close(loop->wake_fd);
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	*loop = TL_LOOP_INIT;
}

static int find_slot(const struct tl_loop *loop, int fd)
{
	for (int i = 0; i < TL_LOOP_SOURCES; i++) {
		if (loop->sources[i].fd == fd)
			return i;
	}
	return -1;
}

int tl_loop_add(struct tl_loop *loop, int fd, uint32_t events, tl_loop_fn *fn, void *opaque)
{
	int slot = find_slot(loop, -1);
	struct epoll_event event = {.events = events, .data.u32 = (uint32_t)slot};

	if (slot < 0)
		return -ENOSPC;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event))
		return -errno;
	loop->sources[slot] = (struct tl_loop_source){.fd = fd, .fn = fn, .opaque = opaque};
	return 0;
}

int tl_loop_change(struct tl_loop *loop, int fd, uint32_t events)
{
	int slot = find_slot(loop, fd);
	struct epoll_event event = {.events = events, .data.u32 = (uint32_t)slot};

	if (fd < 0 || slot < 0)
		return -ENOENT;
	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, fd, &event) ? -errno : 0;
}

void tl_loop_remove(struct tl_loop *loop, int fd)
{
	int slot = find_slot(loop, fd);

	if (fd < 0 || slot < 0)
		return;
	loop->sources[slot].fd = -1;
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

void tl_loop_wake(struct tl_loop *loop)
{
	uint64_t one = 1;

	/* Fails only when the counter is full, and then the loop wakes up anyway. */
	if (write(loop->wake_fd, &one, sizeof(one)) < 0)
		return;
}

int tl_loop_once(struct tl_loop *loop, int timeout_ms)
{
	struct epoll_event events[8];
	int n = epoll_wait(loop->epoll_fd, events, 8, timeout_ms);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		uint32_t slot = events[i].data.u32;
		uint64_t count;

		if (slot == WAKE_SLOT) {
			if (read(loop->wake_fd, &count, sizeof(count)) < 0)
				continue;
		} else if (loop->sources[slot].fd >= 0) {
			loop->sources[slot].fn(loop->sources[slot].opaque, events[i].events);
		}
	}
	return 0;
}
