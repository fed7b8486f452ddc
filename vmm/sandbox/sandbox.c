/* SPDX-License-Identifier: MIT */
/*
 * The gate that all threads pass, and in which order a thread gives up what. Rights that are
 * needed to give up others go last.
 */
#include "vmm/sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/sandbox/limits.h"
#include "vmm/sandbox/namespaces.h"

#define CAP(name) (UINT64_C(1) << CAP_##name)
/* A share started by root is served with root's rights to files, and no others. */
#define SHARE_KEEPS                                                                                \
	(CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(DAC_READ_SEARCH) | CAP(FOWNER) | CAP(FSETID))
#define PROFILE_KEEPS (CAP(BPF) | CAP(PERFMON))

static bool has(const struct tl_sandbox *sandbox, unsigned int what)
{
	return sandbox->config.with & TL_SANDBOX_BIT(what);
}

static uint64_t keeps(const struct tl_sandbox *sandbox, enum tl_sandbox_thread thread)
{
	if (thread == TL_SANDBOX_SHARE)
		return SHARE_KEEPS;
	return thread == TL_SANDBOX_MAIN && has(sandbox, TL_SANDBOX_PROFILE) ? PROFILE_KEEPS : 0;
}

/* Whether the thread has files to open by their names. */
static bool names_files(const struct tl_sandbox *sandbox, enum tl_sandbox_thread thread)
{
	if (thread == TL_SANDBOX_SHARE)
		return true;
	if (thread == TL_SANDBOX_VSOCK)
		return has(sandbox, TL_SANDBOX_UNIX);
	return (thread == TL_SANDBOX_MAIN || thread == TL_SANDBOX_TRACE) && sandbox->path_count;
}

static int confine(struct tl_sandbox *sandbox, enum tl_sandbox_thread thread)
{
	int ret = 0;

	/* A kind that nobody has announced: there are no rules for it. */
	if (sandbox->config.with && !has(sandbox, thread))
		return -EPROTO;
	if (sandbox->config.mode == TL_SANDBOX_NAMESPACES)
		ret = tl_namespaces_enter(names_files(sandbox, thread));
	if (!ret)
		ret = tl_privileges_give_up(&sandbox->privileges, keeps(sandbox, thread));
	if (!ret && thread == TL_SANDBOX_MAIN && sandbox->is_child)
		ret = tl_namespaces_follow();
	if (!ret && sandbox->rulesets[thread] >= 0)
		ret = tl_landlock_apply(sandbox->rulesets[thread]);
	if (!ret && sandbox->filters[thread].program)
		ret = tl_seccomp_apply(&sandbox->filters[thread]);
	return ret;
}

static void expect(struct tl_gate *gate)
{
	struct tl_sandbox *sandbox = (struct tl_sandbox *)gate;

	pthread_mutex_lock(&sandbox->lock);
	sandbox->expected++;
	pthread_mutex_unlock(&sandbox->lock);
}

static void pass(struct tl_gate *gate, enum tl_sandbox_thread thread)
{
	struct tl_sandbox *sandbox = (struct tl_sandbox *)gate;
	bool confines;
	int ret;

	pthread_mutex_lock(&sandbox->lock);
	while (sandbox->state == TL_GATE_SHUT)
		pthread_cond_wait(&sandbox->changed, &sandbox->lock);
	confines = sandbox->state == TL_GATE_CONFINES;
	pthread_mutex_unlock(&sandbox->lock);
	/* One that is started later inherits what its creator has. */
	if (!confines)
		return;
	ret = confine(sandbox, thread);
	pthread_mutex_lock(&sandbox->lock);
	sandbox->passed++;
	if (ret)
		sandbox->error = ret;
	pthread_cond_broadcast(&sandbox->changed);
	/* Nobody goes on before all can. */
	while (sandbox->state == TL_GATE_CONFINES)
		pthread_cond_wait(&sandbox->changed, &sandbox->lock);
	pthread_mutex_unlock(&sandbox->lock);
}

static void set_state(struct tl_sandbox *sandbox, int state)
{
	pthread_mutex_lock(&sandbox->lock);
	sandbox->state = state;
	pthread_cond_broadcast(&sandbox->changed);
	pthread_mutex_unlock(&sandbox->lock);
}

static void cancel(struct tl_gate *gate)
{
	set_state((struct tl_sandbox *)gate, TL_GATE_OPEN);
}

/* Who the process is to be. */
static int choose_user(struct tl_sandbox *sandbox)
{
	const struct tl_sandbox_config *config = &sandbox->config;
	struct tl_privileges *privileges = &sandbox->privileges;

	*privileges = (struct tl_privileges){.change = false};
	if (config->user) {
		if (tl_privileges_find(privileges, config->user))
			return -EINVAL;
		if (geteuid() == 0 ||
			(privileges->uid == geteuid() && privileges->gid == getegid()))
			return 0;
		tl_log_error("--user '%s': only root can become another user", config->user);
		return -EINVAL;
	}
	if (geteuid() == 0 && !config->stay)
		tl_privileges_nobody(privileges);
	else if (geteuid() == 0)
		tl_log_info("sandbox: it stays user root because of %s, without capabilities; "
			    "--user names another",
			config->stay);
	return 0;
}

