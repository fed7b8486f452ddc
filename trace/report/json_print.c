/* SPDX-License-Identifier: MIT */
/*
 * A document as text, the same for a profile and for a comparison.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "trace/report/json_parts.h"

int tl_json_print(FILE *out, json_t *root)
{
	int ret = root ? 0 : -ENOMEM;

	if (root &&
		(json_dumpf(root, out, JSON_INDENT(2)) || fputc('\n', out) == EOF || fflush(out)))
		ret = errno ? -errno : -EIO;
	json_decref(root);
	return ret;
}
