/* SPDX-License-Identifier: MIT */
/*
 * Options of trapline run that choose a machine, and those of machine lab.
 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "cli/run.h"
#include "vmm/machine/machine.h"

#define MACHINES 8

static const struct tl_machine *find(const char *name)
{
	for (unsigned int i = 0; tl_machines[i]; i++) {
		if (!strcmp(tl_machines[i]->name, name))
			return tl_machines[i];
	}
	return NULL;
}

int tl_run_set_machine(struct tl_options *options, char *value)
{
	struct tl_run_config *config = options->opaque;
	const char *names[MACHINES];
	size_t count = 0;
	int machine;

	while (count < MACHINES && tl_machines[count]) {
		names[count] = tl_machines[count]->name;
		count++;
	}
	machine = tl_options_choice(options, value, names, count);
	if (machine < 0)
		return machine;
	config->vmm.machine = tl_machines[machine];
	return 0;
}

int tl_run_take_machine(struct tl_options *options)
{
	const char *name;
	const struct tl_machine *machine =
		tl_options_has(options, "machine", &name) ? find(name) : NULL;

	/* A name that is none is said when it is applied. */
	if (!machine || !machine->default_mem || tl_options_has(options, "mem", NULL))
		return 0;
	return tl_options_add(options, "mem", machine->default_mem);
}

int tl_run_set_lab(struct tl_options *options, char *value)
{
	static const struct {
		const char *name;
		unsigned int shift;
	} granules[] = {{"granule=4k", 12}, {"granule=16k", 14}, {"granule=64k", 16}};
	struct tl_lab_choices *lab = &((struct tl_run_config *)options->opaque)->vmm.lab;
	char *rest = value, *word;

	while ((word = strsep(&rest, ","))) {
		bool known = !strcmp(word, "pages");

		lab->pages |= known;
		for (size_t i = 0; i < sizeof(granules) / sizeof(granules[0]); i++) {
			if (!strcmp(word, granules[i].name)) {
				lab->granule_shift = granules[i].shift;
				known = true;
			}
		}
		if (!known)
			return tl_options_bad(options, "wants granule=4k|16k|64k or pages");
	}
	lab->given = true;
	return 0;
}

int tl_run_set_explain(struct tl_options *options, char *value)
{
	(void)value;
	((struct tl_run_config *)options->opaque)->vmm.lab.explain = true;
	return 0;
}

int tl_run_check_machine(const struct tl_vmm_config *config)
{
	if (config->machine->is_lab || !(config->lab.given || config->lab.explain))
		return 0;
	tl_log_error("--%s: only for --machine lab", config->lab.explain ? "explain" : "lab");
	return -EINVAL;
}
