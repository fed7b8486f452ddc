/* SPDX-License-Identifier: MIT */
/*
 * PSCI SYSTEM_SUSPEND (Arm DEN0022, section 5.20): suspend to RAM. KVM hands the call to us
 * and lets the vCPU sleep until an interrupt is pending for it; the rest is here.
 */
#ifndef TL_VMM_ARM64_SUSPEND_H
#define TL_VMM_ARM64_SUSPEND_H

#include <stdatomic.h>
#include <stdbool.h>

struct tl_vcpu;
struct tl_vm;

/* What a GICv2 needs behind a wake-up. */
struct tl_suspend {
	int timer_fd;              /* -1: there is none */
	_Atomic unsigned int left; /* ticks; of use only while the timer runs */
};

/* Every so often, and for so long, lines that are up are raised again. */
#define TL_SUSPEND_TICK_MS 20
#define TL_SUSPEND_TICKS   500

/*
 * Lets guests of this VM make the call, where KVM can pass it on (Linux 5.19 and later); else
 * PSCI_FEATURES tells them that there is none. Returns 0 or -errno (logged). Main thread, before
 * the vCPUs run.
 */
int tl_suspend_setup(struct tl_vm *vm);

/* Accepts what was only blanked (timer_fd -1). Main thread, without vCPUs. */
void tl_suspend_fini(struct tl_vm *vm);

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
