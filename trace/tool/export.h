/* SPDX-License-Identifier: MIT */
/*
 * `trapline exporter`: metrics of every VM of this host, for whoever asks over HTTP. VMs come
 * and go; memory does not grow with what they do, nor with how often it is asked.
 */
#ifndef TL_TRACE_EXPORT_H
#define TL_TRACE_EXPORT_H

#include "base/buffer.h"
#include "trace/collect/live.h"
#include "trace/report/metrics.h"
#include "trace/tool/target.h"

/* That are told apart; the others are one, whose name is "other". */
#define TL_EXPORT_VMS 64

/* No address of another machine can reach it there. */
#define TL_EXPORT_LISTEN "127.0.0.1:9970"

struct tl_export_config {
	struct tl_target_config target; /* of which only the map matters */
	const char *listen;             /* ADDRESS:PORT */
};

/* Serves until SIGINT, SIGTERM or SIGHUP. Returns an exit status: 0, 1 or 4. */
int tl_export_run(const struct tl_export_config *config);

/* --- its parts, for tests --- */

struct tl_export;

/* `live` may be NULL: only KVM's statistics, which are in `debugfs`. Borrows both. */
int tl_export_create(
	struct tl_export **out, struct tl_live *live, const char *debugfs, const char *map);

/* Reads what there is now. Returns 0 or -ENOMEM. */
int tl_export_read(struct tl_export *export);

/* Appends it all. */
void tl_export_write(
	const struct tl_export *export, enum tl_metrics_dialect dialect, struct tl_buffer *text);

/* Accepts NULL. */
void tl_export_destroy(struct tl_export *export);

#endif
