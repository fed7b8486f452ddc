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
			tl_hist_destroy(detail->time);
			return -ENOMEM;
		}
		details->list = grown;
		details->room = room;
	}
	details->list[details->count++] = *detail;
	return 0;
}

static size_t hash_of(const struct tl_profile_detail *key)
{
	uint64_t h = key->pc * UINT64_C(0x9e3779b97f4a7c15);

	h ^= key->detail ^ (uint64_t)key->exit_class << 48 ^ (uint64_t)key->vcpu << 32;
	h = (h ^ h >> 29) * UINT64_C(0xff51afd7ed558ccd) + key->handler + key->mode;
	return (size_t)(h ^ h >> 32);
}

static int same(const struct tl_profile_detail *a, const struct tl_profile_detail *b)
{
	return a->pc == b->pc && a->detail == b->detail && a->exit_class == b->exit_class &&
	       a->vcpu == b->vcpu && a->handler == b->handler && a->mode == b->mode;
}

/* Where the key is in the index, or would be. */
static uint32_t *place_of(const struct tl_details *details, const struct tl_profile_detail *key)
{
	size_t at = hash_of(key) & (details->index_size - 1);

	while (details->index[at] && !same(&details->list[details->index[at] - 1], key))
		at = (at + 1) & (details->index_size - 1);
	return &details->index[at];
}

/* Twice as large as there are entries, and more. */
static int grow_index(struct tl_details *details)
{
	size_t size = details->index_size ? details->index_size * 2 : 256;
	uint32_t *old = details->index, *grown;

	if (details->count * 2 < details->index_size)
		return 0;
	grown = calloc(size, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	details->index = grown;
	details->index_size = size;
	for (uint32_t i = 0; i < details->count; i++)
		*place_of(details, &details->list[i]) = i + 1;
	free(old);
	return 0;
}

struct tl_profile_detail *tl_details_find(
	struct tl_details *details, const struct tl_profile_detail *key)
{
	struct tl_profile_detail fresh;
	uint32_t *place;

	if (grow_index(details))
		return NULL;
	place = place_of(details, key);
	if (*place)
		return &details->list[*place - 1];
	fresh = *key;
	fresh.count = fresh.slept = fresh.delayed = 0;
	fresh.time = NULL;
	if (details->count >= TL_DETAILS_PCS_MAX && key->pc) {
		fresh.pc = 0;
		return tl_details_find(details, &fresh);
	}
	if (details->count >= TL_DETAILS_MAX || tl_details_add(details, &fresh))
		return NULL;
	*place = (uint32_t)details->count;
	return &details->list[details->count - 1];
}

void tl_details_fini(struct tl_details *details)
{
	for (size_t i = 0; i < details->count; i++)
		tl_hist_destroy(details->list[i].time);
	free(details->list);
	free(details->index);
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
		to->time = tl_hist_create();
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
			out->list[out->count - 1].slept += sorted[i].slept;
			out->list[out->count - 1].delayed += sorted[i].delayed;
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
