/* SPDX-License-Identifier: MIT */
/*
 * By chroot(2) and not pivot_root(2), which an initramfs does not allow: the way out of it takes
 * a capability and system calls that the thread is about to lose.
 */
#include "vmm/sandbox/namespaces.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <unistd.h>

/* A folder that every system has; what is in it is not seen any more. */
#define COVERED "/proc"

int tl_namespaces_enter(bool files)
{
	/* Also a root and a working folder of its own, which threads share. */
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -errno;
	if (files)
		return 0;
	if (mount("none", COVERED, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		    "size=4k,mode=0") ||
		chdir(COVERED) || chroot("."))
		return -errno;
	return 0;
}
