/* SPDX-License-Identifier: MIT */
/*
 * `trapline run`: boots one guest, sees it through its life, and tells how it
 * ended.
 */
#ifndef TL_VMM_VMM_H
#define TL_VMM_VMM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "vmm/arch/arm64/cpu_features.h"
#include "vmm/arch/arm64/gic.h"
#include "vmm/core/mem.h"
#include "vmm/lab/lab.h"
#include "vmm/dev/virtio/blk.h"
#include "vmm/dev/virtio/net.h"
#include "vmm/dev/virtio/console.h"
#include "vmm/dev/virtio/p9.h"
#include "vmm/sandbox/sandbox.h"

struct tl_machine;

struct tl_vmm_config {
	const struct tl_machine *machine;
	const char *kernel;   /* or NULL, with firmware */
	const char *firmware; /* or NULL, with a kernel */
	const char *initrd;   /* or NULL; only with a kernel */
	const char *append;   /* kernel command line, may be empty */
	unsigned int cpus;
	uint64_t mem; /* bytes */
	enum tl_mem_backing backing;
	uint64_t hole, hole_size; /* in RAM, from its start on; size 0: none */
	const unsigned int *pins; /* CPUs of the host for the vCPUs, in turn */
	unsigned int pin_count;
	enum tl_gic_kind gic;
	bool msi; /* message-signalled interrupts: an ITS or a GICv2m frame */
	struct tl_cpu_choices cpu;
	bool aarch32;              /* a raw kernel or firmware is 32-bit code */
	struct tl_lab_choices lab; /* of machine lab */
	bool stop_unknown_calls;   /* a hypercall that nobody knows ends the VM */
	bool scratch;              /* registers that are memory, for tests */
	bool plain_uart;           /* each access to the UART exits */
	const struct tl_disk *disks;
	unsigned int disk_count;
	const struct tl_net *nets;
	unsigned int net_count;
	const char *dtb;     /* the user's device tree, or NULL */
	const char *overlay; /* to apply to it or to ours, or NULL */
	bool virtio_console; /* standard input goes there, not to the PL011 */
	const struct tl_port *ports;
	unsigned int port_count;
	uint32_t vsock_cid;     /* 0: none */
	const char *vsock_path; /* of the host's UNIX sockets; NULL: AF_VSOCK */
	bool rng;
	bool balloon;
	uint64_t balloon_bytes; /* that the guest is asked to give back at first */
	const struct tl_share *shares;
	unsigned int share_count;
	const char *dump_dtb;     /* write the device tree there and end; or NULL */
	bool show_layout;         /* print what goes where and end */
	bool trace_exits;         /* print each exit to user space */
	const char *exits_file;   /* there; NULL: on standard error */
	bool profile;             /* trace every exit, and report at the end */
	const char *record;       /* folder for a recording of every exit, or NULL */
	bool count;               /* report only what the kernel counts, at no cost */
	const char *profile_json; /* of either; or NULL */
	const char *ctl;          /* path of the control socket, or NULL */
	bool ctl_profile;         /* who connects there may have exits profiled */
	const char *symbols;      /* file with the guest's symbols; NULL: the kernel's own */
	enum tl_sandbox_mode sandbox;
	const char *user;       /* to become, with the sandbox; NULL: tl_confine_init() decides */
	unsigned int timeout_s; /* 0: none */
	unsigned int grace_s;   /* from SIGTERM to the end; 0: at once */
};

/* Runs a VM from start to end on the calling (main) thread. Returns an exit status. */
int tl_vmm_run(const struct tl_vmm_config *config);

#endif
