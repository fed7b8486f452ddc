/* SPDX-License-Identifier: MIT */
/*
 * What an exit was for, in words, by class.
 * Links: trace/decode/detail.c trace/decode/device_regs.c trace/decode/smccc.c
 * Links: trace/decode/sysreg.c trace/decode/cp.c
 */
#include "tests/unit/unit.h"

#include "base/vm_desc.h"
#include "trace/decode/cp.h"
#include "trace/decode/detail.h"
#include "trace/decode/esr.h"

#define WFX   TL_CLASS_WFX
#define HVC32 (TL_CLASS_EC + 0x12)
#define SMC32 (TL_CLASS_EC + 0x13)
#define HVC64 (TL_CLASS_EC + 0x16)
#define SMC64 (TL_CLASS_EC + 0x17)
#define SYS64 (TL_CLASS_EC + 0x18)
#define IABT  (TL_CLASS_EC + 0x20)
#define DABT  (TL_CLASS_EC + 0x24)

static const struct tl_vm_map map = {3, {
						{"ram", 0x40000000, 0x10000000},
						{"pl011", 0x09000000, 0x1000},
						{"virtio-mmio", 0x0a000000, 0x4000},
					}};

static void expect(unsigned int exit_class, uint64_t detail, const char *words)
{
	char buffer[96] = "something";

	assert_ptr_equal(tl_detail_text(buffer, sizeof(buffer), exit_class, detail, &map), buffer);
	assert_string_equal(buffer, words);
}

static void test_wait(void **state)
{
	(void)state;
	expect(WFX, 0, "WFI");
	expect(WFX, 1, "WFE");
	expect(WFX, 2, "WFIT");
	expect(WFX, 3, "WFET");
	/* The rest of the syndrome is not looked at. */
	expect(WFX, 0x1e00000 | 1, "WFE");
}

static void test_call(void **state)
{
	(void)state;
	expect(HVC64, 0x84000003, "PSCI CPU_ON");
	expect(SMC64, 0xc4000003, "PSCI CPU_ON");
	expect(HVC32, 0x84000000, "PSCI VERSION");
	expect(SMC32, 0x84000000, "PSCI VERSION");
	expect(HVC64, 0x82000001, "SiP 0x82000001");
	/* Another immediate than 0 is no call by the convention. */
	expect(HVC64, TL_DETAIL_IMM(1) | 0x84000003, "#1");
	expect(HVC64, TL_DETAIL_IMM(0xffff), "#65535");
	/* No function: it is not known. */
	expect(SMC64, 0, "#0");
}

/* Op0 3 and 2 are registers; 1 are instructions, which are neither read nor written. */
static void test_sysreg(void **state)
{
	(void)state;
	expect(SYS64, 0x32c000 | 1, "CTR_EL0 read");
	expect(SYS64, 0x3a3016, "ICC_SGI1R_EL1 write");
	expect(SYS64, 0x280400, "OSLAR_EL1 write");
	expect(SYS64, 0x141c1c, "DC CISW");
	expect(SYS64, 0x303c04 | 1, "S3_0_C15_C2_0 read");
	expect(SYS64, 0x303c04, "S3_0_C15_C2_0 write");
}

/* Of 32-bit guests. LDC reads memory, and so writes the register. */
static void test_coprocessor(void **state)
{
	(void)state;
	expect(TL_CLASS_CP15_32, 0x00400 | 1, "SCTLR read");
	expect(TL_CLASS_CP15_32, 0x00400, "SCTLR write");
	expect(TL_CLASS_CP15_32, 0x41c1c, "DCCISW");
	expect(TL_CLASS_CP15_32, 0x0200e, "TLBIALL");
	expect(TL_CLASS_CP15_32, 0x01c08 | 1, "PAR read");
	expect(TL_CLASS_CP15_32, 0x03c04, "p15, 0, c15, c2, 0 write");
	expect(TL_CLASS_CP15_64, 0x00018, "ICC_SGI1R write");
	expect(TL_CLASS_CP15_64, 0x1001c | 1, "CNTVCT read");
	expect(TL_CLASS_CP14_MR, 0x80400, "DBGOSLAR write");
	expect(TL_CLASS_CP14_MR, 0x0000a | 1, "DBGDTRRXint read");
	expect(TL_CLASS_CP14_LS, 0x2000000, "DBGDTRRXint read");
	expect(TL_CLASS_CP14_LS, 0x2000000 | 1, "DBGDTRTXint write");
	expect(TL_CLASS_CP10_ID, 0x1dc00 | 1, "MVFR0 read");
	expect(TL_CLASS_CP14_64, 0x00002 | 1, "DBGDRAR read");
}

