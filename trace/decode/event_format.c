/* SPDX-License-Identifier: MIT */
/*
 * A line at a time (Linux, kernel/trace/trace_events.c, f_show). libtraceevent reads these
 * texts too, but leaks memory on some that end too early, and a report reads recordings of
 * people who are not to be trusted.
 */
#include "trace/decode/event_format.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 256

/* The number behind `key` in the line. Returns whether there is one. */
static int number(const char *line, const char *key, unsigned int *value)
{
	const char *at = strstr(line, key);
	unsigned long parsed;
	char *end;

	if (!at)
		return 0;
	at += strlen(key);
	if (!isdigit((unsigned char)*at))
		return 0;
	parsed = strtoul(at, &end, 10);
	if (*end != ';' || parsed > 65535)
		return 0;
	*value = (unsigned int)parsed;
	return 1;
}

static int is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* "field:unsigned char common_flags;": the last word, without the length of an array. */
static void field_name(const char *declaration, size_t length, struct tl_event_field *field)
{
	size_t end = length, start;

	if (end && declaration[end - 1] == ']') {
		while (end && declaration[end - 1] != '[')
			end--;
		end -= end != 0;
	}
	start = end;
	while (start && is_name(declaration[start - 1]))
		start--;
	length = end - start < sizeof(field->name) ? end - start : sizeof(field->name) - 1;
	memcpy(field->name, declaration + start, length);
	field->name[length] = 0;
}

static void parse_line(struct tl_event_format *format, const char *line)
{
	struct tl_event_field *field = &format->fields[format->count];
	const char *declaration = strstr(line, "field:");

	if (!strncmp(line, "name: ", 6) && !format->name[0]) {
		size_t length = strcspn(line + 6, " \t\r");

		if (length < sizeof(format->name))
			memcpy(format->name, line + 6, length);
	} else if (!strncmp(line, "ID: ", 4) && format->id < 0) {
		long id = isdigit((unsigned char)line[4]) ? strtol(line + 4, NULL, 10) : -1;

		format->id = id >= 0 && id <= 65535 ? (int)id : -1;
	} else if (declaration && format->count < TL_EVENT_FIELDS) {
		declaration += strlen("field:");
		field_name(declaration, strcspn(declaration, ";"), field);
		if (field->name[0] && number(line, "offset:", &field->offset) &&
			number(line, "size:", &field->size))
			format->count++;
	}
}

int tl_event_format_parse(struct tl_event_format *format, const char *text, size_t length)
{
	*format = (struct tl_event_format){.id = -1};
	while (length) {
		const char *end = memchr(text, '\n', length);
		size_t size = end ? (size_t)(end - text) : length;
		char line[LINE_MAX_BYTES];

		/* The print format is longer than any field, and of no interest. */
		if (size < sizeof(line)) {
			memcpy(line, text, size);
			line[size] = 0;
			parse_line(format, line);
		}
		text += size + (end != NULL);
		length -= size + (end != NULL);
	}
	return format->name[0] && format->id >= 0 ? 0 : -EINVAL;
}

const struct tl_event_field *tl_event_format_field(
	const struct tl_event_format *format, const char *name)
{
	for (unsigned int i = 0; i < format->count; i++) {
		if (!strcmp(format->fields[i].name, name))
			return &format->fields[i];
	}
	return NULL;
}
