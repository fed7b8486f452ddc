/* SPDX-License-Identifier: MIT */
/*
 * What the threads of a VMM do, as /proc tells: nothing of it disturbs them.
 */
#ifndef TL_TRACE_THREAD_STATE_H
#define TL_TRACE_THREAD_STATE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tl_thread_state {
	pid_t tid;
	char name[16];
	char state;       /* as ps(1) has it: R, S, D, ...; 0: it is gone */
	int cpu;          /* the CPU that it is on, or was */
	uint64_t cpu_ns;  /* CPU time, in the clock's ticks of mostly 10 ms */
	long call;        /* system call that it waits in; -1: none, or not known */
	uint64_t args[2]; /* of it, the first ones */
	char wait[48];    /* function of the kernel that it waits in, "": not known */
};

/* Of thread `tid` of `process`. Returns 0, or -errno: it is gone. */
int tl_thread_state_read(struct tl_thread_state *state, pid_t process, pid_t tid);

/*
 * The same from what the files have: /proc/PID/task/TID/stat, syscall and wchan; the latter
 * two may be "". Returns 0, or -EPROTO: that is no such file.
 */
int tl_thread_state_parse(
	struct tl_thread_state *state, const char *stat, const char *syscall, const char *wchan);

/* What it does in a few words: "CPU 1", "KVM_RUN: kvm_vcpu_block", "ppoll". Returns `buffer`. */
const char *tl_thread_state_text(char *buffer, size_t size, const struct tl_thread_state *state);

#endif
