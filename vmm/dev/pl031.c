/* SPDX-License-Identifier: MIT */
/*
 * Arm PL031 real-time clock (DDI 0224, chapter 3). It counts seconds from what
 * the guest loaded, on top of the host's UTC. The alarm is a host timer.
 */
#include "vmm/dev/pl031.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "vmm/arch/arm64/gic.h"
#include "vmm/core/loop.h"

/* Register offsets: DDI 0224, section 3.2. */
#define RTCDR     0x000
#define RTCMR     0x004
#define RTCLR     0x008
#define RTCCR     0x00c
#define RTCIMSC   0x010
#define RTCRIS    0x014
#define RTCMIS    0x018
#define RTCICR    0x01c
#define RTCPERIPH 0xfe0

/* RTCPeriphID0-3 and RTCPCellID0-3. */
static const uint8_t ids[8] = {0x31, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

struct pl031 {
	struct tl_dev dev; /* its lock guards everything here */
	struct tl_dev_env env;
	int timer_fd;
	uint32_t offset; /* seconds that the guest is ahead of the host, modulo 2^32 */
	uint32_t load, match, imsc, ris;
	bool line;
};

/* On its own, so that reading another register needs no frame. */
__attribute__((noinline)) static bool read_counter(const struct pl031 *rtc, uint64_t *value)
{
	*value = (uint32_t)time(NULL) + rtc->offset;
	return true;
}

static void update_line(struct pl031 *rtc)
{
	bool line = (rtc->ris & rtc->imsc) != 0;

	if (line == rtc->line)
		return;
	rtc->line = line;
	(void)tl_gic_set_spi(rtc->env.irqchip, rtc->dev.spi, line);
}

/*
 * Sets the host's timer to the second at which the counter will equal the match register; if
 * that is `host`, the second that it is now, the alarm is due and the timer is stopped.
 */
static void arm(struct pl031 *rtc, time_t host)
{
	uint32_t left = rtc->match - ((uint32_t)host + rtc->offset);
	struct itimerspec when = {.it_value.tv_sec = left ? host + left : 0};

	(void)timerfd_settime(rtc->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
	if (left == 0) {
		rtc->ris = 1;
		update_line(rtc);
	}
}

static void on_alarm(void *opaque, uint32_t events)
{
	struct pl031 *rtc = opaque;
	uint64_t count;

	(void)events;
	if (read(rtc->timer_fd, &count, sizeof(count)) < 0)
		return;
	tl_lock_acquire(&rtc->dev.lock);
	rtc->ris = 1;
	update_line(rtc);
	tl_lock_release(&rtc->dev.lock);
}

static bool read_register(struct pl031 *rtc, uint64_t offset, uint64_t *value)
{
	switch (offset) {
	case RTCDR:
		return read_counter(rtc, value);
	case RTCMR:
		*value = rtc->match;
		return true;
	case RTCLR:
		*value = rtc->load;
		return true;
	case RTCCR: /* always enabled */
		*value = 1;
		return true;
	case RTCIMSC:
		*value = rtc->imsc;
		return true;
	case RTCRIS:
		*value = rtc->ris;
		return true;
	case RTCMIS:
		*value = rtc->ris & rtc->imsc;
		return true;
	default:
		break;
	}
	if (offset >= RTCPERIPH && offset % 4 == 0) {
		*value = ids[(offset - RTCPERIPH) / 4];
		return true;
	}
	return false;
}

/* The same. */
__attribute__((noinline)) static bool write_register(
	struct pl031 *rtc, uint64_t offset, uint32_t value)
{
	time_t host = time(NULL);

	switch (offset) {
	case RTCMR:
		rtc->match = value;
		arm(rtc, host);
		return true;
	case RTCLR:
		rtc->load = value;
		rtc->offset = value - (uint32_t)host;
		arm(rtc, host);
		return true;
	case RTCIMSC:
		rtc->imsc = value & 1;
		update_line(rtc);
		return true;
	case RTCICR:
		rtc->ris &= ~value & 1;
		update_line(rtc);
		return true;
	case RTCDR: /* read-only, or without effect */
	case RTCCR:
	case RTCRIS:
	case RTCMIS:
		return true;
	default:
		return offset >= RTCPERIPH && offset % 4 == 0;
	}
}

static enum tl_mmio_result pl031_mmio(struct tl_dev *dev, struct tl_mmio *access)
{
	struct pl031 *rtc = (struct pl031 *)dev;
	bool handled;

	if (access->size != 4)
		return TL_MMIO_UNHANDLED;
	if (access->is_write)
		handled = write_register(rtc, access->offset, (uint32_t)access->value);
	else
		handled = read_register(rtc, access->offset, &access->value);
	return handled ? TL_MMIO_HANDLED : TL_MMIO_UNHANDLED;
}

static void pl031_reset(struct tl_dev *dev)
{
	struct pl031 *rtc = (struct pl031 *)dev;
	struct itimerspec off = {0};

	tl_lock_acquire(&dev->lock);
	rtc->offset = rtc->load = rtc->match = rtc->imsc = rtc->ris = 0;
	(void)timerfd_settime(rtc->timer_fd, 0, &off, NULL);
	update_line(rtc);
	tl_lock_release(&dev->lock);
}

static void pl031_fini(struct tl_dev *dev)
{
	struct pl031 *rtc = (struct pl031 *)dev;

	tl_loop_remove(rtc->env.loop, rtc->timer_fd);
	close(rtc->timer_fd);
	free(rtc);
}

static const struct tl_dev_ops pl031_ops = {
	.name = "pl031",
	.mmio = pl031_mmio,
	.reset = pl031_reset,
	.fini = pl031_fini,
};

int tl_pl031_create(
	struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base, unsigned int spi)
{
	struct pl031 *rtc = calloc(1, sizeof(*rtc));
	int ret;

	if (!rtc)
		return -ENOMEM;
	rtc->dev.ops = &pl031_ops;
	rtc->dev.base = base;
	rtc->dev.size = TL_PL031_SIZE;
	rtc->dev.spi = spi;
	rtc->env = *env;
	rtc->timer_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (rtc->timer_fd < 0) {
		ret = -errno;
		goto err_free;
	}
	ret = tl_loop_add(env->loop, rtc->timer_fd, EPOLLIN, on_alarm, rtc);
	if (ret)
		goto err_close;
	*dev = &rtc->dev;
	return 0;

err_close:
	close(rtc->timer_fd);
err_free:
	free(rtc);
	return ret;
}
