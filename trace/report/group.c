/* SPDX-License-Identifier: MIT */
/*
 * A row for each name; the names decide, so that two details that read alike are one.
 */
#include "trace/report/group.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/decode/detail.h"
#include "trace/decode/lines.h"
#include "trace/decode/symbols.h"

static const char *const names[TL_GROUP_COUNT] = {
	[TL_GROUP_CLASS] = "class",
	[TL_GROUP_DETAIL] = "detail",
	[TL_GROUP_DEVICE] = "device",
	[TL_GROUP_SYMBOL] = "symbol",
	[TL_GROUP_PC] = "pc",
	[TL_GROUP_VCPU] = "vcpu",
	[TL_GROUP_HANDLER] = "handler",
};

const char *tl_group_name(enum tl_group_by by)
{
	return by < TL_GROUP_COUNT ? names[by] : NULL;
}

int tl_group_find(const char *name)
{
	for (int i = 0; i < TL_GROUP_COUNT; i++) {
		if (!strcmp(names[i], name))
			return i;
	}
	return -1;
}

const char *tl_group_detail(char *buffer, size_t size, const struct tl_profile *profile,
	unsigned int exit_class, uint64_t detail)
{
	const char *irq = NULL;

	if (exit_class == TL_CLASS_IRQ && detail && detail <= TL_PROFILE_IRQS)
		irq = profile->irq_names[detail - 1];
	tl_detail_text(buffer, size, exit_class, detail, &profile->map);
	if (irq)
		snprintf(buffer, size, "host interrupt %u, %s", (unsigned int)detail - 1, irq);
	return buffer;
}

const char *tl_group_what(char *buffer, size_t size, const struct tl_profile *profile,
	unsigned int exit_class, uint64_t detail)
{
	tl_group_detail(buffer, size, profile, exit_class, detail);
	if (!buffer[0])
		snprintf(buffer, size, "%s", tl_esr_class_text(exit_class));
	if (!buffer[0])
		snprintf(buffer, size, "%s", tl_esr_class_name(exit_class));
	return buffer;
}

const char *tl_group_line(char *buffer, size_t size, const struct tl_profile *profile, uint64_t pc)
{
	uint64_t linked = tl_symbols_linked(profile->symbols, pc);

	if (tl_lines_find(profile->lines, linked, buffer, size))
		buffer[0] = 0;
	return buffer;
}

const char *tl_group_line_short(
	char *buffer, size_t size, const struct tl_profile *profile, uint64_t pc)
{
	char line[256];
	const char *slash = strrchr(tl_group_line(line, sizeof(line), profile, pc), '/');

	snprintf(buffer, size, line[0] ? " (%s)" : "%s", slash ? slash + 1 : line);
	return buffer;
}

/* Where an abort went to; an instruction fetch may go to a device as well. */
static const char *device_of(const struct tl_profile *profile, const struct tl_profile_detail *d)
{
	uint64_t ipa = d->detail & TL_DETAIL_IPA;

	if (d->exit_class != TL_CLASS_EC + 0x20 && d->exit_class != TL_CLASS_EC + 0x24)
		return "-";
	if (d->detail & TL_DETAIL_RAM)
		return "ram";
	for (unsigned int i = 0; i < profile->map.count; i++) {
		const struct tl_vm_region *region = &profile->map.regions[i];

		if (ipa >= region->base && ipa - region->base < region->size)
			return region->name;
	}
	return "no device";
}

/* EL0, and User mode of AArch32 (0x10), have their own symbols, which nobody knows here. */
static int is_user(const struct tl_profile *profile, const struct tl_profile_detail *d)
{
	return profile->patched && (d->mode & 0xf) == 0;
}

