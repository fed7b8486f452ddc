/* SPDX-License-Identifier: MIT */
/*
 * Attach, wait, read, print. The kernel counts the exits of VMs that it does not ask us
 * about as well: each VM's folder in debugfs has their sum, which the profile is held
 * against.
 */
#include "trace/tool/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "trace/collect/bpf_profile.h"
#include "trace/collect/system_counter.h"
#include "trace/decode/symbols.h"
#include "trace/report/json.h"
#include "trace/report/text.h"
#include "trace/tool/maps.h"
#include "trace/tool/process.h"

struct watch {
	const struct tl_watch_config *config;
	const struct tl_known_map *map; /* or NULL */
	struct tl_bpf *bpf;
	struct tl_symbols *symbols;
	pid_t pid; /* 0: any */
	int pid_fd, signal_fd;
	int command_status;
};

const char *tl_watch_map_names(void)
{
	static char names[128];

	names[0] = 0;
	for (unsigned int i = 0; tl_map_at(i); i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			i ? ", " : "", tl_map_at(i)->name);
	return names;
}

int tl_watch_has_map(const char *name)
{
	return tl_map_by_name(name) != NULL;
}

static void choose_map(struct watch *watch)
{
	char name[32];

	if (watch->config->map) {
		watch->map = tl_map_by_name(watch->config->map);
		return;
	}
	if (watch->config->command) {
		const char *program = strrchr(watch->config->command[0], '/');

		snprintf(name, sizeof(name), "%.15s",
			program ? program + 1 : watch->config->command[0]);
	} else if (watch->pid) {
		tl_process_name(watch->pid, name, sizeof(name));
	} else {
		/* Of many VMs, the most likely. */
		snprintf(name, sizeof(name), "qemu-system-aar");
	}
	watch->map = tl_map_by_program(name);
	if (!watch->map)
		tl_log_warn("the memory map of '%s' is not known: devices stay addresses; "
			    "--map NAME gives one of %s",
			name, tl_watch_map_names());
}

static int open_bpf(struct watch *watch)
{
	struct tl_bpf_options options = {.vm = watch->pid};
	struct tl_bpf_range ram;
	char problem[256];
	int ret;

	if (watch->map) {
		ram.base = watch->map->regions[0].base;
		ram.end = ram.base + watch->map->regions[0].size;
		options.ram = &ram;
		options.ram_count = 1;
	}
	ret = tl_bpf_create(&watch->bpf, &options, problem, sizeof(problem));
	if (!ret)
		ret = tl_bpf_start(watch->bpf);
	else
		tl_log_error("cannot profile: %s", problem);
	if (!ret && !tl_bpf_is_patched(watch->bpf))
		tl_log_warn("not seen on this host: where events are missing, host interrupts "
			    "apart from the guest's time, exits that EL2 handles by itself; see "
			    "'trapline caps'");
	return ret;
}

/* The child waits until it may go on: nothing of it is missed. */
static int start_command(struct watch *watch, int go[2])
{
	char byte;

	if (pipe2(go, O_CLOEXEC))
		return -errno;
	watch->pid = fork();
	if (watch->pid < 0)
		return -errno;
	if (!watch->pid) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		close(go[1]);
		if (read(go[0], &byte, 1) != 1)
			_exit(125);
		execvp(watch->config->command[0], watch->config->command);
		fprintf(stderr, "trapline: cannot run '%s': %s\n", watch->config->command[0],
			strerror(errno));
		_exit(errno == ENOENT ? 127 : 126);
	}
	close(go[0]);
	return 0;
}

/* Until time, Ctrl-C or the end of the process. */
static void wait_for_end(struct watch *watch)
{
	struct pollfd polls[2] = {
		{.fd = watch->signal_fd, .events = POLLIN},
		{.fd = watch->pid_fd, .events = POLLIN},
	};
	int timeout = watch->config->seconds ? (int)watch->config->seconds * 1000 : -1;

	while (poll(polls, 2, timeout) < 0 && errno == EINTR)
		;
}

