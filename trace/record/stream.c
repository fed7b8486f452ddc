/* SPDX-License-Identifier: MIT */
/*
 * A buffer of some pages for each CPU; of the CPUs, the one whose next record is the oldest
 * delivers until another one's is older.
 */
#include "trace/record/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace/record/page.h"

/* Read at once, for one CPU. */
#define BUFFER_BYTES (256u << 10)

struct part {
	int fd;
	uint64_t offset, size;
};

struct cpu {
	struct part *parts;
	unsigned int part_count, part; /* that is being read */
	unsigned char *buffer;
	size_t filled, next_page; /* bytes in the buffer */
	struct tl_page page;
	const void *record; /* the next one; NULL: there is none */
	size_t size;
	int cut_off; /* the page claims more than there is of it */
	int in_gap;  /* lost_begin was called, lost_end not yet */
};

struct tl_stream {
	size_t page_size, buffer_size;
	uint64_t damaged, bytes, total, told; /* `told`: bytes at the last word of progress */
	unsigned int cpu_count;
	struct cpu cpus[];
};

int tl_stream_create(struct tl_stream **out, unsigned int cpus, size_t page_size)
{
	struct tl_stream *stream = calloc(1, sizeof(*stream) + cpus * sizeof(stream->cpus[0]));

	*out = stream;
	if (!stream)
		return -ENOMEM;
	stream->cpu_count = cpus;
	stream->page_size = page_size;
	/* Whole pages, and at least one. */
	stream->buffer_size = page_size;
	while (stream->buffer_size + page_size <= BUFFER_BYTES)
		stream->buffer_size += page_size;
	return 0;
}

