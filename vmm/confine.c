/* SPDX-License-Identifier: MIT */
/*
 * An option that reaches something by its name while the guest runs, or when it ends, has its
 * line here: it stays reachable, and nothing else does.
 */
#include "vmm/confine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "vmm/vmm.h"

/* What only the user who started it may be able to reach, or NULL. */
static const char *needs_user(const struct tl_vmm_config *config)
{
	if (config->share_count)
		return "--share";
	if (config->record)
		return "--record";
	if (config->profile)
		return "--profile";
	if (config->profile_json)
		return "--count=FILE";
	if (config->symbols)
		return "--symbols";
	if (config->ctl)
		return "--ctl";
	if (config->port_count)
		return "--port";
	return config->vsock_path ? "--vsock CID,PATH" : NULL;
}

/* Which threads there are, and what else brings rights with it. */
static unsigned int has(const struct tl_vmm_config *config)
{
	const bool vsock = config->vsock_cid != 0;
	const bool files = config->profile || config->record || config->count;
	bool tap = false, passt = false;

	for (unsigned int i = 0; i < config->net_count; i++) {
		tap |= config->nets[i].tap != NULL;
		passt |= config->nets[i].tap == NULL;
	}
	return TL_SANDBOX_BIT(TL_SANDBOX_MAIN) | TL_SANDBOX_BIT(TL_SANDBOX_VCPU) |
	       (config->disk_count > 0) << TL_SANDBOX_DISK |
	       (config->net_count > 0) << TL_SANDBOX_NET |
	       (config->virtio_console || config->port_count) << TL_SANDBOX_CONSOLE |
	       config->rng << TL_SANDBOX_RNG | config->balloon << TL_SANDBOX_BALLOON |
	       vsock << TL_SANDBOX_VSOCK | (config->share_count > 0) << TL_SANDBOX_SHARE |
	       files << TL_SANDBOX_TRACE | tap << TL_SANDBOX_TAP | passt << TL_SANDBOX_PASST |
	       (vsock && !config->vsock_path) << TL_SANDBOX_VHOST |
	       (vsock && config->vsock_path) << TL_SANDBOX_UNIX |
	       (config->ctl != NULL) << TL_SANDBOX_CTL | files << TL_SANDBOX_FILES |
	       config->ctl_profile << TL_SANDBOX_PROFILE;
}

#define MAIN  TL_SANDBOX_BIT(TL_SANDBOX_MAIN)
#define SHARE TL_SANDBOX_BIT(TL_SANDBOX_SHARE)
#define TRACE TL_SANDBOX_BIT(TL_SANDBOX_TRACE)

/* The folder that the name is in. */
static int allow_around(struct tl_sandbox *sandbox, enum tl_sandbox_access access, const char *path)
{
	char *folder = strdup(path), *slash = folder ? strrchr(folder, '/') : NULL;
	int ret;

	if (!folder) {
		tl_log_error("sandbox: out of memory");
		return -ENOMEM;
	}
	if (slash)
		slash[slash == folder] = 0;
	ret = tl_sandbox_allow(sandbox, MAIN, access, slash ? folder : ".");
	free(folder);
	return ret;
}

/* A report: a new file that takes the place of one of that name, or no file at all. */
static int allow_report(struct tl_sandbox *sandbox, const char *path)
{
	char *target = realpath(path, NULL);
	struct stat st;
	int ret;

	if (target && !stat(target, &st) && !S_ISREG(st.st_mode))
		ret = tl_sandbox_allow(sandbox, MAIN, TL_ACCESS_WRITE, target);
	else
		ret = allow_around(sandbox, TL_ACCESS_WRITE, target ? target : path);
	free(target);
	return ret;
}

/* What is read for a report, and the kernel's files of tracing. */
static int allow_tracing(struct tl_sandbox *sandbox, const struct tl_vmm_config *config)
{
	const struct {
		unsigned int threads;
		enum tl_sandbox_access access;
		const char *path;
	} wanted[] = {
		{MAIN, TL_ACCESS_READ, config->symbols ? config->symbols : config->kernel},
		{MAIN, TL_ACCESS_READ, "/sys"},
		{MAIN, TL_ACCESS_READ, "/proc"},
		{MAIN | TRACE, TL_ACCESS_WRITE, "/sys/kernel/tracing"},
		{MAIN | TRACE, TL_ACCESS_WRITE, "/sys/kernel/debug/tracing"},
	};
	int ret = 0;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]) && !ret; i++) {
		if (wanted[i].path)
			ret = tl_sandbox_allow(
				sandbox, wanted[i].threads, wanted[i].access, wanted[i].path);
	}
	return ret;
}

static int allow_devices(struct tl_sandbox *sandbox, const struct tl_vmm_config *config)
{
	int ret = 0;

	for (unsigned int i = 0; i < config->share_count && !ret; i++)
		ret = tl_sandbox_allow(sandbox, SHARE,
			config->shares[i].read_only ? TL_ACCESS_READ : TL_ACCESS_WRITE,
			config->shares[i].dir);
	for (unsigned int i = 0; i < config->port_count && !ret; i++)
		ret = allow_around(sandbox, TL_ACCESS_REMOVE, config->ports[i].path);
	if (!ret && config->vsock_path)
		ret = allow_around(sandbox, TL_ACCESS_REMOVE, config->vsock_path);
	return ret;
}

int tl_confine_allow(struct tl_sandbox *sandbox, const struct tl_vmm_config *config)
{
	int ret = 0;

	if (config->sandbox == TL_SANDBOX_OFF)
		return 0;
	ret = allow_devices(sandbox, config);
	if (!ret && config->ctl)
		ret = allow_around(sandbox, TL_ACCESS_REMOVE, config->ctl);
	if (!ret && config->record)
		ret = tl_sandbox_allow(sandbox, MAIN | TRACE, TL_ACCESS_WRITE, config->record);
	if (!ret && config->profile_json)
		ret = allow_report(sandbox, config->profile_json);
	if (!ret && (config->profile || config->record || config->ctl_profile || config->count))
		ret = allow_tracing(sandbox, config);
	return ret;
}

int tl_confine_init(struct tl_sandbox *sandbox, const struct tl_vmm_config *config)
{
	const struct tl_sandbox_config wanted = {.mode = config->sandbox,
		.user = config->user,
		.stay = needs_user(config),
		.with = has(config)};

	return tl_sandbox_init(sandbox, &wanted);
}
