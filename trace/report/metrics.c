/* SPDX-License-Identifier: MIT */
/*
 * The text. A scrape of many VMs is thousands of lines, so that they are put together without
 * printf. In OpenMetrics 1.0 a counter's family is called without the _total of its samples,
 * in Prometheus' text format with it; a parser of one refuses or misses the other.
 */
#include "trace/report/metrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* From 2^9 ns (half a microsecond) to 2^31 (two seconds), finer where most exits are. */
static const struct {
	unsigned int log2; /* of ns */
	const char *seconds;
} bounds[TL_METRICS_BUCKETS] = {
	{9, "0.000000512"},
	{10, "0.000001024"},
	{11, "0.000002048"},
	{12, "0.000004096"},
	{13, "0.000008192"},
	{14, "0.000016384"},
	{15, "0.000032768"},
	{16, "0.000065536"},
	{17, "0.000131072"},
	{19, "0.000524288"},
	{21, "0.002097152"},
	{23, "0.008388608"},
	{25, "0.033554432"},
	{27, "0.134217728"},
	{29, "0.536870912"},
	{31, "2.147483648"},
	{64, "+Inf"},
};

unsigned int tl_metrics_bucket(uint64_t ns)
{
	unsigned int bucket = 0;

	while (bucket < TL_METRICS_BUCKETS - 1 && ns >> bounds[bucket].log2)
		bucket++;
	return bucket;
}

uint64_t tl_metrics_bound(unsigned int bucket)
{
	return bucket < TL_METRICS_BUCKETS - 1 ? UINT64_C(1) << bounds[bucket].log2 : 0;
}

struct tl_metrics_vcpu *tl_metrics_vcpu(struct tl_metrics_vm *vm, unsigned int id)
{
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		if (vm->vcpus[i].id == id)
			return &vm->vcpus[i];
	}
	if (vm->vcpu_count == TL_METRICS_VCPUS) {
		vm->other_vcpus = 1;
		return &vm->vcpus[TL_METRICS_VCPUS];
	}
	vm->vcpus[vm->vcpu_count].id = id;
	return &vm->vcpus[vm->vcpu_count++];
}

struct tl_metrics_detail *tl_metrics_detail(struct tl_metrics_vm *vm, unsigned int exit_class,
	const char *name, enum tl_handler handler)
{
	struct tl_metrics_detail *detail;
	unsigned int i = 0;

	while (i < vm->detail_count &&
		(vm->details[i].exit_class != exit_class || vm->details[i].handler != handler ||
			strncmp(vm->details[i].name, name, sizeof(detail->name) - 1) != 0))
		i++;
	if (i == TL_METRICS_DETAILS) {
		detail = &vm->details[TL_METRICS_DETAILS + (handler != 0)];
		detail->handler = handler;
		return detail;
	}
	detail = &vm->details[i];
	if (i == vm->detail_count) {
		vm->detail_count++;
		snprintf(detail->name, sizeof(detail->name), "%s", name);
		detail->exit_class = exit_class;
		detail->handler = handler;
	}
	return detail;
}

/* --- text --- */

/* The decimal digits of a number, at least `least` of them. */
static void put_digits(struct tl_buffer *text, uint64_t value, unsigned int least)
{
	char digits[20];
	unsigned int at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value || sizeof(digits) - at < least);
	tl_buffer_add(text, digits + at, sizeof(digits) - at);
}

void tl_metrics_number(struct tl_buffer *text, uint64_t value)
{
	put_digits(text, value, 1);
}

void tl_metrics_seconds(struct tl_buffer *text, uint64_t ns)
{
	put_digits(text, ns / 1000000000u, 1);
	tl_buffer_add(text, ".", 1);
	put_digits(text, ns % 1000000000u, 9);
}

/* The value of a label, in quotes. What is not printable ASCII need not be UTF-8 either. */
void tl_metrics_label(struct tl_buffer *text, const char *name, const char *value)
{
	tl_buffer_add_string(text, name);
	tl_buffer_add(text, "=\"", 2);
	while (*value) {
		size_t plain = 0;

		/* As much at once as needs no care. */
		while (value[plain] >= ' ' && value[plain] <= '~' && value[plain] != '"' &&
			value[plain] != '\\')
			plain++;
		tl_buffer_add(text, value, plain);
		value += plain;
		if (!*value)
			break;
		tl_buffer_add_string(text, *value == '"' ? "\\\"" : *value == '\\' ? "\\\\" : "?");
		value++;
	}
	tl_buffer_add(text, "\"", 1);
}

