/* SPDX-License-Identifier: MIT */
/*
 * The emulation of accesses that KVM does not describe, on a fake vCPU: what the guests on the
 * board do not come to. Byte order, EL0, IT blocks, SVE, flash, what may not be accessed, and code
 * or tables that are gone.
 * Links: vmm/core/coalesced.c vmm/dev/scratch.c
 * Links: vmm/core/vcpu.c vmm/core/run.c vmm/core/exit.c vmm/core/vm.c vmm/core/kvm_attr.c
 * Links: vmm/core/mem.c
 * Links: vmm/core/bus.c vmm/core/loop.c vmm/core/console.c vmm/arch/arm64/vcpu_regs.c
 * Links: vmm/arch/arm64/vm_type.c vmm/arch/arm64/gic.c vmm/arch/arm64/gic_reset.c
 * Links: vmm/arch/arm64/suspend.c vmm/arch/arm64/smccc.c vmm/arch/arm64/nisv.c
 * Links: vmm/arch/arm64/nisv_data.c vmm/arch/arm64/nisv_regs.c
 * Links: vmm/arch/arm64/walk.c vmm/arch/arm64/walk_short.c vmm/arch/arm64/insn/insn.c
 * Links: vmm/arch/arm64/insn/a64.c vmm/arch/arm64/insn/a64_simd.c
 * Links: vmm/arch/arm64/insn/a32.c vmm/arch/arm64/insn/t32.c
 * Links: tests/unit/fake_kvm.c tests/unit/fake_vm.c tests/unit/fake_log.c vmm/core/lock.c
 * Links: vmm/arch/arm64/cpu_features.c vmm/arch/arm64/id_regs.c vmm/arch/arm64/id_fields.c
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/fake_vm.h"
#include "vmm/arch/arm64/nisv.h"
#include "vmm/dev/scratch.h"

#define PC      (FAKE_RAM + 0x1000)
#define SCRATCH TL_SCRATCH_BASE
#define BIT(n)  (UINT64_C(1) << (n))

#define EL1H      UINT64_C(0x3c5)
#define EL0T      UINT64_C(0)
#define USER_T32  UINT64_C(0x30)
#define IT(it)    (((uint64_t)(it)&0xfc) << 8 | ((uint64_t)(it)&3) << 25)
#define SCTLR_M   BIT(0)
#define SCTLR_E0E BIT(24)
#define SCTLR_EE  BIT(25)

static struct fake_vm f;
static struct fake_vcpu *cpu;

static int setup(void **state)
{
	(void)state;
	fake_kvm_reset();
	fake_log_reset(NULL);
	fake_vm_start(&f, 1);
	for (unsigned int i = 0; i < TL_SCRATCHES; i++) {
		struct tl_dev *dev;

		assert_int_equal(tl_scratch_create(&dev, SCRATCH + i * TL_SCRATCH_SIZE), 0);
		assert_int_equal(tl_bus_add(&f.vm.bus, dev), 0);
	}
	cpu = &fake_kvm.vcpus[0];
	cpu->pc = PC;
	cpu->pstate = EL1H;
	cpu->sctlr = 0;
	cpu->x[2] = SCRATCH;
	cpu->x[4] = UINT64_C(0x1122334455667788);
	cpu->x[5] = UINT64_C(0x99aabbccddeeff00);
	for (unsigned int i = 0; i < 16; i++)
		cpu->v[4][i] = (uint8_t)(0x40 + i);
	fake_log_reset(NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_vm_end(&f);
	return 0;
}

/* Runs one instruction, whose access went to `gpa`. */
static void emulate(uint32_t insn, uint64_t gpa)
{
	assert_int_equal(tl_mem_write(&f.vm.mem, cpu->pc, &insn, sizeof(insn)), 0);
	assert_int_equal(tl_nisv_emulate(&f.vm.vcpus[0], gpa), 0);
}

/* `count` bytes of the device must be these. */
static void device_has(uint64_t offset, const char *bytes, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct tl_mmio access = {.size = 1};

		assert_true(tl_bus_access(&f.vm.bus, SCRATCH + offset + i, &access));
		assert_int_equal(access.value, (uint8_t)bytes[i]);
	}
}

