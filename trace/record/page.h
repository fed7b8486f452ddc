/* SPDX-License-Identifier: MIT */
/*
 * The records in one sub-buffer of the kernel's trace ring buffer, as trace_pipe_raw
 * delivers them and trace.dat keeps them: a header (time stamp, commit word), then
 * records of 4-byte aligned size (Linux, include/linux/ring_buffer.h and
 * Documentation/trace/ring-buffer-design.rst). Little endian with 8-byte longs, as on
 * arm64. Nothing in a page is believed: no byte outside it is ever touched.
 */
#ifndef TL_TRACE_PAGE_H
#define TL_TRACE_PAGE_H

#include <stddef.h>
#include <stdint.h>

/* Time stamp of the page, and its commit word. */
#define TL_PAGE_HEADER 16u

struct tl_page {
	const unsigned char *data; /* the page; borrowed */
	size_t end;                /* where its records end */
	size_t next;               /* where the next one begins */
	uint64_t ts;               /* of the last one; at first the page's own */
	int lost;                  /* events were lost before this page, and */
	uint64_t lost_count;       /* how many, 0: not known */
};

/*
 * Begins with a page of `size` bytes. Returns 0, or -EPROTO: it claims to hold more than
 * that; of one that is cut off, the records that are there can be read all the same. An
 * empty page is a valid one.
 */
int tl_page_open(struct tl_page *page, const void *data, size_t size);

/*
 * The next record: its payload (4-byte aligned if the page is) and size in bytes. Its time
 * is page->ts. Returns 1, 0 at the end, or -EPROTO where what comes is no record.
 */
int tl_page_next(struct tl_page *page, const void **record, size_t *size);

#endif
