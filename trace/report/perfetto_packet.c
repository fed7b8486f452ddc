/* SPDX-License-Identifier: MIT */
/*
 * The numbers of fields and values are those of protos/perfetto/trace/ in Perfetto's source:
 * trace_packet.proto, clock_snapshot.proto, interned_data/interned_data.proto and
 * track_event/{track_event,track_descriptor,debug_annotation}.proto. They never change their
 * meaning. The encoding is that of protobuf.dev/programming-guides/encoding.
 */
#include "trace/report/perfetto_packet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

enum {
	TRACE_PACKET = 1,

	PACKET_CLOCK_SNAPSHOT = 6,
	PACKET_TIMESTAMP = 8,
	PACKET_SEQUENCE_ID = 10, /* trusted_packet_sequence_id */
	PACKET_TRACK_EVENT = 11,
	PACKET_INTERNED_DATA = 12,
	PACKET_SEQUENCE_FLAGS = 13,
	PACKET_CLOCK_ID = 58, /* timestamp_clock_id; the same in the defaults */
	PACKET_DEFAULTS = 59,
	PACKET_TRACK_DESCRIPTOR = 60,

	SNAPSHOT_CLOCKS = 1,
	SNAPSHOT_PRIMARY = 2, /* primary_trace_clock */
	CLOCK_ID = 1,
	CLOCK_TIMESTAMP = 2,

	TRACK_UUID = 1,
	TRACK_NAME = 2,
	TRACK_PROCESS = 3,
	TRACK_PARENT = 5,
	TRACK_COUNTER = 8,
	PROCESS_PID = 1,
	PROCESS_NAME = 6,
	COUNTER_UNIT_NAME = 6,

	EVENT_CATEGORY_IIDS = 3,
	EVENT_ARGS = 4, /* debug_annotations */
	EVENT_TYPE = 9,
	EVENT_NAME_IID = 10,
	EVENT_TRACK_UUID = 11,
	EVENT_COUNTER_VALUE = 30,
	EVENT_FLOW_IDS = 47,
	EVENT_TERMINATING_FLOW_IDS = 48,

	ARG_NAME_IID = 1,
	ARG_UINT = 3,
	ARG_POINTER = 7,
	ARG_STRING_IID = 17,

	INTERNED_CATEGORIES = 1,
	INTERNED_EVENT_NAMES = 2,
	INTERNED_ARG_NAMES = 3,
	INTERNED_ARG_STRINGS = 29,
	NAME_IID = 1,
	NAME_TEXT = 2,
};

enum { TYPE_BEGIN = 1, TYPE_END = 2, TYPE_INSTANT = 3, TYPE_COUNTER = 4 };
enum { FLAG_CLEARED = 1, FLAG_NEEDS_STATE = 2 };
enum { CATEGORY_EXIT = 1, CATEGORY_GUEST = 2 };

#define MONOTONIC 3 /* BuiltinClock */
#define SEQUENCE  1

/* Wire types */
#define VARINT  0u
#define FIXED64 1u
#define BYTES   2u

/* Names that are kept at a time; a power of two. */
#define NAMES     8192u
#define NAMES_MAX (NAMES / 4 * 3)
/* A packet that adds many names is still far below this. */
#define WRITE_AT 65536u

struct name {
	struct tl_pf_key key;
	uint64_t iid; /* 0: the place is free */
};

struct tl_pf {
	FILE *out;
	struct tl_buffer bytes;
	struct tl_buffer packet, interned, event, part; /* of the packet that is being made */
	int restart;                                    /* the next packet begins with no names */
	uint64_t next_iid;
	unsigned int name_count;
	struct name names[NAMES];
	int ret;
};

/* --- protobuf --- */

static void put_varint(struct tl_buffer *to, uint64_t value)
{
	unsigned char bytes[10];
	unsigned int size = 0;

	do {
		bytes[size++] = (unsigned char)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
		value >>= 7;
	} while (value);
	tl_buffer_add(to, bytes, size);
}

