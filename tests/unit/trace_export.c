/* SPDX-License-Identifier: MIT */
/*
 * The exporter's counters: they never go back, whatever VMs and vCPUs come and go, and what is
 * told apart has a bound.
 * Links: trace/tool/export_vms.c trace/collect/kvm_debugfs.c trace/collect/bpf_key.c
 * Links: trace/report/metrics.c trace/report/metrics_sum.c base/buffer.c base/parse.c
 * Links: trace/decode/esr.c
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/bpf/exits.h"
#include "trace/collect/irq_names.h"
#include "trace/report/group.h"
#include "trace/tool/export.h"
#include "trace/tool/guest.h"
#include "trace/tool/process.h"

#define HVC (TL_CLASS_EC + 0x16)

/* --- in the place of others --- */

static struct tl_live_sample sample;
static struct tl_live_vcpu vcpus[100];
static struct tl_live_row rows[100];
static unsigned long long hist[TL_BPF_HIST_BUCKETS];

const struct tl_live_sample *tl_live_read(struct tl_live *live)
{
	assert_non_null(live);
	sample.vcpus = vcpus;
	sample.rows = rows;
	return &sample;
}

bool tl_live_is_patched(const struct tl_live *live)
{
	(void)live;
	return true;
}

struct tl_guest *tl_guests_find(struct tl_guests *guests, pid_t process)
{
	static struct tl_profile profile;
	static struct tl_guest guest = {.profile = &profile};

	(void)guests;
	(void)process;
	return &guest;
}

void tl_guests_keep(struct tl_guests *guests, const struct tl_live_sample *now)
{
	(void)guests;
	(void)now;
}

void tl_guests_fini(struct tl_guests *guests)
{
	(void)guests;
}

void tl_irq_name_read(struct tl_profile *profile, uint64_t irq)
{
	(void)profile;
	(void)irq;
}

void tl_process_name(pid_t pid, char *name, size_t size)
{
	snprintf(name, size, "vmm%d", (int)pid);
}

void tl_process_vm_name(pid_t pid, char *name, size_t size)
{
	snprintf(name, size, "guest%d", (int)pid);
}

const char *tl_group_what(char *buffer, size_t size, const struct tl_profile *profile,
	unsigned int exit_class, uint64_t detail)
{
	(void)profile;
	(void)exit_class;
	snprintf(buffer, size, "detail %d", (int)detail);
	return buffer;
}

/* --- */

static struct tl_export *export;
static char dir[64];

static int set_up_with(struct tl_live *live)
{
	memset(&sample, 0, sizeof(sample));
	memset(vcpus, 0, sizeof(vcpus));
	memset(rows, 0, sizeof(rows));
	memset(hist, 0, sizeof(hist));
	strcpy(dir, "/tmp/trapline-export.XXXXXX");
	return mkdtemp(dir) ? tl_export_create(&export, live, dir, NULL) : -1;
}

static int set_up(void **state)
{
	return set_up_with((struct tl_live *)state);
}

static int set_up_without(void **state)
{
	(void)state;
	return set_up_with(NULL);
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	tl_export_destroy(export);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

/* What KVM says of a VM. */
static void put_stat(const char *vm, const char *stat, const char *value)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, vm);
	(void)mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%s/%s", dir, vm, stat);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(value, file);
	fclose(file);
}

/* A vCPU with one row. */
static void add_vcpu(pid_t process, unsigned int id, uint64_t exits, uint64_t detail)
{
	unsigned int v = sample.vcpu_count++;

	vcpus[v] = (struct tl_live_vcpu){.process = process, .id = id};
	vcpus[v].now.missed = 1;
	rows[v] = (struct tl_live_row){.vcpu = v,
		.exit_class = HVC,
		.detail = detail,
		.now = {.count = exits, .ns = exits * 1000},
		.hist = hist};
	sample.row_count = v + 1;
}

/* All of it, until the next call. */
static const char *read_text(void)
{
	static char text[1 << 20];
	struct tl_buffer buffer = {0};

	assert_int_equal(tl_export_read(export), 0);
	tl_export_write(export, TL_METRICS_OPENMETRICS, &buffer);
	assert_true(!buffer.failed && buffer.used < sizeof(text));
	memcpy(text, buffer.data, buffer.used);
	text[buffer.used] = 0;
	tl_buffer_fini(&buffer);
	return text;
}

static void assert_line(const char *text, const char *line)
{
	const char *found = strstr(text, line);

	if (!found || (found > text && found[-1] != '\n') || found[strlen(line)] != '\n')
		fail_msg("no line '%s' in:\n%s", line, text);
}

#define HOST_HVC "trapline_host_exits_total{class=\"HVC64\"} "

