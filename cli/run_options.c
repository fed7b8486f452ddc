/* SPDX-License-Identifier: MIT */
/*
 * The table of trapline run's options, and what each does to the configuration. A new option
 * is a function and a line here, and a paragraph in docs/man/trapline-run.1.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/parse.h"
#include "cli/run.h"
#include "vmm/dev/virtio/vsock.h"

#define CHOICE(options, text, names)                                                               \
	tl_options_choice(options, text, names, sizeof(names) / sizeof((names)[0]))

static struct tl_run_config *config_of(struct tl_options *options)
{
	return options->opaque;
}

static int set_kernel(struct tl_options *options, char *value)
{
	config_of(options)->vmm.kernel = value;
	return 0;
}

static int set_firmware(struct tl_options *options, char *value)
{
	config_of(options)->vmm.firmware = value;
	return 0;
}

static int set_initrd(struct tl_options *options, char *value)
{
	config_of(options)->vmm.initrd = value;
	return 0;
}

static int set_append(struct tl_options *options, char *value)
{
	config_of(options)->vmm.append = value;
	return 0;
}

static int set_cpus(struct tl_options *options, char *value)
{
	return tl_options_number(options, value, 1, 512, &config_of(options)->vmm.cpus);
}

static int set_gic(struct tl_options *options, char *value)
{
	static const char *const names[] = {
		[TL_GIC_AUTO] = "auto", [TL_GIC_V2] = "2", [TL_GIC_V3] = "3"};
	int gic = CHOICE(options, value, names);

	if (gic < 0)
		return gic;
	config_of(options)->vmm.gic = (enum tl_gic_kind)gic;
	return 0;
}

/* One of two words. */
static int take_either(
	struct tl_options *options, const char *text, const char *no, const char *yes, bool *value)
{
	const char *const names[] = {no, yes};
	int choice = CHOICE(options, text, names);

	if (choice < 0)
		return choice;
	*value = choice;
	return 0;
}

static int set_msi(struct tl_options *options, char *value)
{
	return take_either(options, value, "off", "on", &config_of(options)->vmm.msi);
}

static int set_cpu(struct tl_options *options, char *value)
{
	struct tl_run_config *config = config_of(options);

	if (!strcmp(value, "help")) {
		config->cpu_help = true;
		return 0;
	}
	return tl_cpu_choices_parse(&config->vmm.cpu, value);
}

static int set_aarch32(struct tl_options *options, char *value)
{
	(void)value;
	config_of(options)->vmm.aarch32 = true;
	return 0;
}

static int set_unknown_calls(struct tl_options *options, char *value)
{
	return take_either(
		options, value, "refuse", "stop", &config_of(options)->vmm.stop_unknown_calls);
}

static int set_scratch(struct tl_options *options, char *value)
{
	(void)value;
	config_of(options)->vmm.scratch = true;
	return 0;
}

static int set_uart(struct tl_options *options, char *value)
{
	bool *plain = &config_of(options)->vmm.plain_uart;

	return take_either(options, value, "fast", "plain", plain);
}

static int set_report(struct tl_options *options, char *value)
{
	if (value && !*value)
		return tl_options_bad(options, "wants a file name behind =");
	if (value)
		config_of(options)->vmm.profile_json = value;
	return 0;
}

static int set_profile(struct tl_options *options, char *value)
{
	config_of(options)->vmm.profile = true;
	return set_report(options, value);
}

static int set_counting(struct tl_options *options, char *value)
{
	config_of(options)->vmm.count = true;
	return set_report(options, value);
}

/* Whether the text is the name of a way to do I/O. */
static bool parse_io(const char *text, enum tl_disk_io *io)
{
	static const char *const names[] = {[TL_DISK_IO_AUTO] = "auto",
		[TL_DISK_IO_SYNC] = "sync",
		[TL_DISK_IO_URING] = "uring"};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(text, names[i])) {
			*io = (enum tl_disk_io)i;
			return true;
		}
	}
	return false;
}

/* FILE, and what follows behind commas; the text is cut where the file's name ends. */
static int set_disk(struct tl_options *options, char *value)
{
	struct tl_run_config *config = config_of(options);
	struct tl_disk *disk = &config->disks[config->vmm.disk_count];
	char *rest = strchr(value, ',');

	if (config->vmm.disk_count == TL_RUN_DISKS)
		return tl_options_bad(options, "there are too many");
	*disk = (struct tl_disk){.path = value};
	while (rest) {
		char *word = rest + 1;

		*rest = 0;
		rest = strchr(word, ',');
		if (rest)
			*rest = 0;
		if (!strcmp(word, "ro"))
			disk->read_only = true;
		else if (strncmp(word, "io=", 3) != 0 || !parse_io(word + 3, &disk->io))
			return tl_options_bad(
				options, "wants FILE, FILE,ro or FILE,io=auto|sync|uring");
	}
	if (!*disk->path)
		return tl_options_bad(options, "wants a file");
	config->vmm.disks = config->disks;
	config->vmm.disk_count++;
	return 0;
}

