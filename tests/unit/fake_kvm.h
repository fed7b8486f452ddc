/* SPDX-License-Identifier: MIT */
/*
 * A kernel behind vmm/core/kvm.h for unit tests: it has what the test says it
 * has, its guests do what a script says, and it keeps what it was asked for.
 * It stands in for vmm/core/kvm.c; link vmm/core/kvm_attr.c beside it.
 */
#ifndef TL_TESTS_FAKE_KVM_H
#define TL_TESTS_FAKE_KVM_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_VCPUS       160
#define FAKE_ATTRS       4096
#define FAKE_READS       8
#define FAKE_FILTERS     8
#define FAKE_ID_REGS     4
#define FAKE_LINES       8
#define FAKE_SCTLR_RESET UINT64_C(0xc50078)

#define FAKE_RUN_MEMBER(name) __typeof__(((struct kvm_run *)0)->name) name

/* How one KVM_RUN ends: what it returns, and what it leaves in the run area. */
struct fake_exit {
	int ret; /* 0 or -errno */
	uint32_t reason;
	union {
		FAKE_RUN_MEMBER(mmio);
		FAKE_RUN_MEMBER(system_event);
		FAKE_RUN_MEMBER(hypercall);
		FAKE_RUN_MEMBER(fail_entry);
		FAKE_RUN_MEMBER(internal);
		FAKE_RUN_MEMBER(memory_fault);
		FAKE_RUN_MEMBER(arm_nisv);
	};
};

struct fake_vcpu {
	/* Set by the test. At the end of its script a guest waits to be kicked. */
	const struct fake_exit *script;
	size_t script_len;
	uint64_t pc;
	uint64_t x[31];
	uint64_t mpidr; /* set by the fake when it is asked for */
	uint64_t sctlr;
	uint64_t tcr, ttbr0, ttbr1, mair;
	uint64_t sp_el0, sp_el1;
	uint8_t v[32][16]; /* with SVE: the lowest of Z */
	uint64_t pstate;
	uint32_t mp_state;

	/* Set by the fake. */
	size_t next;                /* step of the script; atomic */
	bool idle;                  /* at the script's end; atomic */
	unsigned int finalized;     /* calls of KVM_ARM_VCPU_FINALIZE for SVE */
	uint32_t pmu_intid;         /* of its PMU */
	unsigned int pmu_inits;     /* that came when they may */
	bool stuck;                 /* waited seconds for a kick; atomic */
	bool pending;               /* an exit's answer was not taken back yet */
	bool init_pending;          /* KVM_ARM_VCPU_INIT with `pending` */
	unsigned int inits;         /* calls of KVM_ARM_VCPU_INIT */
	unsigned int aborts;        /* external aborts that it was given */
	uint32_t features;          /* of the last one */
	uint64_t reads[FAKE_READS]; /* what the guest got from MMIO reads */
	unsigned int read_count;
	int fd;
	struct kvm_run *run;
};

/* An identification register, which all vCPUs share. */
struct fake_id_reg {
	uint64_t id, value;
	uint64_t writable; /* bits that may be changed */
};

struct fake_attr {
	bool vm; /* of the VM, else of the GIC or its ITS */
	uint32_t group;
	uint64_t attr;
	uint64_t value;
};

struct fake_kvm {
	/* Set by the test after fake_kvm_reset(), which makes it a host that has all a VM needs. */
	int open_error; /* errno of tl_kvm_open() */
	int max_vcpus;
	int ipa_bits; /* 0: no such capability */
	bool gicv2, gicv3, its, smccc_filter, system_suspend, nisv;
	/* Not there unless the test says so. */
	bool pmu, sve, pauth, mte, reg_masks, el1_32bit;
	bool id_forgets; /* takes writes to identification registers, and forgets them */
	struct fake_id_reg id_regs[FAKE_ID_REGS];
	bool coalesced, readonly; /* coalesced MMIO, read-only memory slots */
	int run_size;
	unsigned long fail_request; /* this ioctl fails ... */
	unsigned int fail_skip;     /* ... after so many calls ... */
	int fail_error;             /* ... with this errno ... */
	unsigned int fail_times;    /* ... so often; 0: from then on */
	int map_error;              /* errno of tl_kvm_map_run() ... */
	unsigned int map_skip;      /* ... after so many calls */

	/* Set by the fake. */
	int kvm_fd, vm_fd, gic_fd, its_fd;
	bool mte_on;
	uintptr_t vm_type;
	uint32_t enabled_cap; /* the last one */
	uint32_t gic_type;
	struct kvm_userspace_memory_region region; /* the last one, but for a device's */
	struct kvm_smccc_filter filters[FAKE_FILTERS];
	unsigned int filter_count;
	unsigned int vcpu_count;
	unsigned int bad_calls; /* ioctls that this object does not have, or wrong arguments */
	struct fake_attr attrs[FAKE_ATTRS];
	unsigned int attr_count;
	struct kvm_irq_level lines[FAKE_LINES]; /* the first calls of KVM_IRQ_LINE */
	unsigned int line_count;                /* all of them */
	struct fake_vcpu vcpus[FAKE_VCPUS];
};

extern struct fake_kvm fake_kvm;

/* Forgets everything; the host has all that a VM needs. Between VMs. */
void fake_kvm_reset(void);

/* Gives a vCPU its script, from the start. While it does not run. */
void fake_kvm_script(unsigned int vcpu, const struct fake_exit *script, size_t len);

/* Waits until this vCPU's guest is at the end of its script; fails the test after seconds. */
void fake_kvm_wait_idle(unsigned int vcpu);

/* The last value written to an attribute. Returns whether there was any. */
bool fake_kvm_attr(bool vm, uint32_t group, uint64_t attr, uint64_t *value);

#endif
