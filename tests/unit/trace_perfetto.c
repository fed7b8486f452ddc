/* SPDX-License-Identifier: MIT */
/*
 * A Perfetto trace, read back by a reader of its own: slices that follow each other, names that
 * are known where they are used, arguments, counters, flows with both ends, and memory that
 * does not grow with names.
 * Links: trace/report/perfetto.c trace/report/perfetto_packet.c trace/report/perfetto_flow.c
 * Links: base/buffer.c trace/report/group.c trace/profile/detail.c trace/profile/hist.c
 * Links: trace/decode/cp.c tests/unit/fake_lines.c trace/decode/detail.c
 * Links: trace/decode/device_regs.c trace/decode/smccc.c trace/decode/sysreg.c
 * Links: trace/decode/esr.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/decode/detail.h"
#include "trace/decode/symbols.h"
#include "trace/report/perfetto.h"

#define HVC   (TL_CLASS_EC + 0x16)
#define SYS64 (TL_CLASS_EC + 0x18)
#define DABT  (TL_CLASS_EC + 0x24)
#define SGI   0x3a3016u
#define T0    1000000000u

/* In the place of trace/decode/symbols.c. */
const char *tl_symbols_find(const struct tl_symbols *symbols, uint64_t address, uint64_t *offset)
{
	(void)symbols;
	*offset = address & 0xf;
	return "function";
}

/* --- reader --- */

struct field {
	unsigned int number, wire;
	uint64_t value;
	const unsigned char *data; /* of `value` bytes */
};

struct bytes {
	const unsigned char *at, *end;
};

static uint64_t read_varint(struct bytes *in)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 64; shift += 7) {
		assert_true(in->at < in->end);
		value |= (uint64_t)(*in->at & 0x7f) << shift;
		if (!(*in->at++ & 0x80))
			return value;
	}
	fail_msg("a varint without an end");
	return 0;
}

static int read_field(struct bytes *in, struct field *field)
{
	uint64_t key;

	if (in->at == in->end)
		return 0;
	key = read_varint(in);
	*field = (struct field){(unsigned int)(key >> 3), key & 7, 0, NULL};
	switch (field->wire) {
	case 0:
		field->value = read_varint(in);
		break;
	case 1:
		assert_true(in->end - in->at >= 8);
		for (unsigned int i = 0; i < 8; i++)
			field->value |= (uint64_t)in->at[i] << 8 * i;
		in->at += 8;
		break;
	default:
		assert_int_equal(field->wire, 2);
		field->value = read_varint(in);
		assert_true((uint64_t)(in->end - in->at) >= field->value);
		field->data = in->at;
		in->at += field->value;
		break;
	}
	return 1;
}

static struct bytes inside(const struct field *field)
{
	assert_int_equal(field->wire, 2);
	return (struct bytes){field->data, field->data + field->value};
}

static void read_text(const struct field *field, char *text, size_t size)
{
	assert_int_equal(field->wire, 2);
	snprintf(text, size, "%.*s", (int)field->value, (const char *)field->data);
}

struct event {
	uint64_t ts, type, track, value, begins;
	uint64_t ends[20];
	unsigned int end_count;
	char name[80], args[400]; /* "class=HVC64 exit=3 " */
};

#define IIDS 60000
static struct {
	char names[IIDS][80], strings[IIDS][80], args[16][24];
	char tracks[512][80];
	uint64_t parents[512];
	struct event *events;
	size_t count;
	unsigned int restarts;
} trace;

static void read_names(const struct field *data)
{
	struct bytes in = inside(data);
	struct field field, part;

	while (read_field(&in, &field)) {
		struct bytes entry = inside(&field);
		char text[80] = "";
		uint64_t iid = 0;

		while (read_field(&entry, &part)) {
			if (part.number == 1)
				iid = part.value;
			else
				read_text(&part, text, sizeof(text));
		}
		assert_true(iid && iid < IIDS);
		if (field.number == 2)
			strcpy(trace.names[iid], text);
		else if (field.number == 29)
			strcpy(trace.strings[iid], text);
		else if (field.number == 3)
			snprintf(trace.args[iid & 15], sizeof(trace.args[0]), "%.23s", text);
	}
}

static void read_arg(const struct field *data, struct event *event)
{
	struct bytes in = inside(data);
	size_t used = strlen(event->args);
	struct field field;
	const char *name = "";
	char value[80] = "";

	while (read_field(&in, &field)) {
		if (field.number == 1)
			name = trace.args[field.value];
		else if (field.number == 17)
			snprintf(value, sizeof(value), "%s", trace.strings[field.value]);
		else
			snprintf(value, sizeof(value), field.number == 7 ? "0x%llx" : "%llu",
				(unsigned long long)field.value);
	}
	assert_true(name[0] && value[0]);
	snprintf(event->args + used, sizeof(event->args) - used, "%s=%s;", name, value);
}

