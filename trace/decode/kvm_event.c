/* SPDX-License-Identifier: MIT */
/*
 * Where the fields are is kept in a plain table, since looking a field up by name for
 * every record would cost more than everything else that is done with it.
 */
#include "trace/decode/kvm_event.h"

#include <errno.h>
#include <string.h>

#include "trace/decode/event_format.h"

#define FIELD(member) offsetof(struct tl_kvm_event_format, member)

/* The events, by kind, with the fields that each must have. */
static const struct known_event {
	const char *system, *name;
	struct {
		const char *name;
		size_t to; /* of its struct tl_kvm_field */
	} fields[4];
} events[TL_KVM_FORMATS] = {
	[TL_EVENT_ENTRY] = {"kvm", "kvm_entry", {{"vcpu_pc", FIELD(pc)}}},
	[TL_EVENT_EXIT] = {"kvm", "kvm_exit",
		{{"vcpu_pc", FIELD(pc)}, {"ret", FIELD(ret)}, {"esr_ec", FIELD(ec)}}},
	[TL_EVENT_USER_EXIT] = {"kvm", "kvm_userspace_exit",
		{{"reason", FIELD(reason)}, {"errno", FIELD(error)}}},
	[TL_EVENT_SYSREG] = {"kvm", "kvm_handle_sys_reg", {{"hsr", FIELD(esr)}}},
	[TL_EVENT_CALL] = {"kvm", "kvm_hvc_arm64", {{"r0", FIELD(x0)}, {"imm", FIELD(imm)}}},
	[TL_EVENT_FAULT] = {"kvm", "kvm_guest_fault",
		{{"hsr", FIELD(esr)}, {"hxfar", FIELD(far)}, {"ipa", FIELD(ipa)}}},
	[TL_EVENT_WFX] = {"kvm", "kvm_wfx_arm64", {{"is_wfe", FIELD(imm)}}},
	[TL_EVENT_SWITCH] = {"sched", "sched_switch",
		{{"prev_state", FIELD(state)}, {"next_pid", FIELD(other_tid)}}},
	[TL_EVENT_WAKE] = {"sched", "sched_waking", {{"pid", FIELD(other_tid)}}},
	[TL_EVENT_IRQ] = {"irq", "irq_handler_entry", {{"irq", FIELD(irq)}}},
};

const char *tl_kvm_event_name(enum tl_event_kind kind)
{
	return events[kind].name;
}

const char *tl_kvm_event_system(enum tl_event_kind kind)
{
	return events[kind].system;
}

void tl_kvm_format_init(struct tl_kvm_format *format)
{
	*format = (struct tl_kvm_format){0};
	for (unsigned int i = 0; i < TL_KVM_FORMATS; i++)
		format->event[i].id = -1;
}

/* A plain number, near enough. */
static int take(struct tl_kvm_field *to, const struct tl_event_format *event, const char *name)
{
	const struct tl_event_field *field = tl_event_format_field(event, name);

	if (!field || field->offset >= 4096 ||
		(field->size != 1 && field->size != 2 && field->size != 4 && field->size != 8))
		return -EINVAL;
	to->offset = field->offset;
	to->size = field->size;
	return 0;
}

/* A field that is there: the record must then be long enough for it. */
static void grow(struct tl_kvm_event_format *to, const struct tl_kvm_field *field)
{
	unsigned int end = field->offset + field->size;

	if (field->size && end > to->min_size)
		to->min_size = end;
}

