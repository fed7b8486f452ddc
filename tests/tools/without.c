/* SPDX-License-Identifier: MIT */
/*
 * Runs a program on a kernel that lacks system calls, or where they always fail:
 *     without [-e ERRNO] CALL... -- PROGRAM ARGUMENT...
 * They return ENOSYS, or the number that is given, by a seccomp filter.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALLS 16

static const struct {
	const char *name;
	unsigned int number;
} calls[] = {
	{"bpf", SYS_bpf},
	{"clone", SYS_clone},
	{"clone3", SYS_clone3},
	{"eventfd2", SYS_eventfd2},
	{"io_uring_setup", SYS_io_uring_setup},
	{"landlock_create_ruleset", 444},
	{"seccomp", SYS_seccomp},
	{"timerfd_create", SYS_timerfd_create},
};

static int find(const char *name)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (!strcmp(calls[i].name, name))
			return (int)calls[i].number;
	}
	fprintf(stderr, "without: no call '%s'\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	struct sock_filter code[2 + 2 * CALLS];
	struct sock_fprog program = {.filter = code};
	int error = ENOSYS, at = 1;

	if (argc > 2 && !strcmp(argv[1], "-e")) {
		error = atoi(argv[2]);
		at = 3;
	}
	code[program.len++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (; at < argc && strcmp(argv[at], "--") != 0 && program.len < 2 * CALLS; at++) {
		code[program.len++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)find(argv[at]), 0, 1);
		code[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
			SECCOMP_RET_ERRNO | ((unsigned int)error & SECCOMP_RET_DATA));
	}
	code[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (at + 1 >= argc) {
		fprintf(stderr, "usage: without [-e ERRNO] CALL... -- PROGRAM ARGUMENT...\n");
		return 2;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0)) {
		perror("without: seccomp");
		return 2;
	}
	execvp(argv[at + 1], argv + at + 1);
	perror(argv[at + 1]);
	return 127;
}
