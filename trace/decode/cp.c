/* SPDX-License-Identifier: MIT */
/*
 * The kernel's descriptions, which the names of 64-bit guests are made from, leave
 * AArch32 out: hence a table, by DDI 0487, "AArch32 System register encoding". Registers
 * of Hyp and Monitor mode are left out, since no guest has these.
 */
#include "trace/decode/cp.h"

#include <stdio.h>

/* A key: the ISS without Rt, condition and direction; above it, the coprocessor. */
#define CP_SHIFT 20
#define WIDE     (1u << 24) /* MCRR, MRRC: Opc1 is elsewhere */
#define MR_MASK  0xffc1eu
#define CRN_MASK 0x03c00u
#define RR_MASK  0xf001eu

#define MR(cp, opc1, crn, crm, opc2)                                                               \
	((cp) << CP_SHIFT | (opc2) << 17 | (opc1) << 14 | (crn) << 10 | (crm) << 1)
#define RR(cp, opc1, crm) (WIDE | (cp) << CP_SHIFT | (opc1) << 16 | (crm) << 1)

#define P15(opc1, crn, crm, opc2) MR(15u, opc1, crn, crm, opc2)
#define P14(opc1, crn, crm, opc2) MR(14u, opc1, crn, crm, opc2)
#define VMRS(reg)                 MR(10u, 0, reg, 0, 0)

/* Two registers: it depends on the direction. */
#define DTR P14(0, 0, 5, 0)

