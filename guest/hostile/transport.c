/* SPDX-License-Identifier: MIT */
/*
 * The registers (section 4.2.2) and the order in which a driver uses them (section 3.1).
 */
#include "hostile.h"

#define RESETS 200
#define BUSY   8u /* large requests in flight */

/* robust: transport.select */
static const char *select_nowhere(void)
{
	static const uint32_t numbers[] = {1, 16, 0xffff, 0x80000000, 0xffffffff};

	begin(&disk, USUAL);
	place(&disk, 0, 8);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		/* A disk may have several queues. */
		set(&disk, R_QUEUE_SEL, numbers[i]);
		if (get(&disk, R_QUEUE_MAX))
			continue;
		place_at(&disk, numbers[i], 0xffffffff, -1ul, -1ul, -1ul);
		if (get(&disk, R_QUEUE_READY))
			return "a queue that is none is ready";
	}
	set(&disk, R_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
	return blk_good(&disk, 1);
}

/* robust: transport.driver-ok-first */
static const char *driver_ok_first(void)
{
	set(&disk, R_STATUS, 0);
	set(&disk, R_STATUS, DRIVER_OK);
	place(&disk, 0, 8);
	set(&disk, R_STATUS, ACKNOWLEDGE | DRIVER | DRIVER_OK);
	kick(&disk, 0);
	return get(&disk, R_STATUS) & DRIVER_OK ? "DRIVER_OK without features" : NULL;
}

