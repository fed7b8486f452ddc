/* SPDX-License-Identifier: MIT */
/*
 * What is known of the VMs. A counter that goes back would be taken for one that began anew, and
 * make a rate of millions: so counts of vCPUs that have ended are kept while their VM is there,
 * races with the kernel cannot take back what was told, and the host's own counters have the
 * exits of VMs that are gone.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "trace/bpf/exits.h"
#include "trace/collect/bpf_key.h"
#include "trace/collect/irq_names.h"
#include "trace/collect/kvm_debugfs.h"
#include "trace/report/group.h"
#include "trace/tool/export.h"
#include "trace/tool/guest.h"
#include "trace/tool/process.h"

/* KVM's own, as they are on every kernel, for hosts where nothing else can be had. */
static const char *const stats[] = {"exits", "hvc_exit_stat", "wfe_exit_stat", "wfi_exit_stat",
	"mmio_exit_user", "mmio_exit_kernel", "signal_exits", "halt_wakeup"};
#define STATS (sizeof(stats) / sizeof(stats[0]))

/* Details whose names and places are remembered, in each VM; a power of two. */
#define PLACES 512u

struct place {
	uint64_t detail;
	unsigned int exit_class;
	unsigned char handler, is_used, place; /* among the VM's details */
};

struct vm {
	pid_t process; /* 0: all others */
	struct place places[PLACES];
	int is_there; /* it was seen in this read */
	/* What is told; the same before this read; and of vCPUs that are gone, at equal places. */
	struct tl_metrics_vm now, before, ended;
	uint64_t stats[STATS];
};

struct tl_export {
	struct tl_live *live;
	const char *debugfs;
	struct tl_guests guests;
	struct vm *vms[TL_EXPORT_VMS + 1]; /* by process; the last one is the others */
	unsigned int vm_count;             /* without it */
	uint64_t ended[TL_CLASS_COUNT];    /* exits of VMs that are gone */
	uint64_t strangers, scrapes;
	/* Where each of our buckets begins among the kernel's, and the last one ends. */
	unsigned char begins[TL_METRICS_BUCKETS + 1];
	int failed;
};

int tl_export_create(
	struct tl_export **out, struct tl_live *live, const char *debugfs, const char *map)
{
	struct tl_export *export = calloc(1, sizeof(*export));

	*out = export;
	if (!export)
		return -ENOMEM;
	export->live = live;
	export->debugfs = debugfs;
	export->guests.map = map;
	for (unsigned int b = 0, ours; b < TL_BPF_HIST_BUCKETS; b++) {
		ours = tl_metrics_bucket(tl_bpf_key_bucket_middle(b));
		for (unsigned int after = ours + 1; after <= TL_METRICS_BUCKETS; after++)
			export->begins[after] = (unsigned char)(b + 1);
	}
	return 0;
}

/* --- which VMs --- */

static struct vm *new_vm(const struct tl_export *export, pid_t process, int others)
{
	struct vm *vm = calloc(1, sizeof(*vm));

	if (!vm)
		return NULL;
	vm->process = others ? 0 : process;
	vm->now.has_events = export->live != NULL;
	vm->now.has_lost = export->live && tl_live_is_patched(export->live);
	if (!others) {
		snprintf(vm->now.id, sizeof(vm->now.id), "%d", (int)process);
		tl_process_name(process, vm->now.program, sizeof(vm->now.program));
		tl_process_vm_name(process, vm->now.name, sizeof(vm->now.name));
	} else {
		snprintf(vm->now.id, sizeof(vm->now.id), "other");
	}
	return vm;
}

/* The VM of that process, or that of all others; NULL: no memory. */
static struct vm *find_vm(struct tl_export *export, pid_t process)
{
	struct vm **place = NULL;

