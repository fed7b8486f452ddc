/* SPDX-License-Identifier: MIT */
/*
 * The frame of an HTML page. Data stands in script elements of a type that no browser runs;
 * there a '<' is written as an escape, so that nothing in it can end the element.
 */
#include "trace/report/page.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"

#define PAGE_ASSET(name, symbol, hash)                                                             \
	extern const char tl_page_##symbol[], tl_page_##symbol##_end[];
#include "page_assets.h"
#undef PAGE_ASSET

#define PAGE_ASSET(name, symbol, hash) {name, tl_page_##symbol, tl_page_##symbol##_end, hash},
static const struct tl_page_asset all_assets[] = {
#include "page_assets.h"
};
#undef PAGE_ASSET

const struct tl_page_asset *tl_page_asset(const char *name)
{
	for (size_t i = 0; i < sizeof(all_assets) / sizeof(all_assets[0]); i++) {
		if (!strcmp(all_assets[i].name + strlen("page/"), name))
			return &all_assets[i];
	}
	return NULL;
}

static int is_style(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && !strcmp(dot, ".css");
}

/* " 'sha256-...'" for each asset of one kind. */
static void put_hashes(FILE *out, const char *const *assets, int styles)
{
	for (; *assets; assets++) {
		const struct tl_page_asset *asset = tl_page_asset(*assets);

		if (asset && is_style(*assets) == styles)
			fprintf(out, " '%s'", asset->hash);
	}
}

static void put_assets(FILE *out, const char *const *assets, int styles)
{
	const char *element = styles ? "style" : "script";

	for (; *assets; assets++) {
		const struct tl_page_asset *asset = tl_page_asset(*assets);

		if (!asset || is_style(*assets) != styles)
			continue;
		/* The hash is of all between the tags: no line break that is not in the asset. */
		fprintf(out, "<%s>", element);
		fwrite(asset->start, 1, (size_t)(asset->end - asset->start), out);
		fprintf(out, "</%s>\n", element);
	}
}

void tl_page_begin(FILE *out, const char *title, const char *const *assets)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "base-uri 'none'; form-action 'none'; script-src",
		out);
	put_hashes(out, assets, 0);
	fputs("; style-src", out);
	put_hashes(out, assets, 1);
	fputs("\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
		out);
	tl_page_text(out, title);
	fputs("</title>\n", out);
	put_assets(out, assets, 1);
	fputs("</head>\n<body>\n<noscript>This page draws with JavaScript, all of which is in this "
	      "file. Without it, 'trapline report' prints the same as text.</noscript>\n"
	      "<main id=\"page\"></main>\n",
		out);
}

int tl_page_end(FILE *out, const char *const *assets)
{
	put_assets(out, assets, 0);
	fputs("</body>\n</html>\n", out);
	if (fflush(out) || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}

void tl_page_data_begin(FILE *out, const char *id)
{
	fprintf(out, "<script type=\"application/json\" id=\"%s\">", id);
}

void tl_page_data_end(FILE *out)
{
	fputs("</script>\n", out);
}

/* In JSON a '<' can only be in a string. */
static int put_json(const char *buffer, size_t size, void *out)
{
	for (size_t i = 0; i < size; i++) {
		if (buffer[i] == '<')
			fputs("\\u003c", out);
		else
			putc(buffer[i], out);
	}
	return 0;
}

int tl_page_json(FILE *out, const char *id, const json_t *value)
{
	int ret;

	tl_page_data_begin(out, id);
	ret = json_dump_callback(value, put_json, out, JSON_COMPACT | JSON_ENCODE_ANY);
	tl_page_data_end(out);
	return ret ? -ENOMEM : 0;
}

void tl_page_string(FILE *out, const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	putc('"', out);
	while (*c) {
		unsigned int length = tl_utf8_length((const char *)c);

		if (!length) {
			fputs("\\ufffd", out);
			c++;
		} else if (*c < 0x20 || *c == 0x7f || *c == '<' || *c == '"' || *c == '\\') {
			fprintf(out, "\\u%04x", *c++);
		} else {
			fwrite(c, 1, length, out);
			c += length;
		}
	}
	putc('"', out);
}

void tl_page_text(FILE *out, const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	while (*c) {
		unsigned int length = tl_utf8_length((const char *)c);

		if (!length || (*c < 0x20 && *c != '\n' && *c != '\t')) {
			fputs("&#xfffd;", out);
			c++;
		} else if (strchr("<>&\"'", *c)) {
			fprintf(out, "&#%u;", *c++);
		} else {
			fwrite(c, 1, length, out);
			c += length;
		}
	}
}
