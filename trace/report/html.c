/* SPDX-License-Identifier: MIT */
/*
 * The page is the profile's JSON, what that leaves out, and scripts (trace/report/page/) that
 * make it visible.
 */
#include "trace/report/html.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/version.h"
#include "trace/advice/advice.h"
#include "trace/report/html_parts.h"
#include "trace/report/json.h"
#include "trace/report/page.h"
#include "trace/report/text_parts.h"

static const char *const assets[] = {"chart.css", "page.css", "report.css", "chart.js", "page.js",
	"table.js", "report_data.js", "timeline.js", "times.js", "flame.js", "memory.js",
	"report.js", NULL};

static void put_member(FILE *out, const char *name, const char *text)
{
	fprintf(out, "\"%s\":", name);
	tl_page_string(out, text);
	putc(',', out);
}

static void put_count(FILE *out, const char *name, uint64_t value)
{
	fprintf(out, "\"%s\":%" PRIu64 ",", name, value);
}

/* How the recording and the page were made. */
static void put_made(
	FILE *out, const struct tl_profile *profile, const struct tl_report_source *source)
{
	const struct tl_recording *recording = source->recording;
	const struct tl_vm_json *vm = &recording->vm;

	putc('{', out);
	put_member(out, "command", source->command);
	put_member(out, "version", tl_version());
	put_member(out, "path", recording->path);
	put_member(out, "recorder", vm->program);
	put_member(out, "recorded_by", vm->command);
	put_member(out, "host", vm->host);
	put_member(out, "kernel", vm->kernel);
	put_member(out, "ended_by", vm->ended_by);
	put_count(out, "pid", profile->pid > 0 ? (uint64_t)profile->pid : 0);
	put_count(out, "events", recording->events);
	put_count(out, "bytes", recording->bytes);
	put_count(out, "undecoded", recording->undecoded);
	put_count(out, "damaged", recording->damaged);
	put_count(out, "ring_lost", profile->ring_lost);
	put_count(out, "vms", recording->profile_count);
	put_count(out, "counter_hz", profile->counter_hz);
	put_count(out, "from", source->part->from);
	put_count(out, "to", source->part->to);
	fprintf(out, "\"vcpu\":%" PRId64 ",\"complete\":%s,\"truncated\":%s,\"symbols\":%s}",
		source->part->vcpu, vm->complete && !recording->cut_off ? "true" : "false",
		recording->truncated ? "true" : "false", profile->symbols ? "true" : "false");
}

static void put_regions(FILE *out, const struct tl_vm_map *map)
{
	putc('[', out);
	for (unsigned int i = 0; i < map->count; i++) {
		fprintf(out, "%s[", i ? "," : "");
		tl_page_string(out, map->regions[i].name);
		fprintf(out, ",%" PRIu64 ",%" PRIu64 "]", map->regions[i].base,
			map->regions[i].size);
	}
	putc(']', out);
}

/* The words of the rules, by name. */
static void put_rules(FILE *out)
{
	const struct tl_advice_rule *rule;

	putc('{', out);
	for (unsigned int i = 0; (rule = tl_advice_rule_at(i)); i++) {
		if (i)
			putc(',', out);
		tl_page_string(out, rule->name);
		fputs(":{", out);
		put_member(out, "why", rule->why);
		put_member(out, "what", rule->what);
		fputs("\"reference\":", out);
		tl_page_string(out, rule->reference);
		putc('}', out);
	}
	putc('}', out);
}

static void put_classes(FILE *out)
{
	putc('{', out);
	for (unsigned int i = 0; i < TL_CLASS_COUNT; i++) {
		if (i)
			putc(',', out);
		tl_page_string(out, tl_esr_class_name(i));
		putc(':', out);
		tl_page_string(out, tl_esr_class_text(i));
	}
	putc('}', out);
}

/* What the text report says below its table of counts. */
static int put_verdict(FILE *out, const struct tl_profile *profile)
{
	char *text = NULL;
	size_t size;
	struct tl_text t = {open_memstream(&text, &size), "", "", "", ""};

	if (!t.out)
		return -ENOMEM;
	tl_text_verdict(&t, profile);
	if (fclose(t.out)) {
		free(text);
		return -ENOMEM;
	}
	tl_page_string(out, text);
	free(text);
	return 0;
}

static int put_view(
	FILE *out, const struct tl_profile *profile, const struct tl_report_source *source)
{
	int ret;

	tl_page_data_begin(out, "view");
	fputs("{\"made\":", out);
	put_made(out, profile, source);
	fputs(",\n\"regions\":", out);
	put_regions(out, &profile->map);
	fputs(",\n\"rules\":", out);
	put_rules(out);
	fputs(",\n\"classes\":", out);
	put_classes(out);
	fputs(",\n\"timeline\":", out);
	tl_html_timeline(out, profile, source->timeline);
	fputs(",\n\"verdict\":", out);
	ret = put_verdict(out, profile);
	fputs(",\n\"rows\":", out);
	ret = ret ? ret : tl_html_rows(out, profile);
	putc('}', out);
	tl_page_data_end(out);
	return ret;
}

int tl_report_html(
	FILE *out, const struct tl_profile *profile, const struct tl_report_source *source)
{
	json_t *json = tl_report_json_object(profile);
	char title[64];
	int ret;

	if (!json)
		return -ENOMEM;
	snprintf(title, sizeof(title), "Trap profile of process %d", (int)profile->pid);
	tl_page_begin(out, profile->pid ? title : "Trap profile", assets);
	ret = tl_page_json(out, "profile", json);
	json_decref(json);
	ret = ret ? ret : put_view(out, profile, source);
	return ret ? ret : tl_page_end(out, assets);
}
