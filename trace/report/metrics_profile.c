/* SPDX-License-Identifier: MIT */
/*
 * From a profile to metrics, and those of a whole recording in a file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/report/group.h"
#include "trace/report/metrics.h"

/* The bounds are powers of two, where the histogram's own buckets end too. */
static void add_times(struct tl_metrics_times *times, const struct tl_hist *hist)
{
	uint64_t below = 0;

	for (unsigned int b = 0; b < TL_METRICS_BUCKETS; b++) {
		uint64_t bound = tl_metrics_bound(b);
		uint64_t count = bound ? tl_hist_below(hist, bound) : hist->count;

		times->buckets[b] += count - below;
		below = count;
	}
	times->ns += hist->sum;
}

static void add_vcpu(struct tl_metrics_vm *vm, const struct tl_profile *profile,
	const struct tl_profile_vcpu *from)
{
	struct tl_reconciliation counts = tl_profile_reconcile_vcpu(from);
	struct tl_metrics_vcpu *to = tl_metrics_vcpu(vm, from->id);

	for (unsigned int c = 0; c < TL_CLASS_COUNT; c++) {
		to->classes[c] += tl_profile_class_count(profile, from, c);
		if (from->classes[c].time)
			add_times(&vm->times[c], from->classes[c].time);
	}
	for (unsigned int c = 0; c < TL_FIXUP_CLASSES; c++)
		to->fixups[c] += from->kernel.fixups[c];
	to->user_exits += from->userspace_exits;
	to->lost += counts.lost;
	to->guest_ns += from->guest_ns;
	to->slept_ns += from->slept_ns;
	to->delayed_ns += from->delayed_ns;
	vm->has_lost |= counts.has_lost;
	vm->has_fixups |= from->kernel.has_fixups;
	vm->has_kernel |= from->kernel.has_exits;
	vm->kernel_exits += from->kernel.exits;
}

int tl_metrics_of(struct tl_metrics_vm *vm, const struct tl_profile *profile)
{
	struct tl_details kinds;
	char name[96];
	int ret = tl_details_sum(&profile->details, TL_BY_DETAIL | TL_BY_HANDLER, &kinds);

	if (ret)
		return ret;
	snprintf(vm->id, sizeof(vm->id), "%d", (int)profile->pid);
	vm->has_events = 1;
	vm->all_vcpus = profile->vcpu_count;
	for (unsigned int i = 0; i < profile->vcpu_count; i++)
		add_vcpu(vm, profile, profile->vcpus[i]);
	/* Those with most exits come first, and have a name. */
	for (size_t i = 0; i < kinds.count; i++) {
		const struct tl_profile_detail *d = &kinds.list[i];
		struct tl_metrics_detail *to;

		tl_group_what(name, sizeof(name), profile, d->exit_class, d->detail);
		to = tl_metrics_detail(vm, d->exit_class, name, d->handler);
		to->exits += d->count;
		to->ns += d->time ? d->time->sum : 0;
	}
	tl_details_fini(&kinds);
	return 0;
}

static int write_all(FILE *out, const struct tl_metrics_vm *const *vms, size_t count)
{
	struct tl_buffer text = {0};
	int ret;

	tl_metrics_write(&text, TL_METRICS_COMMON, vms, count);
	tl_metrics_end(&text, TL_METRICS_COMMON);
	ret = text.failed ? -ENOMEM : 0;
	if (!ret && (fwrite(text.data, 1, text.used, out) != text.used || fflush(out)))
		ret = errno ? -errno : -EIO;
	tl_buffer_fini(&text);
	return ret;
}

int tl_report_metrics(FILE *out, struct tl_profile *const *profiles, size_t count)
{
	struct tl_metrics_vm *vms = calloc(count + 1, sizeof(*vms));
	const struct tl_metrics_vm **list = calloc(count + 1, sizeof(*list));
	int ret = vms && list ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && !ret; i++) {
		list[i] = &vms[i];
		ret = tl_metrics_of(&vms[i], profiles[i]);
	}
	ret = ret ? ret : write_all(out, list, count);
	free(list);
	free(vms);
	return ret;
}