static void test_little_endian(void **state)
{
	(void)state;
	emulate(0xa9801444, SCRATCH); /* stp x4, x5, [x2]! */
	device_has(0, "\x88\x77\x66\x55\x44\x33\x22\x11\x00\xff\xee\xdd\xcc\xbb\xaa\x99", 16);
	assert_int_equal(cpu->pc, PC + 4);
	emulate(0x3c010444, SCRATCH); /* str b4, [x2], #16 */
	device_has(0, "\x40\x77", 2);
	assert_int_equal(cpu->x[2], SCRATCH + 16);
	assert_nothing_logged();
}

/* Each element by itself; EL1 and EL0 have a bit each. */
static void test_big_endian(void **state)
{
	(void)state;
	cpu->sctlr = SCTLR_EE;
	emulate(0x29001444, SCRATCH); /* stp w4, w5, [x2] */
	device_has(0, "\x55\x66\x77\x88\xdd\xee\xff\x00", 8);
	emulate(0x3c810444, SCRATCH); /* str q4, [x2], #16 */
	device_has(0, "\x4f\x4e\x4d\x4c\x4b\x4a\x49\x48\x47\x46\x45\x44\x43\x42\x41\x40", 16);
	cpu->x[2] = SCRATCH;
	emulate(0x68c11444, SCRATCH); /* ldpsw x4, x5, [x2], #8 */
	assert_int_equal(cpu->x[4], 0x4f4e4d4c);
	assert_int_equal(cpu->x[5], 0x4b4a4948);
	cpu->x[2] = SCRATCH;
	cpu->pstate = EL0T;
	emulate(0x29401444, SCRATCH); /* ldp w4, w5, [x2] */
	assert_int_equal(cpu->x[4], 0x4c4d4e4f);
	cpu->sctlr = SCTLR_E0E;
	emulate(0x29401444, SCRATCH);
	assert_int_equal(cpu->x[4], 0x4f4e4d4c);
}

/* PSTATE goes on: BTYPE and the step are over. SP is that of the mode. */
static void test_pstate(void **state)
{
	(void)state;
	cpu->pstate = EL1H | BIT(10) | BIT(21) | BIT(29);
	cpu->sp_el1 = SCRATCH + 0x20;
	cpu->sp_el0 = SCRATCH + 0x40;
	emulate(0xf8010fe4, SCRATCH + 0x30); /* str x4, [sp, #16]! */
	assert_int_equal(cpu->pstate, EL1H | BIT(29));
	assert_int_equal(cpu->sp_el1, SCRATCH + 0x30);
	device_has(0x30, "\x88\x77", 2);
	cpu->pstate = EL0T;
	emulate(0xf84087e2, SCRATCH + 0x40); /* ldr x2, [sp], #8 */
	assert_int_equal(cpu->sp_el0, SCRATCH + 0x48);
	assert_int_equal(cpu->x[2], 0);
	/* The base is what was loaded, or the zero register is not the base. */
	cpu->x[2] = SCRATCH + 0x30;
	emulate(0xf8408442, SCRATCH + 0x30); /* ldr x2, [x2], #8 */
	assert_int_equal(cpu->x[2], UINT64_C(0x1122334455667788));
}

