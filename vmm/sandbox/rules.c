/* SPDX-License-Identifier: MIT */
/*
 * The table. What is not in it ends the process. A thread's start and set-up are before the
 * gate, so what they call is not here. Calls of the C library behind functions that look
 * harmless: malloc() brk, mmap, mremap, munmap, mprotect, madvise; locks futex; abort() and
 * raise() rt_sigprocmask, gettid, tgkill; stdio newfstatat.
 */
#include "vmm/sandbox/rules.h"

#include <errno.h>
#include <linux/if_tun.h>
#include <linux/kvm.h>
#include <linux/perf_event.h>
#include <linux/vhost.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define MAIN    TL_SANDBOX_BIT(TL_SANDBOX_MAIN)
#define VCPU    TL_SANDBOX_BIT(TL_SANDBOX_VCPU)
#define DISK    TL_SANDBOX_BIT(TL_SANDBOX_DISK)
#define NET     TL_SANDBOX_BIT(TL_SANDBOX_NET)
#define CONSOLE TL_SANDBOX_BIT(TL_SANDBOX_CONSOLE)
#define RNG     TL_SANDBOX_BIT(TL_SANDBOX_RNG)
#define VSOCK   TL_SANDBOX_BIT(TL_SANDBOX_VSOCK)
#define SHARE   TL_SANDBOX_BIT(TL_SANDBOX_SHARE)
#define TRACE   TL_SANDBOX_BIT(TL_SANDBOX_TRACE)
#define ALL     (TL_SANDBOX_BIT(TL_SANDBOX_THREADS) - 1)

#define TAP     TL_SANDBOX_BIT(TL_SANDBOX_TAP)
#define PASST   TL_SANDBOX_BIT(TL_SANDBOX_PASST)
#define VHOST   TL_SANDBOX_BIT(TL_SANDBOX_VHOST)
#define UNIX    TL_SANDBOX_BIT(TL_SANDBOX_UNIX)
#define CTL     TL_SANDBOX_BIT(TL_SANDBOX_CTL)
#define FILES   TL_SANDBOX_BIT(TL_SANDBOX_FILES)
#define PROFILE TL_SANDBOX_BIT(TL_SANDBOX_PROFILE)

/* A thread of this process, as pthread_create() asks for it. */
#define THREAD_FLAGS                                                                               \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |        \
		CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

/* The values of these are the same for all that we run on; the C library's header has others. */
#define TERMINAL_GET UINT64_C(0x5401) /* TCGETS */
#define TERMINAL_SET UINT64_C(0x5402) /* TCSETS */

#define RULE(name, threads, with, check, argument, value, text)                                    \
	{                                                                                          \
#name, SYS_##name, threads, with, check, argument, (uint64_t)(value), text         \
	}
