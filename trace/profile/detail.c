/* SPDX-License-Identifier: MIT */
/*
 * Sums by sorting: what is to be added up then lies side by side.
 */
#include "trace/profile/detail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int tl_details_add(struct tl_details *details, const struct tl_profile_detail *detail)
{
	if (details->count == details->room) {
		size_t room = details->room ? details->room * 2 : 64;
		struct tl_profile_detail *grown =
			realloc(details->list, room * sizeof(*details->list));

		if (!grown) {
			free(detail->time);
			return -ENOMEM;
		}
		details->list = grown;
		details->room = room;
	}
	details->list[details->count++] = *detail;
	return 0;
}

void tl_details_fini(struct tl_details *details)
{
	for (size_t i = 0; i < details->count; i++)
		free(details->list[i].time);
	free(details->list);
	*details = (struct tl_details){0};
}

static int order(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* By what is asked for; 0: to be added up. */
static int compare(
	const struct tl_profile_detail *a, const struct tl_profile_detail *b, unsigned int by)
{
	int ret = 0;

	if (by & (TL_BY_CLASS | TL_BY_DETAIL))
		ret = order(a->exit_class, b->exit_class);
	if (!ret && by & TL_BY_DETAIL)
		ret = order(a->detail, b->detail);
	if (!ret && by & TL_BY_PC)
		ret = order(a->pc, b->pc);
	if (!ret && by & TL_BY_VCPU)
		ret = order(a->vcpu, b->vcpu);
	if (!ret && by & TL_BY_HANDLER)
		ret = order(a->handler, b->handler);
	return ret;
}

static int compare_r(const void *a, const void *b, void *by)
{
	const struct tl_profile_detail *one = a, *two = b;
	int ret = compare(one, two, *(const unsigned int *)by);

	/* Most exits first among those that will be one. */
	return ret ? ret : order(two->count, one->count);
}

static int more_exits(const void *a, const void *b)
{
	const struct tl_profile_detail *one = a, *two = b;
	int ret = order(two->count, one->count);

	/* Equal ones in the same order on every run. */
	return ret ? ret : compare(one, two, TL_BY_DETAIL | TL_BY_PC | TL_BY_VCPU | TL_BY_HANDLER);
}

/* Adds the times of `from` to those of `to`. */
static int merge_time(struct tl_profile_detail *to, const struct tl_hist *from)
{
	if (!from)
		return 0;
	if (!to->time)
		to->time = calloc(1, sizeof(*to->time));
	if (!to->time)
		return -ENOMEM;
	tl_hist_merge(to->time, from);
	return 0;
}

int tl_details_sum(const struct tl_details *details, unsigned int by, struct tl_details *out)
{
	struct tl_profile_detail *sorted = malloc((details->count + 1) * sizeof(*sorted));
	int ret = 0;

	*out = (struct tl_details){0};
	if (!sorted)
		return -ENOMEM;
	if (details->count)
		memcpy(sorted, details->list, details->count * sizeof(*sorted));
	qsort_r(sorted, details->count, sizeof(*sorted), compare_r, &by);
	for (size_t i = 0; i < details->count && !ret; i++) {
		const struct tl_hist *time = sorted[i].time;

		if (i && !compare(&sorted[i - 1], &sorted[i], by)) {
			out->list[out->count - 1].count += sorted[i].count;
		} else {
			struct tl_profile_detail first = sorted[i];

			first.time = NULL;
			ret = tl_details_add(out, &first);
		}
		ret = ret ? ret : merge_time(&out->list[out->count - 1], time);
	}
	free(sorted);
	if (ret)
		tl_details_fini(out);
	else if (out->count)
		qsort(out->list, out->count, sizeof(*out->list), more_exits);
	return ret;
}
