/* SPDX-License-Identifier: MIT */
/*
 * trapline run: options to a configuration. What is wrong with an option is
 * said in one line, with exit status 2.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/parse.h"
#include "cli/cli.h"
#include "vmm/vmm.h"

#define DEFAULT_MEM (UINT64_C(256) << 20)
/* Less holds no kernel; more is no machine. */
#define MIN_MEM (UINT64_C(2) << 20)
#define MAX_MEM (UINT64_C(1) << 46)
/* As many as machine virt has places for. */
#define DISKS_MAX 32

static const char help_text[] =
	"usage: trapline run [OPTION...] KERNEL\n"
	"\n"
	"Boots KERNEL (arm64 Image, also compressed by gzip or zstd; ELF; raw binary) on\n"
	"machine virt. The console is standard input and output; Ctrl-A x ends the guest.\n"
	"\n"
	"  --initrd FILE       initial RAM disk\n"
	"  --append STRING     kernel command line\n"
	"  --cpus N            vCPUs (1)\n"
	"  --mem SIZE          RAM, with K, M, G (256M)\n"
	"  --gic auto|2|3      interrupt controller (auto: GICv3 where the host has it)\n"
	"  --profile[=FILE]    trace every exit; table on standard error, FILE: as JSON too\n"
	"  --count[=FILE]      the same from the kernel's own counts: free, but without times\n"
	"  --disk FILE[,ro]    a disk (virtio-blk): a raw file or a block device; may be repeated\n"
	"  --record DIR        record every exit, for 'trapline report DIR'\n"
	"  --symbols FILE      guest symbols: vmlinux, ELF, System.map (the kernel's own)\n"
	"  --timeout SECONDS   end the guest after that time, with status 124\n"
	"  --dump-dtb FILE     write the device tree that the guest would get, and end\n"
	"  --show-layout       print what goes where in RAM, and end\n"
	"  -v, --verbose       say more; exits to user space by reason at the end\n"
	"  -h, --help          this text\n"
	"\n"
	"Exit status: 0 powered off (or Ctrl-A x), 1 output could not be written, 2 usage,\n"
	"3 unusable kernel, initrd or command line, 4 the host cannot run it, 5 the guest\n"
	"reported a crash, 6 the VM could not go on, 124 time ran out, 128+N signal N.\n";

enum option_id {
	OPT_INITRD = 256,
	OPT_APPEND,
	OPT_CPUS,
	OPT_MEM,
	OPT_GIC,
	OPT_PROFILE,
	OPT_COUNT,
	OPT_RECORD,
	OPT_DISK,
	OPT_SYMBOLS,
	OPT_TIMEOUT,
	OPT_DUMP_DTB,
	OPT_SHOW_LAYOUT,
};

