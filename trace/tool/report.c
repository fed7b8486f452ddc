/* SPDX-License-Identifier: MIT */
/*
 * Reads the recording once, then prints a report for each VM in it. Lines are in no recording,
 * but may be in the file of symbols that was named.
 */
#include "trace/tool/report.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/status.h"
#include "trace/decode/lines.h"
#include "trace/report/folded.h"
#include "trace/report/json.h"
#include "trace/report/metrics.h"
#include "trace/report/table.h"
#include "trace/report/text.h"

static int print_vm(const struct tl_report_config *config, const struct tl_profile *profile)
{
	enum tl_group_by by = config->by < 0 ? TL_GROUP_DETAIL : (enum tl_group_by)config->by;

	switch (config->format) {
	case TL_REPORT_JSON:
		return tl_report_json_print(stdout, profile);
	case TL_REPORT_CSV:
		return tl_report_csv(stdout, profile, by);
	default:
		return config->by < 0 ? tl_report_text(stdout, profile)
				      : tl_report_table(stdout, profile, by);
	}
}

static int is_wanted(const struct tl_report_config *config, const struct tl_profile *profile)
{
	return !config->part.vm || profile->pid == config->part.vm;
}

static int print_each(
	const struct tl_report_config *config, struct tl_profile *const *profiles, size_t count)
{
	int ret = 0;

	for (size_t i = 0; i < count && !ret; i++) {
		if (i && config->format == TL_REPORT_JSON) {
			tl_log_warn("there are more VMs; --vm %d has the next", profiles[i]->pid);
			break;
		}
		if (i && config->format == TL_REPORT_TEXT)
			putchar('\n');
		ret = print_vm(config, profiles[i]);
	}
	return ret;
}

static int print_all(const struct tl_report_config *config, const struct tl_recording *recording)
{
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
	default:
		return print_each(config, wanted, count);
	}
}

int tl_report_run(const struct tl_report_config *config)
{
	static struct tl_recording recording;
	struct tl_lines *lines = NULL;
	int ret = tl_recording_read(&recording, config->path, &config->part);
	int status = ret ? TL_STATUS_INPUT : TL_STATUS_OK;

	if (!ret) {
		if (config->part.symbols)
			lines = tl_lines_open(config->part.symbols);
		for (unsigned int i = 0; i < recording.profile_count; i++)
			recording.profiles[i]->lines = lines;
		ret = print_all(config, &recording);
		if (ret)
			tl_log_error("cannot print the report: %s", strerror(-ret));
		status = ret ? TL_STATUS_FAILURE : TL_STATUS_OK;
	}
	tl_recording_fini(&recording);
	tl_lines_close(lines);
	return status;
}
