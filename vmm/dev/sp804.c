/* SPDX-License-Identifier: MIT */
/*
 * Arm SP804 dual timer (DDI 0271, chapter 3). A counter is computed from the host's clock when
 * somebody looks at it; a host timer rings for the next interrupt. While an interrupt is not
 * cleared none is waited for, so that a guest cannot have the host ring faster than it answers.
 */
#include "vmm/dev/sp804.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "vmm/arch/arm64/gic.h"
#include "vmm/core/loop.h"

/* Of each counter: DDI 0271, table 3-1. */
#define LOAD    0x00
#define VALUE   0x04
#define CONTROL 0x08
#define INTCLR  0x0c
#define RIS     0x10
#define MIS     0x14
#define BGLOAD  0x18
#define STRIDE  0x20
/* Of both. */
#define ITCR     0xf00
#define ITOP     0xf04
#define PERIPHID 0xfe0

#define CONTROL_ONESHOT  0x01
#define CONTROL_32BIT    0x02
#define CONTROL_PRESCALE 0x0c
#define CONTROL_INT      0x20
#define CONTROL_PERIODIC 0x40
#define CONTROL_ENABLE   0x80
#define CONTROL_RESET    0x20

#define COUNTERS 2
#define TICK_NS  UINT64_C(1000) /* at 1 MHz */