static void put_number(struct tl_buffer *to, unsigned int field, uint64_t value)
{
	put_varint(to, field << 3 | VARINT);
	put_varint(to, value);
}

static void put_fixed64(struct tl_buffer *to, unsigned int field, uint64_t value)
{
	unsigned char bytes[8];

	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(value >> 8 * i);
	put_varint(to, field << 3 | FIXED64);
	tl_buffer_add(to, bytes, sizeof(bytes));
}

static void put_bytes(struct tl_buffer *to, unsigned int field, const void *data, size_t size)
{
	put_varint(to, field << 3 | BYTES);
	put_varint(to, size);
	tl_buffer_add(to, data, size);
}

static void put_message(struct tl_buffer *to, unsigned int field, const struct tl_buffer *message)
{
	put_bytes(to, field, message->data, message->used);
}

/* Strings are UTF-8 (proto3) or what they like (proto2); nobody is asked to cope with more. */
static void put_string(struct tl_buffer *to, unsigned int field, const char *string)
{
	char text[160];
	size_t size = 0;

	for (; string[size] && size < sizeof(text); size++)
		text[size] = string[size] >= ' ' && string[size] <= '~' ? string[size] : '?';
	put_bytes(to, field, text, size);
}

/* --- packets --- */

static void write_out(struct tl_pf *pf)
{
	if (pf->bytes.failed && !pf->ret)
		pf->ret = -ENOMEM;
	if (!pf->ret && pf->bytes.used &&
		fwrite(pf->bytes.data, 1, pf->bytes.used, pf->out) != pf->bytes.used)
		pf->ret = errno ? -errno : -EIO;
	tl_buffer_clear(&pf->bytes);
}

/* Appends pf->packet. */
static void put_packet(struct tl_pf *pf)
{
	if ((pf->packet.failed || pf->interned.failed || pf->event.failed || pf->part.failed) &&
		!pf->ret)
		pf->ret = -ENOMEM;
	put_message(&pf->bytes, TRACE_PACKET, &pf->packet);
	tl_buffer_clear(&pf->packet);
	if (pf->bytes.used >= WRITE_AT)
		write_out(pf);
}

static void put_interned(struct tl_pf *pf, unsigned int field, uint64_t iid, const char *name)
{
	tl_buffer_clear(&pf->part);
	put_number(&pf->part, NAME_IID, iid);
	put_string(&pf->part, NAME_TEXT, name);
	put_message(&pf->interned, field, &pf->part);
}

/* What every packet may refer to, once. */
static void put_state(struct tl_pf *pf)
{
	static const char *const args[TL_PF_ARGS] = {"class", "detail", "pc", "symbol", "handler",
		"exit", "ns", "asleep_ns", "delayed_ns"};

	tl_buffer_clear(&pf->part);
	put_number(&pf->part, PACKET_CLOCK_ID, MONOTONIC);
	put_message(&pf->packet, PACKET_DEFAULTS, &pf->part);
	for (unsigned int i = 0; i < TL_PF_ARGS; i++)
		put_interned(pf, INTERNED_ARG_NAMES, i + 1, args[i]);
	put_interned(pf, INTERNED_CATEGORIES, CATEGORY_EXIT, "exit");
	put_interned(pf, INTERNED_CATEGORIES, CATEGORY_GUEST, "guest");
}

/* A packet with pf->event, and whatever names are new in it. */
static void put_event(struct tl_pf *pf, uint64_t ts)
{
	put_number(&pf->packet, PACKET_TIMESTAMP, ts);
	put_number(&pf->packet, PACKET_SEQUENCE_ID, SEQUENCE);
	put_number(&pf->packet, PACKET_SEQUENCE_FLAGS,
		pf->restart ? FLAG_CLEARED | FLAG_NEEDS_STATE : FLAG_NEEDS_STATE);
	if (pf->restart)
		put_state(pf);
	if (pf->interned.used)
		put_message(&pf->packet, PACKET_INTERNED_DATA, &pf->interned);
	put_message(&pf->packet, PACKET_TRACK_EVENT, &pf->event);
	pf->restart = 0;
	put_packet(pf);
	tl_buffer_clear(&pf->interned);
	tl_buffer_clear(&pf->event);
}

