/* SPDX-License-Identifier: MIT */
/*
 * Rings, chains and descriptors that break the rules of split virtqueues (virtio 1.2, section
 * 2.7), and those that just do not: whatever it is, the queue stops, and nothing outside RAM
 * is touched.
 * Links: vmm/dev/virtio/queue.c vmm/core/mem.c
 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "tests/unit/vq_alone.h"

#define UNTOUCHED 0xeeeeeeeeu

/* The request is refused, and so is all that follows, until the queue is set up anew. */
static void expect_refused(void)
{
	*at32(USED) = UNTOUCHED;
	assert_int_equal(tl_vq_pop(&vq, &chain), -EPROTO);
	assert_false(vq.running);
	offer_simple(1);
	assert_int_equal(tl_vq_pop(&vq, &chain), 0);
	assert_false(tl_vq_wait(&vq));
	assert_int_equal(*at32(USED), UNTOUCHED);
	memset(at(AVAIL), 0, 0x1000);
}

/* Descriptors from 0 on, and the first of them offered. */
static void refused(const struct desc *descs, unsigned int count)
{
	start(SIZE, false, true);
	for (unsigned int i = 0; i < count; i++)
		put(DESC, i, descs[i]);
	offer(vq.size, 0);
	expect_refused();
}
#define assert_refused(...)                                                                        \
	refused((const struct desc[]){__VA_ARGS__},                                                \
		sizeof((const struct desc[]){__VA_ARGS__}) / sizeof(struct desc))

static void test_start(void **state)
{
	static const uint32_t sizes[] = {1, 2, 4, 64, 256};
	static const uint32_t bad[] = {
		0, 3, 6, 255, 257, 512, 1024, 32768, 65536, UINT32_MAX, 0x80000000};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(sizes); i++) {
		start(sizes[i], false, false);
		assert_int_equal(tl_vq_pop(&vq, &chain), 0);
		assert_false(tl_vq_must_interrupt(&vq));
	}
	for (unsigned int i = 0; i < ARRAY_LEN(bad); i++) {
		vq.size = bad[i];
		assert_int_equal(tl_vq_start(&vq), -EPROTO);
		assert_false(vq.running);
		assert_int_equal(tl_vq_pop(&vq, &chain), 0);
	}
}

/* robust: vq.size-0 vq.size-odd vq.size-large vq.misaligned vq.outside vq.overlap */
static void test_bad_rings(void **state)
{
	/* 8 entries: 128 bytes, 22 bytes and 70 bytes. */
	static const struct {
		uint64_t desc, avail, used;
		int ret;
	} cases[] = {{DESC, AVAIL, USED, 0}, {DESC + 8, AVAIL, USED, -EPROTO},
		{DESC + 1, AVAIL, USED, -EPROTO}, {DESC, AVAIL + 1, USED, -EPROTO},
		{DESC, AVAIL + 2, USED, 0}, {DESC, AVAIL, USED + 2, -EPROTO},
		{DESC, AVAIL, USED + 4, 0}, {0, 0, 0, -EPROTO}, {END - 128, AVAIL, USED, 0},
		{END - 112, AVAIL, USED, -EPROTO}, {END, AVAIL, USED, -EPROTO},
		{BASE - 16, AVAIL, USED, -EPROTO}, {UINT64_MAX - 15, AVAIL, USED, -EPROTO},
		{DESC, END - 22, USED, 0}, {DESC, END - 20, USED, -EPROTO},
		{DESC, END, USED, -EPROTO}, {DESC, BASE - 2, USED, -EPROTO},
		{DESC, UINT64_MAX - 1, USED, -EPROTO}, {DESC, AVAIL, END - 72, 0},
		{DESC, AVAIL, END - 68, -EPROTO}, {DESC, AVAIL, BASE - 4, -EPROTO},
		{DESC, AVAIL, UINT64_MAX - 3, -EPROTO},
		/* What the device writes lies in what the driver does. */
		{DESC, AVAIL, DESC, -EPROTO}, {DESC, AVAIL, DESC + 124, -EPROTO},
		{DESC, AVAIL, DESC + 128, 0}, {DESC, AVAIL, DESC - 68, -EPROTO},
		{DESC, AVAIL, DESC - 72, 0}, {DESC, AVAIL, AVAIL, -EPROTO},
		{DESC, AVAIL, AVAIL + 20, -EPROTO}, {DESC, AVAIL, AVAIL + 24, 0},
		{DESC, AVAIL, AVAIL - 68, -EPROTO}, {DESC, AVAIL, AVAIL - 72, 0}};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(cases); i++) {
		vq.desc = cases[i].desc;
		vq.avail = cases[i].avail;
		vq.used = cases[i].used;
		if (tl_vq_start(&vq) != cases[i].ret)
			fail_msg("case %u", i);
		assert_int_equal(vq.running, !cases[i].ret);
		assert_int_equal(tl_vq_pop(&vq, &chain), 0);
	}
}