void tl_metrics_family(struct tl_buffer *text, enum tl_metrics_dialect dialect, const char *name,
	enum tl_metrics_type type, const char *help)
{
	static const char *const types[] = {"counter", "gauge", "histogram"};
	const char *suffix =
		type == TL_METRICS_COUNTER && dialect != TL_METRICS_OPENMETRICS ? "_total" : "";

	if (type != TL_METRICS_COUNTER || dialect != TL_METRICS_COMMON) {
		tl_buffer_add_string(text, "# TYPE ");
		tl_buffer_add_string(text, name);
		tl_buffer_add_string(text, suffix);
		tl_buffer_add_string(text, " ");
		tl_buffer_add_string(text, types[type]);
		tl_buffer_add_string(text, "\n");
	}
	tl_buffer_add_string(text, "# HELP ");
	tl_buffer_add_string(text, name);
	tl_buffer_add_string(text, suffix);
	tl_buffer_add_string(text, " ");
	tl_buffer_add_string(text, help);
	tl_buffer_add_string(text, "\n");
}

void tl_metrics_end(struct tl_buffer *text, enum tl_metrics_dialect dialect)
{
	if (dialect != TL_METRICS_PROMETHEUS)
		tl_buffer_add_string(text, "# EOF\n");
}

/* --- families --- */

/* A family while it is written, up to the sample's own labels. */
struct writer {
	struct tl_buffer *text;
	const char *name;
};

static void put_sample(const struct writer *w, const char *suffix, const struct tl_metrics_vm *vm)
{
	tl_buffer_add_string(w->text, w->name);
	tl_buffer_add_string(w->text, suffix);
	tl_buffer_add(w->text, "{", 1);
	tl_metrics_label(w->text, "vm", vm->id);
}

static void put_count(const struct writer *w, uint64_t value)
{
	tl_buffer_add(w->text, "} ", 2);
	tl_metrics_number(w->text, value);
	tl_buffer_add(w->text, "\n", 1);
}

static void put_time(const struct writer *w, uint64_t ns)
{
	tl_buffer_add(w->text, "} ", 2);
	tl_metrics_seconds(w->text, ns);
	tl_buffer_add(w->text, "\n", 1);
}

static void put_class(const struct writer *w, const char *exit_class)
{
	tl_buffer_add(w->text, ",", 1);
	tl_metrics_label(w->text, "class", exit_class);
}

static const char *fixup_class(unsigned int c)
{
	return c == TL_FIXUP_WITHHELD ? "withheld" : tl_esr_class_name(TL_CLASS_EC + c);
}

static const char *handler_name(enum tl_handler handler)
{
	return handler == TL_HANDLER_USER ? "VMM" : "kernel";
}

static void put_vcpu(
	const struct writer *w, const struct tl_metrics_vm *vm, const struct tl_metrics_vcpu *vcpu)
{
	put_sample(w, "_total", vm);
	tl_buffer_add_string(w->text, ",vcpu=\"");
	if (vcpu == &vm->vcpus[TL_METRICS_VCPUS])
		tl_buffer_add_string(w->text, "other");
	else
		tl_metrics_number(w->text, vcpu->id);
	tl_buffer_add(w->text, "\"", 1);
}

static void write_exits(
	const struct writer *w, const struct tl_metrics_vm *vm, const struct tl_metrics_vcpu *vcpu)
{
	for (unsigned int c = 0; c < TL_CLASS_COUNT; c++) {
		if (!vcpu->classes[c])
			continue;
		put_vcpu(w, vm, vcpu);
		put_class(w, tl_esr_class_name(c));
		put_count(w, vcpu->classes[c]);
	}
}

