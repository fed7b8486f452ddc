/* SPDX-License-Identifier: MIT */
/*
 * The options of a command as a table: from the command line, and from a file with the same
 * names. All are gathered first, then applied: what the table says for those that are not
 * given, those of the file, those of the command line; of one that does not repeat only the
 * last. Main thread.
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
	const char *fallback; /* the value that is set where it is not given, or NULL */
	char letter;          /* short form, or 0 */
	bool repeats;         /* each one adds */
	enum tl_option_place place;
};

enum tl_option_source {
	TL_OPTION_FALLBACK,
	TL_OPTION_OF_FILE,
	TL_OPTION_OF_COMMAND_LINE,
	TL_OPTION_SOURCES,
};

struct tl_option_given {
	const struct tl_option *option;
	enum tl_option_source source;
	char *text, *value; /* as given, and for set(); NULL without a value */
	unsigned int line;  /* of the file */
};

struct tl_options {
	const char *command; /* "run" */
	const struct tl_option *table;
	size_t count;
	void *opaque;            /* for set() */
	const char *head, *tail; /* of --help, before and behind the table */
	bool command_follows;    /* the first argument begins another program's command line */
	/* Of these none is the caller's to change. */
	struct tl_option_given *given;
	size_t given_count;
	const struct tl_option_given *current; /* while set() runs */
	const char *file;
};

/* clang-format off */
/* How lines of a table begin: {TL_VALUE, "name", "METAVAR", "help", function, "fallback"}. */
#define TL_HEADING(text) {.kind = TL_OPTION_HEADING, .help = (text)}
#define TL_FLAG          .kind = TL_OPTION_FLAG
#define TL_VALUE         .kind = TL_OPTION_VALUE
#define TL_OPTIONAL      .kind = TL_OPTION_OPTIONAL
#define TL_HERE_ONLY     .place = TL_OPTION_COMMAND_LINE

/* The last line. */
#define TL_OPTION_HELP {TL_FLAG, "help", NULL, "this text", .letter = 'h', TL_HERE_ONLY}
/* clang-format on */

/*
 * A whole command: takes the command line in, applies it and calls `run` with the arguments
 * that are no options; or prints the help, if that is asked for. Releases the options. Returns
 * the exit status: that of `run`, 2, or 1 where standard output could not be written.
 */
int tl_options_run(struct tl_options *options, int argc, char **argv,
	int (*run)(struct tl_options *options, int argc, char **argv));

/*
 * Takes the command line in, to its end or to --help; *first is the index of the first
 * argument that is no option. Returns 0 or -errno (logged).
 */
int tl_options_take(struct tl_options *options, int argc, char **argv, int *first);

/* Takes a file in (see docs/man/trapline-run.1). Returns 0 or -errno (logged). */
int tl_options_take_file(struct tl_options *options, const char *path);

/* Whether the option of this name was given, and its value (NULL: none). No fallback is. */
bool tl_options_has(const struct tl_options *options, const char *name, const char **value);

/* Takes in what an argument without a name stands for. Returns 0 or -ENOMEM (logged). */
int tl_options_add(struct tl_options *options, const char *name, const char *value);

/* Applies all of them. Returns 0 or -errno (logged). */
int tl_options_apply(struct tl_options *options);

/* Says that the value of the current option is wrong, and what is wanted. Returns -EINVAL. */
int tl_options_bad(const struct tl_options *options, const char *wanted);

/* For set(): takes a number in. Returns 0 or -EINVAL (logged). */
int tl_options_number(struct tl_options *options, const char *text, unsigned int min,
	unsigned int max, unsigned int *number);

/* For set(): which of `names` the text is. Returns its index or -EINVAL (logged). */
int tl_options_choice(
	struct tl_options *options, const char *text, const char *const *names, size_t count);

/* What --help prints. */
void tl_options_help(const struct tl_options *options, FILE *out);

/* What is in effect, as a file that tl_options_take_file() takes. */
void tl_options_print(const struct tl_options *options, FILE *out);

void tl_options_fini(struct tl_options *options);

#endif
