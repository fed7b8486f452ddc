/* SPDX-License-Identifier: MIT */
/*
 * Machine lab: 2 MiB of RAM at 0 and a debug port behind it, no interrupt controller, no firmware.
 * The VMM itself formats the memory (code, page table, stack) and starts the vCPUs with their
 * MMU on; at the end it looks for the 42 that the guest was to leave. docs/lab/1-hypervisor.md
 * is about it. Everything here is the main thread's, except the port (port.h).
 */
#ifndef TL_VMM_LAB_LAB_H
#define TL_VMM_LAB_LAB_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/arch/arm64/page_table.h"
#include "vmm/lab/host_files.h"
#include "vmm/lab/port.h"
#include "vmm/lab/regs.h"

struct tl_guest;
struct tl_vm;

/* Guest physical addresses, and virtual ones: the table maps each to itself. */
#define TL_LAB_RAM_SIZE  UINT64_C(0x200000)
#define TL_LAB_CODE_SIZE UINT64_C(0x400) /* from 0 on, at most */
#define TL_LAB_ANSWER    UINT64_C(0x400) /* where the guest stores the answer, 8 bytes */
#define TL_LAB_TURN      UINT64_C(0x408) /* whose turn it is: of the guest, 0 at first */
#define TL_LAB_TABLE     UINT64_C(0x2000)
#define TL_LAB_STACK_SIZE                                                                          \
	UINT64_C(0x4000) /* what a vCPU may use of it, from the end of RAM down                    \
			  */
#define TL_LAB_CPUS 4

#define TL_LAB_THE_ANSWER 42

/* What is in each byte of memory that is to be merged, before anything is put there. */
#define TL_LAB_FILL 0xa5

/* What the command line says. */
struct tl_lab_choices {
	unsigned int granule_shift; /* 12 (also 0), 14 or 16 */
	bool pages;                 /* RAM by pages, where a block would do */
	bool explain;
	bool given; /* granule or pages */
};

struct tl_lab {
	struct tl_pt_format format;
	unsigned int ram_level; /* of the descriptors that map RAM */
	uint64_t code_size;     /* bytes */
	struct tl_pt table;
	uint64_t pstate;               /* of vCPU 0, after KVM_ARM_VCPU_INIT */
	struct tl_lab_regs regs;       /* what vCPU 0 got */
	struct tl_host_files files;    /* for --explain */
	struct tl_lab_port *port;      /* on the bus, which owns it */
	uint64_t answers[TL_LAB_CPUS]; /* x0 of each vCPU at its end */
	uint64_t stored;               /* what was at TL_LAB_ANSWER then */
};

/* What can be known without KVM: options and the guest's file. Returns 0 or -errno (logged). */
int tl_lab_prepare(struct tl_guest *guest);

/* Adds the debug port to the bus. Returns 0 or -errno (logged). */
int tl_lab_add_devices(struct tl_guest *guest);

/*
 * Formats the memory and sets the registers, for the start and after a reset. No vCPU runs.
 * Returns 0 or -errno (logged): -ENODEV where the CPU lacks the granule.
 */
int tl_lab_load(struct tl_guest *guest);

/*
 * The guest has ended with this status: checks what it left, and explains the run if that was
 * asked for. All vCPUs are parked. Returns the exit status of it all.
 */
int tl_lab_finish(struct tl_guest *guest, int status);

/* Also of what was not prepared. */
void tl_lab_fini(struct tl_lab *lab);

/* Where the stack of a vCPU begins, which grows down. */
uint64_t tl_lab_stack(unsigned int vcpu);

#endif
