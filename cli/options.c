/* SPDX-License-Identifier: MIT */
/*
 * Options by a table: getopt_long(3) for the command line, lines of `name = value` for files.
 */
#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/parse.h"
#include "base/status.h"

#define LONG_FIRST  256 /* getopt's number of the table's first entry */
#define HELP_COLUMN 22

static const struct tl_option *find(const struct tl_options *options, const char *name)
{
	for (size_t i = 0; i < options->count; i++) {
		const struct tl_option *option = &options->table[i];

		if (option->kind != TL_OPTION_HEADING && !strcmp(option->name, name))
			return option;
	}
	return NULL;
}

static int out_of_memory(void)
{
	tl_log_error("out of memory");
	return -ENOMEM;
}

static int add(struct tl_options *options, const struct tl_option *option, const char *value,
	enum tl_option_source source, unsigned int line)
{
	struct tl_option_given *grown =
		realloc(options->given, (options->given_count + 1) * sizeof(*grown));
	struct tl_option_given *given;

	if (!grown)
		return out_of_memory();
	options->given = grown;
	given = &grown[options->given_count++];
	*given = (struct tl_option_given){.option = option, .source = source, .line = line};
	if (!value)
		return 0;
	given->text = strdup(value);
	given->value = strdup(value);
	return given->text && given->value ? 0 : out_of_memory();
}

int tl_options_add(struct tl_options *options, const char *name, const char *value)
{
	return add(options, find(options, name), value, TL_OPTION_OF_COMMAND_LINE, 0);
}

static int has_arg(const struct tl_option *option)
{
	switch (option->kind) {
	case TL_OPTION_VALUE:
		return required_argument;
	case TL_OPTION_OPTIONAL:
		return optional_argument;
	default:
		return no_argument;
	}
}

/* What getopt_long() wants, to be freed; `letters` has room for all of them. */
static struct option *getopt_table(const struct tl_options *options, char *letters)
{
	struct option *table = calloc(options->count + 1, sizeof(*table));
	size_t n = 0;

	if (options->command_follows)
		*letters++ = '+';
	*letters++ = ':';
	for (size_t i = 0; table && i < options->count; i++) {
		const struct tl_option *option = &options->table[i];

		if (option->kind == TL_OPTION_HEADING || option->place == TL_OPTION_FILE)
			continue;
		table[n++] =
			(struct option){option->name, has_arg(option), NULL, LONG_FIRST + (int)i};
		if (!option->letter)
			continue;
		*letters++ = option->letter;
		if (option->kind == TL_OPTION_VALUE)
			*letters++ = ':';
	}
	*letters = 0;
	return table;
}

/* The option that getopt_long() has found, or NULL: it has found none. */
static const struct tl_option *option_of(const struct tl_options *options, int found)
{
	if (found >= LONG_FIRST)
		return &options->table[found - LONG_FIRST];
	for (size_t i = 0; i < options->count; i++) {
		if (options->table[i].letter == found)
			return &options->table[i];
	}
	return NULL;
}

/* What getopt_long() stopped at, and why. Returns -EINVAL. */
static int bad_word(const struct tl_options *options, int found, const char *word)
{
	const char letter[] = {'-', (char)optopt, 0};
	/* A letter may stand among others, in a word that is not over yet. */
	const char *what = optopt > 0 && optopt < LONG_FIRST ? letter : word;

	tl_log_error(found == ':' ? "option '%s' wants a value; see trapline %s --help"
				  : "unknown option '%s'; see trapline %s --help",
		what, options->command);
	return -EINVAL;
}

int tl_options_take(struct tl_options *options, int argc, char **argv, int *first)
{
	char letters[128];
	struct option *table = getopt_table(options, letters);
	int found, ret = 0;

	if (!table)
		return out_of_memory();
	opterr = 0;
	while (!ret && !tl_options_has(options, "help", NULL) &&
		(found = getopt_long(argc, argv, letters, table, NULL)) != -1) {
		const struct tl_option *option = option_of(options, found);

		ret = option ? add(options, option, optarg, TL_OPTION_OF_COMMAND_LINE, 0)
			     : bad_word(options, found, argv[optind - 1]);
	}
	*first = optind;
	free(table);
	return ret;
}

