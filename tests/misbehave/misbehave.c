/* SPDX-License-Identifier: MIT */
/*
 * A back door for a test: a device through which the guest has the VMM do what no VMM should, on
 * a thread of each kind. It is in no program but build/arm64/trapline-misbehave, which is the
 * shipped objects and this file, linked so that tl_machine_add_devices() comes here first
 * (mk/misbehave.mk). `trapline-misbehave --list` prints what can be tried.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vmm/core/bus.h"
#include "vmm/core/loop.h"
#include "vmm/machine/machine.h"
#include "vmm/sandbox/gate.h"

#define BASE UINT64_C(0x0b000000)
/* A write here has the thing of that number done, by the vCPU, a worker, or the main thread. */
#define ON_VCPU   0
#define ON_WORKER 4
#define ON_MAIN   8
/* How many have been done. */
#define DONE 12

struct back_door {
	struct tl_dev dev;
	struct tl_dev_env env;
	pthread_t worker;
	int worker_fd, main_fd;
	uint32_t what;
	_Atomic uint32_t done;
};

#define SYSTEM(...) ((void)syscall(__VA_ARGS__))
#define SOME        PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0

static void do_nothing(void)
{
}

static void do_open(void)
{
	SYSTEM(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
}

static void do_execve(void)
{
	SYSTEM(SYS_execve, "/bin/sh", NULL, NULL);
}

static void do_execveat(void)
{
	SYSTEM(SYS_execveat, AT_FDCWD, "/bin/sh", NULL, NULL, 0);
}

static void do_fork(void)
{
	SYSTEM(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static void do_thread(void)
{
	SYSTEM(SYS_clone, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, 0, 0, 0, 0);
}

static void do_socket(void)
{
	SYSTEM(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static void do_connect(void)
{
	SYSTEM(SYS_connect, 0, "", 0);
}

static void do_bind(void)
{
	SYSTEM(SYS_bind, 0, "", 0);
}

static void do_ptrace(void)
{
	SYSTEM(SYS_ptrace, 16, 1, 0, 0);
}

static void do_kill(void)
{
	SYSTEM(SYS_kill, 1, SIGTERM);
}

static void do_tgkill(void)
{
	SYSTEM(SYS_tgkill, 1, 1, SIGTERM);
}

static void do_executable(void)
{
	SYSTEM(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void do_protect(void)
{
	void *map = mmap(NULL, 4096, SOME);

	SYSTEM(SYS_mprotect, map, 4096, PROT_READ | PROT_EXEC);
}

static void do_create_vm(void)
{
	SYSTEM(SYS_ioctl, 3, KVM_CREATE_VM, 0);
}

static void do_type(void)
{
	SYSTEM(SYS_ioctl, 0, TIOCSTI, "x");
}

static void do_unshare(void)
{
	SYSTEM(SYS_unshare, CLONE_NEWUSER);
}

static void do_setns(void)
{
	SYSTEM(SYS_setns, 0, 0);
}

static void do_mount(void)
{
	SYSTEM(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL);
}

static void do_chroot(void)
{
	SYSTEM(SYS_chroot, "/tmp");
}

static void do_setuid(void)
{
	SYSTEM(SYS_setuid, 0);
}

static void do_capset(void)
{
	SYSTEM(SYS_capset, NULL, NULL);
}

static void do_uring(void)
{
	SYSTEM(SYS_io_uring_setup, 8, NULL);
}

static void do_bpf(void)
{
	SYSTEM(SYS_bpf, 0, NULL, 0);
}

static void do_perf(void)
{
	SYSTEM(SYS_perf_event_open, NULL, 0, 0, 0, 0);
}

static void do_module(void)
{
	SYSTEM(SYS_init_module, NULL, 0, "");
}

static void do_write_process(void)
{
	SYSTEM(SYS_process_vm_writev, 1, NULL, 0, NULL, 0, 0);
}

static void do_pidfd(void)
{
	SYSTEM(SYS_pidfd_open, 1, 0);
}

static void do_memfd(void)
{
	SYSTEM(SYS_memfd_create, "x", 0);
}

static void do_dumpable(void)
{
	SYSTEM(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static void do_filter(void)
{
	SYSTEM(SYS_seccomp, 1, 0, NULL);
}

static void do_userfault(void)
{
	SYSTEM(SYS_userfaultfd, 0);
}

static void do_unlink(void)
{
	SYSTEM(SYS_unlinkat, AT_FDCWD, "/tmp/precious", 0);
}

/* The name, and the call that is to be named where it ends. */
static const struct {
	const char *name, *call;
	void (*act)(void);
} acts[] = {
	{"nothing", "-", do_nothing},
	{"open", "openat", do_open},
	{"exec", "execve", do_execve},
	{"exec-at", "execveat", do_execveat},
	{"fork", "clone", do_fork},
	{"thread", "clone", do_thread},
	{"socket", "socket", do_socket},
	{"connect", "connect", do_connect},
	{"bind", "bind", do_bind},
	{"ptrace", "ptrace", do_ptrace},
	{"kill", "kill", do_kill},
	{"kill-thread", "tgkill", do_tgkill},
	{"executable-memory", "mmap", do_executable},
	{"make-executable", "mprotect", do_protect},
	{"another-vm", "ioctl", do_create_vm},
	{"type-into-terminal", "ioctl", do_type},
	{"unshare", "unshare", do_unshare},
	{"setns", "setns", do_setns},
	{"mount", "mount", do_mount},
	{"chroot", "chroot", do_chroot},
	{"setuid", "setuid", do_setuid},
	{"capabilities", "capset", do_capset},
	{"io_uring", "io_uring_setup", do_uring},
	{"bpf", "bpf", do_bpf},
	{"perf", "perf_event_open", do_perf},
	{"module", "init_module", do_module},
	{"write-process", "process_vm_writev", do_write_process},
	{"pidfd", "pidfd_open", do_pidfd},
	{"memfd", "memfd_create", do_memfd},
	{"dumpable", "prctl", do_dumpable},
	{"another-filter", "seccomp", do_filter},
	{"userfault", "userfaultfd", do_userfault},
	{"unlink", "unlinkat", do_unlink},
};

#define ACTS (sizeof(acts) / sizeof(acts[0]))

static void act(struct back_door *door, uint32_t what)
{
	if (what < ACTS)
		acts[what].act();
	door->done++;
}

static void *work(void *opaque)
{
	struct back_door *door = opaque;
	eventfd_t count;

	tl_gate_pass(door->env.gate, TL_SANDBOX_BALLOON);
	while (!eventfd_read(door->worker_fd, &count))
		act(door, door->what);
	return NULL;
}

static void on_main(void *opaque, uint32_t events)
{
	struct back_door *door = opaque;
	eventfd_t count;

	(void)events;
	(void)eventfd_read(door->main_fd, &count);
	act(door, door->what);
}

static enum tl_mmio_result access_registers(struct tl_dev *dev, struct tl_mmio *access)
{
	struct back_door *door = (struct back_door *)dev;

	if (!access->is_write) {
		access->value = access->offset == DONE ? door->done : 0;
		return TL_MMIO_HANDLED;
	}
	door->what = (uint32_t)access->value;
	if (access->offset == ON_VCPU)
		act(door, door->what);
	else
		(void)eventfd_write(
			access->offset == ON_WORKER ? door->worker_fd : door->main_fd, 1);
	return TL_MMIO_HANDLED;
}

/* Its thread is never joined: the process ends. */
static void fini(struct tl_dev *dev)
{
	(void)dev;
}

static const struct tl_dev_ops back_door_ops = {
	.name = "back-door", .mmio = access_registers, .fini = fini};

int __real_tl_machine_add_devices(
	const struct tl_machine *machine, struct tl_bus *bus, const struct tl_dev_env *env);
int __wrap_tl_machine_add_devices(
	const struct tl_machine *machine, struct tl_bus *bus, const struct tl_dev_env *env);

int __wrap_tl_machine_add_devices(
	const struct tl_machine *machine, struct tl_bus *bus, const struct tl_dev_env *env)
{
	static struct back_door door;

	door.dev = (struct tl_dev){.ops = &back_door_ops, .base = BASE, .size = 0x1000};
	door.env = *env;
	door.worker_fd = eventfd(0, EFD_CLOEXEC);
	door.main_fd = eventfd(0, EFD_CLOEXEC);
	if (pthread_create(&door.worker, NULL, work, &door))
		return -EAGAIN;
	tl_gate_expect(env->gate);
	pthread_setname_np(door.worker, "back door");
	if (tl_loop_add(env->loop, door.main_fd, EPOLLIN, on_main, &door) ||
		tl_bus_add(bus, &door.dev))
		return -ENOSPC;
	return __real_tl_machine_add_devices(machine, bus, env);
}

/* Before main(): what there is to try, a line each. */
__attribute__((constructor)) static void list(int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[1], "--list") != 0)
		return;
	for (size_t i = 0; i < ACTS; i++)
		printf("%zu %s %s\n", i, acts[i].name, acts[i].call);
	exit(0);
}
