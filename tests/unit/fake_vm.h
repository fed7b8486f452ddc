/* SPDX-License-Identifier: MIT */
/*
 * A VM on a fake kernel, with a loop, a console on a pipe and one device, for
 * the tests of vmm/core/. Goes with fake_kvm.c and fake_log.c.
 */
#ifndef TL_TESTS_FAKE_VM_H
#define TL_TESTS_FAKE_VM_H

#include "tests/unit/fake_kvm.h"
#include "tests/unit/fake_log.h"
#include "vmm/core/console.h"
#include "vmm/core/loop.h"
#include "vmm/core/vm.h"

#define FAKE_RAM     UINT64_C(0x40000000)
#define FAKE_RAM_MIB UINT64_C(4)
#define FAKE_DEV     UINT64_C(0x09000000)
#define FAKE_DEV_LEN UINT64_C(0x100)

/* A device that remembers. What is read is `value`; beyond offset 0x80 there is no register. */
struct fake_dev {
	struct tl_dev dev;
	unsigned int writes, reads, resets;
	uint64_t value;
	uint64_t offset;   /* of the last access */
	unsigned int size; /* of the last access */
};

struct fake_vm {
	struct tl_vm vm;
	struct tl_loop loop;
	struct tl_console console;
	struct fake_dev dev;
	int out[2]; /* the console's output is read from out[0] */
	unsigned int fds;
};

/* Makes a VM on the host that fake_kvm describes, its threads parked. */
void fake_vm_start(struct fake_vm *f, unsigned int vcpus);

/* Runs it until it stops by itself (fails the test after seconds) and pauses it. */
struct tl_stop fake_vm_run(struct fake_vm *f);

/* Takes it down; fails the test if anything was leaked, or asked of KVM that it does not have. */
void fake_vm_end(struct fake_vm *f);

#endif
