/* SPDX-License-Identifier: MIT */
/*
 * A folder is a recording, all else a profile as JSON. A recording is read into such a profile
 * first, so that it does not matter which of them there is.
 */
#include "trace/tool/diff.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/status.h"
#include "trace/record/recording.h"
#include "trace/report/diff.h"
#include "trace/report/json.h"

/* No profile is larger. */
#define FILE_MAX (64u << 20)

/* The recording's only VM, as JSON; NULL: there is none (logged). */
static json_t *load_recording(const char *path)
{
	static const struct tl_recording_part all = {.vcpu = -1};
	struct tl_recording *recording = calloc(1, sizeof(*recording));
	json_t *root = NULL;

	if (!recording) {
		tl_log_error("out of memory");
		return NULL;
	}
	if (tl_recording_read(recording, path, &all)) {
		/* It has said so. */
	} else if (recording->profile_count != 1) {
		tl_log_error("'%s' has %u VMs; save the profile of one: trapline report --vm PID "
			     "--format json %s >FILE",
			path, recording->profile_count, path);
	} else {
		root = tl_report_json_object(recording->profiles[0]);
		if (!root)
			tl_log_error("'%s': out of memory", path);
	}
	tl_recording_fini(recording);
	free(recording);
	return root;
}

struct source {
	FILE *in;
	size_t left;
};

static size_t read_some(void *buffer, size_t size, void *opaque)
{
	struct source *source = opaque;
	size_t n = fread(buffer, 1, size < source->left ? size : source->left, source->in);

	if (!n && ferror(source->in))
		return (size_t)-1;
	source->left -= n;
	return n;
}

/* NULL: it cannot be read, or is no JSON (logged). */
static json_t *load_file(const char *path)
{
	FILE *in = fopen(path, "re");
	struct source source = {in, FILE_MAX};
	json_error_t error;
	json_t *root;

	if (!in) {
		tl_log_error("'%s': %s", path, strerror(errno));
		return NULL;
	}
	root = json_load_callback(read_some, &source, JSON_REJECT_DUPLICATES, &error);
	if (!root && ferror(in))
		tl_log_error("'%s': cannot be read", path);
	else if (!root)
		tl_log_error("'%s' is neither a recording's folder nor a profile as JSON: line %d: "
			     "%s",
			path, error.line, error.text);
	fclose(in);
	return root;
}

/* Returns 0 or -errno (logged). */
static int load(struct tl_summary *summary, const char *path)
{
	struct stat st;
	bool is_folder = !stat(path, &st) && S_ISDIR(st.st_mode);
	json_t *root = is_folder ? load_recording(path) : load_file(path);
	char why[160] = "";
	int ret = -EINVAL;

	if (root) {
		ret = tl_summary_read(summary, root, why, sizeof(why));
		if (ret)
			tl_log_error("'%s': %s", path, ret == -EINVAL ? why : strerror(-ret));
	}
	json_decref(root);
	return ret;
}

static void warn_of_loss(const char *path, const struct tl_summary *summary)
{
	const struct tl_figure_value *lost = &summary->figures[TL_FIGURE_LOST];

	if (lost->value)
		tl_log_warn("'%s': %llu exits are not in it: its counts are too low", path,
			(unsigned long long)lost->value);
}

static int print(const struct tl_diff_tool_config *config, const struct tl_diff_report *report)
{
	static int (*const printers[])(FILE * out, const struct tl_diff_report *report) = {
		[TL_DIFF_FORMAT_TEXT] = tl_diff_text,
		[TL_DIFF_FORMAT_JSON] = tl_diff_json,
		[TL_DIFF_FORMAT_HTML] = tl_diff_html};
	int ret = printers[config->format](stdout, report);

	if (ret)
		tl_log_error("cannot print the comparison: %s", strerror(-ret));
	if (ret)
		return TL_STATUS_FAILURE;
	return report->budget && report->budget->exceeded ? TL_STATUS_FAILURE : TL_STATUS_OK;
}

/* Takes both summaries over. */
static int compare(const struct tl_diff_tool_config *config, struct tl_summary *a,
	struct tl_summary *b, const struct tl_budget *budget)
{
	struct tl_diff_report report = {
		.path_a = config->a, .path_b = config->b, .budget = budget, .rows = config->rows};
	struct tl_diff diff = {0};
	int ret, status = TL_STATUS_FAILURE;

	if (!config->a)
		return print(config, &report);
	ret = tl_diff_init(&diff, &config->diff, a, b);
	report.diff = &diff;
	if (ret == -EDOM) {
		tl_log_error("--per: A or B has no run time or no exits to divide by");
		status = TL_STATUS_INPUT;
	} else if (ret) {
		tl_log_error("%s", strerror(-ret));
	} else {
		if (diff.config.by_class && !config->diff.by_class)
			tl_log_warn("one of them has no details: by class, then");
		status = print(config, &report);
	}
	tl_diff_fini(&diff);
	return status;
}

int tl_diff_run(const struct tl_diff_tool_config *config)
{
	struct tl_budget budget = {0};
	struct tl_summary a = {0}, b = {0};
	int status = TL_STATUS_USAGE;

	/* What costs little is checked first. */
	if (config->budget && tl_budget_read(&budget, config->budget))
		goto out;
	status = TL_STATUS_INPUT;
	if ((config->a && load(&a, config->a)) || load(&b, config->b))
		goto out;
	if (config->a)
		warn_of_loss(config->a, &a);
	warn_of_loss(config->b, &b);
	status = TL_STATUS_USAGE;
	if (config->budget && tl_budget_check(&budget, config->a ? &a : NULL, &b))
		goto out;
	status = compare(config, &a, &b, config->budget ? &budget : NULL);
out:
	tl_summary_fini(&a);
	tl_summary_fini(&b);
	tl_budget_fini(&budget);
	return status;
}
