/* SPDX-License-Identifier: MIT */
/*
 * The text of a format file of tracefs (events/SYSTEM/NAME/format): name and number of the
 * event, and where its fields are. The text of a recording may be anybody's.
 */
#ifndef TL_TRACE_EVENT_FORMAT_H
#define TL_TRACE_EVENT_FORMAT_H

#include <stddef.h>

#define TL_EVENT_FIELDS 64

struct tl_event_format {
	char name[64];
	int id;
	unsigned int count;
	struct tl_event_field {
		char name[40]; /* a longer one is cut off */
		unsigned int offset, size;
	} fields[TL_EVENT_FIELDS];
};

/*
 * Parses the text, which need not end with a zero. Returns 0 or -EINVAL: no name or number
 * in it. Lines that are no fields are passed over, and so are fields beyond the last one
 * that there is room for.
 */
int tl_event_format_parse(struct tl_event_format *format, const char *text, size_t length);

/* The field of that name, NULL: there is none. */
const struct tl_event_field *tl_event_format_field(
	const struct tl_event_format *format, const char *name);

#endif
