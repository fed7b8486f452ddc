/* SPDX-License-Identifier: MIT */
/*
 * The devices that are registers and nothing else: PL011, PL031, PL061, GICv2m, SP804 and the
 * system registers of a Versatile Express. The input is
 * accesses to them, and what happens on the host between: keys, timers, the power key, resets.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/arch/arm64/gic.h"
#include "vmm/core/coalesced.h"
#include "vmm/core/console.h"
#include "vmm/core/loop.h"
#include "vmm/core/power_key.h"
#include "vmm/core/status_page.h"
#include "vmm/core/vm.h"
#include "vmm/dev/dev.h"
#include "vmm/dev/gicv2m.h"
#include "vmm/dev/pl011.h"
#include "vmm/dev/pl031.h"
#include "vmm/dev/pl061.h"
#include "vmm/dev/sp804.h"
#include "vmm/dev/vexpress_sysreg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DEVICES 6u
#define TIMERS  6u
/* Of what can happen, devices included. */
#define THINGS 12u
#define PAGE   0x1000u

struct step {
	uint8_t what;  /* below DEVICES: an access; else something on the host */
	uint8_t flags; /* bits 0, 1: log2 of the size; 2: a write; 3: aligned */
	uint16_t offset;
	uint32_t value;
};

static struct tl_dev *devices[DEVICES];
static struct tl_console_sink sink;
static struct tl_power_key key;
static struct {
	tl_loop_fn *fn;
	void *opaque;
	int fd;
} timers[TIMERS];
static bool full;
static unsigned int calls; /* of the interrupt controller */

int tl_gic_set_spi(struct tl_irqchip *gic, unsigned int spi, bool level)
{
	(void)gic;
	(void)level;
	calls++;
	if (spi > 1000)
		abort();
	return 0;
}

int tl_loop_add(struct tl_loop *loop, int fd, uint32_t events, tl_loop_fn *fn, void *opaque)
{
	(void)loop;
	(void)events;
	for (unsigned int i = 0; i < TIMERS; i++) {
		if (!timers[i].fn) {
			timers[i].fn = fn;
			timers[i].opaque = opaque;
			timers[i].fd = fd;
			return 0;
		}
	}
	abort();
}

void tl_loop_remove(struct tl_loop *loop, int fd)
{
	(void)loop;
	for (unsigned int i = 0; i < TIMERS; i++) {
		if (timers[i].fn && timers[i].fd == fd)
			timers[i].fn = NULL;
	}
}

void tl_vm_request_stop(struct tl_vm *vm, const struct tl_stop *stop)
{
	(void)vm;
	if (stop->kind != TL_STOP_POWEROFF && stop->kind != TL_STOP_RESET)
		abort();
}

void tl_loop_wake(struct tl_loop *loop)
{
	(void)loop;
}

void tl_console_set_sink(struct tl_console *console, const struct tl_console_sink *to)
{
	(void)console;
	sink = *to;
}

void tl_console_tx(struct tl_console *console, const uint8_t *bytes, size_t count)
{
	(void)console;
	if (!count || bytes[0] + bytes[count - 1] > 2 * UINT8_MAX)
		abort();
}

bool tl_console_tx_full(struct tl_console *console)
{
	(void)console;
	return full;
}

int tl_coalesced_zone(struct tl_coalesced *coalesced, uint64_t base, uint32_t size, bool on)
{
	(void)coalesced;
	(void)on;
	return base && size ? 0 : -1;
}

void tl_coalesced_drain(struct tl_coalesced *coalesced)
{
	(void)coalesced;
}

int tl_status_page_init(
	struct tl_status_page *page, int vm_fd, uint32_t slot, uint64_t gpa, size_t size)
{
	(void)vm_fd;
	(void)slot;
	(void)gpa;
	page->words = calloc(1, size);
	return page->words ? 0 : -1;
}

void tl_status_page_fini(struct tl_status_page *page)
{
	free(page->words);
	page->words = NULL;
}

void tl_status_page_set(struct tl_status_page *page, uint64_t offset, uint32_t value)
{
	if (page->words)
		page->words[offset / 4] = value;
}

void tl_status_page_clean(struct tl_status_page *page)
{
	(void)page;
}

int tl_status_page_show(struct tl_status_page *page, bool show)
{
	page->shown = show;
	return 0;
}

static void make(void)
{
	static struct kvm_coalesced_mmio_ring ring;
	static struct tl_coalesced coalesced = {.ring = &ring};
	static const struct tl_gic_map map = TL_GIC_MAP_VIRT;
	static struct tl_irqchip gic = {.map = &map};
	static int any;
	const struct tl_dev_env env = {.irqchip = &gic,
		.loop = (void *)&any,
		.console = (void *)&any,
		.coalesced = &coalesced,
		.power_key = &key};

	if (tl_pl011_create(&devices[0], &env, 0x09000000, 1) ||
		tl_pl031_create(&devices[1], &env, 0x09010000, 2) ||
		tl_pl061_create(&devices[2], &env, 0x09030000, 7) ||
		tl_gicv2m_create(&devices[3], &env) ||
		tl_sp804_create(&devices[4], &env, 0x1c110000, 2) ||
		tl_vexpress_sysreg_create(&devices[5], &env, 0x1c010000, 0))
		abort();
}

static void touch(struct tl_dev *dev, const struct step *step)
{
	struct tl_mmio access = {.size = 1u << (step->flags & 3),
		.is_write = step->flags >> 2 & 1,
		.value = step->flags >> 2 & 1 ? step->value : 0};

	access.offset = step->offset % (PAGE - access.size + 1);
	if (step->flags & 8)
		access.offset &= ~(uint64_t)(access.size - 1);
	tl_lock_acquire(&dev->lock);
	if (dev->ops->mmio(dev, &access) == TL_MMIO_HANDLED && !access.is_write &&
		access.size == 4 && access.value > UINT32_MAX)
		abort();
	tl_lock_release(&dev->lock);
}

static void host(const struct step *step)
{
	struct tl_dev *dev;
	uint8_t bytes[64];
	size_t room;

	switch (step->what % 5) {
	case 0:
		room = sink.space ? sink.space(sink.opaque) : 0;
		room = room < sizeof(bytes) ? room : sizeof(bytes);
		room = step->value % (sizeof(bytes) + 1) < room ? step->value % sizeof(bytes)
								: room;
		memset(bytes, step->flags, sizeof(bytes));
		if (room)
			sink.push(sink.opaque, bytes, room);
		break;
	case 1:
		if (timers[step->value % TIMERS].fn)
			timers[step->value % TIMERS].fn(timers[step->value % TIMERS].opaque, 1);
		break;
	case 2:
		key.set(key.opaque, step->value & 1);
		(void)key.heard(key.opaque);
		break;
	case 3:
		dev = devices[step->value % DEVICES];
		if (dev->ops->reset)
			dev->ops->reset(dev);
		break;
	default:
		full = step->value & 1;
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct step step;

	make();
	full = false;
	for (; size >= sizeof(step); data += sizeof(step), size -= sizeof(step)) {
		memcpy(&step, data, sizeof(step));
		if (step.what % THINGS < DEVICES)
			touch(devices[step.what % THINGS], &step);
		else
			host(&step);
	}
	for (unsigned int i = 0; i < DEVICES; i++)
		devices[i]->ops->fini(devices[i]);
	return 0;
}
