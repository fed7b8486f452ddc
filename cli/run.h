/* SPDX-License-Identifier: MIT */
/*
 * The options of `trapline run`: its table, and what they make.
 */
#ifndef TL_CLI_RUN_H
#define TL_CLI_RUN_H

#include "cli/options.h"
#include "vmm/vmm.h"

/* As many as machine virt has places for. */
#define TL_RUN_DISKS  32
#define TL_RUN_NETS   16
#define TL_RUN_SHARES 32

#define TL_RUN_PINS 512

struct tl_run_config {
	struct tl_vmm_config vmm;
	unsigned int pins[TL_RUN_PINS];
	struct tl_disk disks[TL_RUN_DISKS];
	bool cpu_help; /* only print what --cpu takes */
	struct tl_net nets[TL_RUN_NETS];
	struct tl_port ports[TL_PORTS_MAX];
	struct tl_share shares[TL_RUN_SHARES];
};

/* --net: in a file of its own, run_net.c. Returns 0 or -errno (logged). */
int tl_run_set_net(struct tl_options *options, char *value);

/* --mem and --pin: run_host.c. Return 0 or -errno (logged). */
int tl_run_set_mem(struct tl_options *options, char *value);
int tl_run_set_pin(struct tl_options *options, char *value);

/* --machine, --lab and --explain: run_machine.c. Return 0 or -errno (logged). */
int tl_run_set_machine(struct tl_options *options, char *value);
int tl_run_set_lab(struct tl_options *options, char *value);
int tl_run_set_explain(struct tl_options *options, char *value);
/* Before the options are applied: what the machine says about others. As above. */
int tl_run_take_machine(struct tl_options *options);
/* After that: what goes with the machine, and what does not. As above. */
int tl_run_check_machine(const struct tl_vmm_config *config);

extern const struct tl_option tl_run_options[];
extern const size_t tl_run_option_count;

#endif
