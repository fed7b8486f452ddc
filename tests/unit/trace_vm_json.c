/* SPDX-License-Identifier: MIT */
/*
 * vm.json of a recording: what is written is read again, and what another has written is
 * refused in words where it makes no sense.
 * Links: trace/record/vm_json.c trace/decode/esr.c base/file.c base/parse.c
 * Links: tests/unit/fake_files.c tests/unit/fake_log.c
 * Libs: jansson z zstd
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/fake_files.h"
#include "trace/record/vm_json.h"

#define HEAD "{\"format\": \"" TL_VM_JSON_FORMAT "\", "

/* What a whole recording has. */
static struct tl_vm_json_vcpu described[] = {
	{.id = 3,
		.tid = 1234,
		.start_exits = 17,
		.kernel = {.has_exits = 1,
			.has_classes = 1,
			.has_fixups = 1,
			.has_not_run = 1,
			.exits = UINT64_C(1) << 40,
			.not_run = 5}},
	{.id = 0, .tid = 1235},
	{.id = 1, .kernel = {.has_exits = 1}},
};

static struct tl_vm_json whole(void)
{
	struct tl_kernel_counts *kernel = &described[0].kernel;

	/* Each class has another count: none may take another one's place. */
	for (unsigned int i = 0; i < TL_CLASS_COUNT; i++)
		kernel->classes[i] = 1000 + i;
	for (unsigned int i = 0; i < TL_FIXUP_CLASSES; i++)
		kernel->fixups[i] = 2000 + i;
	kernel->classes[1] = 0;
	return (struct tl_vm_json){.program = "trapline 1",
		.command = "trapline record 'a b'",
		.host = "board",
		.kernel = "6.12.0 #1 \"quoted\" \xc3\xa4",
		.counter_hz = 62500000,
		.pid = 4242,
		.map = {3, {{"ram", 0x40000000, 0x10000000}, {"pl011", 0x09000000, 0x1000},
				   {"ram", 0x50000000, UINT64_C(1) << 40}}},
		.vcpu_count = ARRAY_LEN(described),
		.vcpus = described,
		.symbols_linked = 0xffff800080000000,
		.symbols_loaded = UINT64_MAX,
		.symbols_size = 0x2000000,
		.complete = true,
		.lost_events = 99,
		.ended_by = "its end"};
}

/* Reads what must be good. */
static struct tl_vm_json read_good(const char *path)
{
	char problem[256] = "";
	struct tl_vm_json vm;
	int ret = tl_vm_json_read(path, &vm, problem, sizeof(problem));

	if (ret)
		fail_msg("%d: %s", ret, problem);
	return vm;
}

static void expect_refused(const char *path, int error, const char *const *words)
{
	char problem[256] = "";
	struct tl_vm_json vm;

	if (tl_vm_json_read(path, &vm, problem, sizeof(problem)) != error)
		fail_msg("not %d, for '%s': %s", error, *words, problem);
	tl_vm_json_fini(&vm);
	assert_true(problem[0]);
	assert_null(strchr(problem, '\n'));
	for (; *words; words++) {
		if (!strstr(problem, *words))
			fail_msg("no '%s' in: %s", *words, problem);
	}
}

/* A text is refused; the problem has all of the words. */
#define assert_refused(text, ...)                                                                  \
	expect_refused(fake_file("vm.json", text, strlen(text)), -EPROTO,                          \
		(const char *const[]){__VA_ARGS__, NULL})

static void assert_vcpu(const struct tl_vm_json_vcpu *vcpu, const struct tl_vm_json_vcpu *as)
{
	assert_int_equal(vcpu->id, as->id);
	assert_int_equal(vcpu->tid, as->tid);
	assert_int_equal(vcpu->start_exits, as->start_exits);
	assert_int_equal(vcpu->kernel.has_exits, as->kernel.has_exits);
	assert_int_equal(vcpu->kernel.has_classes, as->kernel.has_classes);
	assert_int_equal(vcpu->kernel.has_fixups, as->kernel.has_fixups);
	assert_int_equal(vcpu->kernel.has_not_run, as->kernel.has_not_run);
	assert_int_equal(vcpu->kernel.exits, as->kernel.exits);
	assert_int_equal(vcpu->kernel.not_run, as->kernel.not_run);
	for (unsigned int i = 0; i < TL_CLASS_COUNT; i++)
		assert_int_equal(vcpu->kernel.classes[i], as->kernel.classes[i]);
	for (unsigned int i = 0; i < TL_FIXUP_CLASSES; i++)
		assert_int_equal(vcpu->kernel.fixups[i], as->kernel.fixups[i]);
}

