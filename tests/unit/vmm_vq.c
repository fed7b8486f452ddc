/* SPDX-License-Identifier: MIT */
/*
 * Split virtqueues (virtio 1.2, section 2.7) as a driver fills them: chains, indices that
 * wrap, and notifications both ways.
 * Links: vmm/dev/virtio/queue.c vmm/core/mem.c
 */
#include "tests/unit/unit.h"

#include "tests/unit/vq_alone.h"

static void assert_segment(unsigned int i, uint64_t gpa, uint64_t len)
{
	assert_ptr_equal(chain.iov[i].iov_base, mem.host + (gpa - BASE));
	assert_int_equal(chain.iov[i].iov_len, len);
}

static void test_direct(void **state)
{
	(void)state;
	start(SIZE, false, false);
	put(DESC, 5, (struct desc){DATA, 16, NEXT, 2});
	put(DESC, 2, (struct desc){DATA + 0x100, 3, NEXT, 7});
	put(DESC, 7, (struct desc){DATA + 0x201, 512, NEXT | WRITE, 0});
	put(DESC, 0, (struct desc){END - 1, 1, WRITE, 0xffff});
	offer(vq.size, 5);
	pop(5, 2, 2);
	assert_int_equal(chain.out_bytes, 19);
	assert_int_equal(chain.in_bytes, 513);
	assert_segment(0, DATA, 16);
	assert_segment(1, DATA + 0x100, 3);
	assert_segment(2, DATA + 0x201, 512);
	assert_segment(3, END - 1, 1);
	assert_int_equal(tl_vq_pop(&vq, &chain), 0);
	tl_vq_push(&vq, 5, 513);
	assert_int_equal(*at16(USED + 2), 1);
	assert_int_equal(*at32(USED + 4), 5);
	assert_int_equal(*at32(USED + 8), 513);
	assert_int_equal(*at16(USED), 0);
}

static void test_several(void **state)
{
	(void)state;
	start(SIZE, false, false);
	for (unsigned int i = 0; i < SIZE; i++) {
		put(DESC, i, (struct desc){DATA + 32 * i, i + 1, i % 2 ? WRITE : 0, 0});
		offer(vq.size, (uint16_t)(SIZE - 1 - i));
	}
	for (unsigned int i = SIZE; i-- > 0;) {
		pop((uint16_t)i, i % 2 ? 0 : 1, i % 2 ? 1 : 0);
		assert_segment(0, DATA + 32 * i, i + 1);
	}
	assert_int_equal(tl_vq_pop(&vq, &chain), 0);
	/* They need not come back in order. */
	tl_vq_push(&vq, 3, 4);
	tl_vq_push(&vq, 6, 0);
	assert_int_equal(*at32(USED + 4), 3);
	assert_int_equal(*at32(USED + 12), 6);
	assert_int_equal(*at32(USED + 16), 0);
	assert_int_equal(*at16(USED + 2), 2);
}

/* As long as a chain may be: all of the queue's descriptors. */
static void test_longest(void **state)
{
	(void)state;
	start(128, false, true);
	for (unsigned int i = 0; i < 128; i++)
		put(DESC, i,
			(struct desc){DATA, 1, i < 127 ? NEXT | WRITE : WRITE, (uint16_t)(i + 1)});
	offer(vq.size, 0);
	pop(0, 0, 128);
	/* As many in a table of their own. */
	memcpy(at(TABLE), at(DESC), 128 * 16);
	put(DESC, 9, (struct desc){TABLE, 128 * 16, INDIRECT, 0});
	offer(vq.size, 9);
	pop(9, 0, 128);
	/* Or all but one, after a first one outside. */
	put(TABLE, 126, (struct desc){DATA, 1, WRITE, 0});
	put(DESC, 1, (struct desc){TABLE, 128 * 16, INDIRECT, 0});
	offer(vq.size, 0);
	pop(0, 0, 128);
}

static void test_indirect(void **state)
{
	(void)state;
	start(SIZE, false, true);
	put(TABLE, 0, (struct desc){DATA, 16, NEXT, 2});
	put(TABLE, 2, (struct desc){DATA + 64, 1, WRITE, 0});
	/* WRITE means nothing where a table is named (section 2.7.5.3.2). */
	put(DESC, 4, (struct desc){TABLE, 3 * 16, INDIRECT | WRITE, 0});
	offer(vq.size, 4);
	pop(4, 1, 1);
	assert_segment(0, DATA, 16);
	assert_segment(1, DATA + 64, 1);
	/* After direct ones, at the end of RAM. */
	put(END - 16, 0, (struct desc){DATA + 128, 8, WRITE, 0});
	put(DESC, 6, (struct desc){DATA, 4, NEXT, 3});
	put(DESC, 3, (struct desc){END - 16, 16, INDIRECT, 0});
	offer(vq.size, 6);
	pop(6, 1, 1);
	assert_segment(1, DATA + 128, 8);
	assert_int_equal(chain.in_bytes, 8);
}

