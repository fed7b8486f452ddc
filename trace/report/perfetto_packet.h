/* SPDX-License-Identifier: MIT */
/*
 * Packets of a Perfetto trace: a stream of protobuf messages (perfetto.dev, Trace and
 * TracePacket). Names are sent once and then go by number, until there are too many of them:
 * then all are forgotten, here and by the reader, and memory does not grow.
 */
#ifndef TL_TRACE_PERFETTO_PACKET_H
#define TL_TRACE_PERFETTO_PACKET_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct tl_pf;

/* What a slice can have beside its name. */
enum tl_pf_arg {
	TL_PF_CLASS,
	TL_PF_DETAIL,
	TL_PF_PC,
	TL_PF_SYMBOL,
	TL_PF_HANDLER,
	TL_PF_EXIT,
	TL_PF_NS,
	TL_PF_ASLEEP_NS,
	TL_PF_DELAYED_NS,
	TL_PF_ARGS,
};

/* Names of the two kinds that the format keeps apart. */
enum tl_pf_table { TL_PF_EVENT_NAME, TL_PF_ARG_STRING };

/* What a name stands for; the same key has the same name. */
struct tl_pf_key {
	uint64_t a, b;
	uint32_t c;
	enum tl_pf_table table;
};

/* Packets go to `out`, with times on CLOCK_MONOTONIC. Returns 0 or -ENOMEM. */
int tl_pf_create(struct tl_pf **pf, FILE *out, uint64_t first_ts);

/* Tracks; each `uuid` once. A counter's values are of 1/s. */
void tl_pf_process(struct tl_pf *pf, uint64_t uuid, int pid, const char *name);
void tl_pf_track(struct tl_pf *pf, uint64_t uuid, uint64_t parent, const char *name);
void tl_pf_counter_track(struct tl_pf *pf, uint64_t uuid, uint64_t parent, const char *name);
void tl_pf_counter(struct tl_pf *pf, uint64_t uuid, uint64_t ts, uint64_t value);

/* The number of a name, 0: it has none yet; and gives it one. Between begin and end. */
uint64_t tl_pf_find(const struct tl_pf *pf, const struct tl_pf_key *key);
uint64_t tl_pf_name(struct tl_pf *pf, const struct tl_pf_key *key, const char *name);

/*
 * A slice, from begin to end: in between its name's number, arguments, and the flow that
 * begins with it or ends with it. Where `to` is not known it is an instant (timed: 0).
 */
void tl_pf_begin(struct tl_pf *pf);
void tl_pf_arg_number(struct tl_pf *pf, enum tl_pf_arg arg, uint64_t value);
void tl_pf_arg_pointer(struct tl_pf *pf, enum tl_pf_arg arg, uint64_t value);
void tl_pf_arg_string(struct tl_pf *pf, enum tl_pf_arg arg, uint64_t string);
void tl_pf_flow(struct tl_pf *pf, uint64_t id, int ends);
void tl_pf_end(struct tl_pf *pf, uint64_t uuid, uint64_t name, int in_guest, uint64_t from,
	uint64_t to, int timed);

/* Writes what is left. Returns 0 or -errno of the first thing that went wrong. */
int tl_pf_finish(struct tl_pf *pf);

/* Accepts NULL. */
void tl_pf_destroy(struct tl_pf *pf);

#endif
