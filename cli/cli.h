/* SPDX-License-Identifier: MIT */
/* The commands: each parses its options and returns the exit status. Main thread. */
#ifndef TL_CLI_CLI_H
#define TL_CLI_CLI_H

/* trapline run, profile, caps, advice */
int tl_cli_run(int argc, char **argv);
int tl_cli_profile(int argc, char **argv);
int tl_cli_advice(int argc, char **argv);
int tl_cli_caps(int argc, char **argv);

#endif
