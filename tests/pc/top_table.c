/* SPDX-License-Identifier: MIT */
/*
 * `trapline top` on any machine, for tests of its screen and lines: in the place of
 * trace/collect/live.c stands a table whose figures are known. Each look is a second after
 * the last one, and in each second VM 1 (this process) has 12,500 exits and VM 2 (the one
 * that started it) 500. While the file named by TOP_TABLE_ALONE exists, there is no VM 2.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "trace/collect/live.h"
#include "trace/decode/esr.h"

#define SECOND UINT64_C(1000000000)
#define HVC    (TL_CLASS_EC + 0x16)
#define SYS64  (TL_CLASS_EC + 0x18)
#define ROWS   5

struct tl_live {
	struct tl_live_sample sample;
	struct tl_live_vcpu vcpus[3];
	struct tl_live_row rows[ROWS];
};

static const struct {
	unsigned int vcpu, exit_class;
	enum tl_handler handler;
	uint64_t detail, pc, rate, each;
} rows[ROWS] = {
	{0, HVC, TL_HANDLER_KERNEL, 0x84000000, 0xffff800080010010, 10000, 2000},
	{0, HVC, TL_HANDLER_KERNEL, 0x84000000, 0xffff800080020004, 2000, 4000},
	{1, SYS64, TL_HANDLER_USER, 0x300081, 0xffff800080010020, 400, 50000},
	{1, TL_CLASS_WFX, TL_HANDLER_KERNEL, 0, 0xffff800080030000, 100, 9000000},
	{2, TL_CLASS_IRQ, TL_HANDLER_KERNEL, 0, 0xffff800080030000, 500, 1000},
};

int tl_live_create(struct tl_live **out, pid_t process, bool pcs, const struct tl_vm_map *map,
	char *problem, size_t problem_size)
{
	static struct tl_live live;
	const struct tl_live_vcpu vcpus[3] = {
		{.process = getpid(), .tid = getpid(), .serial = 1},
		{.process = getpid(), .id = 1, .tid = getpid(), .serial = 2},
		{.process = getppid(), .tid = getppid(), .serial = 3},
	};

	(void)pcs;
	(void)process;
	(void)map;
	(void)problem;
	(void)problem_size;
	memcpy(live.vcpus, vcpus, sizeof(vcpus));
	live.sample.vcpus = live.vcpus;
	live.sample.rows = live.rows;
	*out = &live;
	return 0;
}

bool tl_live_is_patched(const struct tl_live *live)
{
	(void)live;
	return false;
}

const struct tl_live_sample *tl_live_read(struct tl_live *live)
{
	const char *alone = getenv("TOP_TABLE_ALONE");

	live->sample.vcpu_count = alone && !access(alone, F_OK) ? 2 : 3;
	live->sample.before_ns = live->sample.now_ns;
	live->sample.now_ns += SECOND;
	for (unsigned int v = 0; v < 3; v++) {
		live->vcpus[v].before = live->vcpus[v].now;
		live->vcpus[v].now.guest_ns += SECOND / 2;
	}
	live->sample.row_count = 0;
	for (unsigned int i = 0; i < ROWS && rows[i].vcpu < live->sample.vcpu_count; i++) {
		struct tl_live_row *row = &live->rows[live->sample.row_count++];
		struct tl_live_counts *counts = &live->vcpus[rows[i].vcpu].now;
		uint64_t ns = rows[i].rate * rows[i].each, past = live->sample.before_ns / SECOND;

		*row = (struct tl_live_row){.vcpu = rows[i].vcpu,
			.exit_class = rows[i].exit_class,
			.handler = rows[i].handler,
			.detail = rows[i].detail,
			.pc = rows[i].pc,
			.before = {.count = past * rows[i].rate, .ns = past * ns},
			.now = {.count = (past + 1) * rows[i].rate, .ns = (past + 1) * ns}};
		counts->exits += rows[i].rate;
		counts->user_exits += rows[i].handler == TL_HANDLER_USER ? rows[i].rate : 0;
		*(rows[i].exit_class == TL_CLASS_WFX ? &counts->idle_ns : &counts->away_ns) += ns;
	}
	return &live->sample;
}

void tl_live_destroy(struct tl_live *live)
{
	(void)live;
}

int main(int argc, char **argv)
{
	return tl_cli_top(argc, argv);
}
