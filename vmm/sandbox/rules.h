/* SPDX-License-Identifier: MIT */
/*
 * Which system calls each kind of thread may make, and with what: one table, of which the
 * filters are made, the manual's table is printed, and the tests try every line.
 */
#ifndef TL_VMM_SANDBOX_RULES_H
#define TL_VMM_SANDBOX_RULES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "vmm/sandbox/gate.h"

#define TL_SANDBOX_BIT(thread) (1u << (thread))

/* What else of a VM brings rules with it: bits behind those of its kinds of threads. */
enum tl_sandbox_with {
	TL_SANDBOX_TAP = TL_SANDBOX_THREADS,
	TL_SANDBOX_PASST,
	TL_SANDBOX_VHOST,
	TL_SANDBOX_UNIX,    /* --vsock by UNIX sockets */
	TL_SANDBOX_CTL,     /* a control socket */
	TL_SANDBOX_FILES,   /* files to be written when it ends */
	TL_SANDBOX_PROFILE, /* profiles on request */
	TL_SANDBOX_WITH,
};

enum tl_sandbox_check {
	TL_CHECK_NOTHING,
	TL_CHECK_EQUAL, /* an int argument has this value */
	TL_CHECK_CLEAR, /* none of these bits */
	TL_CHECK_FLAGS, /* exactly these bits, of 64 */
	TL_CHECK_SELF,  /* an int argument is this process's id */
};

struct tl_sandbox_rule {
	const char *call;
	int number;           /* of the call */
	unsigned int threads; /* bits: whose it is */
	unsigned int with;    /* bits: only in a VM that has one of these; 0: always */
	enum tl_sandbox_check check;
	unsigned int argument; /* from 0 */
	uint64_t value;
	const char *text; /* the check as people write it; NULL without one */
};

extern const struct tl_sandbox_rule tl_sandbox_rules[];
extern const size_t tl_sandbox_rule_count;

/* In messages and tables: "main", "vcpu", "disk". */
const char *tl_sandbox_thread_name(enum tl_sandbox_thread thread);

/* The table for people, as docs/security.md has it. Returns 0 or -EIO. */
int tl_sandbox_print(FILE *out);

#endif