/* Stock kernels tell nothing of these. */
static void test_coprocessor_unknown(void **state)
{
	(void)state;
	expect(TL_CLASS_CP15_32, 0, "");
	expect(TL_CLASS_CP15_64, 0, "");
	expect(TL_CLASS_CP14_MR, 0, "");
	expect(TL_CLASS_CP14_LS, 0, "");
	expect(TL_CLASS_CP10_ID, 0, "");
	expect(TL_CLASS_CP14_64, 0, "");
}

/* Transports that are ranges of their own have numbers as those in one range have. */
static void test_devices_apart(void **state)
{
	static const struct tl_vm_map apart = {
		4, {{"virtio-mmio", 0x0a000200, 0x200}, {"pl011", 0x09000000, 0x1000},
			   {"virtio-mmio", 0x0a000000, 0x200}, {"gicr@123", 0x40000000, 0x20000}}};
	char buffer[96];

	(void)state;
	assert_string_equal(tl_detail_text(buffer, sizeof(buffer), DABT, 0x0a000070, &apart),
		"virtio-mmio #0 Status read");
	assert_string_equal(tl_detail_text(buffer, sizeof(buffer), DABT, 0x0a000270, &apart),
		"virtio-mmio #1 Status read");
	assert_string_equal(tl_detail_text(buffer, sizeof(buffer), DABT, 0x09000018, &apart),
		"pl011 UARTFR read");
	assert_string_equal(tl_detail_text(buffer, sizeof(buffer), DABT, 0x40000000, &apart),
		"gicr@123 #123 GICR_CTLR read");
}

static void test_device(void **state)
{
	(void)state;
	expect(DABT, 0x09000018, "pl011 UARTFR read");
	expect(DABT, TL_DETAIL_WRITE | 0x09000000, "pl011 UARTDR write");
	expect(DABT, TL_DETAIL_WRITE | TL_DETAIL_ISV | TL_DETAIL_SIZE(3) | 0x09000038,
		"pl011 UARTIMSC write");
	expect(DABT, TL_DETAIL_ISV | TL_DETAIL_SIZE(2) | 0x0a000270, "virtio-mmio #1 Status read");
	expect(DABT, 0x09000ffc, "pl011 UARTPCellID[3] read");
	expect(IABT, 0x09000100, "pl011 +0x100 fetch");
	/* Behind it and before it */
	expect(DABT, 0x09001000, "no device at 0x9001000, read");
	expect(DABT, 0x08ffffff, "no device at 0x8ffffff, read");
	expect(IABT, 0x1000, "no device at 0x1000, fetch");
}

/* As large as an address may be: nothing of it is taken for something else. */
static void test_large_address(void **state)
{
	(void)state;
	expect(DABT, TL_DETAIL_IPA, "no device at 0xffffffffffffff, read");
	expect(DABT, TL_DETAIL_IPA | TL_DETAIL_WRITE, "no device at 0xffffffffffffff, write");
	assert_int_equal(TL_DETAIL_IPA & (TL_DETAIL_WRITE | TL_DETAIL_RAM | TL_DETAIL_ISV |
						 TL_DETAIL_SIZE(3)),
		0);
}