static void test_round_trip(void **state)
{
	const char *path = fake_path("vm.json");
	struct tl_vm_json in = whole(), out;

	(void)state;
	assert_int_equal(tl_vm_json_write(path, &in), 0);
	out = read_good(path);
	assert_string_equal(out.kernel, in.kernel);
	assert_string_equal(out.program, in.program);
	assert_string_equal(out.command, in.command);
	assert_string_equal(out.host, in.host);
	assert_string_equal(out.ended_by, in.ended_by);
	assert_int_equal(out.counter_hz, in.counter_hz);
	assert_int_equal(out.pid, in.pid);
	assert_true(out.complete);
	assert_int_equal(out.lost_events, in.lost_events);
	assert_true(out.symbols_linked == in.symbols_linked);
	assert_true(out.symbols_loaded == in.symbols_loaded);
	assert_int_equal(out.symbols_size, in.symbols_size);
	assert_int_equal(out.map.count, in.map.count);
	for (unsigned int i = 0; i < in.map.count; i++) {
		assert_string_equal(out.map.regions[i].name, in.map.regions[i].name);
		assert_int_equal(out.map.regions[i].base, in.map.regions[i].base);
		assert_int_equal(out.map.regions[i].size, in.map.regions[i].size);
	}
	assert_int_equal(out.vcpu_count, in.vcpu_count);
	for (unsigned int i = 0; i < in.vcpu_count; i++)
		assert_vcpu(&out.vcpus[i], &in.vcpus[i]);
	tl_vm_json_fini(&out);
	tl_vm_json_fini(&out);
}

/* While it goes on, a recording is not complete, and nothing is known of its end. */
static void test_not_complete(void **state)
{
	const char *path = fake_path("vm.json");
	struct tl_vm_json in = whole(), out;

	(void)state;
	in.complete = false;
	assert_int_equal(tl_vm_json_write(path, &in), 0);
	out = read_good(path);
	assert_false(out.complete);
	assert_int_equal(out.lost_events, 0);
	assert_string_equal(out.ended_by, "");
	assert_int_equal(out.vcpu_count, in.vcpu_count);
	tl_vm_json_fini(&out);
	/* Only what it is. */
	out = read_good(fake_file("vm.json", HEAD "\"new\": [1]}", strlen(HEAD "\"new\": [1]}")));
	assert_false(out.complete);
	assert_int_equal(out.vcpu_count, 0);
	assert_int_equal(out.map.count, 0);
	assert_int_equal(out.symbols_linked, 0);
	tl_vm_json_fini(&out);
}

/* robust: recording.truncated */
static void test_truncated(void **state)
{
	const char *path = fake_path("vm.json");
	struct tl_vm_json in = whole();
	struct stat st;

	(void)state;
	in.vcpus++; /* the first one is long */
	in.vcpu_count--;
	assert_int_equal(tl_vm_json_write(path, &in), 0);
	assert_int_equal(stat(path, &st), 0);
	for (off_t size = st.st_size; size-- > 0;) {
		assert_int_equal(truncate(path, size), 0);
		expect_refused(path, -EPROTO, (const char *const[]){"line ", NULL});
	}
}

/* robust: recording.version */
static void test_no_recording(void **state)
{
	(void)state;
	assert_refused("", "line 1");
	assert_refused("rubbish", "line 1");
	/* The words of the parser have the newline in them. */
	assert_refused("{\"a\": \"b\\\n\": 1}", "line ", "b\\?");
	assert_refused(HEAD "\"pid\": 1} {", "line 1", "end of file");
	assert_refused(HEAD "\"pid\": 1, \"pid\": 2}", "line 1", "pid");
	assert_refused(HEAD "\"kernel\": \"\xff\"}", "line 1");
	assert_refused("[1, 2]", "no JSON object");
	assert_refused("{}", "no 'format'");
	assert_refused("{\"format\": 7}", "no 'format'");
	assert_refused("{\"format\": \"trapline-recording-2\"}", "trapline-recording-2",
		TL_VM_JSON_FORMAT);
	assert_refused(
		"{\"format\": \"trapline-profile-1\"}", "trapline-profile-1", TL_VM_JSON_FORMAT);
}

#define REGIONS(list) HEAD "\"regions\": [" list "]}"
#define RAM           "{\"name\": \"ram\", \"base\": 4096, \"size\": 8192}"