static int set_console(struct tl_options *options, char *value)
{
	bool *is_virtio = &config_of(options)->vmm.virtio_console;

	return take_either(options, value, "pl011", "virtio", is_virtio);
}

/* PATH:NAME; a name in Linux's /dev/virtio-ports is a file name. */
static int set_port(struct tl_options *options, char *value)
{
	struct tl_run_config *config = config_of(options);
	char *colon = strrchr(value, ':');

	if (config->vmm.port_count == TL_PORTS_MAX)
		return tl_options_bad(options, "there are too many");
	if (!colon || colon == value || !colon[1] || strchr(colon, '/') || strlen(colon) > 64)
		return tl_options_bad(
			options, "wants SOCKET:NAME, with a name of at most 63 bytes");
	*colon = 0;
	config->ports[config->vmm.port_count] = (struct tl_port){value, colon + 1};
	config->vmm.ports = config->ports;
	config->vmm.port_count++;
	return 0;
}

/* CID, or CID,PATH; the text is cut where the number ends. */
static int set_vsock(struct tl_options *options, char *value)
{
	char *path = strchr(value, ',');
	uint64_t cid;

	if (path)
		*path++ = 0;
	if (tl_parse_u64(value, TL_VSOCK_CID_MIN, TL_VSOCK_CID_MAX, &cid))
		return tl_options_bad(options, "wants a number from 3 to 4294967294");
	if (path && !*path)
		return tl_options_bad(options, "wants a path behind the comma");
	config_of(options)->vmm.vsock_cid = (uint32_t)cid;
	config_of(options)->vmm.vsock_path = path;
	return 0;
}

static int set_rng(struct tl_options *options, char *value)
{
	(void)value;
	config_of(options)->vmm.rng = true;
	return 0;
}

static int set_balloon(struct tl_options *options, char *value)
{
	struct tl_vmm_config *vmm = &config_of(options)->vmm;

	vmm->balloon = true;
	if (value && tl_parse_size(value, &vmm->balloon_bytes))
		return tl_options_bad(options, "wants a size such as 64M");
	return 0;
}

/* DIR:TAG, or DIR:TAG,ro; the text is cut where the folder's name ends, and the tag. */
static int set_share(struct tl_options *options, char *value)
{
	struct tl_run_config *config = config_of(options);
	struct tl_share *share = &config->shares[config->vmm.share_count];
	char *colon = strrchr(value, ':'), *comma = colon ? strchr(colon, ',') : NULL;

	if (config->vmm.share_count == TL_RUN_SHARES)
		return tl_options_bad(options, "there are too many");
	if (!colon || colon == value || (comma && strcmp(comma, ",ro") != 0))
		return tl_options_bad(options, "wants DIR:TAG or DIR:TAG,ro");
	*colon = 0;
	if (comma)
		*comma = 0;
	*share = (struct tl_share){.dir = value, .tag = colon + 1, .read_only = comma};
	if (!*share->tag || strlen(share->tag) > TL_SHARE_TAG)
		return tl_options_bad(options, "wants a tag of 1 to 32 bytes");
	for (unsigned int i = 0; i < config->vmm.share_count; i++) {
		if (!strcmp(config->shares[i].tag, share->tag))
			return tl_options_bad(options, "another folder has this tag");
	}
	config->vmm.shares = config->shares;
	config->vmm.share_count++;
	return 0;
}

static int set_trace_exits(struct tl_options *options, char *value)
{
	if (value && !*value)
		return tl_options_bad(options, "wants a file name behind =");
	config_of(options)->vmm.trace_exits = true;
	config_of(options)->vmm.exits_file = value;
	return 0;
}

static int set_record(struct tl_options *options, char *value)
{
	config_of(options)->vmm.record = value;
	return 0;
}

static int set_symbols(struct tl_options *options, char *value)
{
	config_of(options)->vmm.symbols = value;
	return 0;
}

static int set_timeout(struct tl_options *options, char *value)
{
	return tl_options_number(options, value, 1, 1000000, &config_of(options)->vmm.timeout_s);
}

