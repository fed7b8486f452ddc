/* SPDX-License-Identifier: MIT */
/*
 * The process has its own process group, so that Ctrl-C is ours to handle, and writes to a pipe
 * that is read only when it has ended: a warning is to be one line.
 */
#include "vmm/dev/virtio/passt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

#define PROGRAM "passt"
/* -t or -u and its value for each forward, and what precedes them. */
#define ARGS_MAX (16 + 2 * TL_NET_FORWARDS)

struct args {
	char *argv[ARGS_MAX];
	unsigned int count;
	char socket[16], mtu[16];
	char forwards[TL_NET_FORWARDS][96];
};

static void add(struct args *args, const char *arg)
{
	args->argv[args->count++] = (char *)arg;
}

static void fill_args(struct args *args, const struct tl_net *net, int socket)
{
	args->count = 0;
	snprintf(args->socket, sizeof(args->socket), "%d", socket);
	snprintf(args->mtu, sizeof(args->mtu), "%d", TL_PASST_MTU);
	add(args, PROGRAM);
	add(args, "--foreground");
	add(args, "--quiet");
	add(args, "--fd");
	add(args, args->socket);
	add(args, "--mtu");
	add(args, args->mtu);
	for (unsigned int i = 0; i < net->forward_count; i++) {
		const struct tl_net_forward *forward = &net->forwards[i];

		snprintf(args->forwards[i], sizeof(args->forwards[i]), "%s%s%u:%u",
			forward->address ? forward->address : "", forward->address ? "/" : "",
			forward->host, forward->guest);
		add(args, forward->udp ? "--udp-ports" : "--tcp-ports");
		add(args, args->forwards[i]);
	}
	args->argv[args->count] = NULL;
}

/* Between fork and exec only what is safe in a signal handler may be called. */
static _Noreturn void become_passt(
	const struct args *args, int socket, int null_fd, int words_fd, int error_fd)
{
	sigset_t none;
	int err;

	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	/* The closed socket ends it as well; this, should it hang. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(null_fd, STDIN_FILENO) >= 0 && dup2(words_fd, STDOUT_FILENO) >= 0 &&
		dup2(words_fd, STDERR_FILENO) >= 0 && !fcntl(socket, F_SETFD, 0))
		execvp(PROGRAM, args->argv);
	err = errno;
	(void)!write(error_fd, &err, sizeof(err));
	_exit(127);
}

static void close_pair(int *fds)
{
	for (unsigned int i = 0; i < 2; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}

/* Returns 0 or -errno; error[1] has been closed with exec by the one that could. */
static int spawn(struct tl_passt *passt, const struct args *args, int socket, int null_fd,
	int *words, int *error)
{
	int err = 0;

	passt->pid = fork();
	if (passt->pid < 0)
		return -errno;
	if (!passt->pid)
		become_passt(args, socket, null_fd, words[1], error[1]);
	close(error[1]);
	error[1] = -1;
	while (read(error[0], &err, sizeof(err)) < 0 && errno == EINTR)
		;
	return -err;
}

int tl_passt_start(struct tl_passt *passt, const struct tl_net *net, int socket)
{
	int words[2] = {-1, -1}, error[2] = {-1, -1}, null_fd, ret = 0;
	struct args args;

	*passt = TL_PASST_INIT;
	fill_args(&args, net, socket);
	null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	/* When nobody reads what it prints, it is not to wait for that. */
	if (null_fd < 0 || pipe2(words, O_CLOEXEC | O_NONBLOCK) || pipe2(error, O_CLOEXEC))
		ret = -errno;
	if (!ret)
		ret = spawn(passt, &args, socket, null_fd, words, error);
	passt->words_fd = words[0];
	words[0] = -1;
	if (null_fd >= 0)
		close(null_fd);
	close_pair(words);
	close_pair(error);
	if (ret) {
		tl_passt_end(passt);
		tl_log_error("--net user: cannot start passt: %s",
			ret == -ENOENT ? "it is not installed; 'apt install passt', or see "
					 "https://passt.top"
				       : strerror(-ret));
	}
	return ret;
}

void tl_passt_last_words(const struct tl_passt *passt, char *line, size_t size)
{
	char text[4096], *last;
	size_t length = 0;
	ssize_t n;

	while (length < sizeof(text) - 1 &&
		(n = read(passt->words_fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)n;
	while (length && text[length - 1] == '\n')
		length--;
	text[length] = 0;
	/* Before why it ended, it may have told what else it found. */
	last = strrchr(text, '\n');
	snprintf(line, size, "%s", last ? last + 1 : text);
}

void tl_passt_end(struct tl_passt *passt)
{
	if (passt->pid > 0) {
		kill(passt->pid, SIGKILL);
		while (waitpid(passt->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (passt->words_fd >= 0)
		close(passt->words_fd);
	*passt = TL_PASST_INIT;
}