int tl_sandbox_init(struct tl_sandbox *sandbox, const struct tl_sandbox_config *config)
{
	*sandbox = (struct tl_sandbox){.gate = {expect, pass, cancel}, .config = *config};
	for (unsigned int i = 0; i < TL_SANDBOX_THREADS; i++)
		sandbox->rulesets[i] = -1;
	pthread_mutex_init(&sandbox->lock, NULL);
	pthread_cond_init(&sandbox->changed, NULL);
#ifdef TL_NO_SANDBOX
	sandbox->config.mode = TL_SANDBOX_OFF;
	return 0;
#endif
	if (config->mode == TL_SANDBOX_NAMESPACES && geteuid() != 0) {
		tl_log_error("--sandbox namespaces: only root can make them");
		return -EINVAL;
	}
	if (config->mode != TL_SANDBOX_OFF)
		return choose_user(sandbox);
	if (config->user) {
		tl_log_error("--user '%s': not with --sandbox off", config->user);
		return -EINVAL;
	}
	tl_log_warn("--sandbox off: whoever breaks out of the guest into this process has all of "
		    "its rights");
	return 0;
}

int tl_sandbox_isolate(struct tl_sandbox *sandbox)
{
	int ret;

	/* The kernel's events have the host's process IDs. */
	if (sandbox->config.mode != TL_SANDBOX_NAMESPACES || has(sandbox, TL_SANDBOX_TRACE) ||
		has(sandbox, TL_SANDBOX_PROFILE))
		return 0;
	ret = tl_namespaces_fork();
	if (ret)
		tl_log_error("--sandbox namespaces: cannot have process IDs of its own: %s",
			strerror(-ret));
	sandbox->is_child = !ret;
	return ret;
}

int tl_sandbox_allow(struct tl_sandbox *sandbox, unsigned int threads,
	enum tl_sandbox_access access, const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC), ret = fd < 0 ? -errno : 0;

	if (!ret && sandbox->path_count == TL_SANDBOX_PATHS)
		ret = -E2BIG;
	/* What is not there, or not for this user anyway, needs no leave. */
	if (ret == -ENOENT || ret == -EACCES)
		return 0;
	if (ret)
		tl_log_error("sandbox: '%s': %s", path, strerror(-ret));
	if (!ret)
		sandbox->paths[sandbox->path_count++] =
			(struct tl_sandbox_path){fd, threads, access};
	else if (fd >= 0)
		close(fd);
	return ret;
}

static int prepare_files(struct tl_sandbox *sandbox)
{
	int version = tl_landlock_probe();

	if (version < 0) {
		tl_log_warn("sandbox: this kernel has no Landlock: files are protected only by "
			    "their permissions");
		return 0;
	}
	for (unsigned int i = 0; i < TL_SANDBOX_THREADS; i++) {
		if (!has(sandbox, i))
			continue;
		sandbox->rulesets[i] =
			tl_landlock_make(version, sandbox->paths, sandbox->path_count, i);
		if (sandbox->rulesets[i] < 0)
			return sandbox->rulesets[i];
	}
	return 0;
}

static void close_files(struct tl_sandbox *sandbox)
{
	while (sandbox->path_count)
		close(sandbox->paths[--sandbox->path_count].fd);
	for (unsigned int i = 0; i < TL_SANDBOX_THREADS; i++) {
		if (sandbox->rulesets[i] >= 0)
			close(sandbox->rulesets[i]);
		sandbox->rulesets[i] = -1;
	}
}

static void free_filters(struct tl_sandbox *sandbox)
{
	for (unsigned int i = 0; i < TL_SANDBOX_THREADS; i++)
		tl_seccomp_fini(&sandbox->filters[i]);
}

static int prepare_calls(struct tl_sandbox *sandbox)
{
	int ret = tl_seccomp_probe();

	if (ret) {
		tl_log_warn("sandbox: this kernel has no filters of system calls (seccomp)");
		return 0;
	}
	ret = tl_seccomp_catch();
	for (unsigned int i = 0; i < TL_SANDBOX_THREADS && !ret; i++) {
		if (has(sandbox, i))
			ret = tl_seccomp_make(&sandbox->filters[i], i, sandbox->config.with);
	}
	return ret;
}

/* What all threads need, made by one. Returns 0 or -errno. */
static int prepare(struct tl_sandbox *sandbox)
{
	int ret = prepare_files(sandbox);

	return ret ? ret : prepare_calls(sandbox);
}

/* The calling thread's turn, when all others are done. */
static int confine_main(struct tl_sandbox *sandbox)
{
	int ret = sandbox->error;

	/* No other process of this user may look into it, or take it over. */
	if (!ret && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		ret = -errno;
	if (!ret)
		/* io_uring has threads of the kernel's carry out what would block: they count. */
		ret = tl_limits_lower(
			has(sandbox, TL_SANDBOX_PROFILE) || has(sandbox, TL_SANDBOX_DISK));
	return ret ? ret : confine(sandbox, TL_SANDBOX_MAIN);
}

int tl_sandbox_enter(struct tl_sandbox *sandbox)
{
	int ret = 0;

	if (sandbox->config.mode != TL_SANDBOX_OFF) {
		ret = prepare(sandbox);
		sandbox->error = ret;
		set_state(sandbox, TL_GATE_CONFINES);
		pthread_mutex_lock(&sandbox->lock);
		while (sandbox->passed < sandbox->expected)
			pthread_cond_wait(&sandbox->changed, &sandbox->lock);
		pthread_mutex_unlock(&sandbox->lock);
		ret = confine_main(sandbox);
		if (ret)
			tl_log_error("sandbox: cannot give up rights: %s; --sandbox off runs "
				     "without it",
				strerror(-ret));
		close_files(sandbox);
		/* Each thread has given its own to the kernel. */
		free_filters(sandbox);
	}
	set_state(sandbox, TL_GATE_OPEN);
	return ret;
}

void tl_sandbox_fini(struct tl_sandbox *sandbox)
{
	close_files(sandbox);
	free_filters(sandbox);
	pthread_cond_destroy(&sandbox->changed);
	pthread_mutex_destroy(&sandbox->lock);
}
