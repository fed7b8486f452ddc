/* SPDX-License-Identifier: MIT */
/*
 * `trapline run`: boots one guest, sees it through its life, and tells how it
 * ended. The exit statuses here are the documented ones (docs/man/trapline-run.1).
 */
#ifndef TL_VMM_VMM_H
#define TL_VMM_VMM_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/arch/arm64/gic.h"

enum tl_status {
	TL_STATUS_OK = 0,      /* powered off, or Ctrl-A x */
	TL_STATUS_FAILURE = 1, /* e.g. an output file cannot be written */
	TL_STATUS_USAGE = 2,
	TL_STATUS_INPUT = 3, /* kernel, initrd or command line unusable */
	TL_STATUS_HOST = 4,  /* no KVM, or it cannot do what is needed */
	TL_STATUS_CRASH = 5, /* the guest reported a crash */
	TL_STATUS_VM = 6,    /* the VM cannot go on */
	TL_STATUS_TIMEOUT = 124,
	TL_STATUS_SIGNAL = 128, /* plus the signal's number */
};

struct tl_vmm_config {
	const char *kernel;
	const char *initrd; /* or NULL */
	const char *append; /* kernel command line, may be empty */
	unsigned int cpus;
	uint64_t mem; /* bytes */
	enum tl_gic_kind gic;
	const char *dump_dtb;     /* write the device tree there and end; or NULL */
	bool show_layout;         /* print what goes where and end */
	bool profile;             /* trace every exit, and report at the end */
	bool count;               /* report only what the kernel counts, at no cost */
	const char *profile_json; /* of either; or NULL */
	const char *symbols;      /* file with the guest's symbols; NULL: the kernel's own */
	unsigned int timeout_s;   /* 0: none */
};

/* Runs a VM from start to end on the calling (main) thread. Returns an exit status. */
int tl_vmm_run(const struct tl_vmm_config *config);

#endif
