/* SPDX-License-Identifier: MIT */
/*
 * Slices come when they end, and a vCPU that is long in its guest is late: they wait in a heap of
 * bounded size, which gives them back in the order of time, so that flows find their ends.
 */
#include "trace/report/perfetto.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "trace/report/group.h"
#include "trace/report/perfetto_flow.h"
#include "trace/report/perfetto_packet.h"

/* Slices that wait. */
#define WAITING 16384u
/* Steps of the counters, over the whole length; and the least one. */
#define STEPS       1000u
#define STEP_NS_MIN 1000000u

enum { ITEM_GUEST, ITEM_EXIT, ITEM_WAKE };

struct item {
	uint64_t from, to, ns, number;
	struct tl_profile_detail exit;
	unsigned int kind, vm, vcpu, woken;
	int timed;
};

/* A place in the heap, small enough to be moved about. */
struct place {
	uint64_t from;
	uint64_t order; /* what comes first among those at one time */
	struct item *item;
};

struct vm {
	uint64_t track; /* number of its first one; then come those of its vCPUs and classes */
	const struct tl_profile *known; /* from the first reading */
	struct tl_flow flow;
	uint32_t *steps[TL_CLASS_COUNT]; /* exits in each step; NULL: there are none */
};

struct tl_perfetto {
	struct tl_pf *pf;
	struct tl_span_listener listener;
	uint64_t first_ts, step_ns, orders, flows, tracks;
	size_t waiting, vm_count;
	struct vm *vms;
	struct place heap[WAITING];
	struct item items[WAITING];
};

static uint64_t vcpu_track(const struct vm *vm, unsigned int vcpu)
{
	return vm->track + 1 + vcpu;
}

/* --- names --- */

static uint64_t name_class(struct tl_pf *pf, unsigned int exit_class)
{
	const struct tl_pf_key key = {exit_class, 0, UINT32_MAX, TL_PF_ARG_STRING};
	uint64_t iid = tl_pf_find(pf, &key);

	return iid ? iid : tl_pf_name(pf, &key, tl_esr_class_name(exit_class));
}

static uint64_t name_handler(struct tl_pf *pf, enum tl_handler handler)
{
	const struct tl_pf_key key = {handler, 1, UINT32_MAX, TL_PF_ARG_STRING};
	uint64_t iid = tl_pf_find(pf, &key);

	return iid ? iid : tl_pf_name(pf, &key, handler == TL_HANDLER_USER ? "VMM" : "kernel");
}

static uint64_t name_guest(struct tl_pf *pf)
{
	const struct tl_pf_key key = {0, 2, UINT32_MAX, TL_PF_EVENT_NAME};
	uint64_t iid = tl_pf_find(pf, &key);

	return iid ? iid : tl_pf_name(pf, &key, "guest");
}

static uint64_t name_detail(struct tl_perfetto *p, const struct item *item, enum tl_pf_table table)
{
	const struct tl_pf_key key = {
		item->exit.detail, item->exit.exit_class, item->vm << 1, table};
	uint64_t iid = tl_pf_find(p->pf, &key);
	char name[96];

	return iid ? iid
		   : tl_pf_name(p->pf, &key,
			     tl_group_what(name, sizeof(name), p->vms[item->vm].known,
				     item->exit.exit_class, item->exit.detail));
}

static uint64_t name_symbol(struct tl_perfetto *p, const struct item *item)
{
	const struct tl_pf_key key = {
		item->exit.pc, item->exit.mode, item->vm << 1 | 1, TL_PF_ARG_STRING};
	uint64_t iid = tl_pf_find(p->pf, &key);
	char name[96];

	return iid ? iid
		   : tl_pf_name(p->pf, &key,
			     tl_group_row(name, sizeof(name), p->vms[item->vm].known, &item->exit,
				     TL_GROUP_PC));
}

/* --- slices --- */

static void put_flows(struct tl_pf *pf, const struct tl_flow_ends *ends)
{
	if (ends->begins)
		tl_pf_flow(pf, ends->begins, 0);
	for (unsigned int i = 0; i < ends->end_count; i++)
		tl_pf_flow(pf, ends->ends[i], 1);
}

/* Where it is not the slice's length: that is off by the difference of two clocks. */
static void put_ns(struct tl_pf *pf, const struct item *item)
{
	if (item->timed && item->ns != item->to - item->from)
		tl_pf_arg_number(pf, TL_PF_NS, item->ns);
}

static void write_guest(struct tl_perfetto *p, const struct item *item)
{
	struct tl_flow_ends ends;
	uint64_t name;

	tl_flow_guest(&p->vms[item->vm].flow, item->vcpu, &ends);
	tl_pf_begin(p->pf);
	name = name_guest(p->pf);
	put_ns(p->pf, item);
	put_flows(p->pf, &ends);
	tl_pf_end(
		p->pf, vcpu_track(&p->vms[item->vm], item->vcpu), name, 1, item->from, item->to, 1);
}