static const struct {
	uint32_t key;
	const char *name;
} registers[] = {
	/* Identification */
	{P15(0, 0, 0, 0), "MIDR"},
	{P15(0, 0, 0, 1), "CTR"},
	{P15(0, 0, 0, 2), "TCMTR"},
	{P15(0, 0, 0, 3), "TLBTR"},
	{P15(0, 0, 0, 4), "MIDR"},
	{P15(0, 0, 0, 5), "MPIDR"},
	{P15(0, 0, 0, 6), "REVIDR"},
	{P15(0, 0, 0, 7), "MIDR"},
	{P15(0, 0, 1, 0), "ID_PFR0"},
	{P15(0, 0, 1, 1), "ID_PFR1"},
	{P15(0, 0, 1, 2), "ID_DFR0"},
	{P15(0, 0, 1, 3), "ID_AFR0"},
	{P15(0, 0, 1, 4), "ID_MMFR0"},
	{P15(0, 0, 1, 5), "ID_MMFR1"},
	{P15(0, 0, 1, 6), "ID_MMFR2"},
	{P15(0, 0, 1, 7), "ID_MMFR3"},
	{P15(0, 0, 2, 0), "ID_ISAR0"},
	{P15(0, 0, 2, 1), "ID_ISAR1"},
	{P15(0, 0, 2, 2), "ID_ISAR2"},
	{P15(0, 0, 2, 3), "ID_ISAR3"},
	{P15(0, 0, 2, 4), "ID_ISAR4"},
	{P15(0, 0, 2, 5), "ID_ISAR5"},
	{P15(0, 0, 2, 6), "ID_MMFR4"},
	{P15(0, 0, 2, 7), "ID_ISAR6"},
	{P15(0, 0, 3, 4), "ID_PFR2"},
	{P15(0, 0, 3, 5), "ID_DFR1"},
	{P15(0, 0, 3, 6), "ID_MMFR5"},
	{P15(1, 0, 0, 0), "CCSIDR"},
	{P15(1, 0, 0, 1), "CLIDR"},
	{P15(1, 0, 0, 2), "CCSIDR2"},
	{P15(1, 0, 0, 7), "AIDR"},
	{P15(2, 0, 0, 0), "CSSELR"},
	/* Control and translation */
	{P15(0, 1, 0, 0), "SCTLR"},
	{P15(0, 1, 0, 1), "ACTLR"},
	{P15(0, 1, 0, 2), "CPACR"},
	{P15(0, 1, 0, 3), "ACTLR2"},
	{P15(0, 1, 1, 2), "NSACR"},
	{P15(0, 1, 2, 1), "TRFCR"},
	{P15(0, 2, 0, 0), "TTBR0"},
	{P15(0, 2, 0, 1), "TTBR1"},
	{P15(0, 2, 0, 2), "TTBCR"},
	{P15(0, 2, 0, 3), "TTBCR2"},
	{P15(0, 3, 0, 0), "DACR"},
	{P15(0, 10, 2, 0), "PRRR/MAIR0"},
	{P15(0, 10, 2, 1), "NMRR/MAIR1"},
	{P15(0, 10, 3, 0), "AMAIR0"},
	{P15(0, 10, 3, 1), "AMAIR1"},
	{P15(0, 12, 0, 0), "VBAR"},
	{P15(0, 12, 1, 0), "ISR"},
	{P15(0, 12, 1, 1), "DISR"},
	{P15(0, 13, 0, 0), "FCSEIDR"},
	{P15(0, 13, 0, 1), "CONTEXTIDR"},
	{P15(0, 13, 0, 2), "TPIDRURW"},
	{P15(0, 13, 0, 3), "TPIDRURO"},
	{P15(0, 13, 0, 4), "TPIDRPRW"},
	{RR(15u, 0, 2), "TTBR0"},
	{RR(15u, 1, 2), "TTBR1"},
	/* Faults and errors */
	{P15(0, 5, 0, 0), "DFSR"},
	{P15(0, 5, 0, 1), "IFSR"},
	{P15(0, 5, 1, 0), "ADFSR"},
	{P15(0, 5, 1, 1), "AIFSR"},
	{P15(0, 5, 3, 0), "ERRIDR"},
	{P15(0, 5, 3, 1), "ERRSELR"},
	{P15(0, 5, 4, 0), "ERXFR"},
	{P15(0, 5, 4, 1), "ERXCTLR"},
	{P15(0, 5, 4, 2), "ERXSTATUS"},
	{P15(0, 5, 4, 3), "ERXADDR"},
	{P15(0, 5, 4, 4), "ERXFR2"},
	{P15(0, 5, 4, 5), "ERXCTLR2"},
	{P15(0, 5, 4, 7), "ERXADDR2"},
	{P15(0, 5, 5, 0), "ERXMISC0"},
	{P15(0, 5, 5, 1), "ERXMISC1"},
	{P15(0, 5, 5, 2), "ERXMISC4"},
	{P15(0, 5, 5, 3), "ERXMISC5"},
	{P15(0, 5, 5, 4), "ERXMISC2"},
	{P15(0, 5, 5, 5), "ERXMISC3"},
	{P15(0, 5, 5, 6), "ERXMISC6"},
	{P15(0, 5, 5, 7), "ERXMISC7"},
	{P15(0, 6, 0, 0), "DFAR"},
	{P15(0, 6, 0, 2), "IFAR"},
	/* Caches, branch prediction, barriers, address translation */
	{P15(0, 7, 1, 0), "ICIALLUIS"},
	{P15(0, 7, 1, 6), "BPIALLIS"},
	{P15(0, 7, 3, 4), "CFPRCTX"},
	{P15(0, 7, 3, 5), "DVPRCTX"},
	{P15(0, 7, 3, 6), "COSPRCTX"},
	{P15(0, 7, 3, 7), "CPPRCTX"},
	{P15(0, 7, 4, 0), "PAR"},
	{P15(0, 7, 5, 0), "ICIALLU"},
	{P15(0, 7, 5, 1), "ICIMVAU"},
	{P15(0, 7, 5, 4), "CP15ISB"},
	{P15(0, 7, 5, 6), "BPIALL"},
	{P15(0, 7, 5, 7), "BPIMVA"},
	{P15(0, 7, 6, 1), "DCIMVAC"},
	{P15(0, 7, 6, 2), "DCISW"},
	{P15(0, 7, 8, 0), "ATS1CPR"},
	{P15(0, 7, 8, 1), "ATS1CPW"},
	{P15(0, 7, 8, 2), "ATS1CUR"},
	{P15(0, 7, 8, 3), "ATS1CUW"},
	{P15(0, 7, 8, 4), "ATS12NSOPR"},
	{P15(0, 7, 8, 5), "ATS12NSOPW"},
	{P15(0, 7, 8, 6), "ATS12NSOUR"},
	{P15(0, 7, 8, 7), "ATS12NSOUW"},
	{P15(0, 7, 9, 0), "ATS1CPRP"},
	{P15(0, 7, 9, 1), "ATS1CPWP"},
	{P15(0, 7, 10, 1), "DCCMVAC"},
	{P15(0, 7, 10, 2), "DCCSW"},
	{P15(0, 7, 10, 4), "CP15DSB"},
	{P15(0, 7, 10, 5), "CP15DMB"},
	{P15(0, 7, 11, 1), "DCCMVAU"},
	{P15(0, 7, 14, 1), "DCCIMVAC"},
	{P15(0, 7, 14, 2), "DCCISW"},
	{RR(15u, 0, 7), "PAR"},
	/* TLBs */
	{P15(0, 8, 3, 0), "TLBIALLIS"},
	{P15(0, 8, 3, 1), "TLBIMVAIS"},
	{P15(0, 8, 3, 2), "TLBIASIDIS"},
	{P15(0, 8, 3, 3), "TLBIMVAAIS"},
	{P15(0, 8, 3, 5), "TLBIMVALIS"},
	{P15(0, 8, 3, 7), "TLBIMVAALIS"},
	{P15(0, 8, 5, 0), "ITLBIALL"},
	{P15(0, 8, 5, 1), "ITLBIMVA"},
	{P15(0, 8, 5, 2), "ITLBIASID"},
	{P15(0, 8, 6, 0), "DTLBIALL"},
	{P15(0, 8, 6, 1), "DTLBIMVA"},
	{P15(0, 8, 6, 2), "DTLBIASID"},
	{P15(0, 8, 7, 0), "TLBIALL"},
	{P15(0, 8, 7, 1), "TLBIMVA"},
	{P15(0, 8, 7, 2), "TLBIASID"},
	{P15(0, 8, 7, 3), "TLBIMVAA"},
	{P15(0, 8, 7, 5), "TLBIMVAL"},
	{P15(0, 8, 7, 7), "TLBIMVAAL"},
	/* Performance and activity monitors */
	{P15(0, 9, 12, 0), "PMCR"},
	{P15(0, 9, 12, 1), "PMCNTENSET"},
	{P15(0, 9, 12, 2), "PMCNTENCLR"},
	{P15(0, 9, 12, 3), "PMOVSR"},
	{P15(0, 9, 12, 4), "PMSWINC"},
	{P15(0, 9, 12, 5), "PMSELR"},
	{P15(0, 9, 12, 6), "PMCEID0"},
	{P15(0, 9, 12, 7), "PMCEID1"},
	{P15(0, 9, 13, 0), "PMCCNTR"},
	{P15(0, 9, 13, 1), "PMXEVTYPER"},
	{P15(0, 9, 13, 2), "PMXEVCNTR"},
	{P15(0, 9, 14, 0), "PMUSERENR"},
	{P15(0, 9, 14, 1), "PMINTENSET"},
	{P15(0, 9, 14, 2), "PMINTENCLR"},
	{P15(0, 9, 14, 3), "PMOVSSET"},
	{P15(0, 9, 14, 4), "PMCEID2"},
	{P15(0, 9, 14, 5), "PMCEID3"},
	{P15(0, 9, 14, 6), "PMMIR"},
	{P15(0, 14, 15, 7), "PMCCFILTR"},
	{RR(15u, 0, 9), "PMCCNTR"},
	{P15(0, 13, 2, 0), "AMCR"},
	{P15(0, 13, 2, 1), "AMCFGR"},
	{P15(0, 13, 2, 2), "AMCGCR"},
	{P15(0, 13, 2, 3), "AMUSERENR"},
	{P15(0, 13, 2, 4), "AMCNTENCLR0"},
	{P15(0, 13, 2, 5), "AMCNTENSET0"},
	{P15(0, 13, 3, 0), "AMCNTENCLR1"},
	{P15(0, 13, 3, 1), "AMCNTENSET1"},
	/* Generic timer */
	{P15(0, 14, 0, 0), "CNTFRQ"},
	{P15(0, 14, 1, 0), "CNTKCTL"},
	{P15(0, 14, 2, 0), "CNTP_TVAL"},
	{P15(0, 14, 2, 1), "CNTP_CTL"},
	{P15(0, 14, 3, 0), "CNTV_TVAL"},
	{P15(0, 14, 3, 1), "CNTV_CTL"},
	{RR(15u, 0, 14), "CNTPCT"},
	{RR(15u, 1, 14), "CNTVCT"},
	{RR(15u, 2, 14), "CNTP_CVAL"},
	{RR(15u, 3, 14), "CNTV_CVAL"},
	{RR(15u, 8, 14), "CNTPCTSS"},
	{RR(15u, 9, 14), "CNTVCTSS"},
	/* GICv3, IHI 0069 */
	{P15(0, 4, 6, 0), "ICC_PMR"},
	{P15(0, 12, 8, 0), "ICC_IAR0"},
	{P15(0, 12, 8, 1), "ICC_EOIR0"},
	{P15(0, 12, 8, 2), "ICC_HPPIR0"},
	{P15(0, 12, 8, 3), "ICC_BPR0"},
	{P15(0, 12, 11, 1), "ICC_DIR"},
	{P15(0, 12, 11, 3), "ICC_RPR"},
	{P15(0, 12, 12, 0), "ICC_IAR1"},
	{P15(0, 12, 12, 1), "ICC_EOIR1"},
	{P15(0, 12, 12, 2), "ICC_HPPIR1"},
	{P15(0, 12, 12, 3), "ICC_BPR1"},
	{P15(0, 12, 12, 4), "ICC_CTLR"},
	{P15(0, 12, 12, 5), "ICC_SRE"},
	{P15(0, 12, 12, 6), "ICC_IGRPEN0"},
	{P15(0, 12, 12, 7), "ICC_IGRPEN1"},
	{RR(15u, 0, 12), "ICC_SGI1R"},
	{RR(15u, 1, 12), "ICC_ASGI1R"},
	{RR(15u, 2, 12), "ICC_SGI0R"},
	/* Debug, Jazelle */
	{P15(3, 4, 5, 0), "DSPSR"},
	{P15(3, 4, 5, 1), "DLR"},
	{P14(0, 0, 0, 0), "DBGDIDR"},
	{P14(0, 0, 0, 2), "DBGDTRRXext"},
	{P14(0, 0, 1, 0), "DBGDSCRint"},
	{P14(0, 0, 2, 0), "DBGDCCINT"},
	{P14(0, 0, 2, 2), "DBGDSCRext"},
	{P14(0, 0, 3, 2), "DBGDTRTXext"},
	{P14(0, 0, 6, 0), "DBGWFAR"},
	{P14(0, 0, 6, 2), "DBGOSECCR"},
	{P14(0, 0, 7, 0), "DBGVCR"},
	{P14(0, 1, 0, 0), "DBGDRAR"},
	{P14(0, 1, 0, 4), "DBGOSLAR"},
	{P14(0, 1, 1, 4), "DBGOSLSR"},
	{P14(0, 1, 3, 4), "DBGOSDLR"},
	{P14(0, 1, 4, 4), "DBGPRCR"},
	{P14(0, 2, 0, 0), "DBGDSAR"},
	{P14(0, 7, 0, 7), "DBGDEVID2"},
	{P14(0, 7, 1, 7), "DBGDEVID1"},
	{P14(0, 7, 2, 7), "DBGDEVID"},
	{P14(0, 7, 8, 6), "DBGCLAIMSET"},
	{P14(0, 7, 9, 6), "DBGCLAIMCLR"},
	{P14(0, 7, 14, 6), "DBGAUTHSTATUS"},
	{P14(7, 0, 0, 0), "JIDR"},
	{P14(7, 1, 0, 0), "JOSCR"},
	{P14(7, 2, 0, 0), "JMCR"},
	{RR(14u, 0, 1), "DBGDRAR"},
	{RR(14u, 0, 2), "DBGDSAR"},
	/* Floating point, by the number that VMRS has */
	{VMRS(0), "FPSID"},
	{VMRS(5), "MVFR2"},
	{VMRS(6), "MVFR1"},
	{VMRS(7), "MVFR0"},
	{VMRS(8), "FPEXC"},
};