/* One line: name, or name = value; behind # is a comment if that begins the line. */
static int take_line(struct tl_options *options, char *text, unsigned int line)
{
	char *name = tl_trim(text), *value = strchr(name, '=');
	const struct tl_option *option;
	const char *why = NULL;

	if (!*name || *name == '#')
		return 0;
	if (value) {
		*value++ = 0;
		value = tl_trim(value);
		name = tl_trim(name);
	}
	option = find(options, name);
	if (!option || option->place == TL_OPTION_COMMAND_LINE)
		why = option ? "is for the command line only" : "is no option";
	else if (option->kind == TL_OPTION_VALUE && !value)
		why = "wants a value: name = value";
	else if (option->kind == TL_OPTION_FLAG && value)
		why = "takes no value";
	if (!why)
		return add(options, option, value, TL_OPTION_OF_FILE, line);
	tl_log_error("%s:%u: '%s' %s; see trapline %s --help", options->file, line, name, why,
		options->command);
	return -EINVAL;
}

int tl_options_take_file(struct tl_options *options, const char *path)
{
	FILE *in = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;
	unsigned int line = 0;
	ssize_t length;
	int ret = 0;

	options->file = path;
	if (!in) {
		ret = -errno;
		tl_log_error("--config '%s': %s", path, strerror(-ret));
		return ret;
	}
	while (!ret && (length = getline(&text, &room, in)) >= 0) {
		line++;
		if (memchr(text, 0, (size_t)length)) {
			tl_log_error("%s:%u: is no text", path, line);
			ret = -EINVAL;
		} else {
			ret = take_line(options, text, line);
		}
	}
	if (!ret && ferror(in)) {
		ret = -errno;
		tl_log_error("--config '%s': %s", path, strerror(-ret));
	}
	free(text);
	fclose(in);
	return ret;
}

bool tl_options_has(const struct tl_options *options, const char *name, const char **value)
{
	bool has = false;

	for (size_t i = 0; i < options->given_count; i++) {
		const struct tl_option_given *given = &options->given[i];

		if (given->source == TL_OPTION_FALLBACK || strcmp(given->option->name, name) != 0)
			continue;
		has = true;
		if (value)
			*value = given->text;
	}
	return has;
}

/* Whether a later one takes its place. */
static bool overridden(const struct tl_options *options, size_t at)
{
	const struct tl_option_given *given = &options->given[at];

	for (size_t i = 0; i < options->given_count; i++) {
		const struct tl_option_given *other = &options->given[i];

		if (given->option->repeats || other->option != given->option || i == at)
			continue;
		if (given->source == other->source ? i > at : other->source > given->source)
			return true;
	}
	return false;
}

/* The options in effect, in order, `fn` on each. */
static int for_each(struct tl_options *options,
	int (*fn)(struct tl_options *options, const struct tl_option_given *given))
{
	int ret = 0;

	for (unsigned int source = 0; source < TL_OPTION_SOURCES; source++) {
		for (size_t i = 0; i < options->given_count && !ret; i++) {
			if (options->given[i].source == source && !overridden(options, i))
				ret = fn(options, &options->given[i]);
		}
	}
	return ret;
}

static int apply(struct tl_options *options, const struct tl_option_given *given)
{
	int ret;

	options->current = given;
	ret = given->option->set ? given->option->set(options, given->value) : 0;
	options->current = NULL;
	return ret;
}

/* What is not given is what its fallback says. */
static int add_fallbacks(struct tl_options *options)
{
	int ret = 0;

	for (size_t i = 0; i < options->count && !ret; i++) {
		const struct tl_option *option = &options->table[i];

		if (option->fallback && !tl_options_has(options, option->name, NULL))
			ret = add(options, option, option->fallback, TL_OPTION_FALLBACK, 0);
	}
	return ret;
}

int tl_options_apply(struct tl_options *options)
{
	int ret = add_fallbacks(options);

	return ret ? ret : for_each(options, apply);
}