	for (unsigned int i = 0; i < export->vm_count; i++) {
		if (export->vms[i]->process == process)
			return export->vms[i];
	}
	if (export->vm_count < TL_EXPORT_VMS)
		place = &export->vms[export->vm_count];
	else
		place = &export->vms[TL_EXPORT_VMS];
	if (!*place) {
		*place = new_vm(export, process, place == &export->vms[TL_EXPORT_VMS]);
		export->failed |= !*place;
		export->vm_count += *place && (*place)->process;
	}
	return *place;
}

/* Before a read: nothing is known but what has ended. */
static void begin(struct vm *vm)
{
	vm->is_there = 0;
	vm->before = vm->now;
	tl_metrics_clear(&vm->now);
	tl_metrics_add(&vm->now, &vm->ended);
	vm->now.all_vcpus = 0;
	vm->now.kernel_exits = 0;
	memset(vm->stats, 0, sizeof(vm->stats));
}

static void each_vm(struct tl_export *export, void (*fn)(struct vm *vm))
{
	for (unsigned int i = 0; i <= TL_EXPORT_VMS; i++) {
		if (export->vms[i])
			fn(export->vms[i]);
	}
}

/* After it: what has been told stays told. */
static void keep(struct vm *vm)
{
	tl_metrics_max(&vm->now, &vm->before);
}

/* VMs that nobody has seen are gone; the list stays without gaps. */
static void forget_gone(struct tl_export *export)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < export->vm_count; i++) {
		struct vm *vm = export->vms[i];

		if (vm->is_there) {
			export->vms[kept++] = vm;
			continue;
		}
		for (unsigned int v = 0; v <= TL_METRICS_VCPUS; v++) {
			for (unsigned int c = 0; c < TL_CLASS_COUNT; c++)
				export->ended[c] += vm->now.vcpus[v].classes[c];
		}
		free(vm);
	}
	for (unsigned int i = kept; i < export->vm_count; i++)
		export->vms[i] = NULL;
	export->vm_count = kept;
}

/* --- what they did --- */

/* Adds it, and of a vCPU that is gone for good also to what has ended. */
static void add_vcpu(struct vm *vm, const struct tl_live_vcpu *from)
{
	struct tl_metrics_vcpu *to = tl_metrics_vcpu(&vm->now, from->id);
	struct tl_metrics_vcpu *ended = &vm->ended.vcpus[to - vm->now.vcpus];

	vm->is_there = 1;
	vm->now.all_vcpus++;
	to->user_exits += from->now.user_exits;
	to->lost += from->now.missed;
	to->guest_ns += from->now.guest_ns;
	if (from->gone) {
		ended->user_exits += from->now.user_exits;
		ended->lost += from->now.missed;
		ended->guest_ns += from->now.guest_ns;
	}
}

static void add_times(
	const struct tl_export *export, struct tl_metrics_times *to, const struct tl_live_row *row)
{
	for (unsigned int b = 0; b < TL_METRICS_BUCKETS; b++) {
		uint64_t sum = 0;

		for (unsigned int k = export->begins[b]; k < export->begins[b + 1]; k++)
			sum += row->hist[k];
		to->buckets[b] += sum;
	}
	to->ns += row->now.ns;
}

/* The detail's place by its name. */
static struct tl_metrics_detail *name_detail(
	struct tl_export *export, struct vm *vm, const struct tl_live_row *row, pid_t process)
{
	const struct tl_guest *guest = tl_guests_find(&export->guests, process);
	char name[96] = "not told apart";

	export->failed |= !guest;
	if (guest && row->exit_class == TL_CLASS_IRQ && row->detail)
		tl_irq_name_read(guest->profile, row->detail - 1);
	if (guest && !row->summed)
		tl_group_what(name, sizeof(name), guest->profile, row->exit_class, row->detail);
	return tl_metrics_detail(&vm->now, row->exit_class, name, row->handler);
}

/* The same: mostly it is known from the read before, and needs no name. */
static struct tl_metrics_detail *find_detail(
	struct tl_export *export, struct vm *vm, const struct tl_live_row *row, pid_t process)
{
	uint64_t hash = (row->detail ^ row->exit_class) * UINT64_C(0x9e3779b97f4a7c15);
	struct place *place;

