/* SPDX-License-Identifier: MIT */
/*
 * trapline run: options to a configuration, and the run. What is wrong with an option is
 * said in one line, with exit status 2.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "cli/cli.h"
#include "cli/run.h"

static const char help_head[] =
	"usage: trapline run [OPTION...] KERNEL\n"
	"       trapline run [OPTION...] --firmware FILE\n"
	"\n"
	"Boots KERNEL (arm64 Image, also by gzip, zstd or EFI zboot; ELF; raw binary) on\n"
	"a machine. The console is standard input and output; Ctrl-A x ends the guest.\n";

static const char help_tail[] =
	"\n"
	"Exit status: 0 powered off (or Ctrl-A x), 1 output could not be written, 2 usage,\n"
	"3 unusable kernel, initrd or command line, 4 the host cannot run it, 5 the guest\n"
	"reported a crash, 6 the VM could not go on, 7 machine lab: no 42, 8 its sandbox ended\n"
	"it, 124 time ran out, 128+N signal N (SIGTERM: the guest did not power off, or the\n"
	"signal came twice).\n";

/* The kernel, which has no name on the command line. Returns 0 or -errno (logged). */
static int take_kernel(struct tl_options *options, int argc, char **argv, int first)
{
	if (first < argc - 1) {
		tl_log_error(
			"'%s' and '%s': only one kernel can be run", argv[first], argv[first + 1]);
		return -EINVAL;
	}
	return first < argc ? tl_options_add(options, "kernel", argv[first]) : 0;
}

/* One thing to start, and what goes with it. Returns 0 or -EINVAL (logged). */
static int check_start(const struct tl_vmm_config *vmm)
{
	if (!vmm->kernel && !vmm->firmware)
		tl_log_error("no kernel named; see trapline run --help");
	else if (vmm->kernel && vmm->firmware)
		tl_log_error(
			"--firmware '%s' and kernel '%s': firmware takes a kernel from a disk, so "
			"name only one of them",
			vmm->firmware, vmm->kernel);
	else if (vmm->firmware && vmm->initrd)
		tl_log_error("--initrd '%s': firmware takes one from a disk, with its kernel",
			vmm->initrd);
	else
		return 0;
	return -EINVAL;
}

static int run(struct tl_options *options, int argc, char **argv)
{
	struct tl_run_config *config = options->opaque;
	const char *file;
	int first;

	if (tl_options_take(options, argc, argv, &first))
		return TL_STATUS_USAGE;
	if (tl_options_has(options, "help", NULL)) {
		tl_options_help(options, stdout);
		return TL_STATUS_OK;
	}
	if (take_kernel(options, argc, argv, first) ||
		(tl_options_has(options, "config", &file) && tl_options_take_file(options, file)) ||
		tl_run_take_machine(options) || tl_options_apply(options))
		return TL_STATUS_USAGE;
	if (config->cpu_help)
		return tl_cpu_features_print(stdout) ? TL_STATUS_HOST : TL_STATUS_OK;
	if (tl_options_has(options, "print-config", NULL)) {
		tl_options_print(options, stdout);
		return TL_STATUS_OK;
	}
	if (check_start(&config->vmm) || tl_run_check_machine(&config->vmm))
		return TL_STATUS_USAGE;
	return tl_vmm_run(&config->vmm);
}

int tl_cli_run(int argc, char **argv)
{
	struct tl_run_config *config = calloc(1, sizeof(*config));
	struct tl_options options = {.command = "run",
		.table = tl_run_options,
		.count = tl_run_option_count,
		.opaque = config,
		.head = help_head,
		.tail = help_tail};
	int status = TL_STATUS_HOST;

	if (config) {
		config->vmm.append = "";
		status = run(&options, argc, argv);
	} else {
		tl_log_error("out of memory");
	}
	tl_options_fini(&options);
	free(config);
	return status;
}