int tl_options_run(struct tl_options *options, int argc, char **argv,
	int (*run)(struct tl_options *options, int argc, char **argv))
{
	int first, status = TL_STATUS_USAGE, ret = tl_options_take(options, argc, argv, &first);

	if (!ret && tl_options_has(options, "help", NULL)) {
		tl_options_help(options, stdout);
		status = TL_STATUS_OK;
	} else if (!ret && !tl_options_apply(options)) {
		status = run(options, argc - first, argv + first);
	}
	if (!status && (fflush(stdout) || ferror(stdout))) {
		tl_log_error("cannot write to standard output: %s", strerror(errno));
		status = TL_STATUS_FAILURE;
	}
	tl_options_fini(options);
	return status;
}

int tl_options_bad(const struct tl_options *options, const char *wanted)
{
	const struct tl_option_given *given = options->current;
	const char *value = given->text ? given->text : "";

	if (given->line)
		tl_log_error("%s:%u: %s '%s': %s", options->file, given->line, given->option->name,
			value, wanted);
	else
		tl_log_error("--%s '%s': %s", given->option->name, value, wanted);
	return -EINVAL;
}

int tl_options_number(struct tl_options *options, const char *text, unsigned int min,
	unsigned int max, unsigned int *number)
{
	char wanted[64];
	uint64_t value;

	if (!tl_parse_u64(text, min, max, &value)) {
		*number = (unsigned int)value;
		return 0;
	}
	snprintf(wanted, sizeof(wanted), "wants a whole number from %u to %u", min, max);
	return tl_options_bad(options, wanted);
}

int tl_options_choice(
	struct tl_options *options, const char *text, const char *const *names, size_t count)
{
	char wanted[256] = "wants ";
	size_t length = strlen(wanted);

	for (size_t i = 0; i < count; i++) {
		const char *end = i + 2 < count ? ", " : i + 2 == count ? " or " : "";

		if (!strcmp(text, names[i]))
			return (int)i;
		if (length < sizeof(wanted))
			length += (size_t)snprintf(
				wanted + length, sizeof(wanted) - length, "%s%s", names[i], end);
	}
	return tl_options_bad(options, wanted);
}

static void help_of(const struct tl_option *option, FILE *out)
{
	const char *text = option->help;
	int column = option->letter ? fprintf(out, "  -%c, --%s", option->letter, option->name)
				    : fprintf(out, "  --%s", option->name);

	if (option->kind == TL_OPTION_VALUE)
		column += fprintf(out, " %s", option->metavar);
	else if (option->kind == TL_OPTION_OPTIONAL)
		column += fprintf(out, "[=%s]", option->metavar);
	if (column > HELP_COLUMN - 2) {
		fputc('\n', out);
		column = 0;
	}
	fprintf(out, "%*s", HELP_COLUMN - column, "");
	for (; *text; text++) {
		fputc(*text, out);
		if (*text == '\n')
			fprintf(out, "%*s", HELP_COLUMN, "");
	}
	if (option->fallback)
		fprintf(out, " (%s)", option->fallback);
	fputc('\n', out);
}

void tl_options_help(const struct tl_options *options, FILE *out)
{
	fputs(options->head, out);
	for (size_t i = 0; i < options->count; i++) {
		const struct tl_option *option = &options->table[i];

		if (option->kind == TL_OPTION_HEADING)
			fprintf(out, "\n%s\n", option->help);
		else if (option->place != TL_OPTION_FILE)
			help_of(option, out);
	}
	fputs(options->tail, out);
}

static int print(struct tl_options *options, const struct tl_option_given *given)
{
	FILE *out = options->opaque;

	if (given->option->place == TL_OPTION_COMMAND_LINE)
		return 0;
	if (given->text)
		fprintf(out, "%s = %s\n", given->option->name, given->text);
	else
		fprintf(out, "%s\n", given->option->name);
	return 0;
}

void tl_options_print(const struct tl_options *options, FILE *out)
{
	struct tl_options copy = *options;

	copy.opaque = out;
	(void)for_each(&copy, print);
}

void tl_options_fini(struct tl_options *options)
{
	for (size_t i = 0; i < options->given_count; i++) {
		free(options->given[i].text);
		free(options->given[i].value);
	}
	free(options->given);
	options->given = NULL;
	options->given_count = 0;
}