/* robust: vm-json.overlap */
static void test_regions(void **state)
{
	char *text = malloc(64 + 64 * (TL_VM_REGIONS + 1));
	struct tl_vm_json vm;
	size_t used;

	(void)state;
	assert_refused(REGIONS(RAM ", {\"name\": \"uart\", \"base\": 12287, \"size\": 1}"), "'ram'",
		"'uart'", "overlap");
	assert_refused(REGIONS(RAM ", {\"name\": \"uart\", \"base\": 0, \"size\": 4097}"),
		"'ram' and 'uart' overlap");
	assert_refused(REGIONS(RAM ", " RAM), "overlap");
	/* Up to the last number there is. */
	assert_refused(
		REGIONS(RAM ", {\"name\": \"a\", \"base\": 0, \"size\": 9223372036854775807}"),
		"overlap");
	assert_refused(REGIONS("{\"name\": \"ram\", \"base\": 1}"), "region 0", "no size");
	assert_refused(REGIONS("{\"name\": \"ram\", \"base\": 1, \"size\": 0}"), "no size");
	assert_refused(REGIONS(RAM ", {\"base\": 1, \"size\": 1}"), "region 1", "no name");
	assert_refused(REGIONS("{\"name\": \"\", \"base\": 1, \"size\": 1}"), "no name");
	assert_refused(REGIONS("{\"name\": 5, \"base\": 1, \"size\": 1}"), "no name");
	assert_refused(REGIONS("{\"name\": \"ram\", \"base\": -1, \"size\": 1}"), "'base'");
	assert_refused(REGIONS("{\"name\": \"ram\", \"base\": 1, \"size\": -1}"), "'size'");
	assert_refused(REGIONS("5"), "region 0");
	/* Side by side they may lie. */
	sprintf(text, "%s",
		REGIONS(RAM
			", {\"name\": \"a\", \"base\": 12288, \"size\": 1}, {\"name\": \"b\", \"base\": 0, \"size\": 4096}"));
	vm = read_good(fake_file("vm.json", text, strlen(text)));
	assert_int_equal(vm.map.count, 3);
	tl_vm_json_fini(&vm);
	used = (size_t)sprintf(text, HEAD "\"regions\": [");
	for (unsigned int i = 0; i <= TL_VM_REGIONS; i++)
		used += (size_t)sprintf(text + used,
			"%s{\"name\": \"a\", \"base\": %u, \"size\": 1}", i ? "," : "", i);
	strcpy(text + used, "]}");
	assert_refused(text, "81 regions", "80 are");
	free(text);
}

#define VCPUS(list) HEAD "\"vcpus\": [" list "]}"

/* As many vCPUs as asked for. */
static const char *write_vcpus(unsigned int count)
{
	char *text = malloc(64 + 16 * count);
	size_t used = (size_t)sprintf(text, HEAD "\"vcpus\": [");
	const char *path;

	for (unsigned int i = 0; i < count; i++)
		used += (size_t)sprintf(text + used, "%s{\"id\":%u}", i ? "," : "", i);
	used += (size_t)sprintf(text + used, "]}");
	path = fake_file("vm.json", text, used);
	free(text);
	return path;
}

/* robust: vm-json.vcpus vm-json.many */
static void test_vcpus(void **state)
{
	struct tl_vm_json vm = read_good(write_vcpus(TL_VM_JSON_VCPUS_MAX));

	(void)state;
	assert_int_equal(vm.vcpu_count, TL_VM_JSON_VCPUS_MAX);
	assert_int_equal(vm.vcpus[4095].id, 4095);
	tl_vm_json_fini(&vm);
	expect_refused(write_vcpus(TL_VM_JSON_VCPUS_MAX + 1), -EPROTO,
		(const char *const[]){"4097 vCPUs", "4096 are", NULL});
	assert_refused(VCPUS("{\"id\": 1}, {\"id\": 2}, {\"id\": 1}"), "vCPU 1 is there twice");
	assert_refused(VCPUS("{\"tid\": 1}"), "vCPU 0 ", "no 'id'");
	assert_refused(VCPUS("{\"id\": 1}, 5"), "vCPU 1 ", "no 'id'");
	assert_refused(VCPUS("{\"id\": 2147483648}"), "'id'", "2147483647");
	assert_refused(VCPUS("{\"id\": 0, \"tid\": 2147483648}"), "'tid'");
	assert_refused(VCPUS("{\"id\": \"0\"}"), "'id'");
	assert_refused(VCPUS("{\"id\": 0, \"tid\": -7}"), "'tid'");
	assert_refused(VCPUS("{\"id\": 0, \"start_exits\": -1}"), "'start_exits'");
	assert_refused(VCPUS("{\"id\": 0, \"start_exits\": 1.5}"), "'start_exits'");
	assert_refused(VCPUS("{\"id\": 0, \"start_exits\": 99999999999999999999}"), "line 1");
	assert_refused(VCPUS("{\"id\": 0, \"kernel\": 5}"), "'kernel'", "no object");
	assert_refused(VCPUS("{\"id\": 0, \"kernel\": {\"exits\": null}}"), "'exits'");
	assert_refused(VCPUS("{\"id\": 0, \"kernel\": {\"returned\": []}}"), "'returned'");
	assert_refused(VCPUS("{\"id\": 0, \"kernel\": {\"fixups\": 1}}"), "'fixups'");
	assert_refused(VCPUS("{\"id\": 0, \"kernel\": {\"returned\": {\"IRQ\": -1}}}"), "'IRQ'");
	assert_refused(
		VCPUS("{\"id\": 0, \"kernel\": {\"fixups\": {\"WITHHELD\": true}}}"), "'WITHHELD'");
	assert_refused(
		VCPUS("{\"id\": 0, \"kernel\": {\"entries_not_run\": -1}}"), "'entries_not_run'");
}

