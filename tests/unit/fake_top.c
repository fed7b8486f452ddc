/* SPDX-License-Identifier: MIT */
/*
 * Also in the place of what asks the host: names, threads.
 */
#include "tests/unit/fake_top.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "tests/unit/unit.h"

#define START 1000

void fake_top_init(struct fake_top *fake)
{
	memset(fake, 0, sizeof(*fake));
	fake->vcpus[0] = (struct tl_live_vcpu){
		.process = 300, .id = 0, .tid = 301, .serial = FAKE_TOP_VCPU0};
	fake->vcpus[1] = (struct tl_live_vcpu){
		.process = 300, .id = 1, .tid = 302, .serial = FAKE_TOP_VCPU1};
	fake->vcpus[2] = (struct tl_live_vcpu){
		.process = 500, .id = 0, .tid = 501, .serial = FAKE_TOP_OTHER};
	fake->sample = (struct tl_live_sample){.now_ns = 3000000000u,
		.before_ns = 1000000000u,
		.vcpu_count = 3,
		.vcpus = fake->vcpus,
		.rows = fake->rows};
}

struct tl_live_row *fake_top_add(struct fake_top *fake, unsigned int vcpu, unsigned int exit_class,
	uint64_t detail, uint64_t pc, uint64_t count)
{
	struct tl_live_row *row = &fake->rows[fake->sample.row_count++];

	assert_in_range(fake->sample.row_count, 1, FAKE_TOP_ROWS);
	/* What was there before the interval must not be seen. */
	*row = (struct tl_live_row){.vcpu = vcpu,
		.exit_class = exit_class,
		.detail = detail,
		.pc = pc,
		.before = {.count = START, .ns = START},
		.now = {.count = START + count, .ns = START + count * 1000}};
	fake->vcpus[vcpu].now.exits += count;
	fake->vcpus[vcpu].now.away_ns += count * 1000;
	return row;
}

void fake_top_show(
	struct tl_top *top, struct fake_top *fake, unsigned int columns, unsigned int rows)
{
	if (!top->ui.interval_ms)
		tl_top_ui_init(&top->ui, 1000);
	top->sample = &fake->sample;
	top->ui.columns = columns;
	top->ui.rows = rows;
	assert_int_equal(tl_top_update(top), 0);
}

void fake_top_fini(struct tl_top *top)
{
	tl_top_model_fini(&top->model);
}

const char *tl_top_name(struct tl_top *top, pid_t process)
{
	(void)top;
	return process == 300 ? "qemu-system-aar" : "trapline";
}

const char *tl_top_what(
	char *buffer, size_t size, struct tl_top *top, const struct tl_top_row *row, bool pc)
{
	(void)top;
	if (pc)
		snprintf(buffer, size, "symbol+0x%" PRIx64, row->pc);
	else
		snprintf(buffer, size, "class %u, detail %" PRIu64, row->exit_class, row->detail);
	return buffer;
}

const struct tl_top_thread *tl_top_threads_get(
	struct tl_top_threads *threads, pid_t process, pid_t tid, uint64_t now_ns)
{
	static struct tl_top_thread thread;

	(void)threads;
	(void)now_ns;
	thread = (struct tl_top_thread){.process = process,
		.cpu = 0.25,
		.state = {.tid = tid, .state = 'S', .call = 73, .name = "vcpu"}};
	return &thread;
}

int tl_threads_of(pid_t process, pid_t tids[TL_THREADS_MAX])
{
	if (process != 300)
		return -ESRCH;
	for (int i = 0; i < 3; i++)
		tids[i] = process + i;
	return 3;
}
