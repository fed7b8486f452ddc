/* SPDX-License-Identifier: MIT */
/*
 * A guest while it runs: what stops it, and whether it then goes on. It comes through the event
 * loop.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/status.h"
#include "vmm/arch/arm64/suspend.h"
#include "vmm/core/footprint.h"
#include "vmm/guest.h"

/*
 * Input is read when the guest has printed something, for a driver that starts throws away what
 * has come before (Linux's and U-Boot's do); or after this time, for a guest that only reads.
 */
#define FIRST_INPUT_MS 5000

static int stop_status(const struct tl_stop *stop)
{
	switch (stop->kind) {
	case TL_STOP_POWEROFF:
		return TL_STATUS_OK;
	case TL_STOP_CRASH:
	case TL_STOP_ERROR:
		tl_log_error(
			"vCPU %u stopped at PC %#" PRIx64 ": %s", stop->vcpu, stop->pc, stop->why);
		return stop->kind == TL_STOP_CRASH ? TL_STATUS_CRASH : TL_STATUS_VM;
	default:
		return TL_STATUS_VM;
	}
}

static int reset(struct tl_guest *guest)
{
	int ret = tl_vm_reset(&guest->vm);

	if (!ret)
		ret = tl_guest_load(guest);
	/* What failed has been said. */
	if (ret)
		tl_log_info("the guest asked for a reset, which failed: %s", strerror(-ret));
	return ret;
}

/* What stopped the guest is dealt with. All vCPUs are parked. */
static void go_on(struct tl_guest *guest)
{
	tl_vm_clear_stop(&guest->vm);
	tl_control_resume(&guest->control);
}

/* Answers a guest that wants to sleep. Returns what stops it now. */
static struct tl_stop suspend(struct tl_guest *guest)
{
	struct tl_stop stop;
	int ret;

	tl_vm_pause(&guest->vm);
	/* Until all were parked, another vCPU may have ended it. */
	stop = tl_vm_stop_reason(&guest->vm);
	if (stop.kind != TL_STOP_SUSPEND)
		return stop;
	ret = tl_suspend_enter(&guest->vm);
	if (ret) {
		stop.kind = TL_STOP_ERROR;
		snprintf(stop.why, sizeof(stop.why), "cannot suspend to RAM: %s", strerror(-ret));
		return stop;
	}
	go_on(guest);
	return (struct tl_stop){.kind = TL_STOP_NONE};
}

/* If the guest has stopped: lets it go on, or returns true, and with which exit status it ended. */
static bool has_stopped(struct tl_guest *guest, int *status)
{
	struct tl_stop stop = tl_vm_stop_reason(&guest->vm);

	if (stop.kind == TL_STOP_SUSPEND)
		stop = suspend(guest);
	if (stop.kind == TL_STOP_NONE)
		return false;
	if (stop.kind == TL_STOP_RESET) {
		tl_vm_pause(&guest->vm);
		*status = TL_STATUS_VM;
		if (reset(guest))
			return true;
		go_on(guest);
		return false;
	}
	tl_console_drain(&guest->console, TL_GUEST_DRAIN_MS);
	*status = stop_status(&stop);
	return true;
}

/* What it took to come here, for -v and `make bench-io`. */
static void log_start(void)
{
	struct timespec cpu;

	if (tl_log_enabled(TL_LOG_INFO) && !clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu))
		tl_log_info("the guest starts after %lld us of CPU time",
			(long long)cpu.tv_sec * 1000000 + cpu.tv_nsec / 1000);
}

int tl_guest_run(struct tl_guest *guest)
{
	int status, first = FIRST_INPUT_MS;

	log_start();
	tl_vm_resume(&guest->vm);
	/* While it runs already: it costs as much as a tenth of the start. */
	tl_footprint_trim();
	for (;;) {
		int timeout = tl_exit_trace_timeout(
			&guest->exit_trace, tl_console_timeout(&guest->console));
		int ret = tl_loop_once(&guest->loop, timeout < 0 ? first : timeout);

		first = -1;
		tl_console_service(&guest->console);
		tl_exit_trace_service(&guest->exit_trace);
		if (has_stopped(guest, &status))
			break;
		if (guest->console.quit || guest->control.quit) {
			status = TL_STATUS_OK;
			break;
		}
		if (tl_events_status(&guest->events, &status))
			break;
		if (ret) {
			tl_log_error("cannot wait for events: %s", strerror(-ret));
			status = TL_STATUS_FAILURE;
			break;
		}
		tl_control_apply(&guest->control);
	}
	tl_vm_pause(&guest->vm);
	return status;
}
