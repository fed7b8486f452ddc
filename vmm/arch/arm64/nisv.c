/* SPDX-License-Identifier: MIT */
/*
 * From an exit without a description to what the instruction does: its word by a walk of the
 * guest's page tables, the access taken apart by insn/, then each element to or from the bus
 * or, where it crosses into memory, RAM. docs/nisv.md has what comes out.
 */
#include "vmm/arch/arm64/nisv.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "vmm/arch/arm64/insn/insn.h"
#include "vmm/arch/arm64/nisv_data.h"
#include "vmm/arch/arm64/nisv_regs.h"
#include "vmm/arch/arm64/vcpu_regs.h"
#include "vmm/core/kvm.h"
#include "vmm/core/vm.h"

/* The smallest page: what lies in one is contiguous in physical memory. */
#define PAGE UINT64_C(4096)

struct emulation {
	struct tl_vcpu *vcpu;
	struct tl_walk_regs walk;
	struct tl_walk_memory memory;
	struct tl_nisv_cpu cpu;
	uint64_t gpa; /* that KVM told */
	uint32_t word;
	struct tl_insn_access access;
	struct tl_nisv_data data;
};

void tl_nisv_setup(int vm_fd)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_ARM_NISV_TO_USER};

	/* Without the answer for what is not emulated it is of no use. */
	if (tl_kvm_check(vm_fd, KVM_CAP_ARM_INJECT_EXT_DABT) > 0 &&
		tl_kvm_check(vm_fd, KVM_CAP_ARM_NISV_TO_USER) > 0)
		(void)tl_kvm_ioctl_ptr(vm_fd, KVM_ENABLE_CAP, &cap);
}

/* A synchronous external abort for the access (api.rst, 4.31 KVM_GET_VCPU_EVENTS). */
static int inject_abort(const struct tl_vcpu *vcpu)
{
	struct kvm_vcpu_events events = {0};
	int ret = tl_kvm_ioctl_ptr(vcpu->fd, KVM_GET_VCPU_EVENTS, &events);

	/* A pending SError stays. */
	events.exception.ext_dabt_pending = 1;
	return ret ? ret : tl_kvm_ioctl_ptr(vcpu->fd, KVM_SET_VCPU_EVENTS, &events);
}

/* `what` and `why` follow "instruction". Logged once an address, as accesses to nobody are. */
static int refuse(const struct emulation *emu, const char *what, const char *why)
{
	if (tl_bus_note_unhandled(&emu->vcpu->vm->bus, emu->gpa))
		tl_log_warn("vCPU %u at PC %#" PRIx64 ": access to %#" PRIx64
			    " by instruction %#0*" PRIx32
			    " (%s), which is not emulated: %s; the guest gets an abort",
			emu->vcpu->id, emu->cpu.pc, emu->gpa, emu->access.length == 2 ? 6 : 10,
			emu->word, what, why);
	return inject_abort(emu->vcpu);
}

static int refuse_unread(const struct emulation *emu, enum tl_walk_fault fault)
{
	if (tl_bus_note_unhandled(&emu->vcpu->vm->bus, emu->gpa))
		tl_log_warn("vCPU %u at PC %#" PRIx64 ": access to %#" PRIx64
			    " by an instruction that cannot be read: %s; the guest gets an abort",
			emu->vcpu->id, emu->cpu.pc, emu->gpa,
			fault ? tl_walk_fault_text(fault) : "it is not in memory");
	return inject_abort(emu->vcpu);
}

/* Reads `size` bytes (2 or 4) of code, always little-endian. Returns whether it could. */
static bool read_code(const struct emulation *emu, uint64_t va, unsigned int size,
	enum tl_walk_fault *fault, uint32_t *word)
{
	struct tl_walk_result at;
	const void *from;

	*fault = tl_walk(&emu->walk, &emu->memory, va, &at, NULL, NULL);
	if (*fault || at.gpa % size)
		return false;
	from = tl_mem_at(emu->memory.ram, at.gpa, size);
	if (!from)
		from = tl_mem_at(emu->memory.flash, at.gpa, size);
	if (!from)
		return false;
	*word = size == 2 ? __atomic_load_n((const uint16_t *)from, __ATOMIC_RELAXED)
			  : __atomic_load_n((const uint32_t *)from, __ATOMIC_RELAXED);
	return true;
}

static bool fetch(struct emulation *emu, enum tl_walk_fault *fault)
{
	uint32_t second;

	if (emu->cpu.set != TL_INSN_T32)
		return read_code(emu, emu->cpu.pc, 4, fault, &emu->word);
	if (!read_code(emu, emu->cpu.pc, 2, fault, &emu->word))
		return false;
	if (!tl_insn_t32_is_long((uint16_t)emu->word))
		return true;
	/* Its halves may be in two pages. */
	if (!read_code(emu, (uint32_t)(emu->cpu.pc + 2), 2, fault, &second))
		return false;
	emu->word = emu->word << 16 | second;
	return true;
}

/* Where it goes to, and what its base is afterwards. */
static int find_address(struct emulation *emu, uint64_t *address, uint64_t *base)
{
	const struct tl_insn_access *access = &emu->access;
	struct tl_insn_operands operands = {
		.carry = tl_nisv_carry(&emu->cpu),
		.is_32bit = emu->cpu.set != TL_INSN_A64,
	};
	int ret = 0;

	if (access->kind != TL_INSN_ZERO)
		ret = tl_nisv_get_base(&emu->cpu, access->base, &operands.base);
	if (!ret && access->has_index)
		ret = tl_nisv_get(&emu->cpu, access->index, &operands.index);
	tl_insn_address(access, &operands, address, base);
	return ret;
}

