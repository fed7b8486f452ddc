/* SPDX-License-Identifier: MIT */
/*
 * What clients send. Strict where leniency would mean guessing.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/http.h"

/* RFC 9110, 5.6.2 */
static bool is_token(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)text[i]) && !strchr("!#$%&'*+-.^_`|~", text[i]))
			return false;
	}
	return length > 0;
}

/* RFC 9112, 3: method SP request-target SP HTTP-version. */
static int parse_line(char *line, struct tl_http_request *request)
{
	char *target = strchr(line, ' ');
	char *version = target ? strchr(target + 1, ' ') : NULL;
	size_t length;

	if (!version || strchr(version + 1, ' ') || !is_token(line, (size_t)(target - line)))
		return 400;
	*target++ = *version++ = 0;
	if (strncmp(version, "HTTP/", 5) != 0 || !isdigit((unsigned char)version[5]) ||
		version[6] != '.' || !isdigit((unsigned char)version[7]) || version[8])
		return 400;
	if (version[5] != '1')
		return 505;
	if (*target != '/')
		return 400;
	for (const char *c = target; *c; c++) {
		if (*c <= ' ' || *c > '~')
			return 400;
	}
	request->head = !strcmp(line, "HEAD");
	if (!request->head && strcmp(line, "GET") != 0)
		return 405;
	length = strcspn(target, "?");
	if (length >= sizeof(request->path))
		return 414;
	snprintf(request->path, sizeof(request->path), "%.*s", (int)length, target);
	return 0;
}

/* RFC 9112, 5: name ":" OWS value OWS. */
static int parse_header(char *line, struct tl_http_request *request, unsigned int *hosts)
{
	char *value = strchr(line, ':'), *end;

	/* Lines that go on, and blanks before the colon, have been used to smuggle. */
	if (!value || !is_token(line, (size_t)(value - line)))
		return 400;
	*value++ = 0;
	value += strspn(value, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = 0;
	for (const char *c = value; *c; c++) {
		if ((unsigned char)*c < ' ' && *c != '\t')
			return 400;
	}
	if (!strcasecmp(line, "Accept"))
		request->accept = value;
	*hosts += !strcasecmp(line, "Host");
	return 0;
}

int tl_http_parse(char *text, struct tl_http_request *request)
{
	char *line = text, *next;
	unsigned int hosts = 0;
	int is_11, status;

	*request = (struct tl_http_request){.accept = ""};
	next = strstr(line, "\r\n");
	if (!next)
		return 400;
	*next = 0;
	is_11 = strstr(line, " HTTP/1.0") == NULL;
	status = parse_line(line, request);
	for (line = next + 2; !status; line = next + 2) {
		next = strstr(line, "\r\n");
		if (!next)
			return 400;
		*next = 0;
		if (next == line)
			break;
		status = parse_header(line, request, &hosts);
	}
	/* RFC 9112, 3.2 */
	if (!status && (hosts > 1 || (is_11 && !hosts)))
		status = 400;
	return status;
}

/* Whether one element of the list is of that type. */
static bool accepts(const char *element, size_t length, const char *type)
{
	size_t name = strlen(type);
	const char *q;
	char text[128];

	if (length >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)length, element);
	if (strncasecmp(text, type, name) != 0 || !strchr(" \t;", text[name]))
		return false;
	q = strstr(text, "q=");
	return !q || strtod(q + 2, NULL) > 0;
}

bool tl_http_accepts(const char *accept, const char *type)
{
	while (*accept) {
		size_t length;

		accept += strspn(accept, " \t,");
		length = strcspn(accept, ",");
		if (accepts(accept, length, type))
			return true;
		accept += length;
	}
	return false;
}
