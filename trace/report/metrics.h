/* SPDX-License-Identifier: MIT */
/*
 * Exits as metrics for Prometheus and its like: names, labels and text, the same for a
 * recording (trapline report --format openmetrics) and for a host (trapline exporter).
 * Everything has a bound: what is beyond goes to a label "other".
 */
#ifndef TL_TRACE_METRICS_H
#define TL_TRACE_METRICS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buffer.h"
#include "trace/profile/profile.h"

/* How many are told apart, in each VM; the last place of each list is for the others. */
#define TL_METRICS_VCPUS   16
#define TL_METRICS_DETAILS 32

/* Upper bounds of the histogram's buckets are powers of two, in ns; the last one is +Inf. */
#define TL_METRICS_BUCKETS 17

enum tl_metrics_dialect {
	/* What both of the following parsers take; counters then have no type, as the two want
	 * it under different names. */
	TL_METRICS_COMMON,
	TL_METRICS_OPENMETRICS, /* OpenMetrics 1.0 */
	TL_METRICS_PROMETHEUS,  /* Prometheus' text format, 0.0.4 */
};

struct tl_metrics_vcpu {
	unsigned int id; /* the last one's means nothing: it is "other" */
	uint64_t classes[TL_CLASS_COUNT];
	uint64_t fixups[TL_FIXUP_CLASSES]; /* handled at EL2 */
	uint64_t user_exits, lost;
	uint64_t guest_ns, slept_ns, delayed_ns;
};

struct tl_metrics_times {
	uint64_t buckets[TL_METRICS_BUCKETS]; /* each by itself; their sum is the count */
	uint64_t ns;
};

struct tl_metrics_detail {
	char name[72];
	unsigned int exit_class;
	enum tl_handler handler;
	uint64_t exits, ns;
};

struct tl_metrics_vm {
	char id[24]; /* label vm */
	char name[64], program[24];
	unsigned int all_vcpus;  /* that the VM has */
	unsigned int vcpu_count; /* that have places; and whether the last one is used: */
	int other_vcpus;
	struct tl_metrics_vcpu vcpus[TL_METRICS_VCPUS + 1];
	struct tl_metrics_times times[TL_CLASS_COUNT];
	unsigned int detail_count;
	/* Others are the last two, by handler. */
	struct tl_metrics_detail details[TL_METRICS_DETAILS + 2];
	/* What is known. */
	int has_events, has_lost, has_fixups, has_kernel;
	uint64_t kernel_exits; /* KVM's own count */
};

/* The place of a vCPU: its own, made if there is room, or that of the others. */
struct tl_metrics_vcpu *tl_metrics_vcpu(struct tl_metrics_vm *vm, unsigned int id);

/*
 * The place of a detail, in the same way; a name keeps its place for as long as the VM is there.
 */
struct tl_metrics_detail *tl_metrics_detail(struct tl_metrics_vm *vm, unsigned int exit_class,
	const char *name, enum tl_handler handler);

/* The bucket of `ns`, and the upper bound of a bucket; that of the last one is 0. */
unsigned int tl_metrics_bucket(uint64_t ns);
uint64_t tl_metrics_bound(unsigned int bucket);

/* Sets all counts to 0; vCPUs and details keep their places. */
void tl_metrics_clear(struct tl_metrics_vm *vm);

/* Adds the counts of `from` place by place, or takes the larger ones. */
void tl_metrics_add(struct tl_metrics_vm *to, const struct tl_metrics_vm *from);
void tl_metrics_max(struct tl_metrics_vm *to, const struct tl_metrics_vm *from);

/* Fills in an empty one from a profile. Returns 0 or -ENOMEM. */
int tl_metrics_of(struct tl_metrics_vm *vm, const struct tl_profile *profile);

/* Appends all families of these VMs. */
void tl_metrics_write(struct tl_buffer *text, enum tl_metrics_dialect dialect,
	const struct tl_metrics_vm *const *vms, size_t count);

/* For families of one's own: the lines above it, then each sample's value. */
enum tl_metrics_type { TL_METRICS_COUNTER, TL_METRICS_GAUGE, TL_METRICS_HISTOGRAM };
void tl_metrics_family(struct tl_buffer *text, enum tl_metrics_dialect dialect, const char *name,
	enum tl_metrics_type type, const char *help);
void tl_metrics_label(struct tl_buffer *text, const char *name, const char *value);
void tl_metrics_number(struct tl_buffer *text, uint64_t value);
void tl_metrics_seconds(struct tl_buffer *text, uint64_t ns);

/* "# EOF", where the dialect has it. */
void tl_metrics_end(struct tl_buffer *text, enum tl_metrics_dialect dialect);

/* All VMs of a recording. Returns 0 or -errno (not logged). */
int tl_report_metrics(FILE *out, struct tl_profile *const *profiles, size_t count);

#endif
