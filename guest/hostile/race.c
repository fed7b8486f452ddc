/* SPDX-License-Identifier: MIT */
/*
 * Two CPUs at one device: the second one changes what the device is looking at. What comes out
 * is anybody's guess, but that the device can be used after a reset.
 */
#include "hostile.h"

#define ROUNDS       3000
#define SMALL_ROUNDS 500
#define STORM_US     5000000
#define KICKS        100000 /* unless "kicks=N" says otherwise */
#define SIZE         8u
#define ALREADY_ON   (-4)

static uint64_t second_mpidr;
static int has_second, made_up;
static uint64_t kicks_wanted;
static void (*volatile job)(void);
static volatile int stop, running;

void race_set_up(const void *dtb)
{
	uint64_t mpidr[2];

	has_second = tl_fdt_cpus(dtb, mpidr, 2) == 2;
	second_mpidr = mpidr[1];
	made_up = tl_args_number(tl_fdt_bootargs(dtb), "cases=", 0) != 0;
	kicks_wanted = tl_args_number(tl_fdt_bootargs(dtb), "kicks=", KICKS);
}

void tl_secondary_main(uint64_t number)
{
	(void)number;
	mmu_on();
	if (made_up)
		survive_faults();
	job();
	barrier();
	running = 0;
}

int race_begin(void (*work)(void))
{
	int64_t ret;

	if (!has_second)
		return 0;
	job = work;
	stop = 0;
	running = 1;
	barrier();
	/* The last time it may still be on its way off. */
	while ((ret = tl_psci_cpu_on(second_mpidr, 1)) == ALREADY_ON)
		__asm__ volatile("yield");
	return !ret;
}

void race_end(void)
{
	stop = 1;
	barrier();
	while (running)
		__asm__ volatile("yield");
}

int race_over(void)
{
	return stop;
}

static uint32_t random_number(void)
{
	static uint64_t state = 2463534242;

	return (uint32_t)tl_random(&state);
}

/*
 * A descriptor of good parts and of bad ones. What is written goes to data only, and what is
 * there, bytes of the disk or 0xee, is no header of a write.
 */
static struct desc random_desc(unsigned int entries)
{
	static const uint32_t lengths[] = {16, 16, 1, SECTOR, SECTOR, 0, 48, 0x7fffffff};
	const uint64_t places[] = {AT(&header), AT(&header), AT(data), AT(data), AT(answer),
		AT(table), ram_end - 16, TL_UART_BASE};
	uint32_t r = random_number();
	struct desc desc = {.addr = places[r & 7],
		.len = lengths[r >> 3 & 7],
		.flags = (uint16_t)(r >> 6 & 7),
		.next = (uint16_t)((r >> 9) % (entries + 1))};

	if (desc.flags & INDIRECT)
		desc.addr = AT(table);
	else if (desc.flags & WRITE)
		desc.addr = r >> 12 & 1 ? AT(data) : AT(answer);
	return desc;
}

static void scribble(void)
{
	struct queue *q = &disk.queues[0];

	while (!stop) {
		struct desc desc = random_desc(SIZE);
		uint32_t r = random_number();

		/* Now and then a whole good request, or nothing comes through. */
		if (r & 1) {
			put(q, 0, AT(&header), sizeof(header), NEXT, 1);
			put(q, 1, AT(data), SECTOR, WRITE | NEXT, 2);
			put(q, 2, AT(answer), 1, WRITE, 0);
		} else {
			put(q, r >> 1 & 3, desc.addr, desc.len, desc.flags, desc.next);
		}
		*(volatile struct desc *)&table[r >> 3 & 3] = random_desc(4);
		if ((r >> 5 & 255) == 0)
			q->avail[1] = (uint16_t)(r >> 13);
		if ((r >> 5 & 63) == 1)
			q->avail[2 + (r >> 13 & 7)] = (uint16_t)(r >> 16 & 15);
	}
}

