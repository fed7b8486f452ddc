/* SPDX-License-Identifier: MIT */
/*
 * vm.json of a recording: what the trace itself does not say of the VM. docs/recording.md
 * describes the members.
 */
#ifndef TL_TRACE_VM_JSON_H
#define TL_TRACE_VM_JSON_H

#include <stdbool.h>

#include "base/vm_desc.h"
#include "trace/profile/kernel_counts.h"

/* Changes when a member changes its meaning or goes away; new members keep it. */
#define TL_VM_JSON_FORMAT "trapline-recording-1"

#define TL_VM_JSON_VCPUS_MAX 4096

struct tl_vm_json_vcpu {
	unsigned int id;
	pid_t tid;
	uint64_t start_exits;           /* the exit count that it had at the start */
	struct tl_kernel_counts kernel; /* what the kernel counted from start to end */
};

struct tl_vm_json {
	char program[64];    /* that recorded it, and its version */
	char command[1024];  /* how that was called */
	char host[72];       /* its name */
	char kernel[128];    /* of the host: uname's release and version */
	uint64_t counter_hz; /* of the system counter that events carry */
	pid_t pid;           /* that created the VM; 0: whoever was there */
	struct tl_vm_map map;
	unsigned int vcpu_count; /* those that were described; others show in the trace */
	struct tl_vm_json_vcpu *vcpus;
	/* The guest kernel lay at `loaded`, while it was linked for `linked`. */
	uint64_t symbols_linked, symbols_loaded, symbols_size;
	bool complete;        /* the recording was ended, not cut off; then also: */
	uint64_t lost_events; /* that the ring buffer dropped */
	char ended_by[64];    /* what ended it, in words */
};

/* Writes it to `path`, as a whole or not at all. Returns 0 or -errno (not logged). */
int tl_vm_json_write(const char *path, const struct tl_vm_json *vm);

/*
 * Reads and checks it; anybody may have written it. Returns 0, or -errno with what is wrong
 * in `problem`; what is in `vm` is to be released either way.
 */
int tl_vm_json_read(const char *path, struct tl_vm_json *vm, char *problem, size_t problem_size);

void tl_vm_json_fini(struct tl_vm_json *vm);

#endif
