/* SPDX-License-Identifier: MIT */
/*
 * What is done to all counts of a VM alike: cleared, added up, kept from going back.
 */
#include <string.h>

#include "trace/report/metrics.h"

typedef void sum_fn(uint64_t *to, uint64_t from);

static void add(uint64_t *to, uint64_t from)
{
	*to += from;
}

static void larger(uint64_t *to, uint64_t from)
{
	if (*to < from)
		*to = from;
}

static void each_vcpu(struct tl_metrics_vcpu *to, const struct tl_metrics_vcpu *from, sum_fn *fn)
{
	for (unsigned int c = 0; c < TL_CLASS_COUNT; c++)
		fn(&to->classes[c], from->classes[c]);
	for (unsigned int c = 0; c < TL_FIXUP_CLASSES; c++)
		fn(&to->fixups[c], from->fixups[c]);
	fn(&to->user_exits, from->user_exits);
	fn(&to->lost, from->lost);
	fn(&to->guest_ns, from->guest_ns);
	fn(&to->slept_ns, from->slept_ns);
	fn(&to->delayed_ns, from->delayed_ns);
}

static void each(struct tl_metrics_vm *to, const struct tl_metrics_vm *from, sum_fn *fn)
{
	/* Most VMs have few vCPUs. */
	for (unsigned int v = 0; v < to->vcpu_count; v++)
		each_vcpu(&to->vcpus[v], &from->vcpus[v], fn);
	each_vcpu(&to->vcpus[TL_METRICS_VCPUS], &from->vcpus[TL_METRICS_VCPUS], fn);
	for (unsigned int c = 0; c < TL_CLASS_COUNT; c++) {
		for (unsigned int b = 0; b < TL_METRICS_BUCKETS; b++)
			fn(&to->times[c].buckets[b], from->times[c].buckets[b]);
		fn(&to->times[c].ns, from->times[c].ns);
	}
	for (unsigned int d = 0; d < TL_METRICS_DETAILS + 2; d++) {
		fn(&to->details[d].exits, from->details[d].exits);
		fn(&to->details[d].ns, from->details[d].ns);
	}
}

void tl_metrics_add(struct tl_metrics_vm *to, const struct tl_metrics_vm *from)
{
	each(to, from, add);
}

void tl_metrics_max(struct tl_metrics_vm *to, const struct tl_metrics_vm *from)
{
	each(to, from, larger);
}

void tl_metrics_clear(struct tl_metrics_vm *vm)
{
	for (unsigned int i = 0; i <= TL_METRICS_VCPUS; i++)
		vm->vcpus[i] = (struct tl_metrics_vcpu){.id = vm->vcpus[i].id};
	memset(vm->times, 0, sizeof(vm->times));
	for (unsigned int i = 0; i < TL_METRICS_DETAILS + 2; i++)
		vm->details[i].exits = vm->details[i].ns = 0;
}