/* robust: vq.head vq.avail-jump */
static void test_bad_heads(void **state)
{
	static const uint16_t heads[] = {SIZE, SIZE + 1, 255, 256, 0x8000, 0xffff};
	static const uint16_t jumps[] = {SIZE + 1, 0x7fff, 0x8000, 0xffff};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(heads); i++) {
		start(SIZE, false, true);
		offer(vq.size, heads[i]);
		expect_refused();
	}
	/* More is available than there is room for; idx that went back is the same. */
	for (unsigned int i = 0; i < ARRAY_LEN(jumps); i++) {
		start(SIZE, false, true);
		*at16(AVAIL + 2) = jumps[i];
		put(DESC, 0, (struct desc){DATA, 16, 0, 0});
		expect_refused();
	}
}

/* robust: vq.next vq.loop-1 vq.loop-2 vq.order */
static void test_bad_links(void **state)
{
	(void)state;
	assert_refused({DATA, 1, NEXT, SIZE});
	assert_refused({DATA, 1, NEXT, 0xffff});
	assert_refused({DATA, 1, NEXT, 1}, {DATA, 1, NEXT, SIZE});
	/* Loops. */
	assert_refused({DATA, 1, NEXT, 0});
	assert_refused({DATA, 1, NEXT, 1}, {DATA, 1, NEXT, 0});
	assert_refused({DATA, 1, NEXT, 1}, {DATA, 1, NEXT | WRITE, 1});
	/* To be read after to be written. */
	assert_refused({DATA, 1, NEXT | WRITE, 1}, {DATA, 1, 0, 0});
	assert_refused({DATA, 1, NEXT, 1}, {DATA, 1, NEXT | WRITE, 2}, {DATA, 1, 0, 0});
}

/* robust: vq.wrap vq.ram-end vq.in-device */
static void test_bad_addresses(void **state)
{
	(void)state;
	assert_refused({DATA, 0, 0, 0});
	assert_refused({DATA, 1, NEXT, 1}, {DATA, 0, WRITE, 0});
	assert_refused({0, 0, 0, 0});
	assert_refused({0, 16, 0, 0});
	assert_refused({BASE - 1, 1, 0, 0});
	assert_refused({BASE - 1, 2, WRITE, 0});
	assert_refused({END - 1, 2, WRITE, 0});
	assert_refused({END, 1, 0, 0});
	assert_refused({BASE, (uint32_t)RAM_SIZE + 1, WRITE, 0});
	assert_refused({BASE, UINT32_MAX, WRITE, 0});
	assert_refused({UINT64_MAX, 1, 0, 0});
	assert_refused({UINT64_MAX - 15, 32, 0, 0});
	assert_refused({UINT64_MAX - 0x7fffffff, UINT32_MAX, WRITE, 0});
	assert_refused({DATA | UINT64_C(1) << 63, 1, 0, 0});
	assert_refused({DATA | UINT64_C(1) << 32, 1, 0, 0});
}

