/* SPDX-License-Identifier: MIT */
/*
 * Machine lab: the registers for each granule and for 32-bit vCPUs, what is said about a granule
 * that the CPU lacks, and the debug port.
 * Links: vmm/lab/regs.c vmm/lab/port.c vmm/core/bus.c vmm/core/lock.c tests/unit/fake_log.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>

#include "tests/unit/fake_log.h"
#include "vmm/arch/arm64/vcpu_regs.h"
#include "vmm/core/console.h"
#include "vmm/core/kvm.h"
#include "vmm/core/vm.h"
#include "vmm/lab/port.h"
#include "vmm/lab/regs.h"

/* What stands in for the kernel and the rest of the VMM. */
static uint64_t mmfr0;
static uint64_t set_id[TL_LAB_REGS], set_value[TL_LAB_REGS];
static unsigned int set_count, fail_at, stops, stopped;
static char printed[32];
static size_t printed_count;

int tl_vcpu_regs_get(const struct tl_vcpu *vcpu, uint64_t id, uint64_t *value)
{
	(void)vcpu;
	(void)id;
	*value = mmfr0;
	return 0;
}

int tl_vcpu_regs_set(const struct tl_vcpu *vcpu, uint64_t id, uint64_t value)
{
	(void)vcpu;
	if (set_count == fail_at)
		return -ENOENT;
	set_id[set_count] = id;
	set_value[set_count++] = value;
	return 0;
}

uint64_t tl_vcpu_regs_pc(const struct tl_vcpu *vcpu)
{
	return 0x100 + vcpu->id;
}

void tl_console_tx(struct tl_console *console, const uint8_t *bytes, size_t count)
{
	(void)console;
	assert_true(printed_count + count < sizeof(printed));
	memcpy(printed + printed_count, bytes, count);
	printed_count += count;
}

void tl_vm_request_stop(struct tl_vm *vm, const struct tl_stop *stop)
{
	(void)vm;
	assert_int_equal(stop->kind, TL_STOP_POWEROFF);
	stops++;
}

int tl_kvm_ioctl_ptr(int fd, unsigned long request, void *arg)
{
	const struct kvm_mp_state *state = arg;

	(void)fd;
	assert_int_equal(request, KVM_SET_MP_STATE);
	assert_int_equal(state->mp_state, KVM_MP_STATE_STOPPED);
	stopped++;
	return 0;
}

static uint64_t value_of(const struct tl_lab_regs *regs, const char *name)
{
	for (unsigned int i = 0; i < regs->count; i++) {
		if (!strcmp(regs->reg[i].name, name))
			return regs->reg[i].value;
	}
	fail_msg("no %s", name);
	return 0;
}

static uint64_t field_of(const struct tl_lab_regs *regs, const char *name, const char *field)
{
	for (unsigned int i = 0; i < regs->count; i++) {
		const struct tl_lab_reg *reg = &regs->reg[i];

		for (unsigned int n = 0; !strcmp(reg->name, name) && n < reg->field_count; n++) {
			if (!strcmp(reg->fields[n].name, field))
				return tl_lab_field_of(&reg->fields[n], reg->value);
		}
	}
	fail_msg("no %s.%s", name, field);
	return 0;
}

static void test_registers(void **state)
{
	/* Granule, bits of an address, and what T0SZ and TG0 are then. */
	static const uint64_t cases[][4] = {{12, 48, 16, 0}, {14, 47, 17, 2}, {16, 48, 16, 1}};
	struct tl_lab_regs regs;

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		struct tl_lab_start start = {
			.format = {(unsigned int)cases[i][0], (unsigned int)cases[i][1]},
			.table = 0x10000,
			.sp = 0x1fc000,
			.number = 1,
			.sctlr = 0xc50078};

		tl_lab_regs_make(&regs, &start);
		assert_int_equal(value_of(&regs, "MAIR_EL1"), 0xff);
		assert_int_equal(field_of(&regs, "TCR_EL1", "T0SZ"), cases[i][2]);
		assert_int_equal(field_of(&regs, "TCR_EL1", "TG0"), cases[i][3]);
		assert_int_equal(field_of(&regs, "TCR_EL1", "SH0"), 3);
		assert_int_equal(value_of(&regs, "TTBR0_EL1"), 0x10000);
		/* Nothing of what KVM had set is lost. */
		assert_int_equal(value_of(&regs, "SCTLR_EL1"), 0xc5107d);
		assert_int_equal(value_of(&regs, "SP_EL1"), 0x1fc000);
		assert_int_equal(value_of(&regs, "PC"), 0);
		assert_int_equal(value_of(&regs, "x0"), 1);
	}
	assert_int_equal(value_of(&regs, "TCR_EL1"), 0x807510);
}

static void test_registers_32(void **state)
{
	struct tl_lab_start start = {
		.format = {12, 32}, .table = 0x2000, .sp = 0x200000, .aarch32 = true};
	struct tl_lab_regs regs;

	(void)state;
	tl_lab_regs_make(&regs, &start);
	assert_int_equal(value_of(&regs, "TTBCR"), 0x80803500);
	assert_int_equal(field_of(&regs, "TTBCR", "EAE"), 1);
	assert_int_equal(value_of(&regs, "TTBR0"), 0x2000);
	assert_int_equal(field_of(&regs, "SCTLR", "M"), 1);
	assert_int_equal(value_of(&regs, "SP_svc"), 0x200000);
}

