/* SPDX-License-Identifier: MIT */
/*
 * Options of trapline run that say what the guest gets of the host: memory and CPUs.
 */
#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "cli/run.h"

/* Less holds no kernel; more is no machine. */
#define MIN_MEM (UINT64_C(2) << 20)
#define MAX_MEM (UINT64_C(1) << 46)
#define MAX_CPU 65535

/* SIZE@OFFSET; the text is cut at the @. */
static int set_hole(struct tl_options *options, char *text, struct tl_vmm_config *vmm)
{
	char *at = strchr(text, '@');

	if (at)
		*at++ = 0;
	if (!at || tl_parse_size(text, &vmm->hole_size) || tl_parse_size(at, &vmm->hole))
		return tl_options_bad(options, "wants hole=SIZE@OFFSET, such as hole=64M@128M");
	if (vmm->hole_size % TL_MEM_HOLE_ALIGN || vmm->hole % TL_MEM_HOLE_ALIGN)
		return tl_options_bad(options, "wants multiples of 2 MiB behind hole=");
	return 0;
}

/* What follows SIZE behind commas. */
static int set_mem_word(struct tl_options *options, char *text, struct tl_vmm_config *vmm)
{
	if (!strcmp(text, "thp"))
		vmm->backing = TL_MEM_THP;
	else if (!strcmp(text, "huge"))
		vmm->backing = TL_MEM_HUGE;
	else if (!strcmp(text, "merge"))
		vmm->backing = TL_MEM_MERGE;
	else if (!strncmp(text, "hole=", 5))
		return set_hole(options, text + 5, vmm);
	else
		return tl_options_bad(
			options, "wants thp, huge or merge, or hole=SIZE@OFFSET, behind the comma");
	return 0;
}

/* It leaves something on both sides. */
static int check_hole(struct tl_options *options, const struct tl_vmm_config *vmm)
{
	if (!vmm->hole_size)
		return 0;
	if (vmm->hole >= vmm->mem || vmm->hole_size >= vmm->mem - vmm->hole || !vmm->hole)
		return tl_options_bad(options, "wants a hole with RAM on both sides of it");
	return 0;
}

int tl_run_set_mem(struct tl_options *options, char *value)
{
	struct tl_run_config *config = options->opaque;
	uint64_t *mem = &config->vmm.mem;
	char *rest = value, *word;

	value = strsep(&rest, ",");
	while ((word = strsep(&rest, ","))) {
		if (set_mem_word(options, word, &config->vmm))
			return -EINVAL;
	}
	if (tl_parse_size(value, mem))
		return tl_options_bad(options, "wants a size such as 512M or 2G");
	if (*mem < MIN_MEM)
		return tl_options_bad(options, "is less than 2 MiB: without a unit it means bytes");
	if (*mem > MAX_MEM)
		return tl_options_bad(options, "is more than any host has");
	if (*mem % 65536)
		return tl_options_bad(options, "must be a multiple of 64 KiB");
	if (config->vmm.backing == TL_MEM_HUGE && *mem % (2u << 20))
		return tl_options_bad(options, "must be a multiple of 2 MiB for huge pages");
	return check_hole(options, &config->vmm);
}

/* A list such as 0,2-5. */
int tl_run_set_pin(struct tl_options *options, char *value)
{
	struct tl_run_config *config = options->opaque;
	char *rest = value, *part;

	config->vmm.pins = config->pins;
	while ((part = strsep(&rest, ","))) {
		char *dash = strchr(part, '-');
		uint64_t first, last;

		if (dash)
			*dash++ = 0;
		if (tl_parse_u64(part, 0, MAX_CPU, &first) ||
			tl_parse_u64(dash ? dash : part, first, MAX_CPU, &last))
			return tl_options_bad(options, "wants CPUs such as 0,2-5");
		for (; first <= last; first++) {
			if (config->vmm.pin_count == TL_RUN_PINS)
				return tl_options_bad(options, "names too many CPUs");
			config->pins[config->vmm.pin_count++] = (unsigned int)first;
		}
	}
	return 0;
}
