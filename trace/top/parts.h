/* SPDX-License-Identifier: MIT */
/*
 * What the parts of `trapline top` share; not for others.
 */
#ifndef TL_TOP_PARTS_H
#define TL_TOP_PARTS_H

#include <stdio.h>

#include "trace/collect/threads.h"
#include "trace/tool/guest.h"
#include "trace/top/model.h"
#include "trace/top/threads.h"
#include "trace/top/ui.h"

/* Threads of one VMM that are shown, at most. */
#define TL_TOP_THREADS_MAX 128

struct tl_top {
	struct tl_live *live;
	const struct tl_live_sample *sample;
	struct tl_guests guests;
	struct tl_top_threads threads;
	struct tl_top_model model;
	struct tl_top_ui ui;
	bool patched;
	char note[160]; /* what cannot be seen here, or "" */
	/* The VM whose threads are shown, and they. */
	pid_t shown;
	int tid_count;
	pid_t tids[TL_TOP_THREADS_MAX];
};

/* The name of the VMM `process`. */
const char *tl_top_name(struct tl_top *top, pid_t process);

/* What a row is: what the exits were for, or where they came from. Returns `buffer`. */
const char *tl_top_what(
	char *buffer, size_t size, struct tl_top *top, const struct tl_top_row *row, bool pc);

/* The lines that an interval prints where there is no terminal. Returns 0 or -errno. */
int tl_top_plain(FILE *out, struct tl_top *top);

#endif