static void test_setting(void **state)
{
	struct tl_lab_start start = {.format = {12, 48}, .table = 0x2000, .sp = 0x200000};
	struct tl_vcpu vcpu = {.id = 2};
	struct tl_lab_regs regs;

	(void)state;
	tl_lab_regs_make(&regs, &start);
	set_count = 0;
	fail_at = TL_LAB_REGS;
	assert_int_equal(tl_lab_regs_set(&regs, &vcpu), 0);
	assert_int_equal(set_count, regs.count);
	for (unsigned int i = 0; i < regs.count; i++) {
		assert_int_equal(set_id[i], regs.reg[i].id);
		assert_int_equal(set_value[i], regs.reg[i].value);
	}
	set_count = 0;
	fail_at = 1;
	assert_int_equal(tl_lab_regs_set(&regs, &vcpu), -ENOENT);
	assert_error("cannot set TCR_EL1 of vCPU 2: ");
}

/* DDI 0487, ID_AA64MMFR0_EL1: TGran4 in 31:28, TGran64 in 27:24, TGran16 in 23:20. */
static void test_granules(void **state)
{
	struct tl_vcpu vcpu = {.id = 0};

	(void)state;
	mmfr0 = 0x1124; /* Cortex-A57 */
	assert_int_equal(tl_lab_regs_check_granule(&vcpu, 12), 0);
	assert_int_equal(tl_lab_regs_check_granule(&vcpu, 16), 0);
	assert_int_equal(tl_lab_regs_check_granule(&vcpu, 14), -ENODEV);
	assert_error("--lab granule=16k: this CPU has no such granule");
	mmfr0 = UINT64_C(0xff200000);
	assert_int_equal(tl_lab_regs_check_granule(&vcpu, 14), 0);
	assert_int_equal(tl_lab_regs_check_granule(&vcpu, 12), -ENODEV);
	assert_error("granule=4k", "it has 16k");
	assert_int_equal(tl_lab_regs_check_granule(&vcpu, 16), -ENODEV);
	assert_error("granule=64k");
}

/* A store of this vCPU's, as the run loop brings it to the bus. */
static bool store(struct tl_vcpu *vcpu, uint64_t gpa, unsigned int size, uint64_t value)
{
	vcpu->run->mmio.phys_addr = gpa;
	vcpu->run->mmio.len = size;
	vcpu->run->mmio.is_write = true;
	memcpy(vcpu->run->mmio.data, &value, sizeof(value));
	vcpu->access = (struct tl_mmio){.size = size, .is_write = true, .value = value};
	return tl_bus_access(&vcpu->vm->bus, gpa, &vcpu->access);
}

static void test_port(void **state)
{
	static struct kvm_run run[2];
	static struct tl_vcpu vcpus[2];
	static struct tl_vm vm;
	const struct tl_lab_access *log;
	struct tl_lab_port *port;
	uint64_t count;

	(void)state;
	vm.vcpus = vcpus;
	vm.vcpu_count = 2;
	tl_bus_init(&vm.bus);
	for (unsigned int i = 0; i < 2; i++)
		vcpus[i] = (struct tl_vcpu){.vm = &vm, .id = i, .run = &run[i]};
	assert_int_equal(tl_lab_port_add(&port, &vm), 0);
	assert_true(store(&vcpus[0], TL_LAB_PORT_BASE, 1, 'a'));
	/* A character is the lowest byte. */
	assert_true(store(&vcpus[1], TL_LAB_PORT_BASE, 8, 0x7800000062));
	assert_false(store(&vcpus[0], TL_LAB_PORT_BASE + 4, 4, 0));
	vcpus[0].access = (struct tl_mmio){.size = 4};
	assert_false(tl_bus_access(&vm.bus, TL_LAB_PORT_BASE, &vcpus[0].access));
	assert_string_equal(printed, "ab");
	/* The first one that halts sleeps, the last one ends the VM. */
	assert_true(store(&vcpus[1], TL_LAB_PORT_BASE + TL_LAB_PORT_HALT, 8, 42));
	assert_int_equal(stopped, 1);
	assert_int_equal(stops, 0);
	assert_true(store(&vcpus[0], TL_LAB_PORT_BASE + TL_LAB_PORT_HALT, 8, 42));
	assert_int_equal(stopped, 1);
	assert_int_equal(stops, 1);
	log = tl_lab_port_log(port, &count);
	assert_int_equal(count, 6);
	assert_int_equal(log[1].vcpu, 1);
	assert_int_equal(log[1].pc, 0x101);
	assert_int_equal(log[1].size, 8);
	assert_int_equal(log[1].data[4], 0x78);
	assert_int_equal(log[5].gpa, TL_LAB_PORT_BASE + TL_LAB_PORT_HALT);
	/* Of more it keeps the first ones, and the number. */
	printed_count = 0;
	for (unsigned int i = 0; i < TL_LAB_PORT_LOG; i++)
		assert_false(store(&vcpus[0], TL_LAB_PORT_BASE + 16, 4, i));
	tl_lab_port_log(port, &count);
	assert_int_equal(count, TL_LAB_PORT_LOG + 6);
	tl_bus_reset(&vm.bus);
	tl_lab_port_log(port, &count);
	assert_int_equal(count, 0);
	tl_bus_fini(&vm.bus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registers),
		cmocka_unit_test(test_registers_32),
		cmocka_unit_test(test_setting),
		cmocka_unit_test(test_granules),
		cmocka_unit_test(test_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
