/* SPDX-License-Identifier: MIT */
/*
 * The layout of a sub-buffer is libtraceevent's business (kbuffer); here are the
 * bounds that it does not check, and the merge of the CPUs.
 */
#include "trace/collect/ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <kbuffer.h>

/* Time stamp and commit word of a sub-buffer (kernel: struct buffer_data_page). */
#define PAGE_HEADER 16u
#define PAGE_MAX    (4u << 20)

struct ring_cpu {
	int fd;
	int in_gap;   /* lost_begin was called, lost_end not yet */
	uint64_t ts;  /* of the record at the cursor */
	void *record; /* at the cursor; NULL: nothing loaded */
	unsigned char *page;
	struct kbuffer *kbuf;
};

struct tl_ring {
	size_t page_size;
	unsigned int cpus;
	struct ring_cpu cpu[];
};

static int cpu_init(struct ring_cpu *cpu, size_t page_size)
{
	/* The kernel's "long" as in the commit word; both ends are this machine. */
	cpu->kbuf = kbuffer_alloc(sizeof(long) == 8 ? KBUFFER_LSIZE_8 : KBUFFER_LSIZE_4,
		__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? KBUFFER_ENDIAN_LITTLE
							  : KBUFFER_ENDIAN_BIG);
	/* Aligned as in the kernel: records are read in place. */
	cpu->page = aligned_alloc(64, page_size);
	return cpu->kbuf && cpu->page ? 0 : -ENOMEM;
}

int tl_ring_create(struct tl_ring **out, const int *fds, unsigned int cpus, size_t page_size)
{
	struct tl_ring *ring;
	int ret = 0;

	*out = NULL;
	ring = calloc(1, sizeof(*ring) + (size_t)cpus * sizeof(ring->cpu[0]));
	if (!ring) {
		for (unsigned int i = 0; i < cpus; i++)
			close(fds[i]);
		return -ENOMEM;
	}
	ring->page_size = page_size;
	ring->cpus = cpus;
	for (unsigned int i = 0; i < cpus; i++)
		ring->cpu[i].fd = fds[i];
	if (!cpus || page_size < 4ul * PAGE_HEADER || page_size > PAGE_MAX || page_size % 64)
		ret = -EINVAL;
	for (unsigned int i = 0; i < cpus && !ret; i++)
		ret = cpu_init(&ring->cpu[i], page_size);
	if (ret) {
		tl_ring_destroy(ring);
		return ret;
	}
	*out = ring;
	return 0;
}

/* Whether the record at the cursor lies within what the page says it holds. */
static int cursor_valid(const struct ring_cpu *cpu, size_t end)
{
	const unsigned char *at = cpu->record;
	int size;

	if (at < cpu->page + PAGE_HEADER || at > cpu->page + end)
		return 0;
	size = kbuffer_event_size(cpu->kbuf);
	return size >= 0 && (size_t)size <= (size_t)(cpu->page + end - at);
}

static size_t page_end(const struct ring_cpu *cpu, size_t page_size)
{
	int start = kbuffer_start_of_data(cpu->kbuf);
	int size = kbuffer_subbuffer_size(cpu->kbuf);

	if (start < 0 || size < 0 || (size_t)start + (size_t)size > page_size)
		return 0;
	return (size_t)start + (size_t)size;
}

static void gap_begin(
	struct ring_cpu *cpu, uint64_t count, const struct tl_ring_ops *ops, void *ctx)
{
	if (cpu->in_gap && ops->lost_end)
		ops->lost_end(ctx); /* begin and end always come in pairs */
	if (ops->lost_begin)
		ops->lost_begin(ctx, count);
	cpu->in_gap = 1;
}

/* Reads the next sub-buffer. Returns 1 (there is a record at the cursor), 0 (nothing now) or an
 * error. */
static int cpu_fill(
	struct tl_ring *ring, struct ring_cpu *cpu, const struct tl_ring_ops *ops, void *ctx)
{
	unsigned long long ts = 0;
	size_t end;
	ssize_t n;
	int missed;

