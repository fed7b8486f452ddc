/* SPDX-License-Identifier: MIT */
/*
 * trapline ctl: asks something of a VM that runs, through its control socket (docs/ctl.md).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jansson.h>

#include "base/log.h"
#include "base/unix_socket.h"
#include "base/parse.h"
#include "base/status.h"
#include "cli/cli.h"
#include "cli/options.h"

static const char help_head[] =
	"usage: trapline ctl [--json] SOCKET COMMAND [ARGUMENT]\n"
	"\n"
	"Asks something of a VM that was started by 'trapline run --ctl SOCKET'.\n"
	"\n"
	"  status             what it is and what it does\n"
	"  pause              stop all vCPUs\n"
	"  resume             let them run again\n"
	"  power              press the power key\n"
	"  reset              restart the guest in place\n"
	"  quit               end the VM at once\n"
	"  profile [SECONDS]  profile its exits for so long (10), and print the profile\n"
	"\n";

static const char help_tail[] =
	"\n"
	"Exit status: 0 done, 1 the VM cannot do it, 2 usage, 4 there is no such VM.\n";

static const struct tl_option table[] = {
	{TL_FLAG, "json", NULL, "print the VM's answer as it is"},
	TL_OPTION_HELP,
};

/* Connects. Returns the file descriptor or -1 (logged). */
static int connect_to(const char *path)
{
	int fd = tl_unix_connect(path);

	if (fd >= 0)
		return fd;
	tl_log_error("cannot reach a VM at '%s': %s", path, strerror(-fd));
	return -1;
}

static bool send_all(int fd, const char *text, size_t size)
{
	while (size) {
		ssize_t n = send(fd, text, size, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		text += n;
		size -= (size_t)n;
	}
	return true;
}

/* One request and its answer, a line; the caller's to free. NULL: there is none (logged). */
static char *ask(const char *path, json_t *request)
{
	char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
	char *line = NULL;
	size_t size = 0;
	int fd = text ? connect_to(path) : -1;
	FILE *from = fd >= 0 ? fdopen(fd, "re") : NULL;

	if (!text || (fd >= 0 && !from))
		tl_log_error("out of memory");
	if (from && (!send_all(fd, text, strlen(text)) || !send_all(fd, "\n", 1) ||
			    getline(&line, &size, from) <= 0 || !strchr(line, '\n'))) {
		tl_log_error("the VM at '%s' has ended, or closed the connection", path);
		free(line);
		line = NULL;
	}
	if (from)
		fclose(from);
	else if (fd >= 0)
		close(fd);
	free(text);
	return line;
}

static const char *string_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "?";
}

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void print_status(const json_t *answer)
{
	const json_t *entry;
	size_t i;

	printf("state    %s\nkernel   %s\nmachine  %s, GICv%" JSON_INTEGER_FORMAT
	       ", %" JSON_INTEGER_FORMAT " MiB\nprocess  %" JSON_INTEGER_FORMAT ", up %.1f s\n",
		string_of(answer, "state"), string_of(answer, "kernel"),
		string_of(answer, "machine"), number_of(answer, "gic"),
		number_of(answer, "memory") >> 20, number_of(answer, "pid"),
		(double)number_of(answer, "uptime_ms") / 1000);
	json_array_foreach(json_object_get(answer, "vcpus"), i, entry) printf(
		"vCPU %-3" JSON_INTEGER_FORMAT " thread %" JSON_INTEGER_FORMAT
		", %" JSON_INTEGER_FORMAT " exits to user space\n",
		number_of(entry, "id"), number_of(entry, "tid"), number_of(entry, "user_exits"));
	json_array_foreach(json_object_get(answer, "devices"), i, entry)
		printf("device   %-12s %#12" PRIx64 "  SPI %" JSON_INTEGER_FORMAT "\n",
			string_of(entry, "name"), (uint64_t)number_of(entry, "base"),
			number_of(entry, "spi"));
}

/* The answer for people. Returns an exit status. */
static int print_answer(const json_t *answer)
{
	const char *text = json_string_value(json_object_get(answer, "text"));

	if (!json_is_true(json_object_get(answer, "ok"))) {
		tl_log_error("the VM says: %s", string_of(answer, "error"));
		return TL_STATUS_FAILURE;
	}
	if (text)
		fputs(text, stdout);
	else if (json_object_get(answer, "state"))
		print_status(answer);
	return TL_STATUS_OK;
}

/* Sends it and prints the answer. Returns an exit status. */
static int carry_out(const char *path, json_t *request, bool raw)
{
	char *line = ask(path, request);
	json_t *answer = line ? json_loads(line, 0, NULL) : NULL;
	int status = TL_STATUS_HOST;

	if (line && !json_is_object(answer)) {
		tl_log_error("what answers at '%s' is no VM of trapline run", path);
	} else if (line && raw) {
		fputs(line, stdout);
		status = json_is_true(json_object_get(answer, "ok")) ? TL_STATUS_OK
								     : TL_STATUS_FAILURE;
	} else if (line) {
		status = print_answer(answer);
	}
	json_decref(answer);
	free(line);
	return status;
}

/* SOCKET COMMAND [SECONDS] as a request; NULL: that is none (logged). */
static json_t *request_of(int argc, char **argv)
{
	static const char *const names[] = {
		"status", "pause", "resume", "power", "reset", "quit", "profile"};
	bool known = false;
	uint64_t seconds;

	if (argc < 2) {
		tl_log_error("wants a socket and a command; see trapline ctl --help");
		return NULL;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		known = known || !strcmp(argv[1], names[i]);
	if (!known) {
		tl_log_error("unknown command '%s'; see trapline ctl --help", argv[1]);
		return NULL;
	}
	if (argc == 2)
		return json_pack("{ss}", "command", argv[1]);
	if (strcmp(argv[1], "profile") != 0 || argc > 3) {
		tl_log_error("'%s' is too much; see trapline ctl --help", argv[argc - 1]);
		return NULL;
	}
	if (tl_parse_u64(argv[2], 1, 3600, &seconds)) {
		tl_log_error("profile '%s': wants seconds, a whole number from 1 to 3600", argv[2]);
		return NULL;
	}
	return json_pack("{ss sI}", "command", argv[1], "seconds", (json_int_t)seconds);
}

static int ctl_run(struct tl_options *options, int argc, char **argv)
{
	json_t *request = request_of(argc, argv);
	int status;

	if (!request)
		return TL_STATUS_USAGE;
	status = carry_out(argv[0], request, tl_options_has(options, "json", NULL));
	json_decref(request);
	return status;
}

int tl_cli_ctl(int argc, char **argv)
{
	struct tl_options options = {.command = "ctl",
		.table = table,
		.count = sizeof(table) / sizeof(table[0]),
		.head = help_head,
		.tail = help_tail};

	return tl_options_run(&options, argc, argv, ctl_run);
}
