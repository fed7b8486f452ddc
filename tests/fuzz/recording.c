/* SPDX-License-Identifier: MIT */
/*
 * The reader of recordings: the input is a trace.dat, which is read into a profile that is
 * then reported in every form. The file lies in memory.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "trace/record/dat.h"
#include "trace/record/recording.h"
#include "trace/record/stream.h"
#include "trace/report/html.h"
#include "trace/report/json.h"
#include "trace/report/table.h"
#include "trace/report/text.h"

static char folder[64];
static FILE *nowhere;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct tl_vm_json vm = {.kernel = "fuzz",
		.counter_hz = 62500000,
		.pid = 99,
		.map = {2, {{"ram", 0x40000000, 0x10000000}, {"pl011", 0x09000000, 0x1000}}},
		.complete = true,
		.ended_by = "its end"};
	char path[128];

	(void)argc;
	(void)argv;
	tl_log_set_level(TL_LOG_ERROR);
	snprintf(folder, sizeof(folder), "/dev/shm/trapline-fuzz-recording-XXXXXX");
	nowhere = fopen("/dev/null", "we");
	if (!nowhere || !mkdtemp(folder))
		abort();
	snprintf(path, sizeof(path), "%s/" TL_RECORDING_VM, folder);
	if (tl_vm_json_write(path, &vm))
		abort();
	return 0;
}

static struct tl_timeline timeline;

/* Of all VMs, for none may break it. */
static void on_span(void *ctx, const struct tl_profile *profile, const struct tl_profile_vcpu *vcpu,
	const struct tl_span *span)
{
	(void)ctx;
	if (!timeline.bins)
		tl_timeline_init(&timeline, profile->first_ts);
	if (span->exit)
		(void)tl_timeline_add(
			&timeline, vcpu->id, span->exit->exit_class, span->from, span->to);
}

static const struct tl_span_listener listener = {.span = on_span};

static void write_input(const uint8_t *data, size_t size)
{
	char path[128];
	FILE *out;

	snprintf(path, sizeof(path), "%s/" TL_RECORDING_DAT, folder);
	out = fopen(path, "we");
	if (!out || fwrite(data, 1, size, out) != size || fclose(out))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tl_recording_part all = {.vcpu = -1, .listener = &listener};
	static struct tl_recording recording;
	const struct tl_report_source source = {&recording, &all, &timeline, "fuzz"};

	write_input(data, size);
	if (!tl_recording_read(&recording, folder, &all)) {
		for (unsigned int i = 0; i < recording.profile_count; i++) {
			const struct tl_profile *profile = recording.profiles[i];

			(void)tl_report_text(nowhere, profile);
			(void)tl_report_json_print(nowhere, profile);
			(void)tl_report_html(nowhere, profile, &source);
			for (unsigned int by = 0; by < TL_GROUP_COUNT; by++)
				(void)tl_report_csv(nowhere, profile, (enum tl_group_by)by);
		}
	}
	tl_recording_fini(&recording);
	tl_timeline_fini(&timeline);
	return 0;
}