static int command_status(struct watch *watch)
{
	int status = 0;

	/* At the end of --seconds it is still there, and is left alone. */
	if (waitpid(watch->pid, &status, WNOHANG) != watch->pid)
		return 0;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* One VM's profile: text, and JSON where that was asked for. */
static void report_vm(struct watch *watch, unsigned int vm_id, int *ret)
{
	struct tl_profile *profile;
	int err = tl_profile_create(&profile);

	if (!err) {
		profile->pid = (pid_t)vm_id;
		profile->patched = tl_bpf_is_patched(watch->bpf);
		tl_profile_set_counter(profile, tl_counter_frequency());
		profile->symbols = watch->symbols;
		for (unsigned int i = 0; watch->map && i < watch->map->count; i++)
			profile->map.regions[profile->map.count++] = watch->map->regions[i];
		err = tl_bpf_profile_discover(watch->bpf, vm_id, profile);
	}
	if (!err)
		err = tl_report_text(stderr, profile);
	if (!err && watch->config->json)
		err = tl_report_json(watch->config->json, profile);
	if (err && !*ret) {
		tl_log_error("cannot report on VM %u: %s", vm_id, strerror(-err));
		*ret = err;
	}
	tl_profile_destroy(profile);
}

/* Each VM once, in the order in which they were seen. */
static int report_all(struct watch *watch)
{
	const struct tl_bpf_state *state = tl_bpf_state(watch->bpf);
	unsigned int slots = state->slots_used < TL_BPF_SLOTS ? state->slots_used : TL_BPF_SLOTS;
	unsigned int vms = 0;
	int ret = 0;

	for (unsigned int i = 0; i < slots; i++) {
		unsigned int earlier = 0;

		while (earlier < i && state->slots[earlier].vm_id != state->slots[i].vm_id)
			earlier++;
		if (earlier < i || !state->slots[i].exits)
			continue;
		if (vms++ && watch->config->json)
			tl_log_warn("%s has the last VM only", watch->config->json);
		report_vm(watch, state->slots[i].vm_id, &ret);
	}
	if (!vms)
		tl_log_warn("there was no exit of any VM meanwhile");
	return ret;
}

/* Those of the file that was named; else of the kernel that the VMM was given. */
static int load_symbols(struct watch *watch)
{
	const char *named = watch->config->symbols, *path = named;
	char guessed[512];
	int ret;

	if (!named && watch->config->command)
		path = tl_process_kernel_of(watch->config->command);
	else if (!named && watch->pid && tl_process_kernel(watch->pid, guessed, sizeof(guessed)))
		path = guessed;
	if (!path)
		return 0;
	ret = tl_symbols_load(&watch->symbols, path);
	if (ret && named)
		tl_log_error("--symbols '%s': %s", named,
			ret == -ENOENT ? "no symbols in it" : strerror(-ret));
	else if (!ret)
		tl_log_info("%zu symbols from %s", tl_symbols_count(watch->symbols), path);
	return named ? ret : 0;
}

static int set_up(struct watch *watch)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	watch->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (watch->signal_fd < 0)
		return -errno;
	if (watch->pid) {
		watch->pid_fd = (int)syscall(SYS_pidfd_open, watch->pid, 0);
		if (watch->pid_fd < 0) {
			tl_log_error("process %d: %s", (int)watch->pid, strerror(errno));
			return -errno;
		}
	}
	return load_symbols(watch);
}

static int run(struct watch *watch)
{
	int go[2] = {-1, -1};
	int ret = 0;

	if (watch->config->command)
		ret = start_command(watch, go);
	if (!ret)
		ret = set_up(watch);
	if (!ret) {
		choose_map(watch);
		ret = open_bpf(watch);
	}
	/* Without the byte the child ends. */
	if (!ret && go[1] >= 0 && write(go[1], "", 1) != 1)
		ret = -errno;
	if (go[1] >= 0)
		close(go[1]);
	if (ret)
		return TL_WATCH_NO_HOST;
	if (!watch->config->command)
		tl_log_info("watching; Ctrl-C ends it");
	wait_for_end(watch);
	tl_bpf_stop(watch->bpf);
	if (watch->config->command)
		watch->command_status = command_status(watch);
	return report_all(watch) ? 1 : watch->command_status;
}

int tl_watch_run(const struct tl_watch_config *config)
{
	struct watch watch = {.config = config, .pid = config->pid, .pid_fd = -1, .signal_fd = -1};
	int status = run(&watch);

	tl_bpf_destroy(watch.bpf);
	tl_symbols_destroy(watch.symbols);
	if (watch.pid_fd >= 0)
		close(watch.pid_fd);
	if (watch.signal_fd >= 0)
		close(watch.signal_fd);
	return status;
}