static void grow_all(struct tl_kvm_event_format *to)
{
	const struct tl_kvm_field *const fields[] = {&to->pc, &to->ret, &to->ec, &to->vm_id,
		&to->vcpu_id, &to->exits, &to->reason, &to->error, &to->esr, &to->far, &to->ipa,
		&to->mode, &to->counter, &to->entered, &to->x0, &to->x1, &to->imm, &to->other_tid,
		&to->state, &to->irq, &to->label};

	for (unsigned int i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		grow(to, fields[i]);
}

/* Fields that only the patched kernel has: all of the group or none, to be relied on. */
static void take_optional(struct tl_kvm_event_format *to, const struct tl_event_format *event)
{
	if (take(&to->vm_id, event, "vm_id") || take(&to->vcpu_id, event, "vcpu_id") ||
		take(&to->exits, event, "exits"))
		to->vm_id.size = to->vcpu_id.size = to->exits.size = 0;
	if (take(&to->counter, event, "counter"))
		to->counter.size = 0;
	if (take(&to->esr, event, "esr") || take(&to->far, event, "far") ||
		take(&to->ipa, event, "ipa") || take(&to->mode, event, "mode"))
		to->esr.size = to->far.size = to->ipa.size = to->mode.size = 0;
	if (!to->exits.size || !to->counter.size || take(&to->entered, event, "entered"))
		to->entered.size = 0;
	if (take(&to->x0, event, "x0"))
		to->x0.size = 0;
	if (take(&to->x1, event, "x1"))
		to->x1.size = 0;
}

static int take_event(struct tl_kvm_format *format, const struct tl_event_format *event)
{
	struct tl_kvm_event_format fresh = {.id = event->id};
	unsigned int kind = 0;
	int ret = 0;

	while (kind < TL_KVM_FORMATS && strcmp(event->name, events[kind].name) != 0)
		kind++;
	if (kind == TL_KVM_FORMATS)
		return -ENOENT;
	for (unsigned int i = 0; i < 4 && events[kind].fields[i].name && !ret; i++)
		ret = take((struct tl_kvm_field *)((char *)&fresh + events[kind].fields[i].to),
			event, events[kind].fields[i].name);
	ret = ret ? ret : take(&format->type, event, "common_type");
	ret = ret ? ret : take(&format->pid, event, "common_pid");
	if (ret)
		return ret;
	if (kind == TL_EVENT_ENTRY || kind == TL_EVENT_EXIT)
		take_optional(&fresh, event);
	/* "__data_loc": 4 bytes, where in the record the text lies. */
	if (kind == TL_EVENT_IRQ && (take(&fresh.label, event, "name") || fresh.label.size != 4))
		fresh.label.size = 0;
	grow(&fresh, &format->type);
	grow(&fresh, &format->pid);
	grow_all(&fresh);
	format->event[kind] = fresh;
	return 0;
}

int tl_kvm_format_add(struct tl_kvm_format *format, const char *text, size_t length)
{
	struct tl_event_format event;
	int ret = tl_event_format_parse(&event, text, length);

	return ret ? ret : take_event(format, &event);
}

int tl_kvm_format_is_patched(const struct tl_kvm_format *format)
{
	return format->event[TL_EVENT_EXIT].exits.size &&
	       (format->event[TL_EVENT_EXIT].entered.size ||
		       format->event[TL_EVENT_ENTRY].exits.size);
}

int tl_kvm_format_has_syndrome(const struct tl_kvm_format *format)
{
	return format->event[TL_EVENT_EXIT].esr.size && format->event[TL_EVENT_EXIT].counter.size &&
	       (format->event[TL_EVENT_EXIT].entered.size ||
		       format->event[TL_EVENT_ENTRY].counter.size);
}

int tl_kvm_format_has_entered(const struct tl_kvm_format *format)
{
	return format->event[TL_EVENT_EXIT].entered.size != 0;
}

static uint64_t load(const unsigned char *record, const struct tl_kvm_field *field)
{
	uint64_t v64;
	uint32_t v32;
	uint16_t v16;

	/* Through memcpy: records are 4-byte aligned, 8-byte fields need not be 8-byte aligned. */
	switch (field->size) {
	case 8:
		memcpy(&v64, record + field->offset, 8);
		return v64;
	case 4:
		memcpy(&v32, record + field->offset, 4);
		return v32;
	case 2:
		memcpy(&v16, record + field->offset, 2);
		return v16;
	case 1:
		return record[field->offset];
	default:
		return 0;
	}
}

static void decode_exit(
	const struct tl_kvm_event_format *f, const unsigned char *raw, struct tl_event *event)
{
	event->pc = load(raw, &f->pc);
	event->ret = (uint32_t)load(raw, &f->ret);
	event->ec = (uint32_t)load(raw, &f->ec);
	event->counter = load(raw, &f->counter);
	event->entered = load(raw, &f->entered);
	if (f->esr.size) {
		event->has_syndrome = 1;
		event->esr = load(raw, &f->esr);
		event->far = load(raw, &f->far);
		event->ipa = load(raw, &f->ipa);
		event->mode = (uint32_t)load(raw, &f->mode);
		event->x0 = load(raw, &f->x0);
		event->x1 = load(raw, &f->x1);
	}
	if (f->exits.size) {
		event->has_exits = 1;
		event->vm = (uint32_t)load(raw, &f->vm_id);
		event->vcpu = (uint32_t)load(raw, &f->vcpu_id);
		event->exits = load(raw, &f->exits);
	}
}

/* The text that a "__data_loc" word points to, if it is one and lies in the record. */
static const char *text_at(const unsigned char *raw, size_t size, uint32_t where)
{
	size_t offset = where & 0xffff, length = where >> 16;

	if (!length || offset > size || length > size - offset || raw[offset + length - 1])
		return NULL;
	return (const char *)raw + offset;
}

/* What is neither entry nor exit. */
static void decode_other(const struct tl_kvm_event_format *f, const unsigned char *raw, size_t size,
	struct tl_event *event)
{
	switch (event->kind) {
	case TL_EVENT_USER_EXIT:
		event->reason = (uint32_t)load(raw, &f->reason);
		event->error = (int)(int32_t)load(raw, &f->error);
		break;
	case TL_EVENT_SWITCH:
		event->other_tid = (pid_t)load(raw, &f->other_tid);
		/* TASK_RUNNING, or TASK_REPORT_MAX: it was preempted (include/linux/sched.h). */
		event->preempted = (load(raw, &f->state) & 0xff) == 0;
		break;
	case TL_EVENT_WAKE:
		event->other_tid = (pid_t)load(raw, &f->other_tid);
		break;
	case TL_EVENT_IRQ:
		event->irq = (uint32_t)load(raw, &f->irq);
		if (f->label.size)
			event->label = text_at(raw, size, (uint32_t)load(raw, &f->label));
		break;
	default:
		event->esr = load(raw, &f->esr);
		event->far = load(raw, &f->far);
		event->ipa = load(raw, &f->ipa);
		event->x0 = load(raw, &f->x0);
		event->imm = (uint32_t)load(raw, &f->imm);
		break;
	}
}

int tl_kvm_format_decode(const struct tl_kvm_format *format, const void *record, size_t size,
	uint64_t ts, struct tl_event *event)
{
	const struct tl_kvm_event_format *f;
	const unsigned char *raw = record;
	unsigned int kind = TL_EVENT_EXIT; /* mostly */
	int type;

	if (size < format->type.offset + format->type.size)
		return -EINVAL;
	type = (int)load(raw, &format->type);
	if (type != format->event[kind].id) {
		kind = 0;
		while (kind < TL_KVM_FORMATS && type != format->event[kind].id)
			kind++;
		if (kind == TL_KVM_FORMATS)
			return -ENOENT;
	}
	f = &format->event[kind];
	if (size < f->min_size)
		return -EINVAL;
	*event = (struct tl_event){
		.kind = (enum tl_event_kind)kind, .ts = ts, .vcpu = TL_EVENT_NO_VCPU};
	event->tid = (pid_t)load(raw, &format->pid);
	if (kind == TL_EVENT_EXIT || kind == TL_EVENT_ENTRY)
		decode_exit(f, raw, event);
	else
		decode_other(f, raw, size, event);
	return 0;
}