/* A 32-bit process of a 64-bit kernel: registers are narrow, and an IT block goes on. */
static void test_t32_of_el0(void **state)
{
	static const uint8_t blocks[][2] = {{0x2c, 0x38}, {0x28, 0}, {0, 0}, {0x1f, 0x1e}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
		cpu->pstate = USER_T32 | IT(blocks[i][0]);
		cpu->pc = PC + 2;
		cpu->x[2] = UINT64_C(0xdead00000000) | (SCRATCH + 8);
		/* ldr.w r4, [r2], #-8 */
		emulate(0x4908f852, SCRATCH + 8);
		assert_int_equal(cpu->pc, PC + 6);
		assert_int_equal(cpu->x[2], SCRATCH);
		assert_int_equal(cpu->x[4], 0);
		assert_int_equal(cpu->pstate, USER_T32 | IT(blocks[i][1]));
	}
	/* push {r4, lr}: two bytes; big-endian by CPSR.E. */
	cpu->pc = PC;
	cpu->pstate = USER_T32 | BIT(9);
	cpu->x[13] = SCRATCH + 0x108;
	cpu->x[4] = 0x11223344;
	cpu->x[14] = 0x55667788;
	emulate(0xb510, SCRATCH + 0x100);
	device_has(0x100, "\x11\x22\x33\x44\x55\x66\x77\x88", 8);
	assert_int_equal(cpu->pc, PC + 2);
	assert_int_equal(cpu->x[13], SCRATCH + 0x100);
}

static void test_sve(void **state)
{
	(void)state;
	cpu->features |= 1u << KVM_ARM_VCPU_SVE;
	f.vm.cpu.on[TL_CPU_SVE] = true;
	emulate(0x3c810444, SCRATCH); /* str q4, [x2], #16 */
	device_has(0, "\x40\x41\x42\x43\x44\x45\x46\x47\x48", 9);
	cpu->x[2] = SCRATCH + 4;
	emulate(0xfc408445, SCRATCH + 4); /* ldr d5, [x2], #8 */
	assert_memory_equal(cpu->v[5], "\x44\x45\x46\x47\x48\x49\x4a\x4b\0\0\0\0\0\0\0", 16);
}