/* Registers with a number: `step` from one to the next, in CRm:Opc2; Opc1 is 0. */
static const struct {
	const char *name;
	uint8_t cp, crn, crm, opc2, step, count;
} series[] = {
	{"PMEVCNTR", 15, 14, 8, 0, 1, 31},
	{"PMEVTYPER", 15, 14, 12, 0, 1, 31},
	{"AMEVTYPER0", 15, 13, 6, 0, 1, 16},
	{"AMEVTYPER1", 15, 13, 14, 0, 1, 16},
	{"ICC_AP0R", 15, 12, 8, 4, 1, 4},
	{"ICC_AP1R", 15, 12, 9, 0, 1, 4},
	{"DBGBVR", 14, 0, 0, 4, 8, 16},
	{"DBGBCR", 14, 0, 0, 5, 8, 16},
	{"DBGWVR", 14, 0, 0, 6, 8, 16},
	{"DBGWCR", 14, 0, 0, 7, 8, 16},
	{"DBGBXVR", 14, 1, 0, 1, 8, 16},
};

/* 0, which is no coprocessor: nothing is known of that class. */
static uint32_t key_of(unsigned int exit_class, uint32_t iss)
{
	switch (exit_class) {
	case TL_CLASS_CP15_32:
		return 15u << CP_SHIFT | (iss & MR_MASK);
	case TL_CLASS_CP14_MR:
		return 14u << CP_SHIFT | (iss & MR_MASK);
	case TL_CLASS_CP10_ID:
		return 10u << CP_SHIFT | (iss & CRN_MASK);
	case TL_CLASS_CP15_64:
		return WIDE | 15u << CP_SHIFT | (iss & RR_MASK);
	case TL_CLASS_CP14_64:
		return WIDE | 14u << CP_SHIFT | (iss & RR_MASK);
	case TL_CLASS_CP14_LS:
		/* DDI 0487: nothing else can be loaded or stored. */
		return DTR;
	default:
		return 0;
	}
}