/*
 * Translates all of the access before any of it is done. Returns NULL, or why it cannot be
 * done: what KVM reported is one page of it, about the other one nothing is known.
 */
static const char *translate(struct emulation *emu, uint64_t va, uint64_t bytes)
{
	bool as_user = emu->cpu.is_user || emu->access.is_unprivileged;
	uint64_t first = PAGE - va % PAGE;

	emu->data.first = bytes < first ? bytes : first;
	for (int i = 0; i < (bytes > first ? 2 : 1); i++) {
		struct tl_walk_result at;
		enum tl_walk_fault fault =
			tl_walk(&emu->walk, &emu->memory, i ? va + first : va, &at, NULL, NULL);
		bool may_write = as_user ? at.user_writable : at.writable;
		bool may_read = as_user ? at.user_readable : at.readable;

		if (fault)
			return tl_walk_fault_text(fault);
		if (!(emu->access.is_write ? may_write : may_read))
			return "a part of it may not be accessed";
		emu->data.gpa[i] = at.gpa;
	}
	if (bytes <= first)
		emu->data.gpa[1] = emu->data.gpa[0];
	return NULL;
}

/* Whether the access still goes where it went: another vCPU may have changed code or tables. */
static bool is_the_same(const struct emulation *emu)
{
	return emu->data.gpa[0] / PAGE == emu->gpa / PAGE ||
	       emu->data.gpa[1] / PAGE == emu->gpa / PAGE;
}

/* In A64 a base of 31 is SP, and as data the zero register. */
static bool loads_its_base(const struct emulation *emu)
{
	const struct tl_insn_access *access = &emu->access;
	bool is_sp = emu->cpu.set == TL_INSN_A64 && access->base == TL_INSN_SP;

	if (access->is_write || access->is_simd || is_sp)
		return false;
	for (unsigned int i = 0; i < access->count; i++) {
		if (access->elements[i].reg == access->base)
			return true;
	}
	return false;
}

static int carry_out(struct emulation *emu, uint64_t base)
{
	const struct tl_insn_access *access = &emu->access;
	int ret;

	if (access->kind == TL_INSN_ZERO)
		ret = tl_nisv_data_zero(&emu->data);
	else if (access->is_write)
		ret = tl_nisv_data_store(&emu->data);
	else
		ret = tl_nisv_data_load(&emu->data);
	/* Such a load is unpredictable: that write-back does not happen is one of the choices. */
	if (!ret && access->writeback && !loads_its_base(emu))
		ret = tl_nisv_set_base(&emu->cpu, access->base, base);
	return ret ? ret : tl_nisv_advance(&emu->cpu, access->length);
}

static int emulate_access(struct emulation *emu)
{
	const struct tl_insn_access *access = &emu->access;
	uint64_t bytes = (uint64_t)access->size * access->count;
	uint64_t va, base;
	const char *why;
	int ret = find_address(emu, &va, &base);

	if (ret)
		return ret;
	if (access->kind == TL_INSN_ZERO) {
		bytes = tl_nisv_zero_bytes();
		va &= ~(bytes - 1);
	}
	why = translate(emu, va, bytes);
	if (why)
		return refuse(emu, access->name, why);
	/* It is to be tried again, as it now is. */
	if (!is_the_same(emu))
		return 0;
	if (tl_gic_answers(&emu->vcpu->vm->irqchip, emu->data.gpa[0]) ||
		tl_gic_answers(&emu->vcpu->vm->irqchip, emu->data.gpa[1]))
		return refuse(emu, access->name, "the interrupt controller is in the kernel");
	emu->data.vcpu = emu->vcpu;
	emu->data.cpu = &emu->cpu;
	emu->data.access = access;
	emu->data.bytes = bytes;
	return carry_out(emu, base);
}

int tl_nisv_emulate(struct tl_vcpu *vcpu, uint64_t gpa)
{
	struct emulation emu = {.vcpu = vcpu, .gpa = gpa};
	enum tl_walk_fault fault;
	int ret = tl_vcpu_regs_walk(vcpu, &emu.walk);

	if (!ret)
		ret = tl_nisv_cpu_init(&emu.cpu, vcpu, emu.walk.sctlr);
	if (ret)
		return ret;
	vcpu->insn = 0;
	vcpu->insn_name = NULL;
	emu.memory = (struct tl_walk_memory){&vcpu->vm->mem, &vcpu->vm->flash};
	if (!fetch(&emu, &fault))
		return refuse_unread(&emu, fault);
	tl_insn_decode(emu.cpu.set, emu.word, &emu.access);
	vcpu->insn = emu.word;
	vcpu->insn_name = emu.access.name;
	switch (emu.access.kind) {
	case TL_INSN_NONE:
		return refuse(&emu, emu.access.name ? emu.access.name : "no load or store",
			"there is no such instruction");
	case TL_INSN_REFUSED:
		return refuse(&emu, emu.access.name, emu.access.why);
	case TL_INSN_HINT:
		return tl_nisv_advance(&emu.cpu, emu.access.length);
	default:
		return emulate_access(&emu);
	}
}