static void test_zero(void **state)
{
	(void)state;
	emulate(0xa9801444, SCRATCH);
	cpu->x[3] = SCRATCH + 0x3f;
	emulate(0xd50b7423, SCRATCH + 0x3f); /* dc zva, x3 */
	device_has(0, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	emulate(0xf9800040, SCRATCH); /* prfm */
	assert_int_equal(cpu->pc, PC + 12);
	assert_nothing_logged();
}

/* A store to flash goes to nobody, as a plain one does. */
static void test_flash(void **state)
{
	(void)state;
	assert_int_equal(tl_mem_init(&f.vm.flash, 0, 0x20000), 0);
	cpu->x[2] = 0x1000;
	emulate(0xf8008444, 0x1000); /* str x4, [x2], #8 */
	assert_warned("write of 8 bytes at 0x1000", "ignored");
	assert_int_equal(cpu->x[2], 0x1008);
	assert_int_equal(*(uint8_t *)tl_mem_at(&f.vm.flash, 0x1000, 1), 0);
	/* Code may be there. */
	cpu->x[2] = SCRATCH;
	assert_int_equal(tl_mem_write(&f.vm.flash, 0x2000, "\x44\x84\x00\xf8", 4), 0);
	cpu->pc = 0x2000;
	assert_int_equal(tl_nisv_emulate(&f.vm.vcpus[0], SCRATCH), 0);
	device_has(0, "\x88\x77", 2);
	assert_int_equal(cpu->aborts, 0);
}

static void test_refused(void **state)
{
	(void)state;
	emulate(0xc85f7c44, SCRATCH + 0x10); /* ldxr x4, [x2] */
	assert_warned("vCPU 0 at PC 0x40001000", "access to 0xb000010", "0xc85f7c44 (LDXR",
		"a device cannot read and write at once", "the guest gets an abort");
	assert_int_equal(cpu->aborts, 1);
	assert_int_equal(cpu->pc, PC);
	/* Once for an address. */
	emulate(0xc85f7c44, SCRATCH + 0x10);
	assert_nothing_logged();
	emulate(0xd503201f, SCRATCH + 0x18); /* nop */
	assert_warned("0xd503201f (no load or store)");
	cpu->pc = 0x0a000000;
	assert_int_equal(tl_nisv_emulate(&f.vm.vcpus[0], SCRATCH + 0x20), 0);
	assert_warned("an instruction that cannot be read: it is not in memory");
	cpu->pc = PC;
	cpu->x[2] = f.vm.irqchip.map->v3_dist.base;
	emulate(0xf8008444, cpu->x[2]);
	assert_warned("the interrupt controller is in the kernel");
	assert_int_equal(cpu->aborts, 5);
}

/* The access is another one than KVM has told of: the guest tries again. */
static void test_changed_meanwhile(void **state)
{
	(void)state;
	emulate(0xf8008444, SCRATCH + 0x1000); /* str x4, [x2], #8 */
	assert_int_equal(cpu->pc, PC);
	assert_int_equal(cpu->x[2], SCRATCH);
	assert_int_equal(cpu->aborts, 0);
	device_has(0, "\0\0", 2);
	assert_nothing_logged();
}

#define TABLES       (FAKE_RAM + 0x100000)
#define PAGE_OF(gpa) ((gpa) | BIT(10) | 3)

static void put(uint64_t at, uint64_t descriptor)
{
	assert_int_equal(tl_mem_write(&f.vm.mem, at, &descriptor, 8), 0);
}

/* Two pages at 0: the first device, and what the second descriptor says. RAM is where it is. */
static void mmu_on(uint64_t second)
{
	put(TABLES, (TABLES + 0x1000) | 3);
	put(TABLES + 8, FAKE_RAM | BIT(10) | 1);
	put(TABLES + 0x1000, (TABLES + 0x2000) | 3);
	put(TABLES + 0x2000, PAGE_OF(SCRATCH));
	put(TABLES + 0x2008, second);
	cpu->sctlr = SCTLR_M;
	cpu->tcr = 25 | BIT(23) | UINT64_C(5) << 32;
	cpu->ttbr0 = TABLES;
	cpu->x[2] = 0xff8;
}

static void test_second_page(void **state)
{
	(void)state;
	/* Into RAM, which is the other half. */
	mmu_on(PAGE_OF(FAKE_RAM + 0x5000));
	emulate(0xa9001444, SCRATCH + 0xff8); /* stp x4, x5, [x2] */
	device_has(0xff8, "\x88\x77\x66\x55\x44\x33\x22\x11", 8);
	assert_memory_equal(
		tl_mem_at(&f.vm.mem, FAKE_RAM + 0x5000, 8), "\x00\xff\xee\xdd\xcc\xbb\xaa\x99", 8);
	/* In the middle of an element, into the device before it. */
	mmu_on(PAGE_OF(SCRATCH + 0x1000));
	cpu->x[2] = 0xffd;
	emulate(0xb8004444, SCRATCH + 0xffd); /* str w4, [x2], #4 */
	device_has(0xffd, "\x88\x77\x66\x55", 4);
	assert_int_equal(cpu->aborts, 0);
	/* Read-only, not there, and none of the first half is written. */
	mmu_on(PAGE_OF(FAKE_RAM + 0x5000) | BIT(7));
	cpu->x[4] = 0;
	emulate(0xa9001444, SCRATCH + 0xff8);
	assert_warned("a part of it may not be accessed");
	mmu_on(0);
	emulate(0xa9001444, SCRATCH + 0xff0);
	assert_warned("no translation");
	device_has(0xff8, "\x88\x77", 2);
	assert_int_equal(cpu->aborts, 2);
	/* EL0 may not, nor who acts as it. */
	mmu_on(0);
	cpu->x[2] = 0;
	emulate(0xf8400844, SCRATCH + 0x8); /* ldtr x4, [x2] */
	assert_warned("a part of it may not be accessed");
	assert_int_equal(cpu->aborts, 3);
}

static void test_no_tables(void **state)
{
	(void)state;
	mmu_on(0);
	cpu->ttbr0 = SCRATCH;
	emulate(0xf8008444, SCRATCH);
	assert_warned("cannot be read: a page table where there is no memory");
	assert_int_equal(cpu->aborts, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_little_endian),
		TEST(test_big_endian),
		TEST(test_pstate),
		TEST(test_t32_of_el0),
		TEST(test_sve),
		TEST(test_zero),
		TEST(test_flash),
		TEST(test_refused),
		TEST(test_changed_meanwhile),
		TEST(test_second_page),
		TEST(test_no_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