static void test_vm(void **state)
{
	const char *text;

	(void)state;
	put_stat("7-10", "exits", "100\n");
	put_stat("7-11", "exits", "20\n");
	put_stat("7-10", "hvc_exit_stat", "3\n");
	hist[0] = 2;
	hist[40] = 3;
	add_vcpu(7, 0, 5, 1);
	add_vcpu(7, 1, 4, 2);
	text = read_text();
	assert_line(text, "trapline_vm_info{vm=\"7\",name=\"guest7\",program=\"vmm7\"} 1");
	assert_line(text, "trapline_vcpus{vm=\"7\"} 2");
	assert_line(text, "trapline_exits_total{vm=\"7\",vcpu=\"1\",class=\"HVC64\"} 4");
	assert_line(text, "trapline_lost_exits_total{vm=\"7\",vcpu=\"1\"} 1");
	/* A process's VMs are one. */
	assert_line(text, "trapline_kvm_exits_total{vm=\"7\"} 120");
	assert_line(text, "trapline_handling_seconds_count{vm=\"7\",class=\"HVC64\"} 10");
	assert_line(text, "trapline_handling_seconds_sum{vm=\"7\",class=\"HVC64\"} 0.000009000");
	assert_line(text, HOST_HVC "9");
	assert_line(text, "trapline_exporter_info{source=\"bpf\"} 1");
	assert_null(strstr(text, "trapline_kvm_stat"));
}

/* What a race takes back has been told already. */
static void test_never_back(void **state)
{
	(void)state;
	add_vcpu(7, 0, 5, 1);
	read_text();
	rows[0].now = (struct tl_live_sum){.count = 4, .ns = 100};
	assert_line(read_text(), "trapline_exits_total{vm=\"7\",vcpu=\"0\",class=\"HVC64\"} 5");
	assert_line(read_text(), "trapline_detail_seconds_total{vm=\"7\",class=\"HVC64\","
				 "detail=\"detail 1\",handler=\"kernel\"} 0.000005000");
}

/* A vCPU ends and another one comes with its number: the sum goes on. */
static void test_vcpu_ends(void **state)
{
	const char *text;

	(void)state;
	add_vcpu(7, 0, 5, 1);
	add_vcpu(7, 1, 100, 1);
	read_text();
	rows[1].now.count = 101;
	vcpus[1].gone = true;
	read_text();
	sample.vcpu_count = 1;
	sample.row_count = 1;
	assert_line(read_text(), "trapline_exits_total{vm=\"7\",vcpu=\"1\",class=\"HVC64\"} 101");
	add_vcpu(7, 1, 3, 1);
	text = read_text();
	assert_line(text, "trapline_exits_total{vm=\"7\",vcpu=\"1\",class=\"HVC64\"} 104");
	assert_line(text, "trapline_detail_exits_total{vm=\"7\",class=\"HVC64\","
			  "detail=\"detail 1\",handler=\"kernel\"} 109");
	assert_line(text, HOST_HVC "109");
}

/* A VM ends: its lines go, the host's own counter stays. */
static void test_vm_ends(void **state)
{
	const char *text;

	(void)state;
	add_vcpu(7, 0, 5, 1);
	add_vcpu(8, 0, 6, 1);
	read_text();
	rows[0].now.count = 50;
	vcpus[0].gone = true;
	read_text();
	vcpus[0] = vcpus[1];
	rows[0] = rows[1];
	rows[0].vcpu = 0;
	sample.vcpu_count = sample.row_count = 1;
	text = read_text();
	assert_null(strstr(text, "vm=\"7\""));
	assert_line(text, "trapline_exits_total{vm=\"8\",vcpu=\"0\",class=\"HVC64\"} 6");
	assert_line(text, HOST_HVC "56");
	sample.vcpu_count = sample.row_count = 0;
	assert_line(read_text(), HOST_HVC "56");
}

/* More VMs than are told apart, and more details than a VM may have. */
static void test_bounds(void **state)
{
	const char *text;
	unsigned int lines = 0;

	(void)state;
	for (unsigned int i = 0; i < 90; i++)
		add_vcpu(100 + (pid_t)i, 0, 10, i);
	text = read_text();
	assert_line(text, "trapline_exits_total{vm=\"163\",vcpu=\"0\",class=\"HVC64\"} 10");
	assert_line(text, "trapline_exits_total{vm=\"other\",vcpu=\"0\",class=\"HVC64\"} 260");
	assert_null(strstr(text, "vm=\"164\""));
	assert_line(text, HOST_HVC "900");
	sample.vcpu_count = 0;
	for (unsigned int i = 0; i < 90; i++)
		add_vcpu(100, 0, 10, i);
	text = read_text();
	for (const char *at = text; (at = strstr(at, "\ntrapline_detail_exits_total{vm=\"100\""));
		at++)
		lines++;
	assert_int_equal(lines, TL_METRICS_DETAILS + 1);
}

/* Without BPF there is what KVM tells. */
static void test_debugfs(void **state)
{
	const char *text;

	(void)state;
	put_stat("9-10", "exits", "100\n");
	put_stat("9-10", "hvc_exit_stat", "3\n");
	put_stat("9-10", "mmio_exit_user", "nonsense\n");
	put_stat("not-a-vm", "exits", "5\n");
	put_stat("12", "exits", "5\n");
	text = read_text();
	assert_line(text, "trapline_kvm_exits_total{vm=\"9\"} 100");
	assert_line(text, "trapline_kvm_stat_total{vm=\"9\",stat=\"hvc_exit_stat\"} 3");
	assert_line(text, "trapline_kvm_stat_total{vm=\"9\",stat=\"mmio_exit_user\"} 0");
	assert_line(text, "trapline_exporter_info{source=\"debugfs\"} 1");
	assert_null(strstr(text, "trapline_exits_total{"));
	assert_null(strstr(text, "trapline_host_exits"));
	assert_null(strstr(text, "vm=\"12\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_vm, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_never_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_vcpu_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_vm_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bounds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_debugfs, set_up_without, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
