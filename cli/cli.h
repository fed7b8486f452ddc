/* SPDX-License-Identifier: MIT */
/* The commands: each parses its options and returns the exit status. Main thread. */
#ifndef TL_CLI_CLI_H
#define TL_CLI_CLI_H

struct tl_command {
	const char *name;
	/* argv[0] is the command's name; returns an exit status. */
	int (*run)(int argc, char **argv);
	const char *what;
};

/* Those of this build, up to one without a name. */
extern const struct tl_command tl_commands[];

/* trapline run, ctl, top, profile, record, report, diff, exporter, caps, advice */
int tl_cli_run(int argc, char **argv);
int tl_cli_ctl(int argc, char **argv);
int tl_cli_top(int argc, char **argv);
int tl_cli_profile(int argc, char **argv);
int tl_cli_record(int argc, char **argv);
int tl_cli_report(int argc, char **argv);
int tl_cli_diff(int argc, char **argv);
int tl_cli_exporter(int argc, char **argv);
int tl_cli_advice(int argc, char **argv);
int tl_cli_caps(int argc, char **argv);

#endif