static void write_exit(struct tl_perfetto *p, const struct item *item)
{
	struct vm *vm = &p->vms[item->vm];
	struct tl_flow_ends ends;
	uint64_t name;

	tl_flow_exit(
		&vm->flow, &vm->known->map, item->vcpu, &item->exit, item->from, item->to, &ends);
	tl_pf_begin(p->pf);
	name = name_detail(p, item, TL_PF_EVENT_NAME);
	tl_pf_arg_string(p->pf, TL_PF_CLASS, name_class(p->pf, item->exit.exit_class));
	tl_pf_arg_string(p->pf, TL_PF_DETAIL, name_detail(p, item, TL_PF_ARG_STRING));
	tl_pf_arg_pointer(p->pf, TL_PF_PC, item->exit.pc);
	tl_pf_arg_string(p->pf, TL_PF_SYMBOL, name_symbol(p, item));
	tl_pf_arg_string(p->pf, TL_PF_HANDLER, name_handler(p->pf, item->exit.handler));
	tl_pf_arg_number(p->pf, TL_PF_EXIT, item->number);
	put_ns(p->pf, item);
	if (item->exit.slept)
		tl_pf_arg_number(p->pf, TL_PF_ASLEEP_NS, item->exit.slept);
	if (item->exit.delayed)
		tl_pf_arg_number(p->pf, TL_PF_DELAYED_NS, item->exit.delayed);
	put_flows(p->pf, &ends);
	tl_pf_end(p->pf, vcpu_track(vm, item->vcpu), name, 0, item->from, item->to, item->timed);
}

static void count_step(struct tl_perfetto *p, const struct item *item)
{
	uint32_t **steps = &p->vms[item->vm].steps[item->exit.exit_class];
	uint64_t step = item->from > p->first_ts ? (item->from - p->first_ts) / p->step_ns : 0;

	if (!*steps)
		*steps = calloc(STEPS + 1, sizeof(**steps));
	if (*steps)
		(*steps)[step < STEPS ? step : STEPS]++;
}

static void write_item(struct tl_perfetto *p, const struct item *item)
{
	switch (item->kind) {
	case ITEM_GUEST:
		write_guest(p, item);
		break;
	case ITEM_EXIT:
		count_step(p, item);
		write_exit(p, item);
		break;
	default:
		tl_flow_wake(&p->vms[item->vm].flow, item->vcpu, item->woken, item->from);
		break;
	}
}

/* --- the heap --- */

static int is_before(const struct place *a, const struct place *b)
{
	return a->from != b->from ? a->from < b->from : a->order < b->order;
}

/* Writes the first one; its item is free then. */
static struct item *pop(struct tl_perfetto *p)
{
	struct item *item = p->heap[0].item;
	struct place last = p->heap[--p->waiting];
	size_t at = 0, child;

	while ((child = 2 * at + 1) < p->waiting) {
		if (child + 1 < p->waiting && is_before(&p->heap[child + 1], &p->heap[child]))
			child++;
		if (!is_before(&p->heap[child], &last))
			break;
		p->heap[at] = p->heap[child];
		at = child;
	}
	p->heap[at] = last;
	write_item(p, item);
	return item;
}

static void push(struct tl_perfetto *p, const struct item *item)
{
	struct item *to = p->waiting == WAITING ? pop(p) : &p->items[p->waiting];
	const struct place place = {item->from, p->orders++, to};
	size_t at;

	*to = *item;
	for (at = p->waiting++; at && is_before(&place, &p->heap[(at - 1) / 2]); at = (at - 1) / 2)
		p->heap[at] = p->heap[(at - 1) / 2];
	p->heap[at] = place;
}

/* --- what comes in --- */

/* The VM's place; vm_count: the first reading has not seen it. */
static unsigned int find_vm(const struct tl_perfetto *p, const struct tl_profile *profile)
{
	unsigned int i = 0;

	while (i < p->vm_count &&
		(p->vms[i].known->pid != profile->pid || p->vms[i].known->vm_id != profile->vm_id))
		i++;
	return i;
}

/* The place of a vCPU by id, or by thread; vcpu_count: there is none. */
static unsigned int find_vcpu(const struct tl_profile *known, unsigned int id, pid_t tid)
{
	unsigned int i = 0;

	if (!tid && id < known->vcpu_count && known->vcpus[id]->id == id)
		return id;
	while (i < known->vcpu_count &&
		(tid ? known->vcpus[i]->tid != tid : known->vcpus[i]->id != id))
		i++;
	return i;
}

static void on_span(void *ctx, const struct tl_profile *profile, const struct tl_profile_vcpu *vcpu,
	const struct tl_span *span)
{
	struct tl_perfetto *p = ctx;
	struct item item = {.kind = span->exit ? ITEM_EXIT : ITEM_GUEST,
		.from = span->from,
		.to = span->to,
		.ns = span->ns,
		.number = span->number,
		.timed = span->timed,
		.vm = find_vm(p, profile)};

	if (item.vm == p->vm_count)
		return;
	item.vcpu = find_vcpu(p->vms[item.vm].known, vcpu->id, 0);
	if (item.vcpu == p->vms[item.vm].known->vcpu_count)
		return;
	if (span->exit)
		item.exit = *span->exit;
	push(p, &item);
}

