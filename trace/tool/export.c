/* SPDX-License-Identifier: MIT */
/*
 * The exporter as a process: what it reads from, what it answers, when it ends.
 */
#include "trace/tool/export.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/http.h"
#include "base/log.h"
#include "base/status.h"
#include "trace/collect/kvm_debugfs.h"
#include "trace/tool/maps.h"

/* Also when nobody asks: vCPUs that are gone make room for others. */
#define TICK_MS 5000

#define OPENMETRICS "application/openmetrics-text"

static int get(
	void *ctx, const struct tl_http_request *request, struct tl_buffer *body, const char **type)
{
	struct tl_export *export = ctx;
	int open = tl_http_accepts(request->accept, OPENMETRICS);

	if (!strcmp(request->path, "/")) {
		tl_buffer_add_string(body, "trapline exporter: see /metrics\n");
		return 200;
	}
	if (strcmp(request->path, "/metrics") != 0)
		return 404;
	if (tl_export_read(export))
		return 503;
	tl_export_write(export, open ? TL_METRICS_OPENMETRICS : TL_METRICS_PROMETHEUS, body);
	*type = open ? OPENMETRICS "; version=1.0.0; charset=utf-8"
		     : "text/plain; version=0.0.4; charset=utf-8";
	return 200;
}

static void tick(void *ctx)
{
	(void)tl_export_read(ctx);
}

static const struct tl_http_ops http_ops = {get, tick, TICK_MS};

static int open_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

static void nothing(void *ctx, pid_t process, const char *vm)
{
	(void)ctx;
	(void)process;
	(void)vm;
}

/* Of many VMMs, RAM is where it is with the most likely one. */
static struct tl_vm_map map_of(const char *name)
{
	const struct tl_known_map *known =
		name ? tl_map_by_name(name) : tl_map_by_program("qemu-system-aar");
	struct tl_vm_map map = {0};

	for (unsigned int i = 0; known && i < known->count; i++)
		map.regions[map.count++] = known->regions[i];
	return map;
}

/* BPF, or else what KVM tells everybody. Returns 0 or -errno (logged). */
static int open_source(struct tl_live **live, const char *map_name)
{
	struct tl_vm_map map = map_of(map_name);
	char problem[256];
	int ret;

	if (!tl_live_create(live, 0, false, &map, problem, sizeof(problem)))
		return 0;
	ret = tl_kvm_debugfs_each(TL_KVM_DEBUGFS, nothing, NULL);
	if (ret)
		tl_log_error("cannot see any VM: %s; nor KVM's statistics in %s: %s", problem,
			TL_KVM_DEBUGFS, strerror(-ret));
	else
		tl_log_warn("only KVM's own statistics: %s", problem);
	return ret;
}

static int serve(const struct tl_export_config *config, struct tl_export *export)
{
	int signals = open_signals(), status = TL_STATUS_FAILURE;
	struct tl_http *http = NULL;

	if (signals < 0)
		tl_log_error("cannot wait for signals: %s", strerror(errno));
	else if (!tl_http_create(&http, config->listen, &http_ops, export)) {
		fprintf(stderr, "trapline: metrics at port %u of %s, /metrics; Ctrl-C ends it\n",
			tl_http_port(http), config->listen);
		status = tl_http_run(http, signals) ? TL_STATUS_FAILURE : TL_STATUS_OK;
	}
	tl_http_destroy(http);
	if (signals >= 0)
		close(signals);
	return status;
}

int tl_export_run(const struct tl_export_config *config)
{
	struct tl_live *live = NULL;
	struct tl_export *export = NULL;
	int status = TL_STATUS_HOST;

	if (!open_source(&live, config->target.map)) {
		if (tl_export_create(&export, live, TL_KVM_DEBUGFS, config->target.map))
			tl_log_error("%s", strerror(ENOMEM));
		else
			status = serve(config, export);
	}
	tl_export_destroy(export);
	tl_live_destroy(live);
	return status;
}
