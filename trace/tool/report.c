/* SPDX-License-Identifier: MIT */
/*
 * Reads the recording once, then prints a report for each VM in it. Lines are in no recording,
 * but may be in the file of symbols that was named.
 */
#include "trace/tool/report.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/status.h"
#include "trace/decode/lines.h"
#include "trace/report/folded.h"
#include "trace/report/json.h"
#include "trace/report/metrics.h"
#include "trace/report/perfetto.h"
#include "trace/report/table.h"
#include "trace/report/text.h"
#include "trace/tool/report_html.h"

/* What one report takes. */
struct report {
	const struct tl_report_config *config;
	struct tl_recording recording;
	struct tl_report_html_view html;
};

static int print_vm(const struct report *report, const struct tl_profile *profile)
{
	const struct tl_report_config *config = report->config;
	enum tl_group_by by = config->by < 0 ? TL_GROUP_DETAIL : (enum tl_group_by)config->by;

	switch (config->format) {
	case TL_REPORT_JSON:
		return tl_report_json_print(stdout, profile);
	case TL_REPORT_CSV:
		return tl_report_csv(stdout, profile, by);
	case TL_REPORT_HTML:
		return tl_report_html_view_print(&report->html, profile, &config->part);
	default:
		return config->by < 0 ? tl_report_text(stdout, profile)
				      : tl_report_table(stdout, profile, by);
	}
}

static int is_wanted(const struct tl_report_config *config, const struct tl_profile *profile)
{
	return !config->part.vm || profile->pid == config->part.vm;
}

/* Formats of which one file has one VM. */
static int is_single(enum tl_report_format format)
{
	return format == TL_REPORT_JSON || format == TL_REPORT_HTML;
}

static int print_each(const struct report *report, struct tl_profile *const *profiles, size_t count)
{
	const enum tl_report_format format = report->config->format;
	int ret = 0;

	for (size_t i = 0; i < count && !ret; i++) {
		if (i && is_single(format)) {
			tl_log_warn("there are more VMs; --vm %d has the next", profiles[i]->pid);
			break;
		}
		if (i && format == TL_REPORT_TEXT)
			putchar('\n');
		ret = print_vm(report, profiles[i]);
	}
	return ret;
}

/* Every slice of time is written as it comes, while the recording is read once more. */
static int print_perfetto(
	const struct tl_report_config *config, struct tl_profile *const *profiles, size_t count)
{
	static struct tl_recording again;
	struct tl_recording_part part = config->part;
	struct tl_perfetto *perfetto;
	int ret = tl_perfetto_create(&perfetto, stdout, profiles, count);

	if (!ret) {
		part.listener = tl_perfetto_listener(perfetto);
		part.again = 1;
		ret = tl_recording_read(&again, config->path, &part);
		tl_recording_fini(&again);
	}
	ret = ret ? ret : tl_perfetto_finish(perfetto);
	tl_perfetto_destroy(perfetto);
	return ret;
}

static int print_all(const struct report *report)
{
	const struct tl_report_config *config = report->config;
	const struct tl_recording *recording = &report->recording;
	struct tl_profile *wanted[TL_RECORDING_VMS_MAX];
	size_t count = 0;

	for (unsigned int i = 0; i < recording->profile_count; i++) {
		if (is_wanted(config, recording->profiles[i]))
			wanted[count++] = recording->profiles[i];
	}
	if (!count && config->part.vm)
		tl_log_warn("no exit of VM %d in it", (int)config->part.vm);
	switch (config->format) {
	case TL_REPORT_FOLDED:
		return tl_report_folded(stdout, wanted, count,
			config->weight == TL_FOLDED_TIME ? TL_FOLDED_TIME : TL_FOLDED_COUNT);
	case TL_REPORT_OPENMETRICS:
		return tl_report_metrics(stdout, wanted, count);
	case TL_REPORT_PERFETTO:
		return print_perfetto(config, wanted, count);
	default:
		return print_each(report, wanted, count);
	}
}

int tl_report_run(const struct tl_report_config *config)
{
	static struct report report;
	struct tl_recording *recording = &report.recording;
	struct tl_recording_part part = config->part;
	struct tl_lines *lines = NULL;
	int ret, status;

	report.config = config;
	if (config->format == TL_REPORT_PERFETTO && isatty(STDOUT_FILENO)) {
		tl_log_error("--format perfetto is not for a terminal: write it to a file, > FILE");
		return TL_STATUS_USAGE;
	}
	if (config->format == TL_REPORT_HTML)
		tl_report_html_view_init(&report.html, recording, &part);
	ret = tl_recording_read(recording, config->path, &part);
	status = ret ? TL_STATUS_INPUT : TL_STATUS_OK;
	if (!ret) {
		if (config->part.symbols)
			lines = tl_lines_open(config->part.symbols);
		for (unsigned int i = 0; i < recording->profile_count; i++)
			recording->profiles[i]->lines = lines;
		ret = print_all(&report);
		if (ret)
			tl_log_error("cannot print the report: %s", strerror(-ret));
		status = ret ? TL_STATUS_FAILURE : TL_STATUS_OK;
	}
	tl_recording_fini(recording);
	tl_report_html_view_fini(&report.html);
	tl_lines_close(lines);
	return status;
}