/* Answers or falls, and if it falls it is set up again. */
/* robust: vq.race */
static const char *changed_rings(void)
{
	fill(data, 0xee, SECTOR);
	if (!race_begin(scribble))
		return SKIP;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct queue *q = &disk.queues[0];

		header = (struct blk_header){.type = T_IN, .sector = 2};
		offer(q, 0);
		kick(&disk, 0);
		if (get(&disk, R_STATUS) & NEEDS_RESET)
			up(&disk, USUAL, SIZE);
	}
	race_end();
	return NULL;
}

static void reset_again_and_again(void)
{
	while (!stop) {
		set(&disk, R_STATUS, 0);
		set(&disk, R_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
	}
}

/* robust: transport.reset */
static const char *reset_by_another(void)
{
	if (!race_begin(reset_again_and_again))
		return SKIP;
	for (unsigned int round = 0; round < SMALL_ROUNDS; round++) {
		struct queue *q = &disk.queues[0];

		up(&disk, USUAL, SIZE);
		header = (struct blk_header){.type = T_IN, .sector = 2};
		put(q, 0, AT(&header), sizeof(header), NEXT, 1);
		put(q, 1, AT(data), DATA_BYTES, WRITE | NEXT, 2);
		put(q, 2, AT(answer), 1, WRITE, 0);
		offer(q, 0);
		kick(&disk, 0);
	}
	race_end();
	return NULL;
}

static void change_setup(void)
{
	while (!stop) {
		set(&disk, R_QUEUE_SEL, random_number() & 1 ? 0 : 0xffff);
		set(&disk, R_DRIVER_SEL, random_number() & 3);
		set(&disk, R_DRIVER_FEATURES, random_number());
		set(&disk, R_QUEUE_NUM, random_number() & 15);
		set64(&disk, R_USED, AT(data) + (random_number() & 0xfff));
		set(&disk, R_CONFIG, 0);
		set(&disk, R_STATUS, random_number() & 7 ? 7 : 0);
	}
}

/* robust: transport.config */
static const char *config_by_another(void)
{
	uint32_t capacity = get(&disk, R_CONFIG);
	const char *problem = NULL;

	if (!race_begin(change_setup))
		return SKIP;
	for (unsigned int round = 0; round < SMALL_ROUNDS && !problem; round++) {
		begin(&disk, USUAL);
		place(&disk, 0, SIZE);
		set(&disk, R_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
		kick(&disk, 0);
		if (get(&disk, R_CONFIG) != capacity)
			problem = "the capacity is another one";
	}
	race_end();
	return problem;
}

/* As many as are wanted, and on a slow machine as there is time for. */
static void storm_at(uint32_t queue)
{
	uint64_t end = now() + ticks_of(STORM_US);

	for (uint64_t i = 0; i < kicks_wanted && !stop && now() < end; i++)
		set(&disk, R_NOTIFY, queue ? queue - (uint32_t)(i & 255) : 0);
}

static void storm(void)
{
	storm_at(0);
}

static void invalid_storm(void)
{
	storm_at(0xffff);
}

/* From both where there are two. */
static const char *storm_of(void (*kicks)(void))
{
	int both = race_begin(kicks);
	const char *problem;

	stop = 0;
	kicks();
	while (both && running)
		__asm__ volatile("yield");
	problem = blk_good(&disk, 1);
	return problem ? problem : want_up(&disk);
}

/* robust: transport.storm */
static const char *kick_storm(void)
{
	return storm_of(storm);
}

static const char *invalid_kick_storm(void)
{
	return storm_of(invalid_storm);
}

void race_tests(void)
{
	run_test("rings-changed-by-another-cpu", changed_rings);
	run_test("reset-by-another-cpu", reset_by_another);
	run_test("config-by-another-cpu", config_by_another);
	run_test("kick-storm", kick_storm);
	run_test("kick-storm-of-no-queue", invalid_kick_storm);
}
