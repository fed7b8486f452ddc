/* SPDX-License-Identifier: MIT */
/*
 * When the UART's page is shown and when its characters gather in the kernel's ring. Nothing
 * tells that the ring is no longer empty, so a timer looks after it, but only in a burst: an
 * idle guest has no timer, and its first characters come by exit, at once.
 */
#include "vmm/dev/pl011_fast.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "vmm/arch/arm64/gic.h"
#include "vmm/core/mem.h"
#include "vmm/dev/pl011.h"

/* UARTDR is the word at the device's base. */
#define DATA_SIZE 4

int tl_pl011_fast_init(struct tl_pl011_fast *fast, const struct tl_dev_env *env, uint64_t base,
	tl_loop_fn *on_tick, void *opaque)
{
	int ret;

	*fast = TL_PL011_FAST_INIT;
	/* Without the page a driver's look at UARTFR would empty the ring at each character. */
	if (!env->coalesced->ring)
		return -ENOTSUP;
	ret = tl_status_page_init(
		&fast->page, env->irqchip->vm_fd, TL_MEM_SLOT_PL011, base, TL_PL011_SIZE);
	if (ret)
		return ret;
	fast->loop = env->loop;
	fast->coalesced = env->coalesced;
	fast->data = base;
	fast->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	ret = fast->timer_fd < 0
		      ? -errno
		      : tl_loop_add(fast->loop, fast->timer_fd, EPOLLIN, on_tick, opaque);
	if (ret)
		tl_pl011_fast_fini(fast);
	return ret;
}

void tl_pl011_fast_fini(struct tl_pl011_fast *fast)
{
	if (fast->timer_fd >= 0) {
		tl_loop_remove(fast->loop, fast->timer_fd);
		close(fast->timer_fd);
	}
	tl_status_page_fini(&fast->page);
	*fast = TL_PL011_FAST_INIT;
}

bool tl_pl011_fast_on(const struct tl_pl011_fast *fast)
{
	return fast->timer_fd >= 0;
}

static void set_timer(struct tl_pl011_fast *fast, long ns)
{
	const struct itimerspec when = {.it_value.tv_nsec = ns, .it_interval.tv_nsec = ns};

	/* These values are in range, and the descriptor is a timer's: it cannot fail. */
	(void)timerfd_settime(fast->timer_fd, 0, &when, NULL);
	fast->ticking = ns != 0;
}

void tl_pl011_fast_wake(struct tl_pl011_fast *fast)
{
	if (tl_pl011_fast_on(fast) && !fast->ticking)
		set_timer(fast, TL_PL011_TICK_MS * 1000000L);
}

void tl_pl011_fast_show(struct tl_pl011_fast *fast)
{
	if (tl_pl011_fast_on(fast) && tl_status_page_show(&fast->page, true))
		tl_pl011_fast_wake(fast);
}

void tl_pl011_fast_wrote(struct tl_pl011_fast *fast)
{
	fast->wrote = true;
	if (fast->burst || ++fast->exits < TL_PL011_BURST_START || !tl_pl011_fast_on(fast))
		return;
	fast->exits = 0;
	fast->quiet = 0;
	/* A grace period, for which the vCPU waits: were it to go on meanwhile it might take
	 * hundreds of exits, until a busy host gets round to it. */
	fast->burst = !tl_coalesced_zone(fast->coalesced, fast->data, DATA_SIZE, true);
	if (fast->burst)
		tl_pl011_fast_wake(fast);
}

void tl_pl011_fast_end_burst(struct tl_pl011_fast *fast)
{
	if (!fast->burst)
		return;
	/* The kernel always obeys; what is in the ring is found by the next exit or tick. */
	(void)tl_coalesced_zone(fast->coalesced, fast->data, DATA_SIZE, false);
	fast->burst = false;
}

bool tl_pl011_fast_receive(struct tl_pl011_fast *fast)
{
	int ret = tl_status_page_show(&fast->page, false);

	fast->received = true;
	if (ret)
		tl_pl011_fast_wake(fast);
	return ret == 0;
}

void tl_pl011_fast_tick(struct tl_pl011_fast *fast, bool rx_empty, bool tx_full)
{
	/* Input comes in runs: not at every gap. If it fails, the next tick tries again. */
	if (rx_empty && !fast->received)
		(void)tl_status_page_show(&fast->page, true);
	fast->received = false;
	fast->quiet = fast->wrote ? 0 : fast->quiet + 1;
	fast->wrote = false;
	if (fast->burst && fast->quiet >= TL_PL011_BURST_QUIET) {
		tl_pl011_fast_end_burst(fast);
		/* A character may have come into the ring since it was emptied; no exit may follow.
		 */
		return;
	}
	if (!fast->burst && !tx_full && fast->page.shown == rx_empty)
		set_timer(fast, 0);
}
