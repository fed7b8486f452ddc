/* SPDX-License-Identifier: MIT */
/*
 * Options that say whose exits are meant, and what is known of that guest: the same for
 * `trapline profile` and `trapline record`, whose configurations begin with a target.
 */
#ifndef TL_CLI_TARGET_H
#define TL_CLI_TARGET_H

#include "cli/options.h"
#include "trace/tool/target.h"

/* The functions of the lines below. Return 0 or -EINVAL (logged). */
int tl_cli_set_pid(struct tl_options *options, char *value);
int tl_cli_set_symbols(struct tl_options *options, char *value);
int tl_cli_set_map(struct tl_options *options, char *value);
int tl_cli_set_dtb(struct tl_options *options, char *value);

/* clang-format off */
/* Lines of a table. */
#define TL_CLI_TARGET_PID {TL_VALUE, "pid", "PID", "the VMM's process", tl_cli_set_pid}
#define TL_CLI_TARGET_ALL(text) {TL_FLAG, "all", NULL, text, .letter = 'a'}
#define TL_CLI_TARGET_MAP \
	{TL_VALUE, "map", "NAME", \
		"where devices are: qemu-virt, kvmtool, firecracker (by the process's name)", \
		tl_cli_set_map}
#define TL_CLI_TARGET_GUEST \
	{TL_VALUE, "symbols", "FILE", \
		"guest symbols: vmlinux, ELF, System.map, Image (the kernel that the VMM was\n" \
		"given: -kernel FILE and its like)", tl_cli_set_symbols}, \
	TL_CLI_TARGET_MAP, \
	{TL_VALUE, "dtb", "FILE", "where devices are, from the guest's device tree", \
		tl_cli_set_dtb}
/* clang-format on */

/*
 * Whether it is said whose exits, and once: the arguments are a command. Returns 0 or -EINVAL
 * (logged).
 */
int tl_cli_target_check(
	struct tl_target_config *target, const struct tl_options *options, int argc, char **argv);

#endif
