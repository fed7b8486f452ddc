/* SPDX-License-Identifier: MIT */
/*
 * PSCI SYSTEM_SUSPEND (Arm DEN0022, section 5.20): suspend to RAM. KVM hands the call to us
 * and lets the vCPU sleep until an interrupt is pending for it; the rest is here.
 */
#ifndef TL_VMM_ARM64_SUSPEND_H
#define TL_VMM_ARM64_SUSPEND_H

#include <stdbool.h>

struct tl_vcpu;
struct tl_vm;

/*
 * Lets guests of this VM make the call, where KVM can pass it on (Linux 5.19 and later); else
 * PSCI_FEATURES tells them that there is none. Main thread, before the vCPUs run.
 */
void tl_suspend_setup(int vm_fd);

/*
 * Answers the vCPUs whose call is pending (vcpu->suspend_asked): one falls asleep, or gets
 * PSCI's error. All vCPUs are parked. Returns 0 or -errno: KVM does not answer. Main thread.
 */
int tl_suspend_enter(struct tl_vm *vm);

/*
 * An interrupt is pending for this vCPU, which sleeps: it goes on where its call said. Returns
 * 0 or -errno. On its own thread.
 */
int tl_suspend_wake(struct tl_vcpu *vcpu);

/* Forgets calls and sleep: the VM is reset. All vCPUs are parked. Main thread. */
void tl_suspend_forget(struct tl_vm *vm);

/* Whether the guest sleeps. Any thread. */
bool tl_suspend_asleep(const struct tl_vm *vm);

#endif