	if (row->summed)
		return name_detail(export, vm, row, process);
	for (unsigned int i = 0; i < 8; i++) {
		place = &vm->places[((hash >> 40) + i + row->handler) & (PLACES - 1)];
		if (!place->is_used)
			break;
		if (place->detail == row->detail && place->exit_class == row->exit_class &&
			place->handler == row->handler)
			return &vm->now.details[place->place];
	}
	/* Where all are taken, the last one is given up. */
	*place = (struct place){row->detail, row->exit_class, (unsigned char)row->handler, 1,
		(unsigned char)(name_detail(export, vm, row, process) - vm->now.details)};
	return &vm->now.details[place->place];
}

static void add_row(struct tl_export *export, struct tl_metrics_vm *to,
	const struct tl_live_row *row, size_t vcpu, size_t detail)
{
	to->vcpus[vcpu].classes[row->exit_class] += row->now.count;
	to->vcpus[vcpu].slept_ns += row->now.slept;
	to->vcpus[vcpu].delayed_ns += row->now.delayed;
	if (row->hist)
		add_times(export, &to->times[row->exit_class], row);
	to->details[detail].exits += row->now.count;
	to->details[detail].ns += row->now.ns;
}

static void add_rows(struct tl_export *export, struct vm *vm, const struct tl_live_row *row,
	const struct tl_live_vcpu *from)
{
	size_t vcpu = (size_t)(tl_metrics_vcpu(&vm->now, from->id) - vm->now.vcpus);
	size_t detail = (size_t)(find_detail(export, vm, row, from->process) - vm->now.details);

	add_row(export, &vm->now, row, vcpu, detail);
	/* It will not be in the next read. */
	if (from->gone)
		add_row(export, &vm->ended, row, vcpu, detail);
}

static void read_live(struct tl_export *export, const struct tl_live_sample *sample)
{
	for (unsigned int v = 0; v < sample->vcpu_count; v++) {
		struct vm *vm = find_vm(export, sample->vcpus[v].process);

		if (vm)
			add_vcpu(vm, &sample->vcpus[v]);
	}
	for (size_t i = 0; i < sample->row_count; i++) {
		const struct tl_live_row *row = &sample->rows[i];
		struct vm *vm = find_vm(export, sample->vcpus[row->vcpu].process);

		if (vm)
			add_rows(export, vm, row, &sample->vcpus[row->vcpu]);
	}
	export->strangers = sample->strangers;
	tl_guests_keep(&export->guests, sample);
}

/* A process may have several VMs; they are one here. */
static void read_stats(void *ctx, pid_t process, const char *name)
{
	struct tl_export *export = ctx;
	struct vm *vm = find_vm(export, process);
	uint64_t value;

	if (!vm)
		return;
	vm->is_there = 1;
	for (unsigned int i = 0; i < (export->live ? 1 : STATS); i++) {
		if (!tl_kvm_debugfs_value(export->debugfs, name, stats[i], &value)) {
			vm->stats[i] += value;
			vm->now.has_kernel = 1;
		}
	}
	vm->now.kernel_exits = vm->stats[0];
}

int tl_export_read(struct tl_export *export)
{
	const struct tl_live_sample *sample;

	export->failed = 0;
	each_vm(export, begin);
	if (export->live) {
		sample = tl_live_read(export->live);
		if (sample)
			read_live(export, sample);
		export->failed |= !sample;
	}
	/* Where it cannot be read, there is one family less. */
	(void)tl_kvm_debugfs_each(export->debugfs, read_stats, export);
	each_vm(export, keep);
	if (!export->failed)
		forget_gone(export);
	return export->failed ? -ENOMEM : 0;
}

/* --- text --- */