static void name_pc(char *name, size_t size, const struct tl_profile *profile,
	const struct tl_profile_detail *d, int with_offset)
{
	uint64_t offset = 0;
	const char *symbol = tl_symbols_find(profile->symbols, d->pc, &offset);
	char line[48];

	if (!d->pc)
		snprintf(name, size, "elsewhere");
	else if (is_user(profile, d) && with_offset)
		snprintf(name, size, "user 0x%" PRIx64, d->pc);
	else if (is_user(profile, d))
		snprintf(name, size, "user");
	else if (symbol && with_offset)
		snprintf(name, size, "%.60s+0x%" PRIx64 "%s", symbol, offset,
			tl_group_line_short(line, sizeof(line), profile, d->pc));
	else if (symbol)
		snprintf(name, size, "%s", symbol);
	else
		snprintf(name, size, "0x%" PRIx64, d->pc);
}

const char *tl_group_row(char *name, size_t size, const struct tl_profile *profile,
	const struct tl_profile_detail *d, enum tl_group_by by)
{
	switch (by) {
	case TL_GROUP_CLASS:
		snprintf(name, size, "%s", tl_esr_class_name(d->exit_class));
		break;
	case TL_GROUP_DETAIL:
		tl_group_what(name, size, profile, d->exit_class, d->detail);
		break;
	case TL_GROUP_DEVICE:
		snprintf(name, size, "%s", device_of(profile, d));
		break;
	case TL_GROUP_SYMBOL:
	case TL_GROUP_PC:
		name_pc(name, size, profile, d, by == TL_GROUP_PC);
		break;
	case TL_GROUP_VCPU:
		snprintf(name, size, "%u", d->vcpu);
		break;
	default:
		snprintf(name, size, "%s", d->handler == TL_HANDLER_USER ? "VMM" : "kernel");
		break;
	}
	return name;
}

/* One entry of the profile and the name that it goes by. */
struct named {
	char name[96];
	const struct tl_profile_detail *detail;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static int more_exits(const void *a, const void *b)
{
	const struct tl_group *one = a, *two = b;

	if (one->exits != two->exits)
		return one->exits < two->exits ? 1 : -1;
	return strcmp(one->name, two->name);
}

/* The entries from `first` on that have one name become a row; returns how many they are. */
static size_t add_up(struct tl_group *group, const struct named *first, size_t left)
{
	struct tl_hist time = {0};
	size_t n = 0;

	*group = (struct tl_group){0};
	memcpy(group->name, first->name, sizeof(group->name));
	while (n < left && !strcmp(first[n].name, first->name)) {
		const struct tl_profile_detail *d = first[n++].detail;

		group->exits += d->count;
		group->slept += d->slept;
		group->delayed += d->delayed;
		if (d->time)
			tl_hist_merge(&time, d->time);
	}
	group->timed = time.count;
	group->ns = time.sum;
	group->max = time.max;
	group->p50 = tl_hist_percentile(&time, 50);
	group->p99 = tl_hist_percentile(&time, 99);
	tl_hist_fini(&time);
	return n;
}

int tl_groups_of(const struct tl_profile *profile, enum tl_group_by by, struct tl_groups *out)
{
	const struct tl_details *details = &profile->details;
	struct named *named = calloc(details->count + 1, sizeof(*named));

	*out = (struct tl_groups){.list = calloc(details->count + 1, sizeof(*out->list))};
	if (!named || !out->list) {
		free(named);
		tl_groups_fini(out);
		return -ENOMEM;
	}
	for (size_t i = 0; i < details->count; i++) {
		named[i].detail = &details->list[i];
		tl_group_row(named[i].name, sizeof(named[i].name), profile, named[i].detail, by);
		out->exits += details->list[i].count;
	}
	qsort(named, details->count, sizeof(*named), by_name);
	for (size_t i = 0; i < details->count;)
		i += add_up(&out->list[out->count++], &named[i], details->count - i);
	qsort(out->list, out->count, sizeof(*out->list), more_exits);
	free(named);
	return 0;
}

void tl_groups_fini(struct tl_groups *groups)
{
	free(groups->list);
	*groups = (struct tl_groups){0};
}