	for (;;) {
		n = read(cpu->fd, cpu->page, ring->page_size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) /* ENODEV: a CPU that was never online has no buffer */
			return errno == EAGAIN || errno == ENODEV ? 0 : -errno;
		if (!n)
			return 0;
		/* What follows a short page in memory must not be taken for records. */
		memset(cpu->page + n, 0, ring->page_size - (size_t)n);
		if ((size_t)n < PAGE_HEADER || kbuffer_load_subbuffer(cpu->kbuf, cpu->page))
			break;
		missed = kbuffer_missed_events(cpu->kbuf);
		if (missed)
			gap_begin(cpu, missed > 0 ? (uint64_t)missed : 0, ops, ctx);
		end = page_end(cpu, ring->page_size);
		if (!end)
			break;
		cpu->record = kbuffer_read_event(cpu->kbuf, &ts);
		if (!cpu->record)
			continue; /* only padding */
		if (!cursor_valid(cpu, end))
			break;
		cpu->ts = ts;
		return 1;
	}
	cpu->record = NULL;
	gap_begin(cpu, 0, ops, ctx);
	return -EPROTO;
}

/* Delivers the record at the cursor and goes on to the next. Result as cpu_fill. */
static int cpu_deliver(
	struct tl_ring *ring, struct ring_cpu *cpu, const struct tl_ring_ops *ops, void *ctx)
{
	unsigned long long ts = 0;

	if (cpu->in_gap) {
		cpu->in_gap = 0;
		if (ops->lost_end)
			ops->lost_end(ctx);
	}
	ops->record(ctx, cpu->ts, cpu->record, (size_t)kbuffer_event_size(cpu->kbuf));
	cpu->record = kbuffer_next_event(cpu->kbuf, &ts);
	if (!cpu->record)
		return cpu_fill(ring, cpu, ops, ctx);
	if (!cursor_valid(cpu, page_end(cpu, ring->page_size))) {
		cpu->record = NULL;
		gap_begin(cpu, 0, ops, ctx);
		return -EPROTO;
	}
	cpu->ts = ts;
	return 1;
}

/*
 * The CPU whose record is next, and in *limit the time of the one after it: up to
 * there the same CPU may be delivered from without looking at the others.
 */
static struct ring_cpu *next_cpu(struct tl_ring *ring, uint64_t *limit)
{
	struct ring_cpu *best = NULL;

	*limit = UINT64_MAX;
	for (unsigned int i = 0; i < ring->cpus; i++) {
		struct ring_cpu *cpu = &ring->cpu[i];

		if (!cpu->record)
			continue;
		if (!best || cpu->ts < best->ts) {
			if (best)
				*limit = best->ts;
			best = cpu;
		} else if (cpu->ts < *limit) {
			*limit = cpu->ts;
		}
	}
	return best;
}

int tl_ring_round(struct tl_ring *ring, uint64_t mark, const struct tl_ring_ops *ops, void *ctx)
{
	struct ring_cpu *cpu;
	uint64_t limit;
	int failed = 0;
	int ret;

	/* A CPU that is empty now has nothing up to the mark: what comes later is younger. */
	for (unsigned int i = 0; i < ring->cpus; i++) {
		if (ring->cpu[i].record)
			continue;
		ret = cpu_fill(ring, &ring->cpu[i], ops, ctx);
		if (ret < 0)
			failed = ret;
	}
	while ((cpu = next_cpu(ring, &limit)) && cpu->ts <= mark) {
		if (limit > mark)
			limit = mark;
		do {
			ret = cpu_deliver(ring, cpu, ops, ctx);
			if (ret < 0)
				failed = ret;
		} while (ret > 0 && cpu->ts <= limit);
	}
	return failed;
}

void tl_ring_destroy(struct tl_ring *ring)
{
	if (!ring)
		return;
	for (unsigned int i = 0; i < ring->cpus; i++) {
		if (ring->cpu[i].fd >= 0)
			close(ring->cpu[i].fd);
		if (ring->cpu[i].kbuf)
			kbuffer_free(ring->cpu[i].kbuf);
		free(ring->cpu[i].page);
	}
	free(ring);
}