static void read_event(const struct field *data, struct event *event)
{
	struct bytes in = inside(data);
	struct field field;

	while (read_field(&in, &field)) {
		if (field.number == 4)
			read_arg(&field, event);
		else if (field.number == 9)
			event->type = field.value;
		else if (field.number == 10)
			strcpy(event->name, trace.names[field.value]);
		else if (field.number == 11)
			event->track = field.value;
		else if (field.number == 30)
			event->value = field.value;
		else if (field.number == 47)
			event->begins = field.value;
		else if (field.number == 48)
			event->ends[event->end_count++] = field.value;
	}
	assert_true(event->type != 1 || event->name[0]);
}

static void read_track(const struct field *data)
{
	struct bytes in = inside(data);
	struct field field, part;
	uint64_t uuid = 0;

	while (read_field(&in, &field)) {
		if (field.number == 1) {
			uuid = field.value;
			assert_true(uuid && uuid < 512);
			assert_string_equal(trace.tracks[uuid], "");
		} else if (field.number == 2) {
			read_text(&field, trace.tracks[uuid], sizeof(trace.tracks[0]));
		} else if (field.number == 5) {
			trace.parents[uuid] = field.value;
		} else if (field.number == 3) {
			struct bytes process = inside(&field);

			while (read_field(&process, &part))
				if (part.number == 6)
					read_text(
						&part, trace.tracks[uuid], sizeof(trace.tracks[0]));
		}
	}
}

static void read_trace(const char *data, size_t size)
{
	struct bytes in = {(const unsigned char *)data, (const unsigned char *)data + size};
	struct field packet, field;

	free(trace.events);
	memset(&trace, 0, sizeof(trace));
	trace.events = calloc(size / 8 + 1, sizeof(*trace.events));
	assert_non_null(trace.events);
	while (read_field(&in, &packet)) {
		struct event *event = &trace.events[trace.count];
		struct bytes fields = inside(&packet);

		assert_int_equal(packet.number, 1);
		while (read_field(&fields, &field)) {
			if (field.number == 8)
				event->ts = field.value;
			else if (field.number == 12)
				read_names(&field);
			else if (field.number == 11)
				read_event(&field, event);
			else if (field.number == 60)
				read_track(&field);
			else if (field.number == 13 && field.value & 1) {
				/* Everything is forgotten. */
				memset(trace.names, 0, sizeof(trace.names));
				memset(trace.strings, 0, sizeof(trace.strings));
				memset(trace.args, 0, sizeof(trace.args));
				trace.restarts++;
			}
		}
		if (event->type)
			trace.count++;
	}
}

/* --- writer --- */

static struct tl_profile_vcpu vcpus[2];
static struct tl_profile_vcpu *vcpu_list[] = {&vcpus[0], &vcpus[1]};
static struct tl_profile profile;
static struct tl_profile *profiles[] = {&profile};
static struct tl_perfetto *perfetto;
static FILE *out;
static char *written;
static size_t written_size;

static int set_up(void **state)
{
	(void)state;
	vcpus[0] = (struct tl_profile_vcpu){.id = 0, .tid = 100};
	vcpus[1] = (struct tl_profile_vcpu){.id = 5, .tid = 101};
	profile = (struct tl_profile){.pid = 99,
		.vm_id = 99,
		.vcpu_count = 2,
		.vcpus = vcpu_list,
		.first_ts = T0,
		.last_ts = T0 + 100000000,
		.map = {2, {{"gicd", 0x8000000, 0x1000}, {"virtio-mmio", 0xa000000, 0x4000}}}};
	out = open_memstream(&written, &written_size);
	return out && !tl_perfetto_create(&perfetto, out, profiles, 1) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	tl_perfetto_destroy(perfetto);
	fclose(out);
	free(written);
	return 0;
}

static void finish(void)
{
	assert_int_equal(tl_perfetto_finish(perfetto), 0);
	read_trace(written, written_size);
}

static void span(
	unsigned int vcpu, uint64_t from, uint64_t to, const struct tl_profile_detail *exit)
{
	const struct tl_span_listener *listener = tl_perfetto_listener(perfetto);
	const struct tl_span span = {exit, from / 10, T0 + from, T0 + to, to - from, 1};

	listener->span(listener->ctx, &profile, &vcpus[vcpu], &span);
}

#define GUEST(vcpu, from, to) span(vcpu, from, to, NULL)
#define EXIT(vcpu, from, to, ...)                                                                  \
	span(vcpu, from, to, &(struct tl_profile_detail){.pc = 0x11, .mode = 5, __VA_ARGS__})

static void wake(pid_t waker, pid_t woken, uint64_t ts)
{
	const struct tl_span_listener *listener = tl_perfetto_listener(perfetto);

	listener->wake(listener->ctx, &profile,
		&(struct tl_event){
			.kind = TL_EVENT_WAKE, .tid = waker, .other_tid = woken, .ts = T0 + ts});
}