static void on_wake(void *ctx, const struct tl_profile *profile, const struct tl_event *event)
{
	struct tl_perfetto *p = ctx;
	struct item item = {.kind = ITEM_WAKE, .from = event->ts, .vm = find_vm(p, profile)};
	const struct tl_profile *known;

	if (item.vm == p->vm_count || !event->tid || !event->other_tid)
		return;
	known = p->vms[item.vm].known;
	item.vcpu = find_vcpu(known, 0, event->tid);
	item.woken = find_vcpu(known, 0, event->other_tid);
	if (item.vcpu < known->vcpu_count && item.woken < known->vcpu_count)
		push(p, &item);
}

/* --- the whole --- */

static void write_tracks(struct tl_perfetto *p, const struct vm *vm)
{
	char name[64];

	snprintf(name, sizeof(name), "VM %d", (int)vm->known->pid);
	tl_pf_process(p->pf, vm->track, vm->known->pid, name);
	for (unsigned int v = 0; v < vm->known->vcpu_count; v++) {
		snprintf(name, sizeof(name), "vCPU %u", vm->known->vcpus[v]->id);
		tl_pf_track(p->pf, vcpu_track(vm, v), vm->track, name);
	}
}

/* A value where it changes, and a 0 at the end. */
static void write_counter(struct tl_perfetto *p, const struct vm *vm, unsigned int c)
{
	const uint32_t *steps = vm->steps[c];
	uint64_t track = vcpu_track(vm, vm->known->vcpu_count) + c, last = 0;
	char name[64];

	snprintf(name, sizeof(name), "exits/s %s", tl_esr_class_name(c));
	tl_pf_counter_track(p->pf, track, vm->track, name);
	for (unsigned int s = 0; s <= STEPS + 1; s++) {
		uint64_t rate = s <= STEPS ? steps[s] * UINT64_C(1000000000) / p->step_ns : 0;

		if (rate != last || !s)
			tl_pf_counter(p->pf, track, p->first_ts + s * p->step_ns, rate);
		last = rate;
	}
}

static int add_vm(struct tl_perfetto *p, unsigned int i, const struct tl_profile *known)
{
	p->vms[i].known = known;
	p->vms[i].track = p->tracks + 1;
	p->tracks += 1 + known->vcpu_count + TL_CLASS_COUNT;
	p->vms[i].flow.next_id = &p->flows;
	p->vms[i].flow.vcpu_count = known->vcpu_count;
	p->vms[i].flow.vcpus = calloc(known->vcpu_count + 1, sizeof(*p->vms[i].flow.vcpus));
	return p->vms[i].flow.vcpus ? 0 : -ENOMEM;
}

int tl_perfetto_create(
	struct tl_perfetto **out, FILE *file, struct tl_profile *const *profiles, size_t count)
{
	struct tl_perfetto *p = calloc(1, sizeof(*p));
	uint64_t last = 0;
	int ret;

	*out = p;
	if (!p)
		return -ENOMEM;
	p->listener = (struct tl_span_listener){on_span, on_wake, p};
	p->first_ts = UINT64_MAX;
	p->vms = calloc(count + 1, sizeof(*p->vms));
	if (!p->vms)
		return -ENOMEM;
	for (; p->vm_count < count; p->vm_count++) {
		const struct tl_profile *known = profiles[p->vm_count];

		ret = add_vm(p, (unsigned int)p->vm_count, known);
		if (ret)
			return ret;
		if (known->first_ts && known->first_ts < p->first_ts)
			p->first_ts = known->first_ts;
		if (known->last_ts > last)
			last = known->last_ts;
	}
	p->first_ts = last ? p->first_ts : 0;
	p->step_ns = (last - p->first_ts) / STEPS + 1;
	if (p->step_ns < STEP_NS_MIN)
		p->step_ns = STEP_NS_MIN;
	ret = tl_pf_create(&p->pf, file, p->first_ts);
	for (unsigned int i = 0; i < p->vm_count && !ret; i++)
		write_tracks(p, &p->vms[i]);
	return ret;
}

const struct tl_span_listener *tl_perfetto_listener(struct tl_perfetto *perfetto)
{
	return &perfetto->listener;
}

int tl_perfetto_finish(struct tl_perfetto *p)
{
	while (p->waiting)
		pop(p);
	for (unsigned int i = 0; i < p->vm_count; i++) {
		for (unsigned int c = 0; c < TL_CLASS_COUNT; c++) {
			if (p->vms[i].steps[c])
				write_counter(p, &p->vms[i], c);
		}
	}
	return tl_pf_finish(p->pf);
}

void tl_perfetto_destroy(struct tl_perfetto *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->vm_count; i++) {
		for (unsigned int c = 0; c < TL_CLASS_COUNT; c++)
			free(p->vms[i].steps[c]);
		free(p->vms[i].flow.vcpus);
	}
	tl_pf_destroy(p->pf);
	free(p->vms);
	free(p);
}
