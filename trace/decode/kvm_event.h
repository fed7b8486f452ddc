/* SPDX-License-Identifier: MIT */
/*
 * From raw records of trace events to struct tl_event. Where each field lies is
 * learned once, by name, from the format files of the kernel that made them; after
 * that a record costs a few loads. Fields of the patched kernel may be missing: then
 * the count is unknown and the vCPU must be told by its thread.
 */
#ifndef TL_TRACE_KVM_EVENT_H
#define TL_TRACE_KVM_EVENT_H

#include <stddef.h>

#include "trace/decode/event.h"

/* A field of a record; size 0 means that the kernel does not have it. */
struct tl_kvm_field {
	unsigned int offset;
	unsigned int size;
};

struct tl_kvm_event_format {
	int id; /* common_type; -1 before the format is known */
	unsigned int min_size;
	struct tl_kvm_field pc, ret, ec, vm_id, vcpu_id, exits, reason, error;
	struct tl_kvm_field esr, far, ipa, mode, counter, entered, x0, x1;
	struct tl_kvm_field imm, other_tid, state, irq, label;
};

/* The kinds up to here have a record each. */
#define TL_KVM_FORMATS (TL_EVENT_IRQ + 1)

struct tl_kvm_format {
	struct tl_kvm_field type;                         /* common_type, alike in all events */
	struct tl_kvm_field pid;                          /* common_pid */
	struct tl_kvm_event_format event[TL_KVM_FORMATS]; /* by kind */
};

/* The name and system of the event of that kind, as tracefs has it ("kvm", "kvm_exit"). */
const char *tl_kvm_event_name(enum tl_event_kind kind);
const char *tl_kvm_event_system(enum tl_event_kind kind);

/* Makes `format` empty. */
void tl_kvm_format_init(struct tl_kvm_format *format);

/*
 * Takes in the text of one format file (events/kvm/NAME/format), by the name in
 * its first line. Returns 0, -EINVAL (not such a text, or a field that is needed
 * is missing) or -ENOENT (an event that is of no use here).
 */
int tl_kvm_format_add(struct tl_kvm_format *format, const char *text, size_t length);

/* Whether the kernel's events carry vCPU id and exit count. */
int tl_kvm_format_is_patched(const struct tl_kvm_format *format);

/* Whether they carry the syndrome and the system counter as well. */
int tl_kvm_format_has_syndrome(const struct tl_kvm_format *format);

/* Whether an exit tells when the guest was entered: then no event of an entry is needed. */
int tl_kvm_format_has_entered(const struct tl_kvm_format *format);

/*
 * Decodes one record of `size` bytes, which `event` may go on to point into. Returns 0, -ENOENT
 * (another event) or -EINVAL (shorter than its format says). `event` gets ts; it is whole only
 * on 0.
 */
int tl_kvm_format_decode(const struct tl_kvm_format *format, const void *record, size_t size,
	uint64_t ts, struct tl_event *event);

#endif