/* The slice that begins on the track at that time. */
static const struct event *slice_at(const char *track, uint64_t ts)
{
	for (size_t i = 0; i < trace.count; i++) {
		const struct event *e = &trace.events[i];

		if (e->type == 1 && e->ts == T0 + ts && !strcmp(trace.tracks[e->track], track))
			return e;
	}
	fail_msg("no slice on '%s' at %llu", track, (unsigned long long)ts);
	return NULL;
}

/* On each track, in the order of the file: a slice begins where the last one has ended. */
static void assert_slices(void)
{
	for (unsigned int track = 0; track < 512; track++) {
		uint64_t last = 0, depth = 0;

		for (size_t i = 0; i < trace.count; i++) {
			const struct event *e = &trace.events[i];

			if (e->track != track || e->type > 3)
				continue;
			assert_true(e->ts >= last);
			last = e->ts;
			assert_int_equal(e->type == 2, depth);
			depth = e->type == 1;
		}
		assert_int_equal(depth, 0);
	}
}

static void test_slices(void **state)
{
	const struct event *e;

	(void)state;
	GUEST(0, 100, 200);
	EXIT(0, 200, 350, .exit_class = HVC, .detail = 0x84000000, .handler = TL_HANDLER_USER,
		.slept = 7);
	GUEST(0, 350, 400);
	GUEST(1, 50, 380); /* late, but earlier */
	finish();
	assert_slices();
	assert_string_equal(trace.tracks[1], "VM 99");
	assert_string_equal(trace.tracks[2], "vCPU 0");
	assert_string_equal(trace.tracks[3], "vCPU 5");
	assert_int_equal(trace.parents[3], 1);
	assert_string_equal(slice_at("vCPU 0", 100)->name, "guest");
	assert_string_equal(slice_at("vCPU 5", 50)->name, "guest");
	e = slice_at("vCPU 0", 200);
	assert_string_equal(e->name, "PSCI VERSION");
	assert_string_equal(e->args, "class=HVC64;detail=PSCI VERSION;pc=0x11;"
				     "symbol=function+0x1;handler=VMM;exit=20;asleep_ns=7;");
	/* What comes first in time is written first. */
	assert_int_equal(trace.events[0].ts, T0 + 50);
	assert_int_equal(trace.restarts, 1);
}

/* The end of an exit is not known: an instant. */
static void test_instant(void **state)
{
	const struct tl_span_listener *listener = tl_perfetto_listener(perfetto);
	const struct tl_profile_detail exit = {.exit_class = HVC};
	const struct tl_span span = {&exit, 1, T0, T0, 0, 0};

	(void)state;
	listener->span(listener->ctx, &profile, &vcpus[0], &span);
	finish();
	assert_int_equal(trace.events[0].type, 3);
	assert_string_equal(trace.events[0].name, "#0");
}

/* Steps are of 1 ms here: 3 exits in the first, 1 in the third; then none. */
static void test_counters(void **state)
{
	uint64_t seen[8] = {0};
	unsigned int n = 0;

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		EXIT(0, i * 100, i * 100 + 50, .exit_class = HVC);
	EXIT(1, 2500000, 2500100, .exit_class = HVC);
	finish();
	for (size_t i = 0; i < trace.count; i++) {
		const struct event *e = &trace.events[i];

		if (e->type != 4)
			continue;
		assert_string_equal(trace.tracks[e->track], "exits/s HVC64");
		assert_int_equal(trace.parents[e->track], 1);
		assert_true(n < ARRAY_LEN(seen));
		assert_int_equal((e->ts - T0) % 1000000, 0);
		seen[n++] = (e->ts - T0) / 1000000 * 10000 + e->value;
	}
	assert_int_equal(n, 4);
	assert_int_equal(seen[0], 3000);
	assert_int_equal(seen[1], 10000);
	assert_int_equal(seen[2], 21000);
	assert_int_equal(seen[3], 30000);
}

/* vCPU 0 wakes vCPU 5 while its IPI is handled; it answers when its guest runs. */
static void test_ipi_wake(void **state)
{
	(void)state;
	EXIT(1, 100, 900, .exit_class = TL_CLASS_WFX);
	EXIT(0, 500, 700, .exit_class = SYS64, .detail = SGI);
	wake(100, 101, 600);
	GUEST(1, 900, 1000);
	GUEST(1, 1200, 1300);
	finish();
	assert_int_equal(slice_at("vCPU 0", 500)->begins, 1);
	assert_int_equal(slice_at("vCPU 5", 900)->end_count, 1);
	assert_int_equal(slice_at("vCPU 5", 900)->ends[0], 1);
	assert_int_equal(slice_at("vCPU 5", 1200)->end_count, 0);
	assert_int_equal(slice_at("vCPU 5", 100)->begins, 0);
}