static const struct option long_options[] = {
	{"initrd", required_argument, NULL, OPT_INITRD},
	{"append", required_argument, NULL, OPT_APPEND},
	{"cpus", required_argument, NULL, OPT_CPUS},
	{"mem", required_argument, NULL, OPT_MEM},
	{"gic", required_argument, NULL, OPT_GIC},
	{"profile", optional_argument, NULL, OPT_PROFILE},
	{"count", optional_argument, NULL, OPT_COUNT},
	{"disk", required_argument, NULL, OPT_DISK},
	{"record", required_argument, NULL, OPT_RECORD},
	{"symbols", required_argument, NULL, OPT_SYMBOLS},
	{"timeout", required_argument, NULL, OPT_TIMEOUT},
	{"dump-dtb", required_argument, NULL, OPT_DUMP_DTB},
	{"show-layout", no_argument, NULL, OPT_SHOW_LAYOUT},
	{"verbose", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int bad(const char *option, const char *value, const char *wanted)
{
	tl_log_error("%s '%s': %s", option, value, wanted);
	return -EINVAL;
}

static int parse_count(const char *option, const char *text, unsigned int max, unsigned int *count)
{
	char wanted[64];
	uint64_t value;

	if (tl_parse_u64(text, 1, max, &value)) {
		snprintf(wanted, sizeof(wanted), "wants a whole number from 1 to %u", max);
		return bad(option, text, wanted);
	}
	*count = (unsigned int)value;
	return 0;
}

static int parse_mem(const char *text, uint64_t *mem)
{
	if (tl_parse_size(text, mem))
		return bad("--mem", text, "wants a size such as 512M or 2G");
	if (*mem < MIN_MEM)
		return bad("--mem", text, "is less than 2 MiB: without a unit it means bytes");
	if (*mem > MAX_MEM)
		return bad("--mem", text, "is more than any host has");
	if (*mem % 65536)
		return bad("--mem", text, "must be a multiple of 64 KiB");
	return 0;
}

static int parse_gic(const char *text, enum tl_gic_kind *gic)
{
	if (!strcmp(text, "auto"))
		*gic = TL_GIC_AUTO;
	else if (!strcmp(text, "2"))
		*gic = TL_GIC_V2;
	else if (!strcmp(text, "3"))
		*gic = TL_GIC_V3;
	else
		return bad("--gic", text, "wants auto, 2 or 3");
	return 0;
}

static int parse_report(struct tl_vmm_config *config, const char *option)
{
	if (optarg && !*optarg)
		return bad(option, "", "wants a file name behind =");
	if (optarg)
		config->profile_json = optarg;
	return 0;
}

/* FILE, or FILE,ro; the text is cut where the file's name ends. */
static int parse_disk(struct tl_disk *disks, unsigned int *count)
{
	struct tl_disk *disk = &disks[*count];
	char *comma = strrchr(optarg, ',');

	if (*count == DISKS_MAX)
		return bad("--disk", optarg, "there are too many");
	*disk = (struct tl_disk){.path = optarg};
	if (comma && strcmp(comma, ",ro") != 0)
		return bad("--disk", optarg, "wants FILE or FILE,ro");
	if (comma) {
		*comma = 0;
		disk->read_only = true;
	}
	if (!*disk->path)
		return bad("--disk", optarg, "wants a file");
	(*count)++;
	return 0;
}

/* Returns 0, 1 (help was asked for) or -errno (logged). */
static int parse_option(struct tl_vmm_config *config, struct tl_disk *disks, int option)
{
	switch (option) {
	case OPT_INITRD:
		config->initrd = optarg;
		return 0;
	case OPT_APPEND:
		config->append = optarg;
		return 0;
	case OPT_CPUS:
		return parse_count("--cpus", optarg, 512, &config->cpus);
	case OPT_MEM:
		return parse_mem(optarg, &config->mem);
	case OPT_GIC:
		return parse_gic(optarg, &config->gic);
	case OPT_PROFILE:
		config->profile = true;
		return parse_report(config, "--profile");
	case OPT_COUNT:
		config->count = true;
		return parse_report(config, "--count");
	case OPT_DISK:
		return parse_disk(disks, &config->disk_count);
	case OPT_RECORD:
		config->record = optarg;
		return 0;
	case OPT_SYMBOLS:
		config->symbols = optarg;
		return 0;
	case OPT_TIMEOUT:
		return parse_count("--timeout", optarg, 1000000, &config->timeout_s);
	case OPT_DUMP_DTB:
		config->dump_dtb = optarg;
		return 0;
	case OPT_SHOW_LAYOUT:
		config->show_layout = true;
		return 0;
	case 'v':
		tl_log_set_level(TL_LOG_INFO);
		return 0;
	case 'h':
		fputs(help_text, stdout);
		return 1;
	default:
		return -EINVAL;
	}
}

static int bad_option(int option, char **argv)
{
	const char *text = argv[optind - 1];

	if (option == ':')
		tl_log_error("option '%s' wants a value; see trapline run --help", text);
	else
		tl_log_error("unknown option '%s'; see trapline run --help", text);
	return TL_STATUS_USAGE;
}

int tl_cli_run(int argc, char **argv)
{
	struct tl_disk disks[DISKS_MAX];
	struct tl_vmm_config config = {.append = "", .cpus = 1, .mem = DEFAULT_MEM, .disks = disks};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":vh", long_options, NULL)) != -1) {
		int ret;

		if (option == '?' || option == ':')
			return bad_option(option, argv);
		ret = parse_option(&config, disks, option);
		if (ret)
			return ret > 0 ? TL_STATUS_OK : TL_STATUS_USAGE;
	}
	if (optind != argc - 1) {
		if (optind == argc)
			tl_log_error("no kernel named; see trapline run --help");
		else
			tl_log_error("'%s' and '%s': only one kernel can be run", argv[optind],
				argv[optind + 1]);
		return TL_STATUS_USAGE;
	}
	config.kernel = argv[optind];
	return tl_vmm_run(&config);
}