int tl_pf_create(struct tl_pf **pf, FILE *out, uint64_t first_ts)
{
	struct tl_buffer snapshot = {0};

	*pf = calloc(1, sizeof(**pf));
	if (!*pf)
		return -ENOMEM;
	(*pf)->out = out;
	(*pf)->restart = 1;
	(*pf)->next_iid = 1;
	put_number(&(*pf)->part, CLOCK_ID, MONOTONIC);
	put_number(&(*pf)->part, CLOCK_TIMESTAMP, first_ts);
	put_message(&snapshot, SNAPSHOT_CLOCKS, &(*pf)->part);
	/* Else times would have to be brought to CLOCK_BOOTTIME, which nobody knows. */
	put_number(&snapshot, SNAPSHOT_PRIMARY, MONOTONIC);
	put_number(&(*pf)->packet, PACKET_SEQUENCE_ID, SEQUENCE);
	put_message(&(*pf)->packet, PACKET_CLOCK_SNAPSHOT, &snapshot);
	put_packet(*pf);
	tl_buffer_fini(&snapshot);
	return 0;
}

/* A packet with the descriptor that is in pf->event. */
static void put_descriptor(struct tl_pf *pf)
{
	put_number(&pf->packet, PACKET_SEQUENCE_ID, SEQUENCE);
	put_message(&pf->packet, PACKET_TRACK_DESCRIPTOR, &pf->event);
	put_packet(pf);
	tl_buffer_clear(&pf->event);
}

void tl_pf_process(struct tl_pf *pf, uint64_t uuid, int pid, const char *name)
{
	tl_buffer_clear(&pf->part);
	put_number(&pf->part, PROCESS_PID, (uint64_t)pid);
	put_string(&pf->part, PROCESS_NAME, name);
	put_number(&pf->event, TRACK_UUID, uuid);
	put_message(&pf->event, TRACK_PROCESS, &pf->part);
	put_descriptor(pf);
}

static void put_track(
	struct tl_pf *pf, uint64_t uuid, uint64_t parent, const char *name, const char *unit)
{
	put_number(&pf->event, TRACK_UUID, uuid);
	put_number(&pf->event, TRACK_PARENT, parent);
	put_string(&pf->event, TRACK_NAME, name);
	if (unit) {
		tl_buffer_clear(&pf->part);
		put_string(&pf->part, COUNTER_UNIT_NAME, unit);
		put_message(&pf->event, TRACK_COUNTER, &pf->part);
	}
	put_descriptor(pf);
}

void tl_pf_track(struct tl_pf *pf, uint64_t uuid, uint64_t parent, const char *name)
{
	put_track(pf, uuid, parent, name, NULL);
}

void tl_pf_counter_track(struct tl_pf *pf, uint64_t uuid, uint64_t parent, const char *name)
{
	put_track(pf, uuid, parent, name, "1/s");
}

void tl_pf_counter(struct tl_pf *pf, uint64_t uuid, uint64_t ts, uint64_t value)
{
	put_number(&pf->event, EVENT_TYPE, TYPE_COUNTER);
	put_number(&pf->event, EVENT_TRACK_UUID, uuid);
	put_number(&pf->event, EVENT_COUNTER_VALUE, value);
	put_event(pf, ts);
}

/* --- names --- */