static void put_value(struct tl_buffer *text, const char *name, uint64_t value)
{
	tl_buffer_add_string(text, name);
	tl_buffer_add_string(text, " ");
	tl_metrics_number(text, value);
	tl_buffer_add_string(text, "\n");
}

static void write_host(
	const struct tl_export *export, enum tl_metrics_dialect dialect, struct tl_buffer *text)
{
	tl_metrics_family(text, dialect, "trapline_host_exits", TL_METRICS_COUNTER,
		"Exits by exception class, of all VMs of this host, also those that are gone.");
	for (unsigned int c = 0; c < TL_CLASS_COUNT; c++) {
		uint64_t sum = export->ended[c];

		for (unsigned int i = 0; i <= TL_EXPORT_VMS; i++) {
			const struct vm *vm = export->vms[i];

			for (unsigned int v = 0; vm && v <= TL_METRICS_VCPUS; v++)
				sum += vm->now.vcpus[v].classes[c];
		}
		if (!sum)
			continue;
		tl_buffer_add_string(text, "trapline_host_exits_total{");
		tl_metrics_label(text, "class", tl_esr_class_name(c));
		put_value(text, "}", sum);
	}
	tl_metrics_family(text, dialect, "trapline_unplaced_events", TL_METRICS_COUNTER,
		"Events of vCPUs for which there was no room.");
	put_value(text, "trapline_unplaced_events_total", export->strangers);
}

static void write_stats(
	const struct tl_export *export, enum tl_metrics_dialect dialect, struct tl_buffer *text)
{
	tl_metrics_family(text, dialect, "trapline_kvm_stat", TL_METRICS_COUNTER,
		"KVM's own statistics, by their names.");
	for (unsigned int i = 0; i <= TL_EXPORT_VMS; i++) {
		const struct vm *vm = export->vms[i];

		for (unsigned int s = 0; vm && s < STATS; s++) {
			tl_buffer_add_string(text, "trapline_kvm_stat_total{");
			tl_metrics_label(text, "vm", vm->now.id);
			tl_buffer_add_string(text, ",");
			tl_metrics_label(text, "stat", stats[s]);
			put_value(text, "}", vm->stats[s]);
		}
	}
}

static void write_own(
	const struct tl_export *export, enum tl_metrics_dialect dialect, struct tl_buffer *text)
{
	struct timespec cpu = {0};

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	tl_metrics_family(text, dialect, "trapline_exporter_info", TL_METRICS_GAUGE,
		"Where these metrics come from.");
	tl_buffer_add_string(text, "trapline_exporter_info{");
	tl_metrics_label(text, "source", export->live ? "bpf" : "debugfs");
	put_value(text, "}", 1);
	tl_metrics_family(text, dialect, "trapline_exporter_cpu_seconds", TL_METRICS_COUNTER,
		"CPU time that the exporter itself has used.");
	tl_buffer_add_string(text, "trapline_exporter_cpu_seconds_total ");
	tl_metrics_seconds(text, (uint64_t)cpu.tv_sec * 1000000000u + (uint64_t)cpu.tv_nsec);
	tl_buffer_add_string(text, "\n");
}

void tl_export_write(
	const struct tl_export *export, enum tl_metrics_dialect dialect, struct tl_buffer *text)
{
	const struct tl_metrics_vm *list[TL_EXPORT_VMS + 1];
	size_t count = 0;

	for (unsigned int i = 0; i <= TL_EXPORT_VMS; i++) {
		if (export->vms[i])
			list[count++] = &export->vms[i]->now;
	}
	if (export->live)
		write_host(export, dialect, text);
	tl_metrics_write(text, dialect, list, count);
	if (!export->live)
		write_stats(export, dialect, text);
	write_own(export, dialect, text);
	tl_metrics_end(text, dialect);
}

void tl_export_destroy(struct tl_export *export)
{
	if (!export)
		return;
	for (unsigned int i = 0; i <= TL_EXPORT_VMS; i++)
		free(export->vms[i]);
	tl_guests_fini(&export->guests);
	free(export);
}
