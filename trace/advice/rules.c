/* SPDX-License-Identifier: MIT */
/*
 * The rules. What matches is decided by names, as the report shows them, so that a
 * rule is as easy to read as its guide.
 */
#include <string.h>

#include "trace/advice/advice.h"
#include "trace/decode/cp.h"
#include "trace/decode/detail.h"
#include "trace/decode/sysreg.h"

#define EC_WFX   (TL_CLASS_EC + 0x01)
#define EC_SYS64 (TL_CLASS_EC + 0x18)
#define EC_DABT  (TL_CLASS_EC + 0x24)

/* "" for what is none. Of a 32-bit guest it has the name that AArch32 has for it. */
static const char *register_name(const struct tl_profile_detail *d, char *buffer, size_t size)
{
	return d->exit_class == EC_SYS64 ? tl_sysreg_name((uint32_t)d->detail, buffer, size)
					 : tl_cp_name(d->exit_class, d->detail, buffer, size);
}

static bool is_register(const struct tl_profile_detail *d, const char *const *names)
{
	char buffer[48];
	const char *name = register_name(d, buffer, sizeof(buffer));

	for (; *names; names++) {
		if (!strcmp(name, *names))
			return true;
	}
	return false;
}

/* Whether the report's words for an access to a device are these. */
static bool is_access(const struct tl_profile *profile, const struct tl_profile_detail *d,
	const char *device, const char *words)
{
	size_t length = strlen(device);
	char text[96];

	if (d->exit_class != EC_DABT || d->detail & TL_DETAIL_RAM)
		return false;
	tl_detail_text(text, sizeof(text), d->exit_class, d->detail, &profile->map);
	return !strncmp(text, device, length) && strstr(text + length, words);
}

static bool is_set_way(const struct tl_profile *profile, const struct tl_profile_detail *d)
{
	static const char *const names[] = {
		"DC ISW", "DC CSW", "DC CISW", "DCISW", "DCCSW", "DCCISW", NULL};

	(void)profile;
	return is_register(d, names);
}

static bool is_uart_poll(const struct tl_profile *profile, const struct tl_profile_detail *d)
{
	return is_access(profile, d, "pl011", "UARTFR read");
}

static bool is_uart_data(const struct tl_profile *profile, const struct tl_profile_detail *d)
{
	return is_access(profile, d, "pl011", "UARTDR write");
}

static bool is_small_fault(const struct tl_profile *profile, const struct tl_profile_detail *d)
{
	(void)profile;
	/* DFSC: translation or permission fault, level 3. */
	return (d->exit_class == EC_DABT || d->exit_class == TL_CLASS_EC + 0x20) &&
	       d->detail & TL_DETAIL_RAM && (d->detail & 0x3) == 3 && (d->detail & 0x3f) < 0x10;
}

static bool is_ctr(const struct tl_profile *profile, const struct tl_profile_detail *d)
{
	static const char *const names[] = {"CTR_EL0", "CLIDR_EL1", "CCSIDR_EL1", "CSSELR_EL1",
		"CTR", "CLIDR", "CCSIDR", "CSSELR", NULL};

	(void)profile;
	return is_register(d, names);
}

static bool is_notify(const struct tl_profile *profile, const struct tl_profile_detail *d)
{
	return d->handler == TL_HANDLER_USER &&
	       is_access(profile, d, "virtio-mmio", "QueueNotify write");
}

static bool is_ipi(const struct tl_profile *profile, const struct tl_profile_detail *d)
{
	static const char *const names[] = {"ICC_SGI1R_EL1", "ICC_SGI1R", NULL};

	return is_register(d, names) || is_access(profile, d, "gicd", "GICD_SGIR write");
}

static bool is_timer(const struct tl_profile *profile, const struct tl_profile_detail *d)
{
	char buffer[48];

	(void)profile;
	return !strncmp(register_name(d, buffer, sizeof(buffer)), "CNT", 3);
}

static bool is_pmu(const struct tl_profile *profile, const struct tl_profile_detail *d)
{
	char buffer[48];

	(void)profile;
	return !strncmp(register_name(d, buffer, sizeof(buffer)), "PM", 2);
}

static bool is_wait(const struct tl_profile *profile, const struct tl_profile_detail *d)
{
	(void)profile;
	return d->exit_class == EC_WFX;
}

static bool is_nisv(const struct tl_profile *profile, const struct tl_profile_detail *d)
{
	(void)profile;
	return d->exit_class == EC_DABT && !(d->detail & (TL_DETAIL_RAM | TL_DETAIL_ISV));
}

static bool is_nobody(const struct tl_profile *profile, const struct tl_profile_detail *d)
{
	return profile->map.count && is_access(profile, d, "no device", "at");
}