static unsigned int place_of(const struct tl_pf *pf, const struct tl_pf_key *key)
{
	uint64_t h = (key->a ^ key->b << 7 ^ (uint64_t)key->c << 40) * UINT64_C(0x9e3779b97f4a7c15);
	unsigned int at = (unsigned int)((h ^ h >> 32) + key->table) & (NAMES - 1);

	while (pf->names[at].iid &&
		(pf->names[at].key.a != key->a || pf->names[at].key.b != key->b ||
			pf->names[at].key.c != key->c || pf->names[at].key.table != key->table))
		at = (at + 1) & (NAMES - 1);
	return at;
}

uint64_t tl_pf_find(const struct tl_pf *pf, const struct tl_pf_key *key)
{
	return pf->names[place_of(pf, key)].iid;
}

uint64_t tl_pf_name(struct tl_pf *pf, const struct tl_pf_key *key, const char *name)
{
	struct name *place = &pf->names[place_of(pf, key)];

	/* Numbers are not used again, even by a reader who has forgotten them. */
	if (!place->iid) {
		*place = (struct name){*key, pf->next_iid++};
		pf->name_count++;
		put_interned(pf,
			key->table == TL_PF_EVENT_NAME ? INTERNED_EVENT_NAMES
						       : INTERNED_ARG_STRINGS,
			place->iid, name);
	}
	return place->iid;
}

/* --- slices --- */

void tl_pf_begin(struct tl_pf *pf)
{
	if (pf->name_count < NAMES_MAX)
		return;
	memset(pf->names, 0, sizeof(pf->names));
	pf->name_count = 0;
	pf->restart = 1;
}

static void put_arg(struct tl_pf *pf, enum tl_pf_arg arg, unsigned int field, uint64_t value)
{
	tl_buffer_clear(&pf->part);
	put_number(&pf->part, ARG_NAME_IID, (uint64_t)arg + 1);
	put_number(&pf->part, field, value);
	put_message(&pf->event, EVENT_ARGS, &pf->part);
}

void tl_pf_arg_number(struct tl_pf *pf, enum tl_pf_arg arg, uint64_t value)
{
	put_arg(pf, arg, ARG_UINT, value);
}

void tl_pf_arg_pointer(struct tl_pf *pf, enum tl_pf_arg arg, uint64_t value)
{
	put_arg(pf, arg, ARG_POINTER, value);
}

void tl_pf_arg_string(struct tl_pf *pf, enum tl_pf_arg arg, uint64_t string)
{
	put_arg(pf, arg, ARG_STRING_IID, string);
}

void tl_pf_flow(struct tl_pf *pf, uint64_t id, int ends)
{
	put_fixed64(&pf->event, ends ? EVENT_TERMINATING_FLOW_IDS : EVENT_FLOW_IDS, id);
}

void tl_pf_end(struct tl_pf *pf, uint64_t uuid, uint64_t name, int in_guest, uint64_t from,
	uint64_t to, int timed)
{
	put_number(&pf->event, EVENT_TYPE, timed ? TYPE_BEGIN : TYPE_INSTANT);
	put_number(&pf->event, EVENT_TRACK_UUID, uuid);
	put_number(&pf->event, EVENT_CATEGORY_IIDS, in_guest ? CATEGORY_GUEST : CATEGORY_EXIT);
	put_number(&pf->event, EVENT_NAME_IID, name);
	put_event(pf, from);
	if (!timed)
		return;
	put_number(&pf->event, EVENT_TYPE, TYPE_END);
	put_number(&pf->event, EVENT_TRACK_UUID, uuid);
	put_event(pf, to);
}

int tl_pf_finish(struct tl_pf *pf)
{
	write_out(pf);
	if (!pf->ret && (fflush(pf->out) || ferror(pf->out)))
		pf->ret = errno ? -errno : -EIO;
	return pf->ret;
}

void tl_pf_destroy(struct tl_pf *pf)
{
	if (!pf)
		return;
	tl_buffer_fini(&pf->bytes);
	tl_buffer_fini(&pf->packet);
	tl_buffer_fini(&pf->part);
	tl_buffer_fini(&pf->interned);
	tl_buffer_fini(&pf->event);
	free(pf);
}