static int set_grace(struct tl_options *options, char *value)
{
	return tl_options_number(options, value, 0, 1000000, &config_of(options)->vmm.grace_s);
}

static int set_ctl(struct tl_options *options, char *value)
{
	char *profile = strrchr(value, ',');

	if (profile && !strcmp(profile, ",profile")) {
		*profile = 0;
		config_of(options)->vmm.ctl_profile = true;
	}
	if (!*value)
		return tl_options_bad(options, "wants a path");
	config_of(options)->vmm.ctl = value;
	return 0;
}

static int set_sandbox(struct tl_options *options, char *value)
{
	static const char *const names[] = {[TL_SANDBOX_ON] = "on",
		[TL_SANDBOX_OFF] = "off",
		[TL_SANDBOX_NAMESPACES] = "namespaces"};
	int mode = CHOICE(options, value, names);

	if (mode < 0)
		return mode;
	config_of(options)->vmm.sandbox = (enum tl_sandbox_mode)mode;
	return 0;
}

static int set_user(struct tl_options *options, char *value)
{
	if (!*value || *value == ':')
		return tl_options_bad(options, "wants USER or USER:GROUP");
	config_of(options)->vmm.user = value;
	return 0;
}

static int set_dtb(struct tl_options *options, char *value)
{
	config_of(options)->vmm.dtb = value;
	return 0;
}

static int set_overlay(struct tl_options *options, char *value)
{
	config_of(options)->vmm.overlay = value;
	return 0;
}

static int set_dump_dtb(struct tl_options *options, char *value)
{
	config_of(options)->vmm.dump_dtb = value;
	return 0;
}

static int set_show_layout(struct tl_options *options, char *value)
{
	(void)value;
	config_of(options)->vmm.show_layout = true;
	return 0;
}

static int set_verbose(struct tl_options *options, char *value)
{
	(void)options;
	(void)value;
	tl_log_set_level(TL_LOG_INFO);
	return 0;
}

