/* SPDX-License-Identifier: MIT */
/*
 * libtraceevent parses the format text; the offsets are then kept in a plain
 * table, since looking a field up by name for every record would cost more than
 * everything else that is done with it.
 */
#include "trace/decode/kvm_event.h"

#include <errno.h>
#include <string.h>

#include <event-parse.h>

void tl_kvm_format_init(struct tl_kvm_format *format)
{
	*format = (struct tl_kvm_format){0};
	format->entry.id = format->exit.id = format->user_exit.id = -1;
}

static int valid_scalar(const struct tep_format_field *field)
{
	int size = field->size;

	return field->offset >= 0 && field->offset < 4096 &&
	       (size == 1 || size == 2 || size == 4 || size == 8);
}

static int take(struct tl_kvm_field *to, const struct tep_format_field *field)
{
	if (!field || !valid_scalar(field))
		return -EINVAL;
	to->offset = (unsigned int)field->offset;
	to->size = (unsigned int)field->size;
	return 0;
}

/* An optional field that is there: the record must then be long enough for it. */
static void grow(struct tl_kvm_event_format *to, const struct tl_kvm_field *field)
{
	unsigned int end = field->offset + field->size;

	if (field->size && end > to->min_size)
		to->min_size = end;
}

/* Fields that only the patched kernel has: all of the group or none, to be relied on. */
static void take_optional(struct tl_kvm_event_format *to, struct tep_event *event)
{
	if (take(&to->vm_id, tep_find_field(event, "vm_id")) ||
		take(&to->vcpu_id, tep_find_field(event, "vcpu_id")) ||
		take(&to->exits, tep_find_field(event, "exits")))
		to->vm_id.size = to->vcpu_id.size = to->exits.size = 0;
	if (take(&to->counter, tep_find_field(event, "counter")))
		to->counter.size = 0;
	if (take(&to->esr, tep_find_field(event, "esr")) ||
		take(&to->far, tep_find_field(event, "far")) ||
		take(&to->ipa, tep_find_field(event, "ipa")) ||
		take(&to->mode, tep_find_field(event, "mode")))
		to->esr.size = to->far.size = to->ipa.size = to->mode.size = 0;
}

static int take_event(struct tl_kvm_format *format, struct tep_event *event)
{
	struct tl_kvm_event_format fresh = {.id = event->id}, *to;
	int ret;

	if (!strcmp(event->name, "kvm_entry")) {
		to = &format->entry;
		ret = take(&fresh.pc, tep_find_field(event, "vcpu_pc"));
	} else if (!strcmp(event->name, "kvm_exit")) {
		to = &format->exit;
		ret = take(&fresh.pc, tep_find_field(event, "vcpu_pc"));
		ret = ret ? ret : take(&fresh.ret, tep_find_field(event, "ret"));
		ret = ret ? ret : take(&fresh.ec, tep_find_field(event, "esr_ec"));
	} else if (!strcmp(event->name, "kvm_userspace_exit")) {
		to = &format->user_exit;
		ret = take(&fresh.reason, tep_find_field(event, "reason"));
		ret = ret ? ret : take(&fresh.error, tep_find_field(event, "errno"));
	} else {
		return -ENOENT;
	}
	ret = ret ? ret : take(&format->type, tep_find_common_field(event, "common_type"));
	ret = ret ? ret : take(&format->pid, tep_find_common_field(event, "common_pid"));
	if (ret)
		return ret;
	take_optional(&fresh, event);
	grow(&fresh, &format->type);
	grow(&fresh, &format->pid);
	grow(&fresh, &fresh.pc);
	grow(&fresh, &fresh.ret);
	grow(&fresh, &fresh.ec);
	grow(&fresh, &fresh.vm_id);
	grow(&fresh, &fresh.vcpu_id);
	grow(&fresh, &fresh.exits);
	grow(&fresh, &fresh.reason);
	grow(&fresh, &fresh.error);
	grow(&fresh, &fresh.esr);
	grow(&fresh, &fresh.far);
	grow(&fresh, &fresh.ipa);
	grow(&fresh, &fresh.mode);
	grow(&fresh, &fresh.counter);
	*to = fresh;
	return 0;
}

int tl_kvm_format_add(struct tl_kvm_format *format, const char *text, size_t length)
{
	struct tep_handle *tep = tep_alloc();
	struct tep_event *event;
	int ret = -EINVAL;

	if (!tep)
		return -ENOMEM;
	/* The print format is of no interest, and libtraceevent need not understand it. */
	(void)tep_parse_event(tep, text, length, "kvm");
	event = tep_get_first_event(tep);
	if (event && event->name)
		ret = take_event(format, event);
	tep_free(tep);
	return ret;
}

int tl_kvm_format_is_patched(const struct tl_kvm_format *format)
{
	return format->entry.exits.size && format->exit.exits.size;
}

int tl_kvm_format_has_syndrome(const struct tl_kvm_format *format)
{
	return format->exit.esr.size && format->exit.counter.size && format->entry.counter.size;
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

int tl_kvm_format_decode(const struct tl_kvm_format *format, const void *record, size_t size,
	uint64_t ts, struct tl_event *event)
{
	const struct tl_kvm_event_format *f;
	const unsigned char *raw = record;
	int type;

	if (size < format->type.offset + format->type.size)
		return -EINVAL;
	type = (int)load(raw, &format->type);
	*event = (struct tl_event){.ts = ts, .vcpu = TL_EVENT_NO_VCPU};
	if (type == format->exit.id) {
		f = &format->exit;
		event->kind = TL_EVENT_EXIT;
	} else if (type == format->entry.id) {
		f = &format->entry;
		event->kind = TL_EVENT_ENTRY;
	} else if (type == format->user_exit.id) {
		f = &format->user_exit;
		event->kind = TL_EVENT_USER_EXIT;
	} else {
		return -ENOENT;
	}
	if (size < f->min_size)
		return -EINVAL;
	event->tid = (pid_t)load(raw, &format->pid);
	event->pc = load(raw, &f->pc);
	event->ret = (uint32_t)load(raw, &f->ret);
	event->ec = (uint32_t)load(raw, &f->ec);
	event->reason = (uint32_t)load(raw, &f->reason);
	event->error = (int)(int32_t)load(raw, &f->error);
	event->counter = load(raw, &f->counter);
	if (f->esr.size) {
		event->has_syndrome = 1;
		event->esr = load(raw, &f->esr);
		event->far = load(raw, &f->far);
		event->ipa = load(raw, &f->ipa);
		event->mode = (uint32_t)load(raw, &f->mode);
	}
	if (f->exits.size) {
		event->has_exits = 1;
		event->vcpu = (uint32_t)load(raw, &f->vcpu_id);
		event->exits = load(raw, &f->exits);
	}
	return 0;
}