/* The features are never written: those that must be are not agreed on. */
static const char *no_features(void)
{
	set(&disk, R_STATUS, 0);
	set(&disk, R_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
	return get(&disk, R_STATUS) & FEATURES_OK ? "FEATURES_OK without VERSION_1" : NULL;
}

static const char *with_features(uint64_t features)
{
	set(&disk, R_STATUS, 0);
	set(&disk, R_STATUS, ACKNOWLEDGE | DRIVER);
	for (uint32_t half = 0; half < 2; half++) {
		set(&disk, R_DRIVER_SEL, half);
		set(&disk, R_DRIVER_FEATURES, (uint32_t)(features >> (32 * half)));
	}
	set(&disk, R_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
	if (get(&disk, R_STATUS) & FEATURES_OK)
		return "FEATURES_OK with features that are not offered";
	set(&disk, R_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
	return get(&disk, R_STATUS) & DRIVER_OK ? "DRIVER_OK all the same" : NULL;
}

/* robust: transport.features */
static const char *all_features(void)
{
	return with_features(-1ul);
}

/* Bit 34: packed rings. */
static const char *packed_ring(void)
{
	return with_features(VERSION_1 | 1ul << 34);
}

static const char *high_feature(void)
{
	return with_features(VERSION_1 | 1ul << 63);
}

/* Selectors beyond the 64 bits there are select nothing. */
static const char *feature_words(void)
{
	static const uint32_t words[] = {2, 3, 0xffff, 0xffffffff};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		set(&disk, R_FEATURES_SEL, words[i]);
		if (get(&disk, R_FEATURES))
			return "features that there are not";
		set(&disk, R_DRIVER_SEL, words[i]);
		set(&disk, R_DRIVER_FEATURES, 0xffffffff);
	}
	return blk_good(&disk, 1);
}

/* What was agreed on, and where the rings are, holds until a reset. */
static const char *changes_while_it_runs(void)
{
	struct queue *q = &disk.queues[0];

	set(&disk, R_DRIVER_SEL, 0);
	set(&disk, R_DRIVER_FEATURES, 0);
	set(&disk, R_DRIVER_SEL, 1);
	set(&disk, R_DRIVER_FEATURES, 0);
	place_at(&disk, 0, 3, 1, 1, 1);
	set(&disk, R_QUEUE_READY, 0);
	set(&disk, R_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
	table[0] = (struct desc){AT(&header), sizeof(header), NEXT, 1};
	table[1] = (struct desc){AT(data), SECTOR, WRITE | NEXT, 2};
	table[2] = (struct desc){AT(answer), 1, WRITE, 0};
	header = (struct blk_header){.type = T_IN, .sector = 1};
	put(q, 0, AT(table), 48, INDIRECT, 0);
	offer(q, 0);
	kick(&disk, 0);
	return answered(q) ? blk_good(&disk, 1) : "there is no answer";
}

static const char *status_bits(void)
{
	set(&disk, R_STATUS, 0xffffffff);
	if (get(&disk, R_STATUS) & NEEDS_RESET)
		return "the driver can write NEEDS_RESET";
	return blk_good(&disk, 1);
}

/* robust: transport.kick-early */
static const char *kick_before_ready(void)
{
	begin(&disk, USUAL);
	kick(&disk, 0);
	kick(&disk, 0xffff);
	place(&disk, 0, 8);
	kick(&disk, 0);
	offer(&disk.queues[0], 0xffff);
	kick(&disk, 0);
	if (get(&disk, R_STATUS) & NEEDS_RESET)
		return "the device has looked at a queue before DRIVER_OK";
	return NULL;
}

/* robust: transport.kick-late */
static const char *kick_after_reset(void)
{
	struct queue *q = &disk.queues[0];

	set(&disk, R_STATUS, 0);
	offer(q, 0xffff);
	kick(&disk, 0);
	for (uint64_t end = now() + ticks_of(20000); now() < end;)
		__asm__ volatile("yield");
	if (get(&disk, R_STATUS))
		return "its status is not 0";
	return q->used->idx != q->seen ? "it has answered" : NULL;
}

/* A queue that is not ready is none, whatever is kicked. */
static const char *queue_not_ready(void)
{
	begin(&disk, USUAL);
	set(&disk, R_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
	kick(&disk, 0);
	for (uint64_t end = now() + ticks_of(20000); now() < end;)
		__asm__ volatile("yield");
	return want_up(&disk);
}

/* Large reads that are still at work. */
static void make_busy(void)
{
	struct queue *q = &disk.queues[0];

	header = (struct blk_header){.type = T_IN, .sector = 0};
	for (unsigned int i = 0; i < BUSY; i++) {
		put(q, 3 * i, AT(&header), sizeof(header), NEXT, 3 * i + 1);
		put(q, 3 * i + 1, AT(data), DATA_BYTES, WRITE | NEXT, 3 * i + 2);
		put(q, 3 * i + 2, AT(answer), 1, WRITE, 0);
		offer(q, 3 * i);
	}
	kick(&disk, 0);
}

/* robust: transport.reset */
static const char *reset_during_io(void)
{
	struct queue *q = &disk.queues[0];
	volatile uint64_t *words = (volatile uint64_t *)data;

	for (unsigned int round = 0; round < RESETS; round++) {
		uint16_t idx;

		up(&disk, USUAL, 32);
		make_busy();
		/* At many different moments. */
		for (uint64_t end = now() + ticks_of(round * 5); now() < end;)
			__asm__ volatile("yield");
		set(&disk, R_STATUS, 0);
		barrier();
		idx = q->used->idx;
		words[0] = words[DATA_BYTES / 8 - 1] = 0x1122334455667788;
		barrier();
		for (uint64_t end = now() + ticks_of(100); now() < end;)
			__asm__ volatile("yield");
		if (q->used->idx != idx)
			return "it answers after the reset";
		if (words[0] != 0x1122334455667788 ||
			words[DATA_BYTES / 8 - 1] != 0x1122334455667788)
			return "it writes after the reset";
	}
	return NULL;
}

/* Set up again at once, with other rings, while the requests of before were at work. */
/* robust: transport.again */
static const char *again_during_io(void)
{
	for (unsigned int round = 0; round < RESETS / 4; round++) {
		const char *problem;

		up(&disk, USUAL, 32);
		make_busy();
		up(&disk, USUAL, 16);
		problem = blk_good(&disk, 1);
		if (problem)
			return problem;
	}
	return NULL;
}

#define ACCESS(suffix, modifier)                                                                   \
	do {                                                                                       \
		uint64_t value;                                                                    \
		__asm__ volatile("ldr" suffix " %" modifier "0, [%1]"                              \
				 : "=r"(value)                                                     \
				 : "r"(at)                                                         \
				 : "memory");                                                      \
		__asm__ volatile("str" suffix " %" modifier "0, [%1]"                              \
				 :                                                                 \
				 : "r"(written), "r"(at)                                           \
				 : "memory");                                                      \
		(void)value;                                                                       \
	} while (0)

/* All sizes, at each byte, with bits none, all and one. */
/* robust: mmio.sizes mmio.unaligned */
static const char *registers(void)
{
	static const uint64_t values[] = {0, -1ul, 4};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		uint64_t written = values[i];

		for (uint64_t offset = 0; offset < VIRTIO_SIZE; offset++) {
			uint64_t at = UNALIGNED + disk.base + offset;

			/* Not into the next one, which is in use. */
			if (offset > VIRTIO_SIZE - 8)
				continue;
			ACCESS("b", "w");
			ACCESS("h", "w");
			ACCESS("", "w");
			ACCESS("", "x");
		}
	}
	return NULL;
}

/* Reads that begin in one device and end in the next. */
/* robust: mmio.across */
static const char *across_devices(void)
{
	for (uint64_t offset = VIRTIO_SIZE - 7; offset < VIRTIO_SIZE; offset++) {
		uint64_t value;

		__asm__ volatile("ldr %0, [%1]"
				 : "=r"(value)
				 : "r"(UNALIGNED + disk.base + offset)
				 : "memory");
		if (value)
			return "it is not zero";
	}
	return NULL;
}

static const char *write_config(void)
{
	uint32_t capacity = get(&disk, R_CONFIG);

	for (uint64_t offset = R_CONFIG; offset < VIRTIO_SIZE; offset += 4) {
		/* One field is the driver's to write: section 5.2.5, writeback. */
		if (offset != R_CONFIG + 32)
			set(&disk, offset, 0xffffffff);
	}
	if (get(&disk, R_CONFIG) != capacity)
		return "the capacity is another one";
	return blk_good(&disk, 1);
}

void transport_tests(void)
{
	run_test("select-nowhere", select_nowhere);
	run_test("driver-ok-first", driver_ok_first);
	run_test("no-features", no_features);
	run_test("all-features", all_features);
	run_test("packed-ring", packed_ring);
	run_test("high-feature", high_feature);
	run_test("feature-words", feature_words);
	run_test("changes-while-it-runs", changes_while_it_runs);
	run_test("status-bits", status_bits);
	run_test("kick-before-ready", kick_before_ready);
	run_test("kick-after-reset", kick_after_reset);
	run_test("queue-not-ready", queue_not_ready);
	run_test("reset-during-io", reset_during_io);
	run_test("again-during-io", again_during_io);
	run_test("registers-of-all-sizes", registers);
	run_test("reads-across-devices", across_devices);
	run_test("write-config", write_config);
}
