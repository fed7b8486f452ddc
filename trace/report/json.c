/* SPDX-License-Identifier: MIT */
/*
 * JSON report. What is not known is null, never 0.
 */
#include "trace/report/json.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "trace/report/json_parts.h"

json_t *tl_json_number(uint64_t value)
{
	/* JSON numbers here are signed 64-bit; no count or ns gets near. */
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *number_or_null(int known, uint64_t value)
{
	return known ? tl_json_number(value) : json_null();
}

json_t *tl_json_times(const struct tl_hist *time)
{
	static const struct tl_hist none;
	const struct tl_hist *h = time ? time : &none;

	return json_pack("{so so so so so so}", "total", tl_json_number(h->sum), "avg",
		tl_json_number(tl_hist_average(h)), "min", tl_json_number(h->count ? h->min : 0),
		"p50", tl_json_number(tl_hist_percentile(h, 50)), "p99",
		tl_json_number(tl_hist_percentile(h, 99)), "max", tl_json_number(h->max));
}

static json_t *class_object(const struct tl_profile_vcpu *vcpu, unsigned int c)
{
	const struct tl_profile_class *entry = &vcpu->classes[c];

	return json_pack("{ss so so so}", "name", tl_esr_class_name(c), "count",
		tl_json_number(entry->count), "timed",
		tl_json_number(entry->time ? entry->time->count : 0), "ns",
		tl_json_times(entry->time));
}

/* The classes, WFx among them: the sum of their counts is the vCPU's exits. */
static json_t *class_array(const struct tl_profile_vcpu *vcpu)
{
	json_t *array = json_array();

	for (unsigned int c = 0; c < TL_CLASS_COUNT; c++) {
		if (vcpu->classes[c].count && json_array_append_new(array, class_object(vcpu, c))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *gap_array(const struct tl_profile *profile, const struct tl_profile_vcpu *vcpu)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < tl_profile_gaps_kept(vcpu); i++) {
		const struct tl_profile_gap *gap = &vcpu->gaps[i];
		json_t *object = json_pack("{so so so}", "from",
			number_or_null(gap->from != 0, gap->from - profile->first_ts), "to",
			tl_json_number(gap->to - profile->first_ts), "exits",
			tl_json_number(gap->exits));

		if (json_array_append_new(array, object)) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *returned_object(const struct tl_kernel_counts *kernel)
{
	json_t *object;

	if (!kernel->has_classes)
		return json_null();
	object = json_object();
	for (unsigned int c = 0; c < TL_CLASS_COUNT; c++) {
		if (kernel->classes[c])
			json_object_set_new(
				object, tl_esr_class_name(c), tl_json_number(kernel->classes[c]));
	}
	return object;
}

static json_t *fixups_object(const struct tl_kernel_counts *kernel)
{
	json_t *object;

	if (!kernel->has_fixups)
		return json_null();
	object = json_object();
	for (unsigned int i = 0; i < TL_FIXUP_CLASSES; i++) {
		const char *name =
			i == TL_FIXUP_WITHHELD ? "WITHHELD" : tl_esr_class_name(TL_CLASS_EC + i);

		if (kernel->fixups[i])
			json_object_set_new(object, name, tl_json_number(kernel->fixups[i]));
	}
	return object;
}

/* The kernel's histograms, those that are not empty. */
static json_t *times_object(const struct tl_kernel_counts *kernel)
{
	json_t *object;

	if (!kernel->time_count)
		return json_null();
	object = json_object();
	for (unsigned int i = 0; i < kernel->time_count; i++) {
		json_t *buckets;

		if (!tl_kernel_times_count(&kernel->times[i]))
			continue;
		buckets = json_array();
		for (unsigned int b = 0; b < TL_KERNEL_BUCKETS; b++)
			json_array_append_new(buckets, tl_json_number(kernel->times[i].buckets[b]));
		json_object_set_new(object, kernel->times[i].name, buckets);
	}
	return object;
}

static json_t *kernel_object(const struct tl_kernel_counts *kernel)
{
	return json_pack("{so so so so so}", "exits",
		number_or_null(kernel->has_exits, kernel->exits), "returned",
		returned_object(kernel), "fixups", fixups_object(kernel), "entries_not_run",
		number_or_null(kernel->has_not_run, kernel->not_run), "handling_ns",
		times_object(kernel));
}

static json_t *vcpu_object(const struct tl_profile *profile, const struct tl_profile_vcpu *vcpu)
{
	struct tl_reconciliation r = tl_profile_reconcile_vcpu(vcpu);
	const struct tl_profile_class *idle = &vcpu->classes[TL_CLASS_WFX];
	int events = !profile->no_events;

	return json_pack("{so so so so so so so so so so so so so so so so}", "id",
		tl_json_number(vcpu->id), "exits", number_or_null(events, vcpu->exits),
		"kernel_exits", number_or_null(r.has_kernel, r.kernel), "last_count",
		number_or_null(events && r.has_last, r.last), "userspace_exits",
		number_or_null(events, vcpu->userspace_exits), "interrupted",
		number_or_null(events, vcpu->interrupted), "lost",
		number_or_null(events && r.has_lost, r.lost), "gaps", gap_array(profile, vcpu),
		"guest_ns", number_or_null(events, vcpu->guest_ns), "idle_ns",
		number_or_null(events, idle->time ? idle->time->sum : 0), "slept_ns",
		number_or_null(events && vcpu->has_switches, vcpu->slept_ns), "delayed_ns",
		number_or_null(events && vcpu->has_switches, vcpu->delayed_ns), "classes",
		class_array(vcpu), "longest_burst", tl_json_burst(profile, &vcpu->longest),
		"costliest_burst", tl_json_burst(profile, &vcpu->costliest), "kernel",
		kernel_object(&vcpu->kernel));
}

static json_t *totals_object(const struct tl_profile *profile)
{
	struct tl_reconciliation r = tl_profile_reconcile(profile);
	int events = !profile->no_events;
	uint64_t user = 0;

	for (unsigned int i = 0; i < profile->vcpu_count; i++)
		user += profile->vcpus[i]->userspace_exits;
	return json_pack("{so so so so so}", "exits", number_or_null(events, r.seen),
		"kernel_exits", number_or_null(r.has_kernel, r.kernel), "last_count",
		number_or_null(r.has_last, r.last), "userspace_exits", number_or_null(events, user),
		"lost", number_or_null(r.has_lost, r.lost));
}

json_t *tl_report_json_object(const struct tl_profile *profile)
{
	int events = !profile->no_events;
	json_t *vcpus = json_array();

	for (unsigned int i = 0; i < profile->vcpu_count; i++) {
		if (json_array_append_new(vcpus, vcpu_object(profile, profile->vcpus[i]))) {
			json_decref(vcpus);
			return NULL;
		}
	}
	return json_pack("{ss so so sb so so so so}", "schema", TL_REPORT_SCHEMA, "duration_ns",
		number_or_null(events, profile->last_ts - profile->first_ts), "exit_counts",
		events ? json_boolean(profile->patched) : json_null(), "events", events, "vcpus",
		vcpus, "totals", totals_object(profile), "details", tl_json_details(profile),
		"advice", tl_json_advice(profile));
}

int tl_report_json(const char *path, const struct tl_profile *profile)
{
	json_t *root = tl_report_json_object(profile);
	char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	int ret = -ENOMEM;

	if (text)
		ret = tl_file_replace(path, text);
	if (ret)
		tl_log_error(
			"writing the profile to %s: %s; choose another file", path, strerror(-ret));
	free(text);
	json_decref(root);
	return ret;
}

int tl_report_json_print(FILE *out, const struct tl_profile *profile)
{
	return tl_json_print(out, tl_report_json_object(profile));
}
