/* SPDX-License-Identifier: MIT */
/*
 * Entries that read alike become one line, in the order of their names.
 */
#include "trace/report/folded.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "trace/report/group.h"

struct stack {
	char *frames;
	uint64_t weight;
};

struct stacks {
	struct stack *list;
	size_t count, room;
};

/* A frame ends at a semicolon, a line at its end; symbols come from files of anybody's. */
static void clean(char *frame)
{
	for (; *frame; frame++) {
		if (*frame == ';' || (unsigned char)*frame < ' ' || *frame == 0x7f)
			*frame = '_';
	}
}

static int add(struct stacks *stacks, const struct tl_profile *profile,
	const struct tl_profile_detail *d, int with_vm, uint64_t weight)
{
	char vm[24] = "", what[96], symbol[96];
	char *frames;

	if (stacks->count == stacks->room) {
		size_t room = stacks->room ? stacks->room * 2 : 256;
		struct stack *grown = realloc(stacks->list, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		stacks->list = grown;
		stacks->room = room;
	}
	if (with_vm)
		snprintf(vm, sizeof(vm), "VM %d;", (int)profile->pid);
	tl_group_what(what, sizeof(what), profile, d->exit_class, d->detail);
	clean(what);
	tl_group_row(symbol, sizeof(symbol), profile, d, TL_GROUP_SYMBOL);
	clean(symbol);
	if (asprintf(&frames, "%svCPU %u;%s;%s;%s", vm, d->vcpu, tl_esr_class_name(d->exit_class),
		    what, symbol) < 0)
		return -ENOMEM;
	stacks->list[stacks->count++] = (struct stack){frames, weight};
	return 0;
}

static int by_frames(const void *a, const void *b)
{
	return strcmp(((const struct stack *)a)->frames, ((const struct stack *)b)->frames);
}

static int print(FILE *out, const struct stacks *stacks)
{
	for (size_t i = 0; i < stacks->count;) {
		const char *frames = stacks->list[i].frames;
		uint64_t weight = 0;

		while (i < stacks->count && !strcmp(stacks->list[i].frames, frames))
			weight += stacks->list[i++].weight;
		fprintf(out, "%s %" PRIu64 "\n", frames, weight);
	}
	if (fflush(out) || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}

int tl_report_folded(
	FILE *out, struct tl_profile *const *profiles, size_t count, enum tl_folded_weight weight)
{
	struct stacks stacks = {0};
	int ret = 0;

	for (size_t i = 0; i < count; i++) {
		const struct tl_details *details = &profiles[i]->details;

		for (size_t d = 0; d < details->count && !ret; d++) {
			const struct tl_profile_detail *detail = &details->list[d];
			uint64_t ns = detail->time ? detail->time->sum : 0;
			uint64_t value = weight == TL_FOLDED_TIME ? ns : detail->count;

			if (value)
				ret = add(&stacks, profiles[i], detail, count > 1, value);
		}
	}
	if (!ret && stacks.count)
		qsort(stacks.list, stacks.count, sizeof(*stacks.list), by_frames);
	ret = ret ? ret : print(out, &stacks);
	for (size_t i = 0; i < stacks.count; i++)
		free(stacks.list[i].frames);
	free(stacks.list);
	return ret;
}