static int put_series(uint32_t key, char *buffer, size_t size)
{
	unsigned int place = (key >> 1 & 15) << 3 | (key >> 17 & 7);

	for (unsigned int i = 0; i < sizeof(series) / sizeof(series[0]); i++) {
		unsigned int first = series[i].crm << 3 | series[i].opc2, number;

		if ((key & ~MR(0u, 0, 0, 15u, 7u)) !=
				MR((uint32_t)series[i].cp, 0, (uint32_t)series[i].crn, 0, 0) ||
			place < first || (place - first) % series[i].step)
			continue;
		number = (place - first) / series[i].step;
		if (number < series[i].count) {
			snprintf(buffer, size, "%s%u", series[i].name, number);
			return 1;
		}
	}
	return 0;
}

static void put_encoding(uint32_t key, char *buffer, size_t size)
{
	unsigned int cp = key >> CP_SHIFT & 15;

	if (!key)
		snprintf(buffer, size, "%s", "");
	else if (key & WIDE)
		snprintf(buffer, size, "p%u, %u, c%u", cp, key >> 16 & 15, key >> 1 & 15);
	else if (cp == 10)
		/* VMRS is an MRC with Opc1 7. */
		snprintf(buffer, size, "p10, 7, c%u, c0, 0", key >> 10 & 15);
	else
		snprintf(buffer, size, "p%u, %u, c%u, c%u, %u", cp, key >> 14 & 7, key >> 10 & 15,
			key >> 1 & 15, key >> 17 & 7);
}

const char *tl_cp_name(unsigned int exit_class, uint64_t detail, char *buffer, size_t size)
{
	uint32_t key = key_of(exit_class, (uint32_t)detail);

	if (key == DTR)
		return tl_cp_is_read(exit_class, detail) ? "DBGDTRRXint" : "DBGDTRTXint";
	for (unsigned int i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
		if (registers[i].key == key)
			return registers[i].name;
	}
	if (!put_series(key, buffer, size))
		put_encoding(key, buffer, size);
	return buffer;
}
