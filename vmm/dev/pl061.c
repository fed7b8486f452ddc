/* SPDX-License-Identifier: MIT */
/*
 * Arm PL061 GPIO (DDI 0190, chapter 3). Nothing is connected to its lines but the power key,
 * which pulls line 3 high; a line that the guest drives reads as it was driven, the others
 * read low.
 */
#include "vmm/dev/pl061.h"

#include <errno.h>
#include <stdlib.h>

#include "vmm/arch/arm64/gic.h"
#include "vmm/core/power_key.h"

/* Register offsets: DDI 0190, section 3.2. GPIODATA takes its mask from address bits 9:2. */
#define GPIODATA_END 0x400
#define GPIODIR      0x400
#define GPIOIS       0x404
#define GPIOIBE      0x408
#define GPIOIEV      0x40c
#define GPIOIE       0x410
#define GPIORIS      0x414
#define GPIOMIS      0x418
#define GPIOIC       0x41c
#define GPIOAFSEL    0x420
#define GPIOPERIPH   0xfe0

#define KEY_BIT (1u << TL_PL061_POWER_KEY)

/* GPIOPeriphID0-3 and GPIOPCellID0-3. */
static const uint8_t ids[8] = {0x61, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

struct pl061 {
	struct tl_dev dev; /* its lock guards everything here */
	struct tl_dev_env env;
	uint8_t out;   /* what the guest wrote; shows on the lines that are outputs */
	uint8_t in;    /* levels from outside */
	uint8_t level; /* of the lines when edges were last looked for */
	uint8_t dir, is, ibe, iev, ie, afsel;
	uint8_t edges; /* detected and not cleared */
	uint8_t heard; /* lines whose interrupt the guest has had enabled since the reset */
	bool line;
};

static uint8_t levels(const struct pl061 *gpio)
{
	return (uint8_t)((gpio->out & gpio->dir) | (gpio->in & ~gpio->dir));
}

/* GPIORIS: lines that detect edges remember them, lines that detect a level do not (3.3.8). */
static uint8_t raw_status(const struct pl061 *gpio)
{
	uint8_t active = (uint8_t) ~(levels(gpio) ^ gpio->iev);

	return (uint8_t)((gpio->edges & ~gpio->is) | (active & gpio->is));
}

/* After any change: finds edges and drives the interrupt line. */
static void update(struct pl061 *gpio)
{
	uint8_t level = levels(gpio);
	uint8_t changed = (uint8_t)(level ^ gpio->level);
	/* An edge counts if both do, or if it leads to the level that GPIOIEV has. */
	uint8_t wanted = (uint8_t)(gpio->ibe | ~(level ^ gpio->iev));
	bool line;

	gpio->level = level;
	gpio->edges |= (uint8_t)(changed & wanted & ~gpio->is);
	line = (raw_status(gpio) & gpio->ie) != 0;
	if (line == gpio->line)
		return;
	gpio->line = line;
	/* A line that cannot be driven leaves the guest without an interrupt, nothing worse. */
	(void)tl_gic_set_spi(gpio->env.irqchip, gpio->dev.spi, line);
}

static bool read_register(const struct pl061 *gpio, uint64_t offset, uint32_t *value)
{
	if (offset < GPIODATA_END) {
		*value = levels(gpio) & (offset >> 2 & 0xff);
		return offset % 4 == 0;
	}
	if (offset >= GPIOPERIPH && offset % 4 == 0) {
		*value = ids[(offset - GPIOPERIPH) / 4];
		return true;
	}
	switch (offset) {
	case GPIODIR:
		*value = gpio->dir;
		return true;
	case GPIOIS:
		*value = gpio->is;
		return true;
	case GPIOIBE:
		*value = gpio->ibe;
		return true;
	case GPIOIEV:
		*value = gpio->iev;
		return true;
	case GPIOIE:
		*value = gpio->ie;
		return true;
	case GPIORIS:
		*value = raw_status(gpio);
		return true;
	case GPIOMIS:
		*value = raw_status(gpio) & gpio->ie;
		return true;
	case GPIOIC: /* write-only: reads as zero */
		return true;
	case GPIOAFSEL:
		*value = gpio->afsel;
		return true;
	default:
		return false;
	}
}

static bool write_register(struct pl061 *gpio, uint64_t offset, uint8_t value)
{
	uint8_t mask = (uint8_t)(offset >> 2);

	if (offset < GPIODATA_END) {
		/* Only lines that are outputs take it (3.3.1). */
		mask &= gpio->dir;
		gpio->out = (uint8_t)((gpio->out & ~mask) | (value & mask));
		return offset % 4 == 0;
	}
	switch (offset) {
	case GPIODIR:
		gpio->dir = value;
		return true;
	case GPIOIS:
		gpio->is = value;
		return true;
	case GPIOIBE:
		gpio->ibe = value;
		return true;
	case GPIOIEV:
		gpio->iev = value;
		return true;
	case GPIOIE:
		gpio->ie = value;
		gpio->heard |= value;
		return true;
	case GPIOIC:
		gpio->edges &= (uint8_t)~value;
		return true;
	case GPIOAFSEL:
		gpio->afsel = value;
		return true;
	case GPIORIS: /* read-only, as is the identification below */
	case GPIOMIS:
		return true;
	default:
		return offset >= GPIOPERIPH && offset % 4 == 0;
	}
}

static enum tl_mmio_result pl061_mmio(struct tl_dev *dev, struct tl_mmio *access)
{
	struct pl061 *gpio = (struct pl061 *)dev;
	uint32_t value = 0;
	bool handled;

	/* Registers have 8 bits, in words on an APB. */
	if (access->size > 4)
		return TL_MMIO_UNHANDLED;
	if (access->is_write) {
		handled = write_register(gpio, access->offset, (uint8_t)access->value);
		update(gpio);
	} else {
		handled = read_register(gpio, access->offset, &value);
		access->value = value;
	}
	return handled ? TL_MMIO_HANDLED : TL_MMIO_UNHANDLED;
}

/* The key is outside of the machine: it stays as pressed as it is. */
static void pl061_reset(struct tl_dev *dev)
{
	struct pl061 *gpio = (struct pl061 *)dev;

	tl_lock_acquire(&dev->lock);
	gpio->out = gpio->dir = gpio->is = gpio->ibe = gpio->iev = gpio->ie = gpio->afsel = 0;
	gpio->level = levels(gpio);
	gpio->edges = gpio->heard = 0;
	update(gpio);
	tl_lock_release(&dev->lock);
}

static void pl061_fini(struct tl_dev *dev)
{
	struct pl061 *gpio = (struct pl061 *)dev;

	if (gpio->env.power_key)
		*gpio->env.power_key = (struct tl_power_key){.set = NULL};
	free(gpio);
}

static void key_set(void *opaque, bool pressed)
{
	struct pl061 *gpio = opaque;

	tl_lock_acquire(&gpio->dev.lock);
	gpio->in = pressed ? KEY_BIT : 0;
	update(gpio);
	tl_lock_release(&gpio->dev.lock);
}

static bool key_heard(void *opaque)
{
	struct pl061 *gpio = opaque;
	bool heard;

	tl_lock_acquire(&gpio->dev.lock);
	heard = (gpio->heard & KEY_BIT) != 0;
	tl_lock_release(&gpio->dev.lock);
	return heard;
}

static const struct tl_dev_ops pl061_ops = {
	.name = "pl061",
	.mmio = pl061_mmio,
	.reset = pl061_reset,
	.fini = pl061_fini,
};

int tl_pl061_create(
	struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base, unsigned int spi)
{
	struct pl061 *gpio = calloc(1, sizeof(*gpio));

	if (!gpio)
		return -ENOMEM;
	gpio->dev.ops = &pl061_ops;
	gpio->dev.base = base;
	gpio->dev.size = TL_PL061_SIZE;
	gpio->dev.spi = spi;
	gpio->env = *env;
	if (env->power_key)
		*env->power_key = (struct tl_power_key){key_set, key_heard, gpio};
	*dev = &gpio->dev;
	return 0;
}
