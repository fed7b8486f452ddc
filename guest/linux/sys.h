/* SPDX-License-Identifier: MIT */
/*
 * The system calls of the Linux guest's init, without a C library: arm64 Linux
 * takes the number in x8 and up to six arguments in x0 to x5, and returns the
 * result or -errno in x0; 32-bit Linux in r7 and r0 to r5. The numbers come from
 * the kernel's own headers.
 */
#ifndef TL_GUEST_LINUX_SYS_H
#define TL_GUEST_LINUX_SYS_H

#include <stddef.h>
#include <asm/ioctls.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/reboot.h>
#include <linux/signal.h>
#include <linux/utsname.h>

_Noreturn void init_main(void);

#ifdef __aarch64__
#define SYS_SHELL "/bin/busybox"

/* Process 1 is entered with sp aligned and nothing in registers (AAPCS64, 6.4). */
__asm__(".pushsection .text.start, \"ax\"\n"
	".global _start\n"
	"_start:\n"
	"	mov	x29, xzr\n"
	"	mov	x30, xzr\n"
	"	b	init_main\n"
	".popsection\n");

static inline long sys_call(long number, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
			 : "memory", "cc");
	return x0;
}
#else
#define SYS_SHELL "/bin/sh"

/* The same (AAPCS32, 6.2). */
__asm__(".pushsection .text.start, \"ax\"\n"
	".global _start\n"
	".type _start, %function\n"
	"_start:\n"
	"	mov	fp, #0\n"
	"	mov	lr, #0\n"
	"	b	init_main\n"
	".popsection\n");

static inline long sys_call(long number, long a, long b, long c, long d, long e)
{
	register long r7 __asm__("r7") = number;
	register long r0 __asm__("r0") = a;
	register long r1 __asm__("r1") = b;
	register long r2 __asm__("r2") = c;
	register long r3 __asm__("r3") = d;
	register long r4 __asm__("r4") = e;

	__asm__ volatile("svc #0"
			 : "+r"(r0)
			 : "r"(r7), "r"(r1), "r"(r2), "r"(r3), "r"(r4)
			 : "memory", "cc");
	return r0;
}
#endif

static inline long sys_openat(const char *path, int flags)
{
	return sys_call(__NR_openat, AT_FDCWD, (long)path, flags, 0, 0);
}

static inline long sys_close(int fd)
{
	return sys_call(__NR_close, fd, 0, 0, 0, 0);
}

static inline long sys_read(int fd, void *buffer, size_t size)
{
	return sys_call(__NR_read, fd, (long)buffer, (long)size, 0, 0);
}

static inline long sys_write(int fd, const void *buffer, size_t size)
{
	return sys_call(__NR_write, fd, (long)buffer, (long)size, 0, 0);
}

/* Waits until the terminal has sent all that was written to it: tcdrain(). */
static inline long sys_drain(int fd)
{
	return sys_call(__NR_ioctl, fd, TCSBRK, 1, 0, 0);
}

static inline long sys_dup3(int from, int to)
{
	return sys_call(__NR_dup3, from, to, 0, 0, 0);
}

static inline long sys_mount(const char *source, const char *target, const char *type)
{
	return sys_call(__NR_mount, (long)source, (long)target, (long)type, 0, 0);
}

static inline long sys_uname(struct new_utsname *name)
{
	return sys_call(__NR_uname, (long)name, 0, 0, 0, 0);
}

/* Returns how many bytes of the mask the kernel wrote. */
static inline long sys_sched_getaffinity(int pid, size_t size, unsigned long *mask)
{
	return sys_call(__NR_sched_getaffinity, pid, (long)size, (long)mask, 0, 0);
}

static inline long sys_fork(void)
{
	return sys_call(__NR_clone, SIGCHLD, 0, 0, 0, 0);
}

static inline long sys_setsid(void)
{
	return sys_call(__NR_setsid, 0, 0, 0, 0, 0);
}

static inline long sys_execve(const char *path, char *const argv[], char *const envp[])
{
	return sys_call(__NR_execve, (long)path, (long)argv, (long)envp, 0, 0);
}

static inline long sys_wait4(int pid, int *status)
{
	return sys_call(__NR_wait4, pid, (long)status, 0, 0, 0);
}

static inline _Noreturn void sys_exit(int status)
{
	for (;;)
		sys_call(__NR_exit_group, status, 0, 0, 0, 0);
}

/* Returns only on failure. */
static inline void sys_power_off(void)
{
	sys_call(__NR_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_POWER_OFF,
		0, 0);
}

#endif
