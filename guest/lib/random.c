/* SPDX-License-Identifier: MIT */
/*
 * Numbers that look random and are the same on each run, and calls that are mostly nonsense:
 * function ids of PSCI and SMCCC (Arm DEN0022 section 5.1, DEN0028 section 6.3), defined ones,
 * reserved ones and any number at all, by both conduits.
 */
#include "base/hypercall.h"
#include "guest.h"

/* What a call must not do is stop its caller, or print; it is not made. */
#define PSCI_CPU_SUSPEND    0x01
#define PSCI_CPU_OFF        0x02
#define PSCI_CPU_ON         0x03
#define PSCI_SYSTEM_OFF     0x08
#define PSCI_SYSTEM_RESET   0x09
#define PSCI_SYSTEM_SUSPEND 0x0e
#define PSCI_SYSTEM_RESET2  0x12

uint64_t tl_random(uint64_t *state)
{
	uint64_t x = *state ? *state : 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	*state = x;
	/* The lower bits of x follow each other too closely. */
	return x * 0x2545f4914f6cdd1d >> 8;
}

uint64_t tl_random_value(uint64_t *state)
{
	uint64_t r = tl_random(state);

	switch (r & 7) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
		return UINT64_C(1) << (r >> 3 & 63);
	case 3:
		return (UINT64_C(1) << (r >> 3 & 63)) - 1;
	case 4:
		return r >> 3 & 255;
	default:
		return tl_random(state) << 16 ^ r;
	}
}

static uint64_t random_id(uint64_t *state)
{
	uint64_t r = tl_random(state);

	switch (r & 7) {
	case 0:
	case 1: /* PSCI, 32 and 64 bits */
		return 0x84000000 | (r & 1) << 30 | (r >> 8 & 0x1f);
	case 2: /* any owner */
		return 0x80000000 | (r >> 8 & 0x7f000000) | (r >> 40 & 0xff);
	case 3: /* the hypervisor's own, ours among them */
		return 0x86000000 | (r >> 8 & 1) << 30 | (r >> 16 & 0xffff);
	case 4: /* the architecture's, and random numbers (DEN0098) */
		return (r >> 8 & 1 ? 0x80000000 : 0x84000040) | (r >> 16 & 0x7fff) % 0x60;
	default:
		return tl_random_value(state);
	}
}

static int may_be_called(uint64_t id)
{
	uint32_t function = (uint32_t)id;

	if (function == TL_HVC_PUTCHAR)
		return 0;
	if ((function & 0xbfffff00) != 0x84000000)
		return 1;
	switch (function & 0xff) {
	case PSCI_CPU_SUSPEND:
	case PSCI_CPU_OFF:
	case PSCI_CPU_ON:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_SYSTEM_SUSPEND:
	case PSCI_SYSTEM_RESET2:
		return 0;
	default:
		return 1;
	}
}

#define CALL(instruction)                                                                          \
	__asm__ volatile(instruction                                                               \
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)                                  \
			 :                                                                         \
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",  \
			 "x15", "x16", "x17", "cc", "memory")

int64_t tl_smccc_call(
	unsigned int conduit, uint64_t function, uint64_t a1, uint64_t a2, uint64_t a3)
{
	register uint64_t x0 __asm__("x0") = function;
	register uint64_t x1 __asm__("x1") = a1;
	register uint64_t x2 __asm__("x2") = a2;
	register uint64_t x3 __asm__("x3") = a3;

	switch (conduit) {
	case 0:
		CALL("hvc #0");
		break;
	case 1:
		CALL("smc #0");
		break;
	case 2:
		CALL("hvc #1");
		break;
	case 3:
		CALL("hvc #0xffff");
		break;
	default:
		CALL("smc #0x1234");
		break;
	}
	return (int64_t)x0;
}

int tl_random_call(uint64_t *state)
{
	uint64_t id = random_id(state);

	if (!may_be_called(id))
		return 0;
	tl_smccc_call((unsigned int)(tl_random(state) % 5), id, tl_random_value(state),
		tl_random_value(state), tl_random_value(state));
	return 1;
}