static const struct tl_advice_rule rules[] = {
	{"set-way", "cache maintenance by set and way",
		"DC ISW, DC CSW, DC CISW; of 32-bit guests DCISW, DCCSW, DCCISW",
		"Firmware and old kernels clean the caches line by line before they turn them "
		"off. KVM cannot do that by set and way for a guest: each instruction exits, and "
		"the first one makes KVM walk all of the guest's memory.",
		"Clean by address (DC CIVAC) or not at all; in U-Boot, leave the data cache on "
		"(CONFIG_SYS_DCACHE_OFF unset) and boot the kernel directly.",
		"DDI 0487, D7.5.9; arch/arm64/kvm/mmu.c, kvm_set_way_flush()", 5, 16, is_set_way},
	{"uart-poll", "a serial port that is polled", "reads of UARTFR",
		"The driver looks at the flag register before each byte, or waits for input in a "
		"loop: every look is an exit to the VMM.",
		"Use interrupts instead of polling (not earlycon), fewer messages (quiet, "
		"loglevel=), or a virtio console.",
		"Arm DDI 0183, 3.3.3", 5, 16, is_uart_poll},
	{"uart-output", "output through a serial port", "writes of UARTDR",
		"A PL011 takes one byte an exit, whoever writes it.",
		"Print less while it matters (quiet, loglevel=), or use a virtio console, which "
		"takes a buffer an exit.",
		"Arm DDI 0183, 3.3.1", 10, 64, is_uart_data},
	{"small-pages", "stage-2 faults page by page", "faults on RAM at level 3",
		"The host maps the guest's memory in pages of 4 KiB as it is touched: one exit "
		"each, instead of one for 2 MiB.",
		"Back the guest with huge pages: transparent ones (echo always "
		">/sys/kernel/mm/transparent_hugepage/enabled, or madvise by the VMM), or "
		"hugetlbfs; align RAM to 2 MiB.",
		"Documentation/admin-guide/mm/transhuge.rst", 10, 64, is_small_fault},
	{"cache-id", "reads of cache identification registers",
		"CTR_EL0, CLIDR_EL1, CCSIDR_EL1, CSSELR_EL1, and those of AArch32",
		"KVM shows its own values, and on CPUs without FEAT_EVT it can only trap all of "
		"these together (HCR_EL2.TID2): so CTR_EL0, which code reads before each cache "
		"maintenance and EL0 too, exits.",
		"A CPU with FEAT_EVT does not trap CTR_EL0. In the guest: fewer patches of the "
		"kernel's text at run time (static keys, ftrace, modules, eBPF JIT), fewer "
		"programs that write code.",
		"DDI 0487, HCR_EL2.TID2 and TID4; arch/arm64/kvm/sys_regs.c", 5, 64, is_ctr},
	{"notify", "virtio notifications through the VMM's main path",
		"writes of QueueNotify that user space handles",
		"Each kick of a queue returns to the vCPU's thread, which does the device's work "
		"before it can go on.",
		"Let KVM signal an eventfd (ioeventfd) that another thread waits for; in QEMU "
		"ioeventfd=on, an iothread, or vhost.",
		"Documentation/virt/kvm/api.rst, 4.59 KVM_IOEVENTFD", 5, 16, is_notify},
	{"ipi", "interrupts between vCPUs", "ICC_SGI1R_EL1, ICC_SGI1R, GICD_SGIR",
		"Sending one exits; the receiver exits as well, if it runs. Wake-ups, TLB "
		"maintenance by software and static keys send many.",
		"Fewer vCPUs, tasks kept on their CPU (taskset, cpusets), idle=poll where power "
		"does not matter; hardware with GICv4.1 sends them without an exit.",
		"Arm IHI 0069, 12.2; Documentation/virt/kvm/devices/arm-vgic-v3.rst", 10, 64,
		is_ipi},
	{"timer", "timer registers that trap", "CNT* registers",
		"On nVHE hosts, and where the counter has an offset, the guest's accesses to the "
		"physical timer exit. The virtual timer's do not.",
		"Use the virtual timer in the guest (Linux does, unless it was told otherwise); "
		"NO_HZ_IDLE and a lower HZ set timers less often.",
		"DDI 0487, D12.2.4, CNTHCTL_EL2", 5, 64, is_timer},
	{"pmu", "performance monitors", "PM* registers",
		"KVM emulates the PMU: each access exits. perf in the guest, or a watchdog that "
		"uses it (nmi_watchdog), make many.",
		"Turn them off in the guest, or sample less often (perf record -F).",
		"arch/arm64/kvm/pmu-emul.c", 5, 64, is_pmu},
	{"idle", "short sleeps", "WFI and WFE",
		"Each time that a vCPU has nothing to do it exits, and its wake-up is an exit as "
		"well. Many short sleeps cost more than a busy vCPU.",
		"Let KVM poll before it sleeps (/sys/module/kvm/parameters/halt_poll_ns), give "
		"the guest fewer vCPUs, or a longer tick.",
		"Documentation/virt/kvm/halt-polling.rst", 25, 256, is_wait},
	{"nisv", "accesses to devices that the syndrome does not describe",
		"data aborts outside RAM with ESR_EL2.ISV = 0",
		"Load or store pair, write-back, SIMD: the CPU does not say what was to be read "
		"or written. Trapline reads the instruction in the guest's memory and does it, "
		"which takes three times as long as a plain access; other VMMs stop the VM.",
		"Access device registers with plain loads and stores (readl, writel), not through "
		"memcpy or a compiler's optimisation.",
		"DDI 0487, ISS encoding of a Data Abort, ISV; KVM_CAP_ARM_NISV_TO_USER", 0, 1,
		is_nisv},
	{"nobody", "accesses where no device is", "MMIO outside of every device",
		"A driver looks for hardware that this machine does not have; each look goes to "
		"the VMM, which has nothing to say.",
		"Take the device out of the guest's device tree or kernel, or give it one.",
		"docs/architecture.md", 5, 16, is_nobody},
};

const struct tl_advice_rule *tl_advice_rule_at(unsigned int i)
{
	return i < sizeof(rules) / sizeof(rules[0]) ? &rules[i] : NULL;
}
