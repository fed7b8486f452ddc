/* SPDX-License-Identifier: MIT */
/*
 * Files that the user writes: the options of `trapline run` in a file (--config), with the table
 * that it has, and budgets. The first byte says which of the two it is.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/run.h"
#include "trace/diff/budget.h"
#include "vmm/machine/machine.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[64];

/* The machines that there are, by name; and CPUs, whose features a unit test tries. */
static const struct tl_machine virt = {.name = "virt"}, lab = {.name = "lab", .default_mem = "2M"};
const struct tl_machine *const tl_machines[] = {&virt, &lab, NULL};

int tl_cpu_choices_parse(struct tl_cpu_choices *choices, const char *text)
{
	(void)choices;
	return strcmp(text, "help") ? 0 : -EINVAL;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	tl_log_set_level(TL_LOG_ERROR);
	snprintf(path, sizeof(path), "/dev/shm/trapline-fuzz-config-%d", (int)getpid());
	return 0;
}

static void take_options(void)
{
	static struct tl_run_config config;
	struct tl_options options = {.command = "run",
		.table = tl_run_options,
		.count = tl_run_option_count,
		.opaque = &config};

	memset(&config, 0, sizeof(config));
	if (!tl_options_take_file(&options, path)) {
		FILE *nowhere = fopen("/dev/null", "we");

		if (!nowhere)
			abort();
		tl_options_print(&options, nowhere);
		fclose(nowhere);
		if (!tl_run_take_machine(&options) && !tl_options_apply(&options))
			(void)tl_run_check_machine(&config.vmm);
	}
	tl_options_fini(&options);
}

static void take_budget(void)
{
	static const struct tl_summary none;
	struct tl_budget budget = {0};

	if (!tl_budget_read(&budget, path)) {
		for (size_t i = 0; i < budget.count; i++) {
			/* Not a number is no limit. */
			if (!budget.lines[i].text || budget.lines[i].limit != budget.lines[i].limit)
				abort();
		}
		(void)tl_budget_check(&budget, &none, &none);
	}
	tl_budget_fini(&budget);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *out;

	if (!size)
		return 0;
	out = fopen(path, "we");
	if (!out || fwrite(data + 1, 1, size - 1, out) != size - 1 || fclose(out))
		abort();
	if (data[0] & 1)
		take_budget();
	else
		take_options();
	unlink(path);
	return 0;
}