/* robust: vq.indirect-nested vq.indirect-odd vq.indirect-zero vq.indirect-next */
static void test_bad_tables(void **state)
{
	(void)state;
	put(TABLE, 0, (struct desc){DATA, 16, 0, 0});
	assert_refused({TABLE, 0, INDIRECT, 0});
	assert_refused({TABLE, 15, INDIRECT, 0});
	assert_refused({TABLE, 17, INDIRECT, 0});
	assert_refused({TABLE, 16 * (SIZE + 1), INDIRECT, 0});
	assert_refused({TABLE, 0xfffffff0, INDIRECT, 0});
	assert_refused({TABLE, 16, INDIRECT | NEXT, 1}, {DATA, 1, WRITE, 0});
	assert_refused({END, 16, INDIRECT, 0});
	assert_refused({END - 15, 16, INDIRECT, 0});
	assert_refused({BASE - 16, 16, INDIRECT, 0});
	assert_refused({BASE - 1, 16, INDIRECT, 0});
	assert_refused({UINT64_MAX - 15, 32, INDIRECT, 0});
	assert_refused({DATA, 1, NEXT, 1}, {DATA, 1, NEXT, 2}, {END, 16, INDIRECT, 0});
	/* Not negotiated. */
	start(SIZE, false, false);
	put(DESC, 0, (struct desc){TABLE, 16, INDIRECT, 0});
	offer(vq.size, 0);
	expect_refused();
	/* With one in it, be it itself; its own end, its own loop. */
	put(TABLE, 0, (struct desc){TABLE, 16, INDIRECT, 0});
	assert_refused({TABLE, 16, INDIRECT, 0});
	put(TABLE, 0, (struct desc){DATA, 1, NEXT, 1});
	put(TABLE, 1, (struct desc){TABLE + 64, 16, INDIRECT, 0});
	put(TABLE, 4, (struct desc){DATA, 1, 0, 0});
	assert_refused({TABLE, 32, INDIRECT, 0});
	assert_refused({TABLE, 16, INDIRECT, 0});
	put(TABLE, 1, (struct desc){DATA, 1, NEXT, 0});
	assert_refused({TABLE, 32, INDIRECT, 0});
	put(TABLE, 0, (struct desc){DATA, 1, NEXT, 0});
	assert_refused({TABLE, 16, INDIRECT, 0});
	put(TABLE, 0, (struct desc){DATA, 1, NEXT, 1});
	put(TABLE, 1, (struct desc){DATA, 1, 0, 0});
	assert_refused({TABLE, 16, INDIRECT, 0});
}

/* More segments than the device has room for, though the ring has it. */
static void test_segments(void **state)
{
	(void)state;
	start(256, false, false);
	for (unsigned int i = 0; i < TL_VQ_SEGMENTS; i++)
		put(DESC, i, (struct desc){DATA, 1, NEXT, (uint16_t)(i + 1)});
	put(DESC, TL_VQ_SEGMENTS - 1, (struct desc){DATA, 1, 0, 0});
	offer(vq.size, 0);
	pop(0, TL_VQ_SEGMENTS, 0);
	put(DESC, TL_VQ_SEGMENTS, (struct desc){DATA, 1, 0, 0});
	put(DESC, TL_VQ_SEGMENTS - 1, (struct desc){DATA, 1, NEXT, TL_VQ_SEGMENTS});
	offer(vq.size, 0);
	expect_refused();
}

/* A table as long as the queue and a descriptor before it: one more than it may be. */
/* robust: vq.long */
static void test_too_long(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < SIZE; i++)
		put(TABLE, i, (struct desc){DATA, 1, i < SIZE - 1 ? NEXT : 0, (uint16_t)(i + 1)});
	assert_refused({DATA, 1, NEXT, 1}, {TABLE, 16 * SIZE, INDIRECT, 0});
	start(SIZE, false, true);
	put(DESC, 0, (struct desc){TABLE, 16 * SIZE, INDIRECT, 0});
	offer(vq.size, 0);
	pop(0, SIZE, 0);
}

/* A request's length has 32 bits; all of RAM, 64 times, has one byte too many. */
/* robust: vq.4-gib */
static void test_too_many_bytes(void **state)
{
	const uint32_t all = (uint32_t)RAM_SIZE;

	(void)state;
	for (unsigned int less = 2; less-- > 0;) {
		start(64, false, false);
		for (unsigned int i = 0; i < 64; i++)
			put(DESC, i,
				(struct desc){BASE, i ? all : all - less,
					(uint16_t)((i < 63 ? NEXT : 0) | (i < 32 ? 0 : WRITE)),
					(uint16_t)(i + 1)});
		offer(vq.size, 0);
		if (!less) {
			expect_refused();
			return;
		}
		pop(0, 32, 32);
		assert_int_equal(chain.out_bytes + chain.in_bytes, UINT32_MAX);
		*at16(AVAIL + 2) = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_start, vq_setup, vq_teardown),
		cmocka_unit_test_setup_teardown(test_bad_rings, vq_setup, vq_teardown),
		cmocka_unit_test_setup_teardown(test_bad_heads, vq_setup, vq_teardown),
		cmocka_unit_test_setup_teardown(test_bad_links, vq_setup, vq_teardown),
		cmocka_unit_test_setup_teardown(test_bad_addresses, vq_setup, vq_teardown),
		cmocka_unit_test_setup_teardown(test_bad_tables, vq_setup, vq_teardown),
		cmocka_unit_test_setup_teardown(test_segments, vq_setup, vq_teardown),
		cmocka_unit_test_setup_teardown(test_too_long, vq_setup, vq_teardown),
		cmocka_unit_test_setup_teardown(test_too_many_bytes, vq_setup, vq_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
