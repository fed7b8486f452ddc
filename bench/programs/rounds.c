/* SPDX-License-Identifier: MIT */
/*
 * Runs programs and says what they took, alike on a PC, on the board and in a guest:
 *     rounds [-b] [-c CPU] [-n TIMES] [-o NAME] FILE
 * Each line of FILE is NAME OUTPUT COMMAND [, COMMAND]..., words between blanks; > FILE is where
 * a command prints to. It prints "took NAME REAL USER SYSTEM CRC" for each time, in ns, with the
 * CRC-32 of the file OUTPUT (0 for -), which is not timed. -b: says "ready NAME CLOCK" before
 * each one and waits for a line, so that several guests begin at once. -o: only that line.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crc.h"
#include "file.h"

#define WORDS_MAX 64

struct took {
	uint64_t real, user, system;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t ns_of(struct timeval t)
{
	return ((uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_usec) * 1000;
}

/* The child's half: what it prints goes to a file, or nowhere. */
static _Noreturn void start(char **words, const char *output)
{
	int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || dup2(fd, 1) < 0)
		die(output);
	execvp(words[0], words);
	die(words[0]);
}

static void run_one(const char *name, char **words, const char *output, struct took *took)
{
	struct rusage usage;
	pid_t child = fork();
	int status;

	if (!child)
		start(words, output);
	if (child < 0 || wait4(child, &status, 0, &usage) != child)
		die("fork");
	took->user += ns_of(usage.ru_utime);
	took->system += ns_of(usage.ru_stime);
	if (!status)
		return;
	printf("failed %s: %s ended with status %#x\n", name, words[0], (unsigned int)status);
	exit(1);
}

/* The commands of a line, one after the other. */
static void run_all(const char *name, char *const *words, struct took *took)
{
	uint64_t begin = now_ns();

	while (*words) {
		char *command[WORDS_MAX + 1];
		const char *output = "/dev/null";
		size_t n = 0;

		for (; *words && strcmp(*words, ",") != 0; words++) {
			if (!strcmp(*words, ">") && words[1])
				output = *++words;
			else
				command[n++] = *words;
		}
		if (*words)
			words++;
		command[n] = NULL;
		if (n)
			run_one(name, command, output, took);
	}
	took->real = now_ns() - begin;
}

static uint32_t crc_of(const char *path)
{
	uint32_t table[256], crc;
	size_t length;
	uint8_t *data;

	if (!strcmp(path, "-"))
		return 0;
	data = file_read(path, &length);
	crc_init(table);
	crc = crc_add(table, 0, data, length);
	free(data);
	return crc;
}

static void wait_for_others(const char *name)
{
	char line[64];

	printf("ready %s %llu\n", name, (unsigned long long)now_ns());
	if (!fgets(line, sizeof(line), stdin))
		die("standard input");
}

static void run_line(char *line, unsigned long times, bool barrier, const char *only)
{
	char *words[WORDS_MAX + 1], *save;
	size_t n = 0;

	for (char *word = strtok_r(line, " \t", &save); word && n < WORDS_MAX;
		word = strtok_r(NULL, " \t", &save))
		words[n++] = word;
	words[n] = NULL;
	if (n < 3 || (only && strcmp(words[0], only) != 0))
		return;
	while (times--) {
		struct took took = {0};
		uint32_t crc;

		if (barrier)
			wait_for_others(words[0]);
		run_all(words[0], words + 2, &took);
		crc = crc_of(words[1]);
		printf("took %s %llu %llu %llu %08x\n", words[0], (unsigned long long)took.real,
			(unsigned long long)took.user, (unsigned long long)took.system,
			(unsigned int)crc);
	}
}

int main(int argc, char **argv)
{
	const char *only = NULL;
	unsigned long times = 1;
	bool barrier = false;
	char *text, *save;
	cpu_set_t cpu;
	size_t length;
	int option;

	while ((option = getopt(argc, argv, "bc:n:o:")) != -1) {
		if (option == 'b') {
			barrier = true;
		} else if (option == 'n') {
			times = number_of(optarg);
		} else if (option == 'o') {
			only = optarg;
		} else if (option == 'c') {
			CPU_ZERO(&cpu);
			CPU_SET(strtoul(optarg, NULL, 10), &cpu);
			if (sched_setaffinity(0, sizeof(cpu), &cpu))
				die(optarg);
		} else {
			return 2;
		}
	}
	if (optind != argc - 1)
		die("usage: rounds [-b] [-c CPU] [-n TIMES] [-o NAME] FILE");
	/* A line is there when it has happened, also in a pipe. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	text = (char *)file_read(argv[optind], &length);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		run_line(line, times, barrier, only);
	printf("done all %llu\n", (unsigned long long)now_ns());
	free(text);
	return 0;
}
