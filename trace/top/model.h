/* SPDX-License-Identifier: MIT */
/*
 * What `trapline top` shows, as figures: rates between two reads of the live table, by VM and
 * vCPU, by what the exits were for, and by PC. Knows nothing of how it will look.
 */
#ifndef TL_TOP_MODEL_H
#define TL_TOP_MODEL_H

#include "trace/collect/live.h"

/* Whose exits: those of all VMs, of one, or of one vCPU. */
struct tl_top_scope {
	pid_t process; /* 0: any */
	uint32_t vcpu; /* its serial; 0: any */
};

struct tl_top_line {
	struct tl_top_scope scope;
	unsigned int vcpus; /* how many it is the sum of */
	unsigned int id;    /* of a vCPU */
	pid_t tid;          /* the same */
	bool gone;          /* all of it has ended */
	double exits, user; /* a second; user: those that went to user space */
	/* Shares of the time, 0 to 1, of a vCPU on average; the rest is not known. */
	double guest, away, idle, delayed;
};

/* Exits of one VM that are equal in these. */
struct tl_top_row {
	pid_t process;
	unsigned int exit_class;
	enum tl_handler handler;
	uint64_t detail;
	uint64_t pc; /* and mode: only where rows are PCs */
	uint32_t mode;
	bool summed; /* detail and time are not known */
	uint64_t count, ns;
	double rate;   /* exits a second */
	double share;  /* of all exits of the scope, 0 to 1 */
	double away;   /* of the time, of one vCPU: more than 1 is possible of several */
	uint64_t each; /* ns on average */
};

enum tl_top_sort {
	TL_TOP_BY_EXITS,
	TL_TOP_BY_TIME,
	TL_TOP_BY_EACH,
	TL_TOP_SORTS,
};

/* All zero is empty. */
struct tl_top_model {
	double seconds; /* between the two reads */
	unsigned int vms, vcpus;
	size_t line_count, line_room;
	struct tl_top_line *lines; /* all, then each VM and behind it its vCPUs */
	size_t row_count, row_room;
	struct tl_top_row *rows;
};

/* Makes `lines`. Returns 0 or -ENOMEM. */
int tl_top_list(struct tl_top_model *model, const struct tl_live_sample *sample);

/*
 * Makes `rows`: what came since the read before, by what it was for; or with `of`, the PCs of
 * that row, which may be one of `rows` itself. The first is the largest by `sort`; `reverse`:
 * the smallest. Returns 0 or -ENOMEM.
 */
int tl_top_rows(struct tl_top_model *model, const struct tl_live_sample *sample,
	struct tl_top_scope scope, const struct tl_top_row *of, enum tl_top_sort sort,
	bool reverse);

/* Whether the two are rows of the same exits, wherever in the guest. */
bool tl_top_same_exits(const struct tl_top_row *a, const struct tl_top_row *b);

void tl_top_model_fini(struct tl_top_model *model);

#endif
