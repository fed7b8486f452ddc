/* SPDX-License-Identifier: MIT */
/*
 * Versatile Express system registers (Arm DUI 0447, chapter 4: registers of the Motherboard
 * Express). The board is turned off and reset by its microcontroller, which takes a command
 * from SYS_CFGCTRL and says in SYS_CFGSTAT that it is done. As there, that takes a moment: what
 * was asked for happens when the guest looks at SYS_CFGSTAT, or soon after.
 */
#include "vmm/dev/vexpress_sysreg.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "vmm/core/loop.h"
#include "vmm/core/vm.h"

#define SYS_ID       0x000
#define SYS_SW       0x004
#define SYS_LED      0x008
#define SYS_100HZ    0x024
#define SYS_FLAGS    0x030 /* written: sets bits */
#define SYS_FLAGSCLR 0x034
#define SYS_NVFLAGS  0x038 /* the same; a reset leaves them alone */
#define SYS_NVFLAGSC 0x03c
#define SYS_MCI      0x048
#define SYS_FLASH    0x04c
#define SYS_CFGSW    0x058
#define SYS_24MHZ    0x05c
#define SYS_MISC     0x060
#define SYS_DMA      0x064
#define SYS_PROCID0  0x084
#define SYS_PROCID1  0x088
#define SYS_CFGDATA  0x0a0
#define SYS_CFGCTRL  0x0a4
#define SYS_CFGSTAT  0x0a8

/* A motherboard V2M-P1 (HBI 0x190), revision B, and in site 1 a tile V2P-CA15 (HBI 0x237). */
#define ID      UINT32_C(0x1190f500)
#define PROCID0 UINT32_C(0x14000237)
/* Nothing is in site 2. */
#define PROCID1 UINT32_C(0xff000000)

#define CFGCTRL_START    (UINT32_C(1) << 31)
#define CFGCTRL_WRITE    (UINT32_C(1) << 30)
#define CFGCTRL_FUNCTION (UINT32_C(0x3f) << 20)
#define CFGCTRL_SITE     (UINT32_C(3) << 16)
#define CFGCTRL_RESERVED (UINT32_C(3) << 18)
#define CFGSTAT_COMPLETE UINT32_C(1)
#define CFGSTAT_ERROR    UINT32_C(2)
/* Functions of the microcontroller: DUI 0447, table 4-30. */
#define FUNCTION_RESET    (UINT32_C(5) << 20)
#define FUNCTION_SHUTDOWN (UINT32_C(8) << 20)
#define FUNCTION_REBOOT   (UINT32_C(9) << 20)

/* For a guest that does not look. */
#define MOMENT_NS 100000000

struct sysreg {
	struct tl_dev dev; /* its lock guards everything here */
	struct tl_dev_env env;
	int timer_fd;
	uint64_t start_ns; /* when the counters were zero */
	uint32_t led, flags, nvflags, flash, dma;
	uint32_t cfgdata, cfgctrl, cfgstat;
	enum tl_stop_kind asked; /* what the microcontroller is about to do */
};

/* A counter that wraps. Seconds apart from the rest, so that nothing overflows. */
static uint32_t count(const struct sysreg *sys, uint32_t hertz)
{
	uint64_t ns = tl_clock_ns() - sys->start_ns;

	return (uint32_t)(ns / TL_NS_PER_S * hertz + ns % TL_NS_PER_S * hertz / TL_NS_PER_S);
}

/* The microcontroller does what it was asked to. */
static void act(struct sysreg *sys)
{
	struct tl_stop stop = {.kind = sys->asked};

	if (sys->asked == TL_STOP_NONE)
		return;
	sys->asked = TL_STOP_NONE;
	sys->cfgstat = CFGSTAT_COMPLETE;
	tl_vm_request_stop(sys->env.vm, &stop);
}

static void on_moment(void *opaque, uint32_t events)
{
	struct sysreg *sys = opaque;
	uint64_t times;

	(void)events;
	if (read(sys->timer_fd, &times, sizeof(times)) < 0)
		return;
	tl_lock_acquire(&sys->dev.lock);
	act(sys);
	tl_lock_release(&sys->dev.lock);
}

/* A command to the microcontroller. It knows only those that end the run of the guest. */
static void command(struct sysreg *sys, uint32_t value)
{
	const struct itimerspec moment = {.it_value.tv_nsec = MOMENT_NS};

	sys->cfgctrl = value & ~CFGCTRL_RESERVED & ~CFGCTRL_START;
	if (!(value & CFGCTRL_START))
		return;
	sys->cfgstat = 0;
	switch (value & (CFGCTRL_WRITE | CFGCTRL_FUNCTION | CFGCTRL_SITE)) {
	case CFGCTRL_WRITE | FUNCTION_SHUTDOWN:
		sys->asked = TL_STOP_POWEROFF;
		break;
	case CFGCTRL_WRITE | FUNCTION_RESET:
	case CFGCTRL_WRITE | FUNCTION_REBOOT:
		sys->asked = TL_STOP_RESET;
		break;
	default:
		sys->cfgstat = CFGSTAT_COMPLETE | CFGSTAT_ERROR;
		return;
	}
	(void)timerfd_settime(sys->timer_fd, 0, &moment, NULL);
}