/* It runs, and comes out for no device's interrupt. */
static void test_ipi_kick(void **state)
{
	(void)state;
	EXIT(0, 500, 700, .exit_class = DABT, .detail = TL_DETAIL_WRITE | 0x8000f00);
	EXIT(1, 600, 650, .exit_class = TL_CLASS_IRQ, .detail = TL_DETAIL_IRQ(11));
	GUEST(1, 650, 720);
	EXIT(1, 720, 800, .exit_class = TL_CLASS_IRQ);
	GUEST(1, 800, 900);
	finish();
	assert_int_equal(slice_at("vCPU 0", 500)->begins, 1);
	assert_int_equal(slice_at("vCPU 5", 650)->end_count, 0);
	assert_int_equal(slice_at("vCPU 5", 800)->end_count, 1);
	assert_int_equal(slice_at("vCPU 5", 800)->ends[0], 1);
}

/* What has nothing to do with the IPI ends no flow. */
static void test_ipi_others(void **state)
{
	(void)state;
	EXIT(0, 500, 700, .exit_class = SYS64, .detail = SGI);
	wake(100, 101, 800);
	wake(7, 101, 600);
	wake(101, 100, 600);
	EXIT(1, 100000, 100100, .exit_class = TL_CLASS_IRQ);
	EXIT(0, 700, 800, .exit_class = TL_CLASS_IRQ);
	GUEST(1, 100100, 100200);
	GUEST(0, 800, 900);
	finish();
	for (size_t i = 0; i < trace.count; i++)
		assert_int_equal(trace.events[i].end_count, 0);
}

/* Two notifications of device 2, one of device 3; an interrupt of device 2 answers two. */
static void test_virtio(void **state)
{
	const struct event *e;

	(void)state;
	EXIT(0, 100, 200, .exit_class = DABT, .detail = TL_DETAIL_WRITE | 0xa000450);
	EXIT(0, 300, 400, .exit_class = DABT, .detail = TL_DETAIL_WRITE | 0xa000450);
	EXIT(0, 500, 600, .exit_class = DABT, .detail = TL_DETAIL_WRITE | 0xa000650);
	EXIT(1, 700, 800, .exit_class = DABT, .detail = 0xa000460);
	EXIT(1, 900, 950, .exit_class = DABT, .detail = 0xa000460);
	finish();
	e = slice_at("vCPU 5", 700);
	assert_int_equal(e->end_count, 2);
	assert_int_equal(e->ends[0], slice_at("vCPU 0", 100)->begins);
	assert_int_equal(e->ends[1], slice_at("vCPU 0", 300)->begins);
	assert_true(e->ends[0] && e->ends[1] && e->ends[0] != e->ends[1]);
	assert_int_equal(slice_at("vCPU 5", 900)->end_count, 0);
	assert_true(slice_at("vCPU 0", 500)->begins > e->ends[1]);
}

/* A device that is asked again and again, and never answers. */
static void test_virtio_many(void **state)
{
	const struct event *e;

	(void)state;
	for (unsigned int i = 0; i < 100; i++)
		EXIT(0, 10 * i, 10 * i + 5, .exit_class = DABT,
			.detail = TL_DETAIL_WRITE | 0xa000450);
	EXIT(1, 2000, 2100, .exit_class = DABT, .detail = 0xa000460);
	finish();
	e = slice_at("vCPU 5", 2000);
	assert_int_equal(e->end_count, 16);
	assert_int_equal(e->ends[15], 16);
	assert_int_equal(slice_at("vCPU 0", 990)->begins, 0);
}

/* More names than are kept: they are sent anew, and each is known where it is used. */
static void test_many_names(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 20000; i++)
		EXIT(0, 10 * i, 10 * i + 5, .exit_class = DABT, .detail = 0x10000000 + i);
	finish();
	assert_true(trace.restarts > 1);
	assert_slices();
	assert_string_equal(slice_at("vCPU 0", 199990)->name, "no device at 0x10004e1f, read");
	assert_non_null(strstr(slice_at("vCPU 0", 199990)->args, "symbol=function+0x1;"));
}

static void test_full(void **state)
{
	struct tl_perfetto *p;
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	assert_int_equal(tl_perfetto_create(&p, full, profiles, 1), 0);
	assert_int_equal(tl_perfetto_finish(p), -ENOSPC);
	tl_perfetto_destroy(p);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_slices, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_instant, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_counters, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ipi_wake, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ipi_kick, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ipi_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_virtio, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_virtio_many, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many_names, set_up, tear_down),
		cmocka_unit_test(test_full),
	};
	int ret = cmocka_run_group_tests(tests, NULL, NULL);

	free(trace.events);
	return ret;
}
