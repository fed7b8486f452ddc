/* SPDX-License-Identifier: MIT */
/*
 * By chroot(2) and not pivot_root(2), which an initramfs does not allow: the way out of it takes
 * a capability and system calls that the thread is about to lose.
 */
#include "vmm/sandbox/namespaces.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
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

/* Ends as the child has: a shell sees the same exit status, or the same signal. */
static _Noreturn void end_like(int status)
{
	const struct rlimit no_core = {0, 0};
	sigset_t all;

	if (!WIFSIGNALED(status))
		_exit(WEXITSTATUS(status));
	(void)setrlimit(RLIMIT_CORE, &no_core);
	signal(WTERMSIG(status), SIG_DFL);
	sigemptyset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	raise(WTERMSIG(status));
	_exit(128 + WTERMSIG(status));
}

/* All signals are blocked. */
static _Noreturn void stay_behind(pid_t child, const sigset_t *all)
{
	for (;;) {
		siginfo_t info;
		int status;

		if (sigwaitinfo(all, &info) < 0)
			continue;
		/* What the terminal sends, the child has got as well. */
		if (info.si_signo != SIGCHLD && info.si_code != SI_KERNEL)
			(void)kill(child, info.si_signo);
		if (waitpid(child, &status, WNOHANG) == child)
			end_like(status);
	}
}

int tl_namespaces_fork(void)
{
	sigset_t all, before;
	pid_t child;
	int err;

	/* It may be ignored since before exec, and then no child could be waited for. */
	signal(SIGCHLD, SIG_DFL);
	fflush(NULL);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	child = unshare(CLONE_NEWPID) ? -1 : fork();
	err = errno;
	if (child > 0)
		stay_behind(child, &all);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return child < 0 ? -err : tl_namespaces_follow();
}

int tl_namespaces_follow(void)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) ? -errno : 0;
}

pid_t tl_namespaces_pid(void)
{
	char text[16];
	ssize_t n = readlink("/proc/self", text, sizeof(text) - 1);

	if (n <= 0)
		return getpid();
	text[n] = 0;
	return (pid_t)strtol(text, NULL, 10);
}