static bool read_register(struct sysreg *sys, uint64_t offset, uint64_t *value)
{
	switch (offset) {
	case SYS_ID:
		*value = ID;
		return true;
	case SYS_LED:
		*value = sys->led;
		return true;
	case SYS_100HZ:
		*value = count(sys, 100);
		return true;
	case SYS_FLAGS:
		*value = sys->flags;
		return true;
	case SYS_NVFLAGS:
		*value = sys->nvflags;
		return true;
	case SYS_FLASH:
		*value = sys->flash;
		return true;
	case SYS_24MHZ:
		*value = count(sys, 24000000);
		return true;
	case SYS_DMA:
		*value = sys->dma;
		return true;
	case SYS_PROCID0:
		*value = PROCID0;
		return true;
	case SYS_PROCID1:
		*value = PROCID1;
		return true;
	case SYS_CFGDATA:
		*value = sys->cfgdata;
		return true;
	case SYS_CFGCTRL:
		*value = sys->cfgctrl;
		return true;
	case SYS_CFGSTAT:
		act(sys);
		*value = sys->cfgstat;
		return true;
	/* All switches are off, no card is in, the tile in site 1 is the master. */
	case SYS_SW:
	case SYS_FLAGSCLR:
	case SYS_NVFLAGSC:
	case SYS_MCI:
	case SYS_CFGSW:
	case SYS_MISC:
		*value = 0;
		return true;
	default:
		return false;
	}
}

static bool write_register(struct sysreg *sys, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case SYS_LED:
		sys->led = value & 0xff;
		return true;
	case SYS_FLAGS:
		sys->flags |= value;
		return true;
	case SYS_FLAGSCLR:
		sys->flags &= ~value;
		return true;
	case SYS_NVFLAGS:
		sys->nvflags |= value;
		return true;
	case SYS_NVFLAGSC:
		sys->nvflags &= ~value;
		return true;
	case SYS_FLASH:
		sys->flash = value & 1;
		return true;
	case SYS_DMA:
		sys->dma = value;
		return true;
	case SYS_CFGDATA:
		sys->cfgdata = value;
		return true;
	case SYS_CFGCTRL:
		command(sys, value);
		return true;
	case SYS_CFGSTAT:
		act(sys);
		sys->cfgstat = value & (CFGSTAT_COMPLETE | CFGSTAT_ERROR);
		return true;
	case SYS_ID: /* read-only, or without effect here */
	case SYS_SW:
	case SYS_100HZ:
	case SYS_MCI:
	case SYS_CFGSW:
	case SYS_24MHZ:
	case SYS_MISC:
	case SYS_PROCID0:
	case SYS_PROCID1:
		return true;
	default:
		return false;
	}
}

static enum tl_mmio_result sysreg_mmio(struct tl_dev *dev, struct tl_mmio *access)
{
	struct sysreg *sys = (struct sysreg *)dev;
	bool handled;

	if (access->size != 4)
		return TL_MMIO_UNHANDLED;
	if (access->is_write)
		handled = write_register(sys, access->offset, (uint32_t)access->value);
	else
		handled = read_register(sys, access->offset, &access->value);
	return handled ? TL_MMIO_HANDLED : TL_MMIO_UNHANDLED;
}

static void sysreg_reset(struct tl_dev *dev)
{
	struct sysreg *sys = (struct sysreg *)dev;
	const struct itimerspec off = {0};

	tl_lock_acquire(&dev->lock);
	sys->led = sys->flags = sys->flash = sys->dma = 0;
	sys->cfgdata = sys->cfgctrl = sys->cfgstat = 0;
	sys->asked = TL_STOP_NONE;
	sys->start_ns = tl_clock_ns();
	(void)timerfd_settime(sys->timer_fd, 0, &off, NULL);
	tl_lock_release(&dev->lock);
}

static void sysreg_fini(struct tl_dev *dev)
{
	struct sysreg *sys = (struct sysreg *)dev;

	tl_loop_remove(sys->env.loop, sys->timer_fd);
	close(sys->timer_fd);
	free(sys);
}

static const struct tl_dev_ops sysreg_ops = {
	.name = "vexpress-sysreg",
	.mmio = sysreg_mmio,
	.reset = sysreg_reset,
	.fini = sysreg_fini,
};

int tl_vexpress_sysreg_create(
	struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base, unsigned int spi)
{
	struct sysreg *sys = calloc(1, sizeof(*sys));
	int ret;

	if (!sys)
		return -ENOMEM;
	sys->dev.ops = &sysreg_ops;
	sys->dev.base = base;
	sys->dev.size = TL_VEXPRESS_SYSREG_SIZE;
	sys->dev.spi = spi;
	sys->env = *env;
	sys->start_ns = tl_clock_ns();
	sys->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (sys->timer_fd < 0) {
		ret = -errno;
		goto err_free;
	}
	ret = tl_loop_add(env->loop, sys->timer_fd, EPOLLIN, on_moment, sys);
	if (ret)
		goto err_close;
	*dev = &sys->dev;
	return 0;

err_close:
	close(sys->timer_fd);
err_free:
	free(sys);
	return ret;
}
