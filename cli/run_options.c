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

static struct tl_run_config *config_of(struct tl_options *options)
{
	return options->opaque;
}

static int set_count(
	struct tl_options *options, const char *text, unsigned int max, unsigned int *count)
{
	char wanted[64];
	uint64_t value;

	if (tl_parse_u64(text, 1, max, &value)) {
		snprintf(wanted, sizeof(wanted), "wants a whole number from 1 to %u", max);
		return tl_options_bad(options, wanted);
	}
	*count = (unsigned int)value;
	return 0;
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
	return set_count(options, value, 512, &config_of(options)->vmm.cpus);
}

static int set_gic(struct tl_options *options, char *value)
{
	enum tl_gic_kind *gic = &config_of(options)->vmm.gic;

	if (!strcmp(value, "auto"))
		*gic = TL_GIC_AUTO;
	else if (!strcmp(value, "2"))
		*gic = TL_GIC_V2;
	else if (!strcmp(value, "3"))
		*gic = TL_GIC_V3;
	else
		return tl_options_bad(options, "wants auto, 2 or 3");
	return 0;
}

static int set_msi(struct tl_options *options, char *value)
{
	bool on = !strcmp(value, "on");

	if (!on && strcmp(value, "off") != 0)
		return tl_options_bad(options, "wants on or off");
	config_of(options)->vmm.msi = on;
	return 0;
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

static int set_uart(struct tl_options *options, char *value)
{
	bool plain = !strcmp(value, "plain");

	if (!plain && strcmp(value, "fast") != 0)
		return tl_options_bad(options, "wants fast or plain");
	config_of(options)->vmm.plain_uart = plain;
	return 0;
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

	*is_virtio = !strcmp(value, "virtio");
	if (!*is_virtio && strcmp(value, "pl011") != 0)
		return tl_options_bad(options, "wants pl011 or virtio");
	return 0;
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

static int set_vsock(struct tl_options *options, char *value)
{
	uint64_t cid;

	if (tl_parse_u64(value, TL_VSOCK_CID_MIN, TL_VSOCK_CID_MAX, &cid))
		return tl_options_bad(options, "wants a number from 3 to 4294967294");
	config_of(options)->vmm.vsock_cid = (uint32_t)cid;
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
	return set_count(options, value, 1000000, &config_of(options)->vmm.timeout_s);
}

static int set_grace(struct tl_options *options, char *value)
{
	uint64_t seconds;

	if (tl_parse_u64(value, 0, 1000000, &seconds))
		return tl_options_bad(options, "wants a whole number from 0 to 1000000");
	config_of(options)->vmm.grace_s = (unsigned int)seconds;
	return 0;
}

static int set_ctl(struct tl_options *options, char *value)
{
	if (!*value)
		return tl_options_bad(options, "wants a path");
	config_of(options)->vmm.ctl = value;
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
#define HEADING(text) {.kind = TL_OPTION_HEADING, .help = (text)}
#define FLAG          .kind = TL_OPTION_FLAG
#define VALUE         .kind = TL_OPTION_VALUE
#define OPTIONAL      .kind = TL_OPTION_OPTIONAL
#define HERE_ONLY     .place = TL_OPTION_COMMAND_LINE

/* A line an option: kind, name, what its value is called, help, function, value if not given. */
const struct tl_option tl_run_options[] = {
	{VALUE, "kernel", .place = TL_OPTION_FILE, .set = set_kernel},
	HEADING("Machine:"),
	{VALUE, "firmware", "FILE", "firmware such as U-Boot in the machine's flash, instead of KERNEL",
		set_firmware},
	{VALUE, "initrd", "FILE", "initial RAM disk", set_initrd},
	{VALUE, "append", "STRING", "kernel command line", set_append},
	{VALUE, "cpus", "N", "vCPUs", set_cpus, "1"},
	{VALUE, "mem", "SIZE[,huge|thp|merge]",
		"RAM, with K, M, G; reserved huge pages, transparent ones, or pages that\n"
		"are shared where they are equal",
		tl_run_set_mem, "256M"},
	{VALUE, "pin", "CPU[-CPU][,...]", "CPUs of the host for the vCPUs, one each in turn",
		tl_run_set_pin},
	{VALUE, "gic", "auto|2|3", "interrupt controller; auto: GICv3 where the host has it",
		set_gic, "auto"},
	{VALUE, "msi", "on|off", "message-signalled interrupts: ITS, or GICv2m with a GICv2",
		set_msi, "off"},
	{VALUE, "cpu", "FEATURE=on|off[,...]",
		"features of the CPUs; 'help' lists them; may be repeated", set_cpu,
		.repeats = true},
	{VALUE, "dtb", "FILE", "this device tree instead of the machine's own", set_dtb},
	{VALUE, "overlay", "FILE", "a compiled overlay to apply to the device tree", set_overlay},
	HEADING("Devices:"),
	{VALUE, "disk", "FILE[,ro][,io=HOW]",
		"a disk (virtio-blk): a raw file or a block device; may be repeated", set_disk,
		.repeats = true},
	{VALUE, "net", "user|tap:IF[,...]",
		"a network interface (virtio-net): user networking by passt, or a TAP device;\n"
		"mac=ADDRESS; user: hostfwd=tcp|udp:[ADDRESS:]PORT:GUESTPORT; may be repeated",
		tl_run_set_net, .repeats = true},
	{VALUE, "console", "pl011|virtio",
		"what standard input and output are to the guest: the UART, or\n"
		"hvc0 (virtio-console; then its command line wants console=hvc0)",
		set_console, "pl011"},
	{VALUE, "port", "SOCKET:NAME",
		"a port (virtio-console, /dev/virtio-ports/NAME) that a program connects\n"
		"to at SOCKET; may be repeated",
		set_port, .repeats = true},
	{VALUE, "vsock", "CID", "sockets to and from the host, which reaches the guest at CID",
		set_vsock},
	{FLAG, "rng", NULL, "random numbers of the host (virtio-rng)", set_rng},
	{OPTIONAL, "balloon", "SIZE",
		"the guest gives back memory that it does not use (virtio-balloon), and SIZE\n"
		"of what it does",
		set_balloon},
	{VALUE, "uart", "fast|plain", "fast: few accesses to the UART exit; plain: each one does",
		set_uart, "fast"},
	{VALUE, "share", "DIR:TAG[,ro]",
		"a folder (virtio-9p), which the guest mounts by its tag; may be repeated",
		set_share, .repeats = true},
	HEADING("Exits:"),
	{OPTIONAL, "profile", "FILE",
		"trace every exit; table on standard error, FILE: as JSON too", set_profile},
	{OPTIONAL, "count", "FILE",
		"the same from the kernel's own counts: free, but without times", set_counting},
	{VALUE, "record", "DIR", "record every exit, for 'trapline report DIR'", set_record},
	{VALUE, "symbols", "FILE", "guest symbols: vmlinux, ELF, System.map (the kernel's own)",
		set_symbols},
	HEADING("This run:"),
	{VALUE, "timeout", "SECONDS", "end the guest after that time, with status 124",
		set_timeout},
	{VALUE, "grace", "SECONDS", "time to power off after SIGTERM, which presses the power key",
		set_grace, "60"},
	{VALUE, "ctl", "SOCKET", "make a socket for 'trapline ctl SOCKET'", set_ctl},
	{VALUE, "dump-dtb", "FILE", "write the device tree that the guest would get, and end",
		set_dump_dtb, HERE_ONLY},
	{FLAG, "show-layout", NULL, "print what goes where in RAM, and end", set_show_layout,
		HERE_ONLY},
	{VALUE, "config", "FILE", "options from a file, a line each: name = value", HERE_ONLY},
	{FLAG, "print-config", NULL, "print the options in effect as such a file, and end",
		HERE_ONLY},
	{FLAG, "verbose", NULL, "say more; exits to user space by reason at the end", set_verbose,
		.letter = 'v'},
	{FLAG, "help", NULL, "this text", .letter = 'h', HERE_ONLY},
};
/* clang-format on */

const size_t tl_run_option_count = sizeof(tl_run_options) / sizeof(tl_run_options[0]);