static void write_fixups(
	const struct writer *w, const struct tl_metrics_vm *vm, const struct tl_metrics_vcpu *vcpu)
{
	for (unsigned int c = 0; c < TL_FIXUP_CLASSES; c++) {
		if (!vm->has_fixups || !vcpu->fixups[c])
			continue;
		put_vcpu(w, vm, vcpu);
		put_class(w, fixup_class(c));
		put_count(w, vcpu->fixups[c]);
	}
}

static void write_user_exits(
	const struct writer *w, const struct tl_metrics_vm *vm, const struct tl_metrics_vcpu *vcpu)
{
	put_vcpu(w, vm, vcpu);
	put_count(w, vcpu->user_exits);
}

static void write_lost(
	const struct writer *w, const struct tl_metrics_vm *vm, const struct tl_metrics_vcpu *vcpu)
{
	if (!vm->has_lost)
		return;
	put_vcpu(w, vm, vcpu);
	put_count(w, vcpu->lost);
}

static void write_guest(
	const struct writer *w, const struct tl_metrics_vm *vm, const struct tl_metrics_vcpu *vcpu)
{
	put_vcpu(w, vm, vcpu);
	put_time(w, vcpu->guest_ns);
}

static void write_slept(
	const struct writer *w, const struct tl_metrics_vm *vm, const struct tl_metrics_vcpu *vcpu)
{
	put_vcpu(w, vm, vcpu);
	put_time(w, vcpu->slept_ns);
}

static void write_delayed(
	const struct writer *w, const struct tl_metrics_vm *vm, const struct tl_metrics_vcpu *vcpu)
{
	put_vcpu(w, vm, vcpu);
	put_time(w, vcpu->delayed_ns);
}

/* Most of a scrape are these lines: what is equal in them is put together once. */
static void write_times(const struct writer *w, const struct tl_metrics_vm *vm, unsigned int c)
{
	const struct tl_metrics_times *times = &vm->times[c];
	const char *name = tl_esr_class_name(c);
	uint64_t count = 0;
	char head[160];

	/* Neither has anything in it that a label must not have. */
	snprintf(head, sizeof(head), "%s_bucket{vm=\"%s\",class=\"%s\",le=\"", w->name, vm->id,
		name);
	for (unsigned int b = 0; b < TL_METRICS_BUCKETS; b++) {
		count += times->buckets[b];
		tl_buffer_add_string(w->text, head);
		tl_buffer_add_string(w->text, bounds[b].seconds);
		tl_buffer_add(w->text, "\"", 1);
		put_count(w, count);
	}
	put_sample(w, "_sum", vm);
	put_class(w, name);
	put_time(w, times->ns);
	put_sample(w, "_count", vm);
	put_class(w, name);
	put_count(w, count);
}

static int is_timed(const struct tl_metrics_times *times)
{
	for (unsigned int b = 0; b < TL_METRICS_BUCKETS; b++) {
		if (times->buckets[b])
			return 1;
	}
	return 0;
}

static void write_detail(const struct writer *w, const struct tl_metrics_vm *vm,
	const struct tl_metrics_detail *detail, int times)
{
	int is_other = detail >= &vm->details[TL_METRICS_DETAILS];

	if (!detail->exits)
		return;
	put_sample(w, "_total", vm);
	put_class(w, is_other ? "other" : tl_esr_class_name(detail->exit_class));
	tl_buffer_add(w->text, ",", 1);
	tl_metrics_label(w->text, "detail", is_other ? "other" : detail->name);
	tl_buffer_add(w->text, ",", 1);
	tl_metrics_label(w->text, "handler", handler_name(detail->handler));
	if (times)
		put_time(w, detail->ns);
	else
		put_count(w, detail->exits);
}

struct vms {
	struct tl_buffer *text;
	enum tl_metrics_dialect dialect;
	const struct tl_metrics_vm *const *list;
	size_t count;
};

/* A counter of each vCPU. */
static void write_vcpus(const struct vms *vms, const char *name, const char *help,
	void (*each)(const struct writer *w, const struct tl_metrics_vm *vm,
		const struct tl_metrics_vcpu *vcpu))
{
	struct writer w = {vms->text, name};

	tl_metrics_family(vms->text, vms->dialect, name, TL_METRICS_COUNTER, help);
	for (size_t i = 0; i < vms->count; i++) {
		const struct tl_metrics_vm *vm = vms->list[i];

		if (!vm->has_events)
			continue;
		for (unsigned int v = 0; v < vm->vcpu_count; v++)
			each(&w, vm, &vm->vcpus[v]);
		if (vm->other_vcpus)
			each(&w, vm, &vm->vcpus[TL_METRICS_VCPUS]);
	}
}

