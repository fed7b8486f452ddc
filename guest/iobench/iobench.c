/* SPDX-License-Identifier: MIT */
/*
 * What one request to a virtio device costs, timed by the guest's own counter: reads of 4096
 * bytes from a disk, or (word "net") packets of 1514 bytes that are sent. The kernel command
 * line says how many (n=1000) and how many at a time (depth=1, up to 32). It waits by WFI for
 * the device's interrupt, as drivers do. For any VMM with the virt machine's memory map.
 */
#include "guest.h"

#include "iobench.h"

#define DEFAULT_N  1000
#define DEPTH_MAX  32
#define BLOCK      4096u
#define SECTORS    2048u /* 1 MiB of the disk is read, over and over */
#define PACKET     1526u /* a struct virtio_net_hdr and a frame */
#define BUFFERS    (TL_RAM_BASE + 0x1000000ul)
#define BLK        2u
#define NET        1u
#define NET_TX     1u
#define ETHER_TYPE 0xb588u /* 0x88b5: for local experiments (IEEE 802) */

struct header {
	uint32_t type, reserved;
	uint64_t sector;
};

static struct header headers[DEPTH_MAX] __attribute__((aligned(16)));
static volatile uint8_t statuses[DEPTH_MAX];
static int is_net;

static uint64_t buffer_of(unsigned int number)
{
	return BUFFERS + number * (uint64_t)BLOCK;
}

static void add(unsigned int number, uint64_t count)
{
	const struct iobench_piece packet = {buffer_of(number), PACKET, 0};
	const struct iobench_piece block[3] = {{(uintptr_t)&headers[number], 16, 0},
		{buffer_of(number), BLOCK, 1}, {(uintptr_t)&statuses[number], 1, 1}};

	if (is_net) {
		iobench_virtio_add(number, &packet, 1);
		return;
	}
	headers[number].sector = count * (BLOCK / 512) % SECTORS;
	statuses[number] = 0xff;
	iobench_virtio_add(number, block, 3);
}

/* Broadcast, from an address of our own making, of no protocol. */
static void make_packets(void)
{
	for (unsigned int i = 0; i < DEPTH_MAX; i++) {
		volatile uint32_t *word = (volatile uint32_t *)buffer_of(i);

		word[3] = 0xffffffff;
		word[4] = 0x0002ffff;
		word[5] = 0x01000000;
		word[6] = ETHER_TYPE;
	}
}

/* Returns how many have failed. */
static uint64_t run(uint64_t n, unsigned int depth)
{
	uint64_t begun = 0, done = 0, failed = 0;

	for (; begun < n && begun < depth; begun++)
		add((unsigned int)begun, begun);
	iobench_virtio_kick();
	while (done < n) {
		int number = iobench_virtio_take();

		if (number < 0) {
			if (begun > done)
				iobench_virtio_kick();
			iobench_gic_wait();
			iobench_virtio_ack();
			continue;
		}
		done++;
		failed += !is_net && statuses[number] != 0;
		if (begun < n)
			add((unsigned int)number, begun++);
		/* One notification for all that came back together. */
	}
	return failed;
}

int main(const void *dtb)
{
	const char *args = tl_fdt_bootargs(dtb);
	uint64_t n = tl_args_number(args, "n=", DEFAULT_N), ticks, failed;
	uint64_t depth = tl_args_number(args, "depth=", 1);
	int spi;

	is_net = tl_args_has(args, "net");
	if (!n || !depth || depth > DEPTH_MAX) {
		tl_uart_puts("n= and depth= want numbers, depth at most 32\n");
		return 0;
	}
	spi = iobench_virtio_start(is_net ? NET : BLK, is_net ? NET_TX : 0);
	if (spi < 0) {
		tl_uart_puts("there is no such device\n");
		return 0;
	}
	iobench_gic_on((unsigned int)spi);
	if (is_net)
		make_packets();
	ticks = tl_sysreg_read(cntvct_el0);
	failed = run(n, (unsigned int)depth);
	ticks = tl_sysreg_read(cntvct_el0) - ticks;

	tl_uart_putdec(n);
	tl_uart_puts(is_net ? " packets at depth " : " blocks at depth ");
	tl_uart_putdec(depth);
	tl_uart_puts(", ");
	tl_uart_putdec(ticks * 1000000000 / tl_sysreg_read(cntfrq_el0) / n);
	tl_uart_puts(" ns each");
	if (failed) {
		tl_uart_puts(", failed: ");
		tl_uart_putdec(failed);
	}
	tl_uart_putc('\n');
	return 0;
}