#define ANY(name, threads, with) RULE(name, threads, with, TL_CHECK_NOTHING, 0, 0, NULL)
#define EQUAL(name, argument, value, threads, with)                                                \
	RULE(name, threads, with, TL_CHECK_EQUAL, argument, value, #value)
#define IOCTL(request, threads, with)                                                              \
	RULE(ioctl, threads, with, TL_CHECK_EQUAL, 1, request, #request)

/* clang-format off */
const struct tl_sandbox_rule tl_sandbox_rules[] = {
	/* What every thread does. */
	IOCTL(KVM_RUN, VCPU | MAIN, 0),
	ANY(read, ALL, 0),
	ANY(write, ALL, 0),
	ANY(futex, ALL, 0),
	ANY(ppoll, ALL, 0),
	ANY(close, ALL, 0),
	RULE(mmap, ALL, 0, TL_CHECK_CLEAR, 2, PROT_EXEC, "without PROT_EXEC"),
	RULE(mprotect, ALL, 0, TL_CHECK_CLEAR, 2, PROT_EXEC, "without PROT_EXEC"),
	ANY(munmap, ALL, 0),
	ANY(mremap, ALL, 0),
	ANY(madvise, ALL, 0),
	ANY(brk, ALL, 0),
	ANY(clock_gettime, ALL, 0),
	ANY(clock_nanosleep, ALL, 0),
	ANY(restart_syscall, ALL, 0),
	ANY(sched_yield, ALL, 0),
	ANY(sched_getaffinity, ALL, 0),
	ANY(rt_sigprocmask, ALL, 0),
	ANY(rt_sigreturn, ALL, 0),
	ANY(getpid, ALL, 0),
	ANY(gettid, ALL, 0),
	RULE(tgkill, ALL, 0, TL_CHECK_SELF, 0, 0, "this process"),
	EQUAL(prctl, 0, PR_GET_NAME, ALL, 0),
	/* Of a terminal that is given back in the middle of a crash. */
	RULE(ioctl, ALL, 0, TL_CHECK_EQUAL, 1, TERMINAL_SET, "TCSETS"),
	ANY(rt_sigaction, ALL, 0),
	ANY(exit, ALL, 0),
	ANY(exit_group, ALL, 0),

	/* A vCPU, and the main thread when all vCPUs are parked: registers, interrupts. */
	IOCTL(KVM_GET_ONE_REG, VCPU | MAIN, 0),
	IOCTL(KVM_SET_ONE_REG, VCPU | MAIN, 0),
	IOCTL(KVM_IRQ_LINE, ALL, 0),
	IOCTL(KVM_GET_VCPU_EVENTS, VCPU | MAIN, 0),
	IOCTL(KVM_SET_VCPU_EVENTS, VCPU | MAIN, 0),
	IOCTL(KVM_SET_USER_MEMORY_REGION, VCPU | MAIN, 0),
	IOCTL(KVM_REGISTER_COALESCED_MMIO, VCPU | MAIN, 0),
	IOCTL(KVM_UNREGISTER_COALESCED_MMIO, VCPU | MAIN, 0),
	IOCTL(KVM_ARM_VCPU_INIT, VCPU | MAIN, 0),
	IOCTL(KVM_ARM_VCPU_FINALIZE, VCPU | MAIN, 0),
	IOCTL(KVM_ARM_PREFERRED_TARGET, VCPU | MAIN, 0),
	IOCTL(KVM_GET_MP_STATE, VCPU | MAIN, 0),
	IOCTL(KVM_SET_MP_STATE, VCPU | MAIN, 0),
	IOCTL(KVM_SET_DEVICE_ATTR, MAIN, 0),
	IOCTL(KVM_GET_DEVICE_ATTR, MAIN, 0),
	IOCTL(KVM_HAS_DEVICE_ATTR, MAIN, 0),
	IOCTL(KVM_GET_STATS_FD, MAIN, 0),
	ANY(timerfd_settime, ALL, 0),

	/* Devices are started and stopped by the vCPU whose guest says so, and at a reset. */
	IOCTL(TUNSETOFFLOAD, VCPU | NET | MAIN, TAP),
	IOCTL(VHOST_SET_FEATURES, VCPU | MAIN, VHOST),
	IOCTL(VHOST_SET_MEM_TABLE, VCPU | MAIN, VHOST),
	IOCTL(VHOST_SET_VRING_NUM, VCPU | MAIN, VHOST),
	IOCTL(VHOST_SET_VRING_BASE, VCPU | MAIN, VHOST),
	IOCTL(VHOST_SET_VRING_ADDR, VCPU | MAIN, VHOST),
	IOCTL(VHOST_SET_VRING_ERR, VCPU | MAIN, VHOST),
	IOCTL(VHOST_SET_VRING_CALL, VCPU | MAIN, VHOST),
	IOCTL(VHOST_SET_VRING_KICK, VCPU | MAIN, VHOST),
	IOCTL(VHOST_VSOCK_SET_RUNNING, VCPU | MAIN, VHOST),
	ANY(io_uring_enter, DISK | VCPU | MAIN, DISK),
	ANY(epoll_ctl, VSOCK | VCPU | MAIN, UNIX),
	ANY(shutdown, VSOCK | VCPU | MAIN, UNIX),

	/* Workers of devices. */
	ANY(preadv2, DISK, 0),
	ANY(pwritev2, DISK, 0),
	ANY(preadv, DISK, 0),
	ANY(pwritev, DISK, 0),
	ANY(fdatasync, DISK, 0),
	ANY(fallocate, DISK, 0),
	ANY(readv, NET | CONSOLE | VSOCK, 0),
	ANY(writev, NET, 0),
	ANY(sendmsg, NET, PASST),
	ANY(sendto, NET, PASST),
	ANY(recvfrom, NET, PASST),
	ANY(sendmsg, CONSOLE, 0),
	ANY(sendto, CONSOLE, 0),
	ANY(recvfrom, CONSOLE, 0),
	ANY(accept4, CONSOLE, 0),
	ANY(getsockopt, CONSOLE, 0),
	ANY(geteuid, CONSOLE, 0),
	ANY(eventfd2, CONSOLE, 0),
	IOCTL(TIOCGWINSZ, CONSOLE | MAIN, 0),
	ANY(getrandom, RNG, 0),
	ANY(sendmsg, VSOCK, UNIX),
	ANY(sendto, VSOCK, UNIX),
	ANY(recvfrom, VSOCK, UNIX),
	ANY(accept4, VSOCK, UNIX),
	ANY(getsockopt, VSOCK, UNIX),
	ANY(geteuid, VSOCK, UNIX),
	ANY(epoll_pwait, VSOCK, UNIX),
	EQUAL(socket, 0, AF_UNIX, VSOCK, UNIX),
	ANY(connect, VSOCK, UNIX),
	ANY(eventfd2, VSOCK, UNIX),

	/* Of a shared folder: from its own descriptors on, by names beneath them. */
	ANY(openat2, SHARE, 0),
	ANY(openat, SHARE, 0),
	ANY(readlinkat, SHARE, 0),
	ANY(newfstatat, SHARE, 0),
	ANY(fstat, SHARE, 0),
	ANY(fstatfs, SHARE, 0),
	ANY(getdents64, SHARE, 0),
	ANY(lseek, SHARE, 0),
	ANY(pread64, SHARE, 0),
	ANY(pwrite64, SHARE, 0),
	ANY(preadv, SHARE, 0),
	ANY(pwritev, SHARE, 0),
	ANY(ftruncate, SHARE, 0),
	ANY(fallocate, SHARE, 0),
	ANY(fsync, SHARE, 0),
	ANY(fdatasync, SHARE, 0),
	ANY(fchmod, SHARE, 0),
	ANY(fchmodat, SHARE, 0),
	ANY(fchown, SHARE, 0),
	ANY(fchownat, SHARE, 0),
	ANY(utimensat, SHARE, 0),
	ANY(linkat, SHARE, 0),
	ANY(symlinkat, SHARE, 0),
	ANY(mkdirat, SHARE, 0),
	ANY(mknodat, SHARE, 0),
	ANY(renameat, SHARE, 0),
	ANY(renameat2, SHARE, 0),
	ANY(unlinkat, SHARE, 0),
	ANY(fcntl, SHARE, 0),
	ANY(geteuid, SHARE, 0),

	/* The main thread: its loop, the console, a reset (the files are open), the end. */
	ANY(epoll_pwait, MAIN, 0),
	ANY(epoll_ctl, MAIN, 0),
	ANY(writev, MAIN, 0),
	ANY(pread64, MAIN, 0),
	ANY(lseek, MAIN, 0),
	ANY(fstat, MAIN, 0),
	ANY(newfstatat, MAIN, 0),
	ANY(getrandom, MAIN, 0),
	ANY(getpgid, MAIN, 0),
	ANY(geteuid, MAIN, 0),
	ANY(uname, MAIN, 0),
	ANY(sysinfo, MAIN, 0),
	RULE(ioctl, MAIN, 0, TL_CHECK_EQUAL, 1, TERMINAL_GET, "TCGETS"),
	IOCTL(TIOCGPGRP, MAIN, 0),
	ANY(unlinkat, MAIN, CTL | CONSOLE | UNIX | FILES),
	/* Where passt has ended by itself, its device is the first to see it. */
	ANY(wait4, MAIN | NET, PASST),
	EQUAL(kill, 1, SIGKILL, MAIN | NET, PASST),
	ANY(accept4, MAIN, CTL),
	ANY(getsockopt, MAIN, CTL),
	ANY(recvfrom, MAIN, CTL),
	ANY(sendto, MAIN, CTL),
	ANY(eventfd2, MAIN, CTL),

	/* Files that are written when it ends, and those of a recording. */
	ANY(openat, MAIN | TRACE, FILES),
	ANY(readlinkat, MAIN | TRACE, FILES),
	ANY(umask, MAIN, FILES),
	ANY(fchmod, MAIN, FILES),
	ANY(fsync, MAIN | TRACE, FILES),
	ANY(fdatasync, MAIN | TRACE, FILES),
	ANY(sync_file_range, MAIN | TRACE, FILES),
	ANY(getdents64, MAIN | TRACE, FILES),
	ANY(faccessat, MAIN | TRACE, FILES),
	ANY(faccessat2, MAIN | TRACE, FILES),
	ANY(fcntl, MAIN | TRACE, FILES),
	ANY(pwrite64, MAIN | TRACE, FILES),
	ANY(ftruncate, MAIN | TRACE, FILES),
	ANY(renameat, MAIN | TRACE, FILES),
	ANY(bpf, MAIN, FILES),
	IOCTL(PERF_EVENT_IOC_DISABLE, MAIN, FILES | PROFILE),
	ANY(pread64, TRACE, 0),
	ANY(lseek, TRACE, 0),
	ANY(fstat, TRACE, 0),
	ANY(newfstatat, TRACE, 0),
	ANY(unlinkat, TRACE, 0),

	/* What a profile on request takes anew. */
	ANY(openat, MAIN, PROFILE),
	ANY(getdents64, MAIN, PROFILE),
	ANY(faccessat, MAIN, PROFILE),
	ANY(faccessat2, MAIN, PROFILE),
	ANY(statfs, MAIN, PROFILE),
	ANY(fcntl, MAIN, PROFILE),
	ANY(mkdirat, MAIN, PROFILE),
	ANY(unlinkat, MAIN, PROFILE),
	ANY(bpf, MAIN, PROFILE),
	ANY(perf_event_open, MAIN, PROFILE),
	IOCTL(PERF_EVENT_IOC_ENABLE, MAIN, PROFILE),
	IOCTL(PERF_EVENT_IOC_SET_BPF, MAIN, PROFILE),
	ANY(readlinkat, MAIN, PROFILE),
	ANY(eventfd2, MAIN, PROFILE),
	ANY(timerfd_create, MAIN, PROFILE),
	ANY(sched_setaffinity, MAIN, PROFILE),
	ANY(prlimit64, MAIN, PROFILE),
	ANY(set_robust_list, MAIN, PROFILE),
	ANY(rseq, MAIN, PROFILE),
	RULE(clone, MAIN, PROFILE, TL_CHECK_FLAGS, 0, THREAD_FLAGS, "a thread"),
};
/* clang-format on */

const size_t tl_sandbox_rule_count = sizeof(tl_sandbox_rules) / sizeof(tl_sandbox_rules[0]);

static const char *const names[TL_SANDBOX_WITH] = {[TL_SANDBOX_MAIN] = "main",
	[TL_SANDBOX_VCPU] = "vcpu",
	[TL_SANDBOX_DISK] = "disk",
	[TL_SANDBOX_NET] = "net",
	[TL_SANDBOX_CONSOLE] = "console",
	[TL_SANDBOX_RNG] = "rng",
	[TL_SANDBOX_BALLOON] = "balloon",
	[TL_SANDBOX_VSOCK] = "vsock",
	[TL_SANDBOX_SHARE] = "share",
	[TL_SANDBOX_TRACE] = "trace",
	[TL_SANDBOX_TAP] = "--net tap",
	[TL_SANDBOX_PASST] = "--net user",
	[TL_SANDBOX_VHOST] = "--vsock CID",
	[TL_SANDBOX_UNIX] = "--vsock CID,PATH",
	[TL_SANDBOX_CTL] = "--ctl",
	[TL_SANDBOX_FILES] = "--profile, --record, --count",
	[TL_SANDBOX_PROFILE] = "--ctl SOCKET,profile"};

const char *tl_sandbox_thread_name(enum tl_sandbox_thread thread)
{
	return names[thread];
}

/* The names of bits, with commas between them. */
static void print_names(FILE *out, unsigned int bits)
{
	const char *comma = "";

	if (bits == ALL) {
		fputs("all", out);
		return;
	}
	for (unsigned int i = 0; i < TL_SANDBOX_WITH; i++) {
		if (bits >> i & 1) {
			fprintf(out, "%s%s", comma, names[i]);
			comma = ", ";
		}
	}
}

int tl_sandbox_print(FILE *out)
{
	fputs("| system call | with | threads | where there is |\n| --- | --- | --- | --- |\n",
		out);
	for (size_t i = 0; i < tl_sandbox_rule_count; i++) {
		const struct tl_sandbox_rule *rule = &tl_sandbox_rules[i];

		fprintf(out, "| %s | %s | ", rule->call, rule->text ? rule->text : "");
		print_names(out, rule->threads);
		fputs(" | ", out);
		print_names(out, rule->with);
		fputs(" |\n", out);
	}
	return ferror(out) ? -EIO : 0;
}
