/* SPDX-License-Identifier: MIT */
/*
 * The header is made in memory and written at once: a file has a whole one or none.
 */
#include "trace/record/dat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Names of threads may be added while the recording goes on: as much room is left for them. */
#define CMDLINES_ROOM 16384u

static void put_bytes(FILE *out, const void *data, size_t size)
{
	fwrite(data, 1, size, out);
}

static void put32(FILE *out, uint32_t value)
{
	put_bytes(out, &value, sizeof(value));
}

static void put64(FILE *out, uint64_t value)
{
	put_bytes(out, &value, sizeof(value));
}

/* With its zero. */
static void put_string(FILE *out, const char *text)
{
	put_bytes(out, text, strlen(text) + 1);
}

static void put_text64(FILE *out, const char *text)
{
	put64(out, text ? strlen(text) : 0);
	if (text)
		put_bytes(out, text, strlen(text));
}

static void put_events(FILE *out, const struct tl_dat_header *header)
{
	const struct tl_dat_event *events = header->events;
	unsigned int systems = 0;

	for (unsigned int i = 0; i < header->event_count; i++)
		systems += !i || strcmp(events[i].system, events[i - 1].system) != 0;
	put32(out, systems);
	for (unsigned int i = 0, next; i < header->event_count; i = next) {
		next = i;
		while (next < header->event_count && !strcmp(events[next].system, events[i].system))
			next++;
		put_string(out, events[i].system);
		put32(out, next - i);
		for (unsigned int e = i; e < next; e++)
			put_text64(out, events[e].format);
	}
}

static void put_option(FILE *out, uint16_t option, const char *text)
{
	if (!text)
		return;
	put_bytes(out, &option, sizeof(option));
	put32(out, (uint32_t)strlen(text) + 1);
	put_string(out, text);
}

static void put_cmdlines(FILE *out, const char *cmdlines)
{
	size_t length = cmdlines ? strlen(cmdlines) : 0;

	if (length > CMDLINES_ROOM)
		length = CMDLINES_ROOM;
	put64(out, CMDLINES_ROOM);
	if (length)
		put_bytes(out, cmdlines, length);
	for (size_t i = length; i < CMDLINES_ROOM; i++)
		fputc('\n', out);
}

static void put_all(FILE *out, const struct tl_dat_header *header)
{
	const uint16_t end = 0;

	put_bytes(out, TL_DAT_MAGIC, TL_DAT_MAGIC_SIZE);
	put_string(out, TL_DAT_VERSION);
	fputc(0, out); /* little endian */
	fputc(8, out); /* size of a long */
	put32(out, (uint32_t)header->page_size);
	put_string(out, "header_page");
	put_text64(out, header->header_page);
	put_string(out, "header_event");
	put_text64(out, header->header_event);
	put32(out, 0); /* formats of ftrace's own events */
	put_events(out, header);
	put32(out, 0); /* kallsyms */
	put32(out, 0); /* formats of trace_printk */
	put_cmdlines(out, header->cmdlines);
	put32(out, header->cpus);
	put_string(out, "options  ");
	put_option(out, TL_DAT_OPTION_CLOCK, header->clock);
	put_option(out, TL_DAT_OPTION_UNAME, header->uname);
	put_option(out, TL_DAT_OPTION_VERSION, header->version);
	put_bytes(out, &end, sizeof(end));
	put_string(out, "flyrecord");
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

int tl_dat_write_header(int fd, const struct tl_dat_header *header, uint64_t *table)
{
	char *data = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&data, &size);
	int ret = 0;

	if (!out)
		return -errno;
	put_all(out, header);
	*table = (uint64_t)ftello(out);
	for (unsigned int i = 0; i < header->cpus; i++) {
		put64(out, 0);
		put64(out, 0);
	}
	if (fclose(out))
		ret = -ENOMEM;
	ret = ret ? ret : write_all(fd, data, size);
	free(data);
	return ret;
}

int tl_dat_write_place(int fd, uint64_t table, unsigned int cpu, uint64_t offset, uint64_t size)
{
	const uint64_t place[2] = {offset, size};
	ssize_t n = pwrite(fd, place, sizeof(place), (off_t)(table + cpu * sizeof(place)));

	if (n < 0)
		return -errno;
	return n == sizeof(place) ? 0 : -EIO;
}