/* Ring and indices go round; the used ring keeps pace. */
static void test_wrap(void **state)
{
	(void)state;
	start(4, false, false);
	for (unsigned int i = 0; i < 4; i++)
		put(DESC, i, (struct desc){DATA + i, 1, WRITE, 0});
	for (uint32_t i = 0; i < 140000; i++) {
		uint64_t entry = USED + 4 + i % 4 * 8;

		offer(vq.size, i * 7 % 4);
		pop(i * 7 % 4, 0, 1);
		tl_vq_push(&vq, chain.head, i);
		if (*at16(USED + 2) != (uint16_t)(i + 1) || *at32(entry) != i * 7 % 4 ||
			*at32(entry + 4) != i)
			fail_msg("request %u", i);
	}
	assert_int_equal(tl_vq_pop(&vq, &chain), 0);
	/* A full ring across the wrap of idx: nothing is amiss. */
	*at16(AVAIL + 2) = vq.next_avail = 0xfffe;
	for (unsigned int i = 0; i < 4; i++)
		offer(vq.size, 3);
	for (unsigned int i = 0; i < 4; i++)
		pop(3, 0, 1);
	assert_int_equal(tl_vq_pop(&vq, &chain), 0);
}

static void test_interrupts(void **state)
{
	(void)state;
	start(SIZE, false, false);
	assert_false(tl_vq_must_interrupt(&vq));
	tl_vq_push(&vq, 0, 0);
	tl_vq_push(&vq, 1, 0);
	assert_true(tl_vq_must_interrupt(&vq));
	/* Once for all of them. */
	assert_false(tl_vq_must_interrupt(&vq));
	*at16(AVAIL) = 1;
	tl_vq_push(&vq, 0, 0);
	assert_false(tl_vq_must_interrupt(&vq));
	/* Nor later for those; but for the next. */
	*at16(AVAIL) = 0;
	assert_false(tl_vq_must_interrupt(&vq));
	tl_vq_push(&vq, 0, 0);
	assert_true(tl_vq_must_interrupt(&vq));
}

static void test_interrupts_by_index(void **state)
{
	/* When the ring of 8 has gone from `old` to `now`, the driver waits for entry `event`. */
	static const struct {
		uint16_t old, now, event;
		bool interrupt;
	} cases[] = {{0, 1, 0, true}, {0, 1, 1, false}, {0, 1, 0xffff, false}, {0, 3, 2, true},
		{0, 3, 3, false}, {10, 12, 9, false}, {10, 12, 10, true}, {10, 12, 11, true},
		{10, 12, 12, false}, {10, 10, 9, false}, {0xffff, 0, 0xffff, true},
		{0xffff, 1, 0xffff, true}, {0xffff, 1, 0, true}, {0xffff, 1, 1, false},
		{0xfffe, 2, 0xfffd, false}, {0x7fff, 0x8001, 0x8000, true}};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(cases); i++) {
		start(SIZE, true, false);
		vq.next_used = vq.told_used = cases[i].old;
		/* Flags mean nothing then (section 2.7.7.1). */
		*at16(AVAIL) = 1;
		*at16(AVAIL + 4 + 2 * SIZE) = cases[i].event;
		while (vq.next_used != cases[i].now)
			tl_vq_push(&vq, 0, 0);
		if (tl_vq_must_interrupt(&vq) != cases[i].interrupt)
			fail_msg("case %u", i);
		assert_false(tl_vq_must_interrupt(&vq));
	}
}

static void test_wait(void **state)
{
	uint64_t avail_event = USED + 4 + 8 * SIZE;

	(void)state;
	start(SIZE, false, false);
	*at16(avail_event) = 77;
	assert_false(tl_vq_wait(&vq));
	offer_simple(2);
	assert_true(tl_vq_wait(&vq));
	pop(0, 1, 0);
	assert_true(tl_vq_wait(&vq));
	pop(0, 1, 0);
	assert_false(tl_vq_wait(&vq));
	assert_int_equal(*at16(avail_event), 77);

	*at16(AVAIL + 2) = 0;
	start(SIZE, true, false);
	assert_false(tl_vq_wait(&vq));
	assert_int_equal(*at16(avail_event), 0);
	offer_simple(2);
	assert_true(tl_vq_wait(&vq));
	pop(0, 1, 0);
	pop(0, 1, 0);
	assert_int_equal(*at16(avail_event), 0);
	assert_false(tl_vq_wait(&vq));
	assert_int_equal(*at16(avail_event), 2);
}

static void test_reset(void **state)
{
	(void)state;
	start(SIZE, true, true);
	offer_simple(1);
	tl_vq_reset(&vq);
	assert_ptr_equal(vq.mem, &mem);
	assert_false(vq.running || vq.event_idx || vq.indirect || vq.size || vq.desc);
	assert_int_equal(tl_vq_pop(&vq, &chain), 0);
	assert_false(tl_vq_wait(&vq));
	/* From the beginning again. */
	start(SIZE, false, false);
	pop(0, 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_direct, vq_setup, vq_teardown),
		cmocka_unit_test_setup_teardown(test_several, vq_setup, vq_teardown),
		cmocka_unit_test_setup_teardown(test_longest, vq_setup, vq_teardown),
		cmocka_unit_test_setup_teardown(test_indirect, vq_setup, vq_teardown),
		cmocka_unit_test_setup_teardown(test_wrap, vq_setup, vq_teardown),
		cmocka_unit_test_setup_teardown(test_interrupts, vq_setup, vq_teardown),
		cmocka_unit_test_setup_teardown(test_interrupts_by_index, vq_setup, vq_teardown),
		cmocka_unit_test_setup_teardown(test_wait, vq_setup, vq_teardown),
		cmocka_unit_test_setup_teardown(test_reset, vq_setup, vq_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