/* clang-format off */
/* A line an option: kind, name, what its value is called, help, function, value if not given. */
const struct tl_option tl_run_options[] = {
	{TL_VALUE, "kernel", .place = TL_OPTION_FILE, .set = set_kernel},
	TL_HEADING("Machine:"),
	{TL_VALUE, "machine", "virt|vexpress-a15|lab",
		"virt: QEMU's board; vexpress-a15: Arm's, for 32-bit guests;\n"
		"lab: 2 MiB and a debug port, for teaching",
		tl_run_set_machine, "virt"},
	{TL_VALUE, "firmware", "FILE", "firmware such as U-Boot in the machine's flash, instead of KERNEL",
		set_firmware},
	{TL_VALUE, "initrd", "FILE", "initial RAM disk", set_initrd},
	{TL_VALUE, "append", "STRING", "kernel command line", set_append},
	{TL_VALUE, "cpus", "N", "vCPUs", set_cpus, "1"},
	{TL_VALUE, "mem", "SIZE[,huge|thp|merge][,hole=SIZE@OFFSET]",
		"RAM, with K, M, G; reserved huge pages, transparent ones, or pages that\n"
		"are shared where they are equal; a part of it that is not there",
		tl_run_set_mem, "256M"},
	{TL_VALUE, "pin", "CPU[-CPU][,...]", "CPUs of the host for the vCPUs, one each in turn",
		tl_run_set_pin},
	{TL_VALUE, "gic", "auto|2|3", "interrupt controller; auto: the one that the machine is known for, if\n"
		"the host has it (virt: GICv3, vexpress-a15: GICv2), else the other one",
		set_gic, "auto"},
	{TL_VALUE, "msi", "on|off", "message-signalled interrupts: ITS, or GICv2m with a GICv2",
		set_msi, "off"},
	{TL_VALUE, "cpu", "FEATURE=on|off[,...]",
		"features of the CPUs; 'help' lists them; may be repeated", set_cpu,
		.repeats = true},
	{TL_FLAG, "aarch32", NULL, "a raw KERNEL, or the firmware, is 32-bit code", set_aarch32},
	{TL_VALUE, "unknown-calls", "refuse|stop",
		"a hypercall that nobody knows gets NOT_SUPPORTED, or ends the guest with status 6",
		set_unknown_calls, "refuse"},
	{TL_VALUE, "dtb", "FILE", "this device tree instead of the machine's own", set_dtb},
	{TL_VALUE, "overlay", "FILE", "a compiled overlay to apply to the device tree", set_overlay},
	{TL_VALUE, "lab", "granule=4k|16k|64k|pages[,...]",
		"machine lab: the page table's granule; RAM by pages instead of one block",
		tl_run_set_lab},
	{TL_FLAG, "explain", NULL, "machine lab: at the end, tell what was where, and each exit",
		tl_run_set_explain},
	TL_HEADING("Devices:"),
	{TL_VALUE, "disk", "FILE[,ro][,io=HOW]",
		"a disk (virtio-blk): a raw file or a block device; may be repeated", set_disk,
		.repeats = true},
	{TL_VALUE, "net", "user|tap:IF[,...]",
		"a network interface (virtio-net): user networking by passt, or a TAP device;\n"
		"mac=ADDRESS; user: hostfwd=tcp|udp:[ADDRESS:]PORT:GUESTPORT; may be repeated",
		tl_run_set_net, .repeats = true},
	{TL_VALUE, "console", "pl011|virtio",
		"what standard input and output are to the guest: the UART, or\n"
		"hvc0 (virtio-console; then its command line wants console=hvc0)",
		set_console, "pl011"},
	{TL_VALUE, "port", "SOCKET:NAME",
		"a port (virtio-console, /dev/virtio-ports/NAME) that a program connects\n"
		"to at SOCKET; may be repeated",
		set_port, .repeats = true},
	{TL_VALUE, "vsock", "CID[,PATH]",
		"sockets to and from the host, which reaches the guest at CID (AF_VSOCK), or by\n"
		"UNIX sockets: 'CONNECT <port>' at PATH; the guest's port N is PATH_N",
		set_vsock},
	{TL_FLAG, "rng", NULL, "random numbers of the host (virtio-rng)", set_rng},
	{TL_OPTIONAL, "balloon", "SIZE",
		"the guest gives back memory that it does not use (virtio-balloon), and SIZE\n"
		"of what it does",
		set_balloon},
	{TL_VALUE, "uart", "fast|plain", "fast: few accesses to the UART exit; plain: each one does",
		set_uart, "fast"},
	{TL_VALUE, "share", "DIR:TAG[,ro]",
		"a folder (virtio-9p), which the guest mounts by its tag; may be repeated",
		set_share, .repeats = true},
	{TL_FLAG, "scratch", NULL,
		"two devices of 4 KiB at 0x0b000000 that keep what is written, for tests", set_scratch},
	TL_HEADING("Exits:"),
	{TL_OPTIONAL, "profile", "FILE",
		"trace every exit; table on standard error, FILE: as JSON too", set_profile},
	{TL_OPTIONAL, "count", "FILE",
		"the same from the kernel's own counts: free, but without times", set_counting},
	{TL_OPTIONAL, "trace-exits", "FILE",
		"a line for each exit to user space as it happens, on standard error or in FILE",
		set_trace_exits},
	{TL_VALUE, "record", "DIR", "record every exit, for 'trapline report DIR'", set_record},
	{TL_VALUE, "symbols", "FILE", "guest symbols: vmlinux, ELF, System.map (the kernel's own)",
		set_symbols},
	TL_HEADING("This run:"),
	{TL_VALUE, "timeout", "SECONDS", "end the guest after that time, with status 124",
		set_timeout},
	{TL_VALUE, "grace", "SECONDS", "time to power off after SIGTERM, which presses the power key",
		set_grace, "60"},
	{TL_VALUE, "ctl", "SOCKET[,profile]",
		"make a socket for 'trapline ctl SOCKET'; profile: who connects may have\n"
		"exits profiled",
		set_ctl},
	{TL_VALUE, "sandbox", "on|off|namespaces",
		"confine this process before the guest starts; namespaces: also without network,\n"
		"files and other processes",
		set_sandbox, "on"},
	{TL_VALUE, "user", "USER[:GROUP]",
		"whom to become when root starts it (nobody, where nothing needs root's files)",
		set_user},
	{TL_VALUE, "dump-dtb", "FILE", "write the device tree that the guest would get, and end",
		set_dump_dtb, TL_HERE_ONLY},
	{TL_FLAG, "show-layout", NULL, "print what goes where in RAM, and end", set_show_layout,
		TL_HERE_ONLY},
	{TL_VALUE, "config", "FILE", "options from a file, a line each: name = value", TL_HERE_ONLY},
	{TL_FLAG, "print-config", NULL, "print the options in effect as such a file, and end",
		TL_HERE_ONLY},
	{TL_FLAG, "verbose", NULL, "say more; exits to user space by reason at the end", set_verbose,
		.letter = 'v'},
	TL_OPTION_HELP,
};
/* clang-format on */

const size_t tl_run_option_count = sizeof(tl_run_options) / sizeof(tl_run_options[0]);
