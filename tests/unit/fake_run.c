/* SPDX-License-Identifier: MIT */
/*
 * Nothing happens around the VM but what a test says.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>

#include "tests/unit/fake_run.h"
#include "vmm/arch/arm64/dcache.h"
#include "vmm/core/loop.h"
#include "vmm/core/terminal.h"
#include "vmm/events.h"
#include "vmm/profile.h"
#include "base/status.h"

struct fake_run fake_run;

/* The caches of a guest that does not run do not matter. */
void tl_dcache_clean(const void *start, size_t size)
{
	(void)start;
	(void)size;
}

int tl_events_init(struct tl_events *events, struct tl_loop *loop)
{
	events->loop = loop;
	return 0;
}

void tl_events_fini(struct tl_events *events)
{
	(void)events;
}

void tl_events_watch_stop(struct tl_events *events, unsigned int timeout_s, unsigned int grace_s)
{
	(void)timeout_s;
	(void)grace_s;
	if (fake_run.out_of_time)
		tl_loop_wake(events->loop);
}

bool tl_events_status(const struct tl_events *events, int *status)
{
	(void)events;
	*status = TL_STATUS_TIMEOUT;
	return fake_run.out_of_time;
}

bool tl_terminal_raw(int fd)
{
	(void)fd;
	return false;
}

void tl_terminal_restore(void)
{
}

int tl_session_create(struct tl_session **session, enum tl_session_kind kind,
	const struct tl_bpf_options *options)
{
	(void)kind;
	(void)options;
	*session = NULL;
	return -ENOENT;
}

void tl_session_destroy(struct tl_session *session)
{
	assert_null(session);
}

int tl_vmm_profile_attach(struct tl_session *session, const struct tl_vm *vm)
{
	(void)session;
	(void)vm;
	return -EINVAL;
}

int tl_events_press_key(struct tl_events *events)
{
	(void)events;
	return -ENXIO;
}

int tl_session_stop(struct tl_session *session)
{
	(void)session;
	return -EINVAL;
}

int tl_vmm_profile_print(struct tl_session *session, const struct tl_vmm_config *config,
	const struct tl_layout *layout, FILE *text, FILE *json)
{
	(void)session;
	(void)config;
	(void)layout;
	(void)text;
	(void)json;
	return -EINVAL;
}

int tl_vmm_profile_report(struct tl_session *session, const struct tl_vmm_config *config,
	const struct tl_layout *layout)
{
	(void)layout;
	(void)session;
	(void)config;
	return -EINVAL;
}

int tl_vmm_record_start(struct tl_recorder **recorder, const char *path, const struct tl_vm *vm)
{
	(void)vm;
	assert_string_equal(path, "folder");
	*recorder = (struct tl_recorder *)&fake_run.recorders;
	fake_run.recorders++;
	return fake_run.record_starts;
}

int tl_vmm_record_stop(struct tl_recorder *recorder, const struct tl_vmm_config *config,
	const struct tl_layout *layout)
{
	(void)config;
	(void)layout;
	assert_ptr_equal(recorder, &fake_run.recorders);
	return fake_run.record_ends;
}

void tl_recorder_destroy(struct tl_recorder *recorder)
{
	if (recorder)
		fake_run.recorders--;
}
