/* SPDX-License-Identifier: MIT */
/*
 * The shell of the 32-bit Linux guest: Debian has no 32-bit packages for those who build on
 * x86-64, so there is no busybox. It takes words with quotes, `;`, `&&` and `||`, `<` and `>`,
 * and reads from a file, a string (-c) or standard input. What is none of its own commands is
 * a program.
 */
#include "sh.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 64
#define LINE_MAX_ 4096

/* One command, taken apart. */
struct command {
	char *words[WORDS_MAX + 1];
	int count;
	char *input, *output; /* files, or NULL */
	char end;             /* what came behind it: ';', '&', '|', or 0 for the end of the line */
};

int sh_fail(const char *what, const char *on)
{
	fprintf(stderr, "sh: %s%s%s: %s\n", what, on ? " " : "", on ? on : "", strerror(errno));
	return 1;
}

static bool is_end(char c)
{
	return !c || c == ';' || c == '&' || c == '|' || c == '\n';
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Takes one word off the text, without its quotes, and moves *at behind it. NULL: no end of it. */
static char *take_word(char **at)
{
	char *from = *at, *to = *at, *word = *at;
	char quote = 0;

	for (; *from &&
		(quote || !(is_end(*from) || is_space(*from) || *from == '<' || *from == '>'));
		from++) {
		if (quote ? *from == quote : (*from == '"' || *from == '\''))
			quote = quote ? 0 : *from;
		else
			*to++ = *from;
	}
	*at = from;
	/* What ends the word may lie where its own end will be. */
	if (quote)
		return NULL;
	return strndup(word, (size_t)(to - word));
}

static char *skip_space(char *at)
{
	while (is_space(*at))
		at++;
	return at;
}

/* The next command of the text. Returns 0, or -1: it is none (said). */
static int take_command(struct command *command, char **at)
{
	*command = (struct command){0};
	for (*at = skip_space(*at); !is_end(**at); *at = skip_space(*at)) {
		char kind = **at;
		char *word;

		if (kind == '#') {
			*at += strcspn(*at, "\n");
			continue;
		}
		if (kind == '<' || kind == '>')
			*at = skip_space(*at + 1);
		word = take_word(at);
		if (!word || command->count == WORDS_MAX) {
			fprintf(stderr, "sh: %s\n", word ? "too many words" : "a quote has no end");
			return -1;
		}
		if (kind == '<')
			command->input = word;
		else if (kind == '>')
			command->output = word;
		else
			command->words[command->count++] = word;
	}
	command->end = **at;
	if (command->end)
		*at += (*at)[0] == (*at)[1] && command->end != '\n' ? 2 : 1;
	return 0;
}

static void free_command(struct command *command)
{
	for (int i = 0; i < command->count; i++)
		free(command->words[i]);
	free(command->input);
	free(command->output);
}

/* Puts a file in the place of standard input or output. Returns 0 or a status. */
static int redirect(const char *path, int flags, int to)
{
	int fd = path ? open(path, flags | O_CLOEXEC, 0644) : to;

	if (fd < 0)
		return sh_fail("cannot open", path);
	if (fd != to)
		dup2(fd, to);
	return 0;
}

static int run_in_child(struct command *command, const struct sh_command *own)
{
	int status = redirect(command->input, O_RDONLY, 0);

	if (!status)
		status = redirect(command->output, O_WRONLY | O_CREAT | O_TRUNC, 1);
	if (status)
		return status;
	if (own) {
		status = own->run(command->count, command->words);
		return fflush(stdout) ? 1 : status;
	}
	execvp(command->words[0], command->words);
	sh_fail("cannot run", command->words[0]);
	return errno == ENOENT ? 127 : 126;
}

static int run_command(struct command *command)
{
	const struct sh_command *own = sh_commands;
	int status;
	pid_t child;

	while (own->name && strcmp(own->name, command->words[0]) != 0)
		own++;
	fflush(NULL);
	child = fork();
	if (child < 0)
		return sh_fail("cannot fork", NULL);
	if (child == 0)
		_exit(run_in_child(command, own->name ? own : NULL));
	while (waitpid(child, &status, 0) < 0)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Runs the text's commands, one after the other. Returns the last one's status. */
static int run_text(char *text)
{
	struct command command;
	bool skip = false;
	int status = 0;

	while (*text) {
		if (take_command(&command, &text))
			return 2;
		if (command.count && !skip) {
			/* In the shell itself, or there would be one more process. */
			if (!strcmp(command.words[0], "exit"))
				exit(command.count > 1 ? atoi(command.words[1]) : status);
			status = run_command(&command);
		}
		/* Behind && only what follows success, behind || failure. */
		if (command.end == '&')
			skip = status != 0;
		else if (command.end == '|')
			skip = status == 0;
		else
			skip = false;
		free_command(&command);
	}
	return status;
}

static int run_lines(FILE *in)
{
	static char line[LINE_MAX_];
	int status = 0;

	while (fgets(line, sizeof(line), in) && line[0])
		status = run_text(line);
	return status;
}

int main(int argc, char **argv)
{
	FILE *script;

	if (argc > 2 && !strcmp(argv[1], "-c"))
		return run_text(argv[2]);
	if (argc < 2)
		return run_lines(stdin);
	script = fopen(argv[1], "re");
	return script ? run_lines(script) : sh_fail("cannot open", argv[1]);
}
