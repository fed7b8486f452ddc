/* SPDX-License-Identifier: MIT */
/*
 * HTML pages that work offline: scripts, styles and data are inside, and the page's own
 * content security policy lets nothing else run or load. What is shown comes out of
 * recordings that anybody may have made: all text goes through here.
 */
#ifndef TL_TRACE_PAGE_H
#define TL_TRACE_PAGE_H

#include <jansson.h>
#include <stdio.h>

/* A script or style that a page can carry, from trace/report/page or the chart library. */
struct tl_page_asset {
	const char *name; /* "page/report.js" */
	const char *start, *end;
	const char *hash; /* "sha256-..." as a content security policy has it */
};

/* The asset of that name (without "page/"), NULL: there is none. */
const struct tl_page_asset *tl_page_asset(const char *name);

/*
 * Begins a page: its head with the styles, and an empty <main id="page">. `assets`: their
 * names, the last is NULL; styles end in ".css", scripts in ".js" and run in this order.
 */
void tl_page_begin(FILE *out, const char *title, const char *const *assets);

/* Ends it, with the scripts. Returns 0 or -errno of a failed write (not logged). */
int tl_page_end(FILE *out, const char *const *assets);

/* Data for the scripts, as JSON in an element of that id. Returns 0 or -ENOMEM. */
int tl_page_json(FILE *out, const char *id, const json_t *value);

/* The same, written by the caller between these two: it is not built up in memory. */
void tl_page_data_begin(FILE *out, const char *id);
void tl_page_data_end(FILE *out);

/* Text as a JSON string, in quotes. Bytes that are no UTF-8 become U+FFFD. */
void tl_page_string(FILE *out, const char *text);

/* Text in HTML, also inside quotes. */
void tl_page_text(FILE *out, const char *text);

#endif
