/* SPDX-License-Identifier: MIT */
/*
 * trapline caps: what this host can do, as text or as JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/log.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "vmm/caps.h"
#include "vmm/vmm.h"

#define CAPS_SCHEMA "trapline-caps-1"

static const char help_head[] =
	"usage: trapline caps [--json]\n"
	"\n"
	"Prints what this host's KVM can do for guests, what its kernel lets the profiler\n"
	"see, and what each thing that is missing costs you.\n"
	"\n";

static const char help_tail[] =
	"\n"
	"Exit status: 0 printed, 1 output could not be written, 2 usage, 4 no usable KVM.\n";

static const struct tl_option table[] = {
	{TL_FLAG, "json", NULL, "the same for programs (docs/caps-schema.md)"},
	TL_OPTION_HELP,
};

/* How long `without` is less its star, which stands for a line below the text. */
static size_t length_without_star(const struct tl_cap *cap)
{
	size_t length = strlen(cap->without);

	return length >= 2 && !strcmp(cap->without + length - 2, " *") ? length - 2 : length;
}

static void print_group(const struct tl_caps *caps, enum tl_cap_group group, const char *title)
{
	printf("\n%-38s %-5s %s\n", title, "here", "what is missing without it");
	for (unsigned int i = 0; i < caps->count; i++) {
		const struct tl_cap *cap = &caps->caps[i];

		if (cap->group != group)
			continue;
		printf("  %-36s ", cap->name);
		if (cap->number && cap->value)
			printf("%d\n", cap->value);
		else if (cap->value)
			printf("yes\n");
		else
			printf("%-5s %s\n", "no", cap->without);
	}
}

/* Whether something is missing that the kernel series brings. */
static bool any_star(const struct tl_caps *caps)
{
	for (unsigned int i = 0; i < caps->count; i++) {
		const struct tl_cap *cap = &caps->caps[i];

		if (!cap->value && cap->without[length_without_star(cap)])
			return true;
	}
	return false;
}

static void print_text(const struct tl_caps *caps)
{
	printf("Linux %s, %s, KVM in %s mode\n", caps->kernel, caps->machine,
		tl_el2_mode_name(caps->mode));
	print_group(caps, TL_CAP_KVM, "KVM");
	print_group(caps, TL_CAP_COUNTING, "Counting exits");
	if (any_star(caps))
		printf("\n* The kernel series brings it: kernel/patches, or 'make kernel' for the board.\n");
}

static json_t *group_object(const struct tl_caps *caps, enum tl_cap_group group)
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < caps->count; i++) {
		const struct tl_cap *cap = &caps->caps[i];

		if (cap->group == group)
			json_object_set_new(object, cap->key,
				cap->number ? json_integer(cap->value) : json_boolean(cap->value));
	}
	return object;
}

static json_t *missing_array(const struct tl_caps *caps)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < caps->count; i++) {
		const struct tl_cap *cap = &caps->caps[i];

		if (!cap->value)
			json_array_append_new(
				array, json_pack("{ss ss#}", "what", cap->key, "without",
					       cap->without, (int)length_without_star(cap)));
	}
	return array;
}

static int print_json(const struct tl_caps *caps)
{
	json_t *root = json_pack("{ss ss ss ss so so so}", "schema", CAPS_SCHEMA, "kernel",
		caps->kernel, "machine", caps->machine, "mode", tl_el2_mode_name(caps->mode), "kvm",
		group_object(caps, TL_CAP_KVM), "counting", group_object(caps, TL_CAP_COUNTING),
		"missing", missing_array(caps));
	int ret = root ? json_dumpf(root, stdout, JSON_INDENT(2)) : -1;

	json_decref(root);
	if (!ret)
		putchar('\n');
	return ret;
}

static int caps_run(struct tl_options *options, int argc, char **argv)
{
	struct tl_caps caps;

	if (argc) {
		tl_log_error("'%s': caps takes no argument; see trapline caps --help", argv[0]);
		return TL_STATUS_USAGE;
	}
	if (tl_caps_probe(&caps))
		return TL_STATUS_HOST;
	if (tl_options_has(options, "json", NULL))
		print_json(&caps);
	else
		print_text(&caps);
	return TL_STATUS_OK;
}

int tl_cli_caps(int argc, char **argv)
{
	struct tl_options options = {.command = "caps",
		.table = table,
		.count = sizeof(table) / sizeof(table[0]),
		.head = help_head,
		.tail = help_tail};

	return tl_options_run(&options, argc, argv, caps_run);
}