static void write_details(const struct vms *vms, const char *name, const char *help, int times)
{
	struct writer w = {vms->text, name};

	tl_metrics_family(vms->text, vms->dialect, name, TL_METRICS_COUNTER, help);
	for (size_t i = 0; i < vms->count; i++) {
		for (unsigned int d = 0; d < TL_METRICS_DETAILS + 2; d++)
			write_detail(&w, vms->list[i], &vms->list[i]->details[d], times);
	}
}

static void write_histograms(const struct vms *vms)
{
	struct writer w = {vms->text, "trapline_handling_seconds"};

	tl_metrics_family(vms->text, vms->dialect, w.name, TL_METRICS_HISTOGRAM,
		"Time from an exit to the next entry of its vCPU; class WFx contains idle time.");
	for (size_t i = 0; i < vms->count; i++) {
		for (unsigned int c = 0; c < TL_CLASS_COUNT; c++) {
			if (is_timed(&vms->list[i]->times[c]))
				write_times(&w, vms->list[i], c);
		}
	}
}

static void write_vm_families(const struct vms *vms)
{
	struct writer w = {vms->text, "trapline_vm_info"};

	tl_metrics_family(vms->text, vms->dialect, w.name, TL_METRICS_GAUGE,
		"The VMs: label vm is the process that created it.");
	for (size_t i = 0; i < vms->count; i++) {
		put_sample(&w, "", vms->list[i]);
		tl_buffer_add(w.text, ",", 1);
		tl_metrics_label(w.text, "name", vms->list[i]->name);
		tl_buffer_add(w.text, ",", 1);
		tl_metrics_label(w.text, "program", vms->list[i]->program);
		put_count(&w, 1);
	}
	w.name = "trapline_vcpus";
	tl_metrics_family(
		vms->text, vms->dialect, w.name, TL_METRICS_GAUGE, "vCPUs that had an exit.");
	for (size_t i = 0; i < vms->count; i++) {
		if (!vms->list[i]->has_events)
			continue;
		put_sample(&w, "", vms->list[i]);
		put_count(&w, vms->list[i]->all_vcpus);
	}
	w.name = "trapline_kvm_exits";
	tl_metrics_family(vms->text, vms->dialect, w.name, TL_METRICS_COUNTER,
		"Exits by KVM's own statistics.");
	for (size_t i = 0; i < vms->count; i++) {
		if (!vms->list[i]->has_kernel)
			continue;
		put_sample(&w, "_total", vms->list[i]);
		put_count(&w, vms->list[i]->kernel_exits);
	}
}

void tl_metrics_write(struct tl_buffer *text, enum tl_metrics_dialect dialect,
	const struct tl_metrics_vm *const *list, size_t count)
{
	const struct vms vms = {text, dialect, list, count};

	write_vm_families(&vms);
	write_vcpus(&vms, "trapline_exits", "Exits by exception class.", write_exits);
	write_vcpus(&vms, "trapline_userspace_exits", "Exits that were handed to the VMM.",
		write_user_exits);
	write_vcpus(&vms, "trapline_lost_exits", "Exits that happened and that no event told of.",
		write_lost);
	write_vcpus(&vms, "trapline_el2_exits",
		"Exits that KVM handled at EL2 and entered the guest again for.", write_fixups);
	write_vcpus(&vms, "trapline_guest_seconds", "Time in the guest.", write_guest);
	write_vcpus(&vms, "trapline_asleep_seconds",
		"Time between exit and entry that the vCPU's thread had nothing to do.",
		write_slept);
	write_vcpus(&vms, "trapline_delayed_seconds",
		"Time between exit and entry that the vCPU's thread waited for a CPU.",
		write_delayed);
	write_histograms(&vms);
	write_details(&vms, "trapline_detail_exits",
		"Exits by what they were for, and who handled them.", 0);
	write_details(
		&vms, "trapline_detail_seconds", "Time to handle them, by what they were for.", 1);
}
