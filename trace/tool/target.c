/* SPDX-License-Identifier: MIT */
/*
 * The target is not asked, and not disturbed: /proc and its command line tell enough.
 */
#include "trace/tool/target.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "trace/tool/dtb_map.h"
#include "trace/tool/maps.h"
#include "trace/tool/process.h"

/* The process's name, as /proc has it. */
static void program_name(const struct tl_target *target, char *name, size_t size)
{
	if (target->config->command) {
		const char *program = strrchr(target->config->command[0], '/');

		snprintf(name, size, "%.15s", program ? program + 1 : target->config->command[0]);
	} else if (target->pid) {
		tl_process_name(target->pid, name, size);
	} else {
		/* Of many VMs, the most likely. */
		snprintf(name, size, "qemu-system-aar");
	}
}

static int choose_map(struct tl_target *target)
{
	const struct tl_known_map *map;
	char name[32];

	if (target->config->dtb)
		return tl_dtb_map(target->config->dtb, &target->map);
	program_name(target, name, sizeof(name));
	map = target->config->map ? tl_map_by_name(target->config->map) : tl_map_by_program(name);
	if (!map)
		tl_log_warn("the memory map of '%s' is not known: devices stay addresses; "
			    "--map NAME gives one of %s, --dtb FILE any",
			name, tl_map_names());
	for (unsigned int i = 0; map && i < map->count; i++)
		target->map.regions[target->map.count++] = map->regions[i];
	return 0;
}

/* The child waits until it may go on: nothing of it is missed. */
static int start_command(struct tl_target *target)
{
	char **command = target->config->command;
	int go[2];

	if (pipe2(go, O_CLOEXEC))
		return -errno;
	target->pid = fork();
	if (target->pid < 0) {
		int ret = -errno;

		close(go[0]);
		close(go[1]);
		return ret;
	}
	if (!target->pid) {
		sigset_t none;
		char byte;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		close(go[1]);
		if (read(go[0], &byte, 1) != 1)
			_exit(125);
		execvp(command[0], command);
		fprintf(stderr, "trapline: cannot run '%s': %s\n", command[0], strerror(errno));
		_exit(errno == ENOENT ? 127 : 126);
	}
	close(go[0]);
	target->go_fd = go[1];
	return 0;
}

/* Those of the file that was named; else of the kernel that the VMM was given. */
static int load_symbols(struct tl_target *target)
{
	const char *named = target->config->symbols, *path = named;
	char guessed[512];
	int ret;

	if (!named && target->config->command)
		path = tl_process_kernel_of(target->config->command);
	else if (!named && target->pid && tl_process_kernel(target->pid, guessed, sizeof(guessed)))
		path = guessed;
	if (!path)
		return 0;
	ret = tl_symbols_load(&target->symbols, path);
	if (ret && named)
		tl_log_error("--symbols '%s': %s", named,
			ret == -ENOENT ? "no symbols in it" : strerror(-ret));
	else if (!ret)
		tl_log_info("%zu symbols from %s", tl_symbols_count(target->symbols), path);
	return named ? ret : 0;
}

static int open_fds(struct tl_target *target)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	target->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (target->signal_fd < 0) {
		tl_log_error("cannot wait for signals: %s", strerror(errno));
		return -errno;
	}
	if (!target->pid)
		return 0;
	target->pid_fd = (int)syscall(SYS_pidfd_open, target->pid, 0);
	if (target->pid_fd < 0) {
		int ret = -errno;

		tl_log_error("process %d: %s", (int)target->pid, strerror(-ret));
		return ret;
	}
	return 0;
}

int tl_target_init(struct tl_target *target, const struct tl_target_config *config)
{
	int ret = 0;

	*target = (struct tl_target){
		.config = config, .pid = config->pid, .pid_fd = -1, .signal_fd = -1, .go_fd = -1};
	if (config->command) {
		ret = start_command(target);
		if (ret)
			tl_log_error("cannot start '%s': %s", config->command[0], strerror(-ret));
	}
	ret = ret ? ret : open_fds(target);
	ret = ret ? ret : load_symbols(target);
	return ret ? ret : choose_map(target);
}

int tl_target_go(struct tl_target *target)
{
	int ret = 0;

	/* Without the byte the child ends. */
	if (target->go_fd >= 0 && write(target->go_fd, "", 1) != 1) {
		ret = -errno;
		tl_log_error("cannot start '%s': %s", target->config->command[0], strerror(-ret));
	}
	if (target->go_fd >= 0)
		close(target->go_fd);
	target->go_fd = -1;
	return ret;
}

int tl_target_wait(struct tl_target *target, unsigned int seconds, int other_fd)
{
	struct pollfd polls[3] = {
		{.fd = target->signal_fd, .events = POLLIN},
		{.fd = target->pid_fd, .events = POLLIN},
		{.fd = other_fd, .events = POLLIN},
	};
	int timeout = seconds ? (int)seconds * 1000 : -1;

	int n;

	do
		n = poll(polls, 3, timeout);
	while (n < 0 && errno == EINTR);
	return n != 0;
}

int tl_target_status(const struct tl_target *target)
{
	int status = 0;

	if (!target->config->command)
		return 0;
	/* At the end of --seconds it is still there, and is left alone. */
	if (waitpid(target->pid, &status, WNOHANG) != target->pid)
		return 0;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void tl_target_fini(struct tl_target *target)
{
	const int fds[] = {target->pid_fd, target->signal_fd, target->go_fd};

	for (unsigned int i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	tl_symbols_destroy(target->symbols);
	target->symbols = NULL;
	target->pid_fd = target->signal_fd = target->go_fd = -1;
}