/* Members of the whole: negative, too large, or of another type than they have. */
static void test_types(void **state)
{
	static const char *const names[] = {"counter_hz", "pid", "lost_events"};
	static const char *const bad[] = {"-1", "1.5", "\"1\"", "true", "null", "[]", "{}"};
	char text[128];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(names) * ARRAY_LEN(bad); i++) {
		const char *name = names[i / ARRAY_LEN(bad)];

		snprintf(text, sizeof(text), HEAD "\"%s\": %s}", name, bad[i % ARRAY_LEN(bad)]);
		assert_refused(text, name, "not a whole number");
	}
	assert_refused(HEAD "\"counter_hz\": 1099511627777}", "'counter_hz'");
	assert_refused(HEAD "\"pid\": 2147483648}", "'pid'");
	assert_refused(HEAD "\"regions\": {}}", "'regions' is no array");
	assert_refused(HEAD "\"vcpus\": 4}", "'vcpus' is no array");
	assert_refused(HEAD "\"symbols\": []}", "'symbols' is no object");
	assert_refused(HEAD "\"symbols\": {\"linked\": \"here\"}}", "'linked' is no address");
	assert_refused(HEAD "\"symbols\": {\"linked\": \"-0x1\"}}", "'linked' is no address");
	assert_refused(HEAD "\"symbols\": {\"loaded\": 5}}", "'loaded' is no address");
	assert_refused(HEAD "\"symbols\": {\"loaded\": \"0x10000000000000000\"}}", "'loaded'");
	assert_refused(HEAD "\"symbols\": {\"size\": \"0x1\"}}", "'size'");
}

/* A list of 10^9 entries is longer than that. */
/* robust: vm-json.many */
static void test_no_file(void **state)
{
	const char *fifo = fake_path("fifo"), *large = fake_file("large", "{", 1);

	(void)state;
	expect_refused(fake_path("none"), -ENOENT, (const char *const[]){strerror(ENOENT), NULL});
	expect_refused(fake_path("."), -EPROTO, (const char *const[]){"regular file", NULL});
	assert_int_equal(mkfifo(fifo, 0600), 0);
	alarm(10); /* it must not wait for a writer */
	expect_refused(fifo, -EPROTO, (const char *const[]){"regular file", NULL});
	alarm(0);
	assert_int_equal(truncate(large, (4 << 20) + 1), 0);
	expect_refused(large, -EPROTO, (const char *const[]){"at most 4 MiB", NULL});
	assert_int_equal(truncate(large, 4 << 20), 0);
	expect_refused(large, -EPROTO, (const char *const[]){"line 1", NULL});
}

static void test_write_errors(void **state)
{
	const char *path = fake_path("vm.json");
	struct tl_vm_json vm = whole(), kept;

	(void)state;
	assert_int_equal(tl_vm_json_write(fake_path("none/vm.json"), &vm), -ENOENT);
	/* What is there stays if there is no text to take its place: not UTF-8. */
	assert_int_equal(tl_vm_json_write(path, &vm), 0);
	strcpy(vm.kernel, "\xff");
	assert_true(tl_vm_json_write(path, &vm) < 0);
	kept = read_good(path);
	assert_int_equal(kept.pid, vm.pid);
	tl_vm_json_fini(&kept);
}

#define FILES(test) cmocka_unit_test_setup_teardown(test, fake_files_setup, fake_files_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILES(test_round_trip),
		FILES(test_not_complete),
		FILES(test_truncated),
		FILES(test_no_recording),
		FILES(test_regions),
		FILES(test_vcpus),
		FILES(test_types),
		FILES(test_no_file),
		FILES(test_write_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
