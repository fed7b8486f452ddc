/* SPDX-License-Identifier: MIT */
/*
 * A comparison as a page: its JSON, and scripts (trace/report/page/diff.js) that make it
 * visible.
 */
#include <errno.h>

#include "trace/report/diff.h"
#include "trace/report/page.h"

static const char *const assets[] = {
	"page.css", "diff.css", "page.js", "table.js", "diff.js", NULL};

int tl_diff_html(FILE *out, const struct tl_diff_report *report)
{
	json_t *root = tl_diff_json_object(report);
	int ret;

	if (!root)
		return -ENOMEM;
	tl_page_begin(out, report->diff ? "trapline diff" : "trapline diff --budget", assets);
	ret = tl_page_json(out, "diff", root);
	json_decref(root);
	return ret ? ret : tl_page_end(out, assets);
}
