/* SPDX-License-Identifier: MIT */
/*
 * All of `trapline run` on the fake kernel, from its options to its exit status: a test that lists
 * fake_vmm.c is linked with all of it.
 */
#ifndef TL_TESTS_UNIT_FAKE_VMM_H
#define TL_TESTS_UNIT_FAKE_VMM_H

#include "tests/unit/fake_kvm.h"
#include "vmm/vmm.h"

#define MIB UINT64_C(0x100000)

#define EVENT(what)                                                                                \
	{                                                                                          \
		.reason = KVM_EXIT_SYSTEM_EVENT, .system_event = {.type = (what) }                 \
	}

/* Of a test, with fake_files_teardown(). */
int fake_vmm_setup(void **state);

/* A machine and a kernel that are in order: 1 MiB at the start of RAM. */
struct tl_vmm_config fake_vmm_config(void);

/*
 * A guest without a script powers off, so that a test ends whose input was not refused. Returns
 * the exit status; nothing stays open.
 */
int fake_vmm_run(const struct tl_vmm_config *config);

/* One line with these words says what is wrong, and it does not take KVM to know that. */
void expect_vmm_refused(const struct tl_vmm_config *config, const char *words);

#endif