/* TimerPeriphID0-3 and TimerPCellID0-3. */
static const uint8_t ids[8] = {0x04, 0x18, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

struct counter {
	uint32_t control;
	uint32_t load;     /* what it starts again from in periodic mode */
	uint64_t from;     /* what it was at since_ns */
	uint64_t since_ns; /* of the host's monotonic clock; while it is enabled */
	bool stopped;      /* at zero, in one-shot mode */
	bool ris;
};

struct sp804 {
	struct tl_dev dev; /* its lock guards everything here */
	struct tl_dev_env env;
	int timer_fd;
	struct counter counters[COUNTERS];
	bool line;
};

static bool runs(const struct counter *c)
{
	return (c->control & CONTROL_ENABLE) && !c->stopped;
}

static uint32_t mask_of(const struct counter *c)
{
	return c->control & CONTROL_32BIT ? UINT32_MAX : UINT16_MAX;
}

/* 1, 16 or 256; what the fourth value does is not defined. */
static uint64_t tick_of(const struct counter *c)
{
	return TICK_NS << (c->control & CONTROL_PRESCALE);
}

/* Ticks from one time that it is zero to the next. */
static uint64_t period_of(const struct counter *c)
{
	if (!(c->control & CONTROL_PERIODIC))
		return (uint64_t)mask_of(c) + 1;
	return c->load & mask_of(c) ? c->load & mask_of(c) : 1;
}

/* Goes to now, past all the zeros on the way. */
static void advance(struct counter *c, uint64_t now)
{
	uint64_t ticks = runs(c) ? (now - c->since_ns) / tick_of(c) : 0;
	uint64_t period = period_of(c);

	if (!runs(c) || ticks < c->from)
		return;
	c->ris = true;
	if (c->control & CONTROL_ONESHOT) {
		c->from = 0;
		c->stopped = true;
		return;
	}
	ticks -= (ticks - c->from) % period;
	c->since_ns += ticks * tick_of(c);
	c->from = period;
}

static uint32_t value_of(const struct counter *c, uint64_t now)
{
	uint64_t ticks = runs(c) ? (now - c->since_ns) / tick_of(c) : 0;

	return (uint32_t)(c->from - ticks) & mask_of(c);
}

/* Counts on from `value`; all of it is kept until it counts, for then it is known how many bits do.
 */
static void start(struct counter *c, uint32_t value, uint64_t now)
{
	c->from = c->control & CONTROL_ENABLE ? value & mask_of(c) : value;
	c->since_ns = now;
	c->stopped = false;
}

/* The line, and the host's timer for when it will change by itself. */
static void update(struct sp804 *timer)
{
	struct itimerspec when = {0};
	uint64_t next = UINT64_MAX;
	bool line = false;

	for (unsigned int i = 0; i < COUNTERS; i++) {
		const struct counter *c = &timer->counters[i];
		uint64_t zero = c->since_ns + c->from * tick_of(c);

		if (!(c->control & CONTROL_INT))
			continue;
		line = line || c->ris;
		if (runs(c) && !c->ris && zero < next)
			next = zero;
	}
	if (next != UINT64_MAX) {
		when.it_value.tv_sec = (time_t)(next / TL_NS_PER_S);
		when.it_value.tv_nsec = (long)(next % TL_NS_PER_S);
	}
	(void)timerfd_settime(timer->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
	if (line == timer->line)
		return;
	timer->line = line;
	(void)tl_gic_set_spi(timer->env.irqchip, timer->dev.spi, line);
}

static void advance_all(struct sp804 *timer, uint64_t now)
{
	for (unsigned int i = 0; i < COUNTERS; i++)
		advance(&timer->counters[i], now);
}

static void on_zero(void *opaque, uint32_t events)
{
	struct sp804 *timer = opaque;
	uint64_t times;

	(void)events;
	if (read(timer->timer_fd, &times, sizeof(times)) < 0)
		return;
	tl_lock_acquire(&timer->dev.lock);
	advance_all(timer, tl_clock_ns());
	update(timer);
	tl_lock_release(&timer->dev.lock);
}

static bool read_counter(struct counter *c, uint64_t offset, uint64_t *value)
{
	uint64_t now = tl_clock_ns();

	advance(c, now);
	switch (offset) {
	case LOAD:
	case BGLOAD:
		*value = c->load;
		return true;
	case VALUE:
		*value = value_of(c, now);
		return true;
	case CONTROL:
		*value = c->control;
		return true;
	case INTCLR: /* write-only */
		*value = 0;
		return true;
	case RIS:
		*value = c->ris;
		return true;
	case MIS:
		*value = c->ris && (c->control & CONTROL_INT);
		return true;
	default:
		return false;
	}
}

static bool write_counter(struct counter *c, uint64_t offset, uint32_t value)
{
	uint64_t now = tl_clock_ns();

	advance(c, now);
	switch (offset) {
	case LOAD:
		c->load = value;
		start(c, value, now);
		return true;
	case BGLOAD: /* from the next time on that it is zero */
		c->load = value;
		return true;
	case CONTROL: {
		uint32_t left = runs(c) ? value_of(c, now) : (uint32_t)c->from;
		bool stopped = c->stopped && (value & CONTROL_ONESHOT);

		c->control = value & 0xef;
		start(c, left, now);
		c->stopped = stopped;
		return true;
	}
	case INTCLR:
		c->ris = false;
		return true;
	default: /* read-only */
		return offset == VALUE || offset == RIS || offset == MIS;
	}
}

static enum tl_mmio_result sp804_mmio(struct tl_dev *dev, struct tl_mmio *access)
{
	struct sp804 *timer = (struct sp804 *)dev;
	uint64_t offset = access->offset;
	struct counter *c = &timer->counters[offset / STRIDE % COUNTERS];
	bool handled;

	if (access->size != 4)
		return TL_MMIO_UNHANDLED;
	if (offset >= COUNTERS * STRIDE) {
		handled =
			offset == ITCR || offset == ITOP || (offset >= PERIPHID && offset % 4 == 0);
		if (handled && !access->is_write)
			access->value = offset < PERIPHID ? 0 : ids[(offset - PERIPHID) / 4];
	} else if (access->is_write) {
		handled = write_counter(c, offset % STRIDE, (uint32_t)access->value);
		update(timer);
	} else {
		handled = read_counter(c, offset % STRIDE, &access->value);
	}
	return handled ? TL_MMIO_HANDLED : TL_MMIO_UNHANDLED;
}

static void blank(struct sp804 *timer)
{
	for (unsigned int i = 0; i < COUNTERS; i++)
		timer->counters[i] = (struct counter){.control = CONTROL_RESET, .from = UINT16_MAX};
}

static void sp804_reset(struct tl_dev *dev)
{
	struct sp804 *timer = (struct sp804 *)dev;

	tl_lock_acquire(&dev->lock);
	blank(timer);
	update(timer);
	tl_lock_release(&dev->lock);
}

static void sp804_fini(struct tl_dev *dev)
{
	struct sp804 *timer = (struct sp804 *)dev;

	tl_loop_remove(timer->env.loop, timer->timer_fd);
	close(timer->timer_fd);
	free(timer);
}

static const struct tl_dev_ops sp804_ops = {
	.name = "sp804",
	.mmio = sp804_mmio,
	.reset = sp804_reset,
	.fini = sp804_fini,
};

int tl_sp804_create(
	struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base, unsigned int spi)
{
	struct sp804 *timer = calloc(1, sizeof(*timer));
	int ret;

	if (!timer)
		return -ENOMEM;
	timer->dev.ops = &sp804_ops;
	timer->dev.base = base;
	timer->dev.size = TL_SP804_SIZE;
	timer->dev.spi = spi;
	timer->env = *env;
	blank(timer);
	timer->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (timer->timer_fd < 0) {
		ret = -errno;
		goto err_free;
	}
	ret = tl_loop_add(env->loop, timer->timer_fd, EPOLLIN, on_zero, timer);
	if (ret)
		goto err_close;
	*dev = &timer->dev;
	return 0;

err_close:
	close(timer->timer_fd);
err_free:
	free(timer);
	return ret;
}
