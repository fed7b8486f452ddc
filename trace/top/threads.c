/* SPDX-License-Identifier: MIT */
/*
 * Only threads that are shown are read, so the cost has a bound.
 */
#include "trace/top/threads.h"

#include <stdlib.h>

void tl_top_threads_next(struct tl_top_threads *threads)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < threads->count; i++) {
		if (threads->list[i].look == threads->look)
			threads->list[kept++] = threads->list[i];
	}
	threads->count = kept;
	threads->look++;
}

static struct tl_top_thread *find(struct tl_top_threads *threads, pid_t process, pid_t tid)
{
	for (unsigned int i = 0; i < threads->count; i++) {
		if (threads->list[i].state.tid == tid && threads->list[i].process == process)
			return &threads->list[i];
	}
	return NULL;
}

static struct tl_top_thread *add(struct tl_top_threads *threads)
{
	if (threads->count == threads->room) {
		unsigned int room = threads->room ? threads->room * 2 : 16;
		struct tl_top_thread *list = realloc(threads->list, room * sizeof(*list));

		if (!list)
			return NULL;
		threads->list = list;
		threads->room = room;
	}
	return &threads->list[threads->count++];
}

const struct tl_top_thread *tl_top_threads_get(
	struct tl_top_threads *threads, pid_t process, pid_t tid, uint64_t now_ns)
{
	struct tl_top_thread *thread = find(threads, process, tid);
	struct tl_thread_state state;

	if (thread && thread->look == threads->look)
		return thread;
	if (tl_thread_state_read(&state, process, tid))
		return NULL;
	if (!thread) {
		thread = add(threads);
		if (!thread)
			return NULL;
		thread->cpu = -1;
	} else if (now_ns > thread->ns && state.cpu_ns >= thread->state.cpu_ns) {
		thread->cpu = (double)(state.cpu_ns - thread->state.cpu_ns) /
			      (double)(now_ns - thread->ns);
	}
	thread->process = process;
	thread->state = state;
	thread->ns = now_ns;
	thread->look = threads->look;
	return thread;
}

void tl_top_threads_fini(struct tl_top_threads *threads)
{
	free(threads->list);
	*threads = (struct tl_top_threads){0};
}
