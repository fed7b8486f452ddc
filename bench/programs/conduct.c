/* SPDX-License-Identifier: MIT */
/*
 * Starts several guests and lets them begin each program at the same moment:
 *     conduct -k COUNT [-p CPU,...] -o FILE COMMAND...
 * runs COMMAND so often; % in a word of it stands for that one's CPU, from -p in turn. When all
 * have printed a line "ready ...", each gets a line back. FILE gets every line of theirs that
 * begins with ready, took, failed or done: "HOST-CLOCK GUEST LINE", ns since the start.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "file.h"

#define GUESTS_MAX 16

struct guest {
	pid_t pid;
	int in, out; /* its standard input and output; out is -1 when it has ended */
	bool ready;
	char line[256];
	size_t used;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Puts the CPU in the place of % in the words. */
static void set_cpu(char **words, const char *cpu)
{
	for (; *words; words++) {
		char *mark = strchr(*words, '%'), *word;

		if (!mark)
			continue;
		*mark = 0;
		if (asprintf(&word, "%s%s%s", *words, cpu, mark + 1) < 0)
			die("memory");
		*words = word;
	}
}

static void guest_start(struct guest *guest, char **command, const char *cpu)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		die("pipe");
	guest->pid = fork();
	if (guest->pid < 0)
		die("fork");
	if (!guest->pid) {
		set_cpu(command, cpu);
		if (dup2(in[0], 0) < 0 || dup2(out[1], 1) < 0)
			die("dup2");
		execvp(command[0], command);
		die(command[0]);
	}
	close(in[0]);
	close(out[1]);
	guest->in = in[1];
	guest->out = out[0];
}

static bool has_prefix(const char *line, const char *prefix)
{
	return !strncmp(line, prefix, strlen(prefix));
}

static void guest_line(struct guest *guest, unsigned int number, uint64_t at, FILE *log)
{
	const char *line = guest->line;

	guest->line[strcspn(line, "\r")] = 0;
	if (!has_prefix(line, "ready ") && !has_prefix(line, "took ") &&
		!has_prefix(line, "failed ") && !has_prefix(line, "done "))
		return;
	fprintf(log, "%llu %u %s\n", (unsigned long long)at, number, line);
	if (has_prefix(line, "ready "))
		guest->ready = true;
}

static void guest_read(struct guest *guest, unsigned int number, uint64_t start, FILE *log)
{
	char data[512];
	ssize_t n = read(guest->out, data, sizeof(data));
	uint64_t at = now_ns() - start;

	if (n <= 0) {
		close(guest->out);
		guest->out = -1;
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (data[i] != '\n') {
			if (guest->used < sizeof(guest->line) - 1)
				guest->line[guest->used++] = data[i];
			continue;
		}
		guest->line[guest->used] = 0;
		guest->used = 0;
		guest_line(guest, number, at, log);
	}
}

/* Lets all begin when nobody is left to wait for. */
static void let_begin(struct guest *guests, unsigned int count)
{
	unsigned int ready = 0, alive = 0;

	for (unsigned int i = 0; i < count; i++) {
		alive += guests[i].out >= 0;
		ready += guests[i].out >= 0 && guests[i].ready;
	}
	if (!alive || ready < alive)
		return;
	for (unsigned int i = 0; i < count; i++) {
		guests[i].ready = false;
		if (guests[i].out >= 0 && write(guests[i].in, "go\n", 3) != 3)
			die("a guest's standard input");
	}
}

/* Until all have ended. Returns how many ended with another status than 0. */
static int conduct(struct guest *guests, unsigned int count, uint64_t start, FILE *log)
{
	int failed = 0, status;

	for (;;) {
		struct pollfd fds[GUESTS_MAX];
		bool any = false;

		for (unsigned int i = 0; i < count; i++) {
			fds[i] = (struct pollfd){guests[i].out, POLLIN, 0};
			any |= guests[i].out >= 0;
		}
		if (!any)
			break;
		if (poll(fds, count, -1) < 0)
			die("poll");
		for (unsigned int i = 0; i < count; i++)
			if (fds[i].revents)
				guest_read(&guests[i], i, start, log);
		let_begin(guests, count);
	}
	for (unsigned int i = 0; i < count; i++)
		if (waitpid(guests[i].pid, &status, 0) != guests[i].pid || status)
			failed++;
	return failed;
}

int main(int argc, char **argv)
{
	struct guest guests[GUESTS_MAX] = {0};
	unsigned long count = 1;
	char *cpus[GUESTS_MAX] = {"0"}, *save;
	unsigned int cpu_count = 1;
	FILE *log = NULL;
	uint64_t start;
	int option, failed;

	while ((option = getopt(argc, argv, "+k:p:o:")) != -1) {
		if (option == 'k') {
			count = number_of(optarg);
		} else if (option == 'o') {
			log = fopen(optarg, "we");
		} else if (option == 'p') {
			cpu_count = 0;
			for (char *cpu = strtok_r(optarg, ",", &save);
				cpu && cpu_count < GUESTS_MAX; cpu = strtok_r(NULL, ",", &save))
				cpus[cpu_count++] = cpu;
		} else {
			return 2;
		}
	}
	if (!log || !cpu_count || count > GUESTS_MAX || optind == argc)
		die("usage: conduct -k COUNT [-p CPU,...] -o FILE COMMAND...");
	start = now_ns();
	for (unsigned int i = 0; i < count; i++)
		guest_start(&guests[i], argv + optind, cpus[i % cpu_count]);
	failed = conduct(guests, (unsigned int)count, start, log);
	fclose(log);
	return failed ? 1 : 0;
}
