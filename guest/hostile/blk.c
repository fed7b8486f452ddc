/* SPDX-License-Identifier: MIT */
/*
 * Disk requests that are chains by the rules and still cannot be done (section 5.2.6): the
 * answer is an error, and the device goes on. What they would write is never seen on the disk.
 */
#include "hostile.h"

#define CAPACITY 0xcccc000000000000ul /* + offset */

struct range {
	uint64_t sector;
	uint32_t sectors, flags;
};

struct request {
	const char *name;
	uint32_t type;
	uint64_t sector;
	uint32_t length;
	unsigned int status;
	int other; /* of the disk that is only to be read */
};

/* clang-format off */
static const struct request requests[] = {
	{"read-at-the-end", T_IN, CAPACITY, SECTOR, S_IOERR, 0},
	{"read-across-the-end", T_IN, CAPACITY - 1, 2 * SECTOR, S_IOERR, 0},
	{"read-far-beyond", T_IN, 1ul << 40, SECTOR, S_IOERR, 0},
	/* robust: blk.overflow */
	{"read-sector-overflow", T_IN, 1ul << 55, SECTOR, S_IOERR, 0},
	{"read-sector-overflow-to-1", T_IN, (1ul << 55) + 1, SECTOR, S_IOERR, 0},
	{"read-sector-2-63", T_IN, 1ul << 63, SECTOR, S_IOERR, 0},
	{"read-last-of-all-sectors", T_IN, -1ul, SECTOR, S_IOERR, 0},
	{"read-last-two-of-all-sectors", T_IN, -1ul, 2 * SECTOR, S_IOERR, 0},
	{"read-part-of-a-sector", T_IN, 0, SECTOR - 1, S_IOERR, 0},
	{"read-one-byte", T_IN, 0, 1, S_IOERR, 0},
	{"write-at-the-end", T_OUT, CAPACITY, SECTOR, S_IOERR, 0},
	{"write-across-the-end", T_OUT, CAPACITY - 1, 2 * SECTOR, S_IOERR, 0},
	{"write-sector-overflow", T_OUT, 1ul << 55, SECTOR, S_IOERR, 0},
	{"write-sector-overflow-to-64", T_OUT, (1ul << 55) + 64, SECTOR, S_IOERR, 0},
	{"write-last-of-all-sectors", T_OUT, -1ul, 2 * SECTOR, S_IOERR, 0},
	{"write-part-of-a-sector", T_OUT, 64, SECTOR + 1, S_IOERR, 0},
	{"write-to-a-read-only-disk", T_OUT, 64, SECTOR, S_IOERR, 1},
	{"id-too-short", T_GET_ID, 0, 19, S_IOERR, 0},
	/* robust: blk.type */
	{"type-2", 2, 64, SECTOR, S_UNSUPP, 0},
	{"type-3", 3, 64, SECTOR, S_UNSUPP, 0},
	{"type-5", 5, 64, SECTOR, S_UNSUPP, 0},
	{"type-14-secure-erase", 14, 64, 16, S_UNSUPP, 0},
	{"type-barrier", 0x80000001, 64, SECTOR, S_UNSUPP, 0},
	{"type-max", 0xffffffff, 64, SECTOR, S_UNSUPP, 0},
	{"discard-of-nothing", T_DISCARD, 0, 0, S_IOERR, 0},
	{"discard-cut-short", T_DISCARD, 0, 15, S_IOERR, 0},
	{"discard-one-byte-too-long", T_DISCARD, 0, 17, S_IOERR, 0},
	{"zeroes-of-nothing", T_WRITE_ZEROES, 0, 0, S_IOERR, 0},
	{"zeroes-cut-short", T_WRITE_ZEROES, 0, 8, S_IOERR, 0},
};