/* DDI 0487, DFSC: two bits of level below the kind. */
static void test_fault(void **state)
{
	(void)state;
	expect(DABT, TL_DETAIL_RAM | 0x00, "RAM read: stage-2 address size, level 0");
	expect(DABT, TL_DETAIL_RAM | 0x06, "RAM read: stage-2 translation, level 2");
	expect(DABT, TL_DETAIL_RAM | TL_DETAIL_WRITE | 0x0f,
		"RAM write: stage-2 permission, level 3");
	expect(DABT, TL_DETAIL_RAM | 0x0b, "RAM read: stage-2 access flag, level 3");
	expect(IABT, TL_DETAIL_RAM | 0x07, "RAM fetch: stage-2 translation, level 3");
	expect(DABT, TL_DETAIL_RAM | 0x10, "RAM read: fault status 0x10");
	expect(DABT, TL_DETAIL_RAM | TL_DETAIL_WRITE | 0x21, "RAM write: fault status 0x21");
	expect(DABT, TL_DETAIL_RAM | 0x3f, "RAM read: fault status 0x3f");
}

static void test_no_map(void **state)
{
	static const struct tl_vm_map empty;
	char buffer[96];

	(void)state;
	assert_string_equal(tl_detail_text(buffer, sizeof(buffer), DABT, 0x09000018, NULL),
		"no device at 0x9000018, read");
	assert_string_equal(tl_detail_text(buffer, sizeof(buffer), DABT, 0x09000018, &empty),
		"no device at 0x9000018, read");
}

/* To all other classes there is nothing to add. */
static void test_other_classes(void **state)
{
	static const unsigned int told[] = {WFX, HVC32, SMC32, HVC64, SMC64, SYS64, IABT, DABT,
		TL_CLASS_IRQ, TL_CLASS_CP15_32, TL_CLASS_CP15_64, TL_CLASS_CP14_MR,
		TL_CLASS_CP14_LS, TL_CLASS_CP10_ID, TL_CLASS_CP14_64};

	(void)state;
	for (unsigned int c = 0; c <= TL_CLASS_COUNT; c++) {
		unsigned int i = 0;

		while (i < ARRAY_LEN(told) && told[i] != c)
			i++;
		if (i == ARRAY_LEN(told))
			expect(c, UINT64_MAX, "");
	}
}

static void test_host_interrupt(void **state)
{
	(void)state;
	expect(TL_CLASS_IRQ, 0, "");
	expect(TL_CLASS_IRQ, TL_DETAIL_IRQ(0), "host interrupt 0");
	expect(TL_CLASS_IRQ, TL_DETAIL_IRQ(11), "host interrupt 11");
}

/* MPIDR_EL1: Aff0 has 16 CPUs, Aff1 comes next. */
static void test_call_with_target(void **state)
{
	(void)state;
	expect(HVC64, tl_detail_of_call(0, 0xc4000003, 0), "PSCI CPU_ON of CPU 0");
	expect(HVC64, tl_detail_of_call(0, 0xc4000003, 0x102), "PSCI CPU_ON of CPU 18");
	expect(HVC32, tl_detail_of_call(0, 0x84000003, 7), "PSCI CPU_ON of CPU 7");
	expect(HVC64, tl_detail_of_call(0, 0xc4000003, UINT64_MAX), "PSCI CPU_ON");
	expect(HVC64, tl_detail_of_call(0, 0xc4000004, 7), "PSCI AFFINITY_INFO");
}

static void test_small_buffer(void **state)
{
	char buffer[8];

	(void)state;
	assert_string_equal(tl_detail_text(buffer, 5, DABT, 0x0a000270, &map), "virt");
	assert_string_equal(tl_detail_text(buffer, 1, WFX, 0, &map), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_call),
		cmocka_unit_test(test_sysreg),
		cmocka_unit_test(test_coprocessor),
		cmocka_unit_test(test_coprocessor_unknown),
		cmocka_unit_test(test_device),
		cmocka_unit_test(test_devices_apart),
		cmocka_unit_test(test_large_address),
		cmocka_unit_test(test_fault),
		cmocka_unit_test(test_no_map),
		cmocka_unit_test(test_other_classes),
		cmocka_unit_test(test_host_interrupt),
		cmocka_unit_test(test_call_with_target),
		cmocka_unit_test(test_small_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