int tl_stream_add(
	struct tl_stream *stream, unsigned int cpu, int fd, uint64_t offset, uint64_t size)
{
	struct cpu *to = &stream->cpus[cpu];
	struct part *grown = realloc(to->parts, (to->part_count + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	to->parts = grown;
	grown[to->part_count++] = (struct part){fd, offset, size};
	stream->total += size;
	return 0;
}

/* As many bytes as there are; -errno. */
static ssize_t read_all(int fd, unsigned char *data, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, data + done, size - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* Fills the buffer with what comes next. Returns 1, 0 at the end or -errno. */
static int fill(struct tl_stream *stream, struct cpu *cpu)
{
	if (!cpu->buffer)
		cpu->buffer = aligned_alloc(64, stream->buffer_size);
	if (!cpu->buffer)
		return -ENOMEM;
	cpu->filled = cpu->next_page = 0;
	while (cpu->part < cpu->part_count) {
		struct part *part = &cpu->parts[cpu->part];
		size_t want =
			part->size < stream->buffer_size ? (size_t)part->size : stream->buffer_size;
		ssize_t n;

		n = read_all(part->fd, cpu->buffer, want, part->offset);
		if (n < 0)
			return (int)n;
		part->offset += (uint64_t)n;
		part->size -= (uint64_t)n;
		cpu->filled = (size_t)n;
		if (n)
			return 1;
		cpu->part++;
	}
	return 0;
}

static void gap(struct cpu *cpu, uint64_t count, const struct tl_stream_ops *ops, void *ctx)
{
	/* They always come in pairs. */
	if (cpu->in_gap)
		ops->lost_end(ctx);
	ops->lost_begin(ctx, count);
	cpu->in_gap = 1;
}

/* A word of progress for each hundredth. */
static void tell(struct tl_stream *stream, const struct tl_stream_ops *ops, void *ctx)
{
	if (!ops->progress || stream->bytes - stream->told < stream->total / 100)
		return;
	stream->told = stream->bytes;
	if (stream->bytes < stream->total)
		ops->progress(ctx, stream->bytes, stream->total);
}

/* Goes on to the next page. Returns 1, 0 at the end or -errno. */
static int next_page(
	struct tl_stream *stream, struct cpu *cpu, const struct tl_stream_ops *ops, void *ctx)
{
	for (;;) {
		size_t left = cpu->filled - cpu->next_page;
		int ret;

		if (!left) {
			tell(stream, ops, ctx);
			ret = fill(stream, cpu);
			if (ret <= 0)
				return ret;
			continue;
		}
		/* A last page that is cut off still has its first records. */
		if (left > stream->page_size)
			left = stream->page_size;
		ret = tl_page_open(&cpu->page, cpu->buffer + cpu->next_page, left);
		cpu->cut_off = ret && left >= TL_PAGE_HEADER && left < stream->page_size;
		cpu->next_page += left;
		stream->bytes += left;
		if (ret && !cpu->cut_off) {
			stream->damaged++;
			gap(cpu, 0, ops, ctx);
			continue;
		}
		if (cpu->page.lost)
			gap(cpu, cpu->page.lost_count, ops, ctx);
		return 1;
	}
}

/* Goes on to the next record. Returns 1, 0 at the end or -errno. */
static int next_record(
	struct tl_stream *stream, struct cpu *cpu, const struct tl_stream_ops *ops, void *ctx)
{
	for (;;) {
		int ret = cpu->page.data ? tl_page_next(&cpu->page, &cpu->record, &cpu->size) : 0;

		if (ret > 0)
			return ret;
		if (ret < 0 || cpu->cut_off) {
			stream->damaged++;
			gap(cpu, 0, ops, ctx);
		}
		cpu->record = NULL;
		ret = next_page(stream, cpu, ops, ctx);
		if (ret <= 0) {
			cpu->page.data = NULL;
			return ret;
		}
	}
}

/* The CPU that is next, and in *limit up to when it is. */
static struct cpu *oldest(struct tl_stream *stream, uint64_t *limit)
{
	struct cpu *best = NULL;

	*limit = UINT64_MAX;
	for (unsigned int i = 0; i < stream->cpu_count; i++) {
		struct cpu *cpu = &stream->cpus[i];

		if (!cpu->record)
			continue;
		if (!best || cpu->page.ts < best->page.ts) {
			if (best)
				*limit = best->page.ts;
			best = cpu;
		} else if (cpu->page.ts < *limit) {
			*limit = cpu->page.ts;
		}
	}
	return best;
}

static int deliver(
	struct tl_stream *stream, struct cpu *cpu, const struct tl_stream_ops *ops, void *ctx)
{
	int ret;

	if (cpu->in_gap) {
		cpu->in_gap = 0;
		ops->lost_end(ctx);
	}
	ret = ops->record(ctx, cpu->page.ts, cpu->record, cpu->size);
	if (ret)
		return ret;
	ret = next_record(stream, cpu, ops, ctx);
	return ret < 0 ? ret : 0;
}

int tl_stream_run(struct tl_stream *stream, const struct tl_stream_ops *ops, void *ctx)
{
	struct cpu *cpu;
	uint64_t limit;
	int ret = 0;

	for (unsigned int i = 0; i < stream->cpu_count && ret >= 0; i++)
		ret = next_record(stream, &stream->cpus[i], ops, ctx);
	if (ret > 0)
		ret = 0;
	while (!ret && (cpu = oldest(stream, &limit))) {
		do
			ret = deliver(stream, cpu, ops, ctx);
		while (!ret && cpu->record && cpu->page.ts <= limit);
	}
	for (unsigned int i = 0; i < stream->cpu_count; i++) {
		if (stream->cpus[i].in_gap)
			ops->lost_end(ctx);
		stream->cpus[i].in_gap = 0;
	}
	if (ops->progress)
		ops->progress(ctx, stream->total, stream->total);
	return ret;
}

uint64_t tl_stream_damaged(const struct tl_stream *stream)
{
	return stream->damaged;
}

uint64_t tl_stream_bytes(const struct tl_stream *stream)
{
	return stream->bytes;
}

void tl_stream_destroy(struct tl_stream *stream)
{
	if (!stream)
		return;
	for (unsigned int i = 0; i < stream->cpu_count; i++) {
		free(stream->cpus[i].parts);
		free(stream->cpus[i].buffer);
	}
	free(stream);
}