static const struct {
	const char *name;
	uint32_t type;
	struct range range;
	unsigned int status;
	int other;
} ranges[] = {
	{"discard-at-the-end", T_DISCARD, {CAPACITY, 1, 0}, S_IOERR, 0},
	{"discard-across-the-end", T_DISCARD, {CAPACITY - 8, 16, 0}, S_IOERR, 0},
	{"discard-overflow", T_DISCARD, {1ul << 55, 8, 0}, S_IOERR, 0},
	{"discard-wraps", T_DISCARD, {-8ul, 16, 0}, S_IOERR, 0},
	{"discard-too-many", T_DISCARD, {0, 0xffffffff, 0}, S_IOERR, 0},
	{"discard-with-unmap", T_DISCARD, {64, 8, 1}, S_UNSUPP, 0},
	{"discard-with-reserved-flags", T_DISCARD, {64, 8, 1u << 31}, S_UNSUPP, 0},
	{"discard-of-a-read-only-disk", T_DISCARD, {64, 8, 0}, S_IOERR, 1},
	{"zeroes-at-the-end", T_WRITE_ZEROES, {CAPACITY, 1, 0}, S_IOERR, 0},
	{"zeroes-across-the-end", T_WRITE_ZEROES, {CAPACITY - 8, 16, 1}, S_IOERR, 0},
	{"zeroes-overflow", T_WRITE_ZEROES, {1ul << 55, 8, 0}, S_IOERR, 0},
	{"zeroes-wrap", T_WRITE_ZEROES, {-8ul, 16, 0}, S_IOERR, 0},
	{"zeroes-too-many", T_WRITE_ZEROES, {0, 0xffffffff, 0}, S_IOERR, 0},
	{"zeroes-with-reserved-flags", T_WRITE_ZEROES, {64, 8, 2}, S_UNSUPP, 0},
	{"zeroes-of-a-read-only-disk", T_WRITE_ZEROES, {64, 8, 1}, S_IOERR, 1},
};
/* clang-format on */

static const struct request *current;
static struct range current_range;

static uint64_t resolve(const struct device *dev, uint64_t sector)
{
	uint64_t capacity = get(dev, R_CONFIG) | (uint64_t)get(dev, R_CONFIG + 4) << 32;

	/* One sector before the capacity has other high bits. */
	return sector - (CAPACITY - 4096) < 8192 ? sector - CAPACITY + capacity : sector;
}

static const char *bad_request(void)
{
	struct device *dev = current->other ? &other_disk : &disk;
	unsigned int status;

	fill(data, 0xee, 4 * SECTOR);
	status = blk_try(
		dev, current->type, resolve(dev, current->sector), AT(data), current->length);
	if (status == 255)
		return "there is no answer";
	if (status != current->status)
		return status == S_OK ? "it succeeds" : "it is another error";
	return want_up(dev);
}

static const char *bad_range(void)
{
	struct device *dev = current->other ? &other_disk : &disk;
	static struct range range;

	range.sector = resolve(dev, current_range.sector);
	range.sectors = current_range.sectors;
	range.flags = current_range.flags;
	if (blk_try(dev, current->type, 0, AT(&range), sizeof(range)) != current->status)
		return "it has another status";
	return want_up(dev);
}

/* More ranges than any disk takes: each alone is of no sectors. */
static const char *many_ranges(void)
{
	fill(data, 0, 4096 * sizeof(struct range));
	if (blk_try(&disk, T_DISCARD, 0, AT(data), 4096 * sizeof(struct range)) != S_IOERR)
		return "it has another status";
	return want_up(&disk);
}

void blk_tests(void)
{
	static struct request of_range;

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		current = &requests[i];
		run_test(current->name, bad_request);
	}
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		of_range = (struct request){.type = ranges[i].type,
			.status = ranges[i].status,
			.other = ranges[i].other};
		current = &of_range;
		current_range = ranges[i].range;
		run_test(ranges[i].name, bad_range);
	}
	run_test("discard-of-4096-ranges", many_ranges);
}
