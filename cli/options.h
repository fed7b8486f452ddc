/* SPDX-License-Identifier: MIT */
/*
 * The options of a command as a table: from the command line, and from a file with the same
 * names. All are gathered first, then applied: those of the file before those of the command
 * line, of one that does not repeat only the last. Main thread.
 */
#ifndef TL_CLI_OPTIONS_H
#define TL_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct tl_options;

enum tl_option_kind {
	TL_OPTION_HEADING,  /* only `help`, a line above others */
	TL_OPTION_FLAG,     /* no value */
	TL_OPTION_VALUE,    /* --name VALUE */
	TL_OPTION_OPTIONAL, /* --name or --name=VALUE */
};

enum tl_option_place {
	TL_OPTION_ANYWHERE,
	TL_OPTION_COMMAND_LINE, /* not in a file, and not printed to one */
	TL_OPTION_FILE,         /* on the command line it is an argument without a name */
};

struct tl_option {
	enum tl_option_kind kind;
	const char *name;    /* long, without dashes */
	const char *metavar; /* what help calls its value */
	const char *help;    /* lines after the first are indented by the one who prints it */
	/* Applies it; `value` may be cut to pieces and lives as long as the options. NULL where
	 * there is none. Returns 0 or -errno (logged: tl_options_bad). */
	int (*set)(struct tl_options *options, char *value);
	const char *fallback; /* the value where it is not given, or NULL */
	char letter;          /* short form, or 0 */
	bool repeats;         /* each one adds */
	enum tl_option_place place;
};

struct tl_option_given {
	const struct tl_option *option;
	char *text, *value; /* as given, and for set(); NULL without a value */
	unsigned int line;  /* of the file, 0: command line */
};

struct tl_options {
	const char *command; /* "run" */
	const struct tl_option *table;
	size_t count;
	void *opaque; /* for set() */
	/* Of these none is the caller's to change. */
	struct tl_option_given *given;
	size_t given_count;
	const struct tl_option_given *current; /* while set() runs */
	const char *file;
};

/*
 * Takes the command line in; *first is the index of the first argument that is no option.
 * Returns 0 or -EINVAL (logged).
 */
int tl_options_take(struct tl_options *options, int argc, char **argv, int *first);

/* Takes a file in (see docs/man/trapline-run.1). Returns 0 or -errno (logged). */
int tl_options_take_file(struct tl_options *options, const char *path);

/* Whether the option of this name was given, and its value (NULL: none). */
bool tl_options_has(const struct tl_options *options, const char *name, const char **value);

/* Takes in what an argument without a name stands for. Returns 0 or -ENOMEM (logged). */
int tl_options_add(struct tl_options *options, const char *name, const char *value);

/* Applies all of them. Returns 0 or -errno (logged). */
int tl_options_apply(struct tl_options *options);

/* Says that the value of the current option is wrong, and what is wanted. Returns -EINVAL. */
int tl_options_bad(const struct tl_options *options, const char *wanted);

/* The table, for --help. */
void tl_options_help(const struct tl_options *options, FILE *out);

/* What is in effect, as a file that tl_options_take_file() takes. */
void tl_options_print(const struct tl_options *options, FILE *out);

void tl_options_fini(struct tl_options *options);

#endif
