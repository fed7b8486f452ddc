/* SPDX-License-Identifier: MIT */
/*
 * Runs the cases, all of them or the one of "case=NAME" on the command line: before and after
 * each, both disks must work, the first one after a reset. One line each, and how many at the end.
 * With "cases=" on the command line the cases are made up instead, from "seed=".
 */
#include "hostile.h"

struct device disk, other_disk;
uint64_t ram_end;

static const char *wanted = "";
static unsigned int done;

void report(const char *prefix, const char *name, const char *problem)
{
	tl_uart_puts(prefix);
	tl_uart_puts(name);
	if (problem) {
		tl_uart_puts(": ");
		tl_uart_puts(problem);
	}
	tl_uart_putc('\n');
	done++;
}

/* "case=NAME" of the command line, or none at all. */
static int is_wanted(const char *name)
{
	const char *at = wanted;

	for (; *at; at++) {
		if (at[0] == 'c' && at[1] == 'a' && at[2] == 's' && at[3] == 'e' && at[4] == '=')
			break;
	}
	if (!*at)
		return 1;
	at += 5;
	while (*name && *at == *name)
		at++, name++;
	return !*name && (!*at || *at == ' ');
}

static const char *disks_work(void)
{
	const char *problem;

	up(&disk, USUAL, 8);
	problem = blk_good(&disk, 1);
	/* This one has been up all the time. */
	return problem ? problem : blk_good(&other_disk, 0) ? "the other disk is gone" : NULL;
}

/* robust: vq.others */
void run_test(const char *name, const char *(*run)(void))
{
	const char *problem;

	if (!is_wanted(name))
		return;
	problem = disks_work();
	if (!problem)
		problem = run();
	if (problem == SKIP) {
		report("skip ", name, NULL);
		return;
	}
	if (!problem)
		problem = disks_work();
	report(problem ? "not ok " : "ok ", name, problem);
}

static void probe(struct device *dev, unsigned int number)
{
	dev->base = VIRTIO_BASE + number * VIRTIO_SIZE;
	dev->id = get(dev, R_MAGIC) == 0x74726976 ? get(dev, R_DEVICE_ID) : 0;
}

int main(const void *dtb)
{
	uint64_t cases;

	mmu_on();
	wanted = tl_fdt_bootargs(dtb);
	ram_end = tl_fdt_memory_end(dtb);
	race_set_up(dtb);
	probe(&disk, 0);
	probe(&other_disk, 1);
	if (disk.id != ID_BLK || other_disk.id != ID_BLK || !ram_end) {
		tl_uart_puts("not ok disks: wants two of them, and a device tree\n");
		return 0;
	}
	up(&other_disk, USUAL, 8);
	cases = tl_args_number(wanted, "cases=", 0);
	if (cases) {
		random_tests(tl_args_number(wanted, "seed=", 1), cases);
	} else {
		chain_tests();
		queue_tests();
		transport_tests();
		blk_tests();
		race_tests();
		device_tests();
		vsock_tests();
		share_tests();
	}
	tl_uart_puts("done ");
	tl_uart_putdec(done);
	tl_uart_puts(" cases\n");
	return 0;
}
