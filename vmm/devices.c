/* SPDX-License-Identifier: MIT */
/*
 * One table of what can be added. The order is that of the places, and so that in which a
 * guest finds the devices: disks first. A new kind of device is two functions and a line here.
 */
#include "vmm/devices.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "vmm/core/bus.h"
#include "vmm/dev/scratch.h"
#include "vmm/dev/virtio/balloon.h"
#include "vmm/dev/virtio/blk.h"
#include "vmm/dev/virtio/net.h"
#include "vmm/dev/virtio/console.h"
#include "vmm/dev/virtio/rng.h"
#include "vmm/dev/virtio/p9.h"
#include "vmm/dev/virtio/virtio.h"
#include "vmm/dev/virtio/vsock.h"
#include "vmm/machine/machine.h"

/* Where the next one goes. */
struct place {
	const struct tl_dev_env *env;
	uint64_t base;
	unsigned int spi;
};

struct kind {
	unsigned int (*count)(const struct tl_vmm_config *config);
	/* The one of the number, from 0. Returns 0 or -errno (logged). */
	int (*create)(struct tl_dev **dev, const struct place *place,
		const struct tl_vmm_config *config, unsigned int number);
};

static unsigned int disk_count(const struct tl_vmm_config *config)
{
	return config->disk_count;
}

static int disk_create(struct tl_dev **dev, const struct place *place,
	const struct tl_vmm_config *config, unsigned int number)
{
	return tl_virtio_blk_create(dev, place->env, place->base, place->spi,
		&config->disks[number], number, config->cpus);
}

static unsigned int net_count(const struct tl_vmm_config *config)
{
	return config->net_count;
}

static int net_create(struct tl_dev **dev, const struct place *place,
	const struct tl_vmm_config *config, unsigned int number)
{
	return tl_virtio_net_create(
		dev, place->env, place->base, place->spi, &config->nets[number], number);
}

static unsigned int console_count(const struct tl_vmm_config *config)
{
	return config->virtio_console || config->port_count;
}

/* One device for all ports. */
static int console_create(struct tl_dev **dev, const struct place *place,
	const struct tl_vmm_config *config, unsigned int number)
{
	(void)number;
	return tl_virtio_console_create(dev, place->env, place->base, place->spi,
		config->virtio_console, config->ports, config->port_count);
}

static unsigned int rng_count(const struct tl_vmm_config *config)
{
	return config->rng;
}

static int rng_create(struct tl_dev **dev, const struct place *place,
	const struct tl_vmm_config *config, unsigned int number)
{
	(void)config;
	(void)number;
	return tl_virtio_rng_create(dev, place->env, place->base, place->spi);
}

static unsigned int balloon_count(const struct tl_vmm_config *config)
{
	return config->balloon;
}

static int balloon_create(struct tl_dev **dev, const struct place *place,
	const struct tl_vmm_config *config, unsigned int number)
{
	(void)number;
	return tl_virtio_balloon_create(
		dev, place->env, place->base, place->spi, config->balloon_bytes);
}

static unsigned int vsock_count(const struct tl_vmm_config *config)
{
	return config->vsock_cid != 0;
}

static int vsock_create(struct tl_dev **dev, const struct place *place,
	const struct tl_vmm_config *config, unsigned int number)
{
	(void)number;
	if (config->vsock_path)
		return tl_virtio_vsock_unix_create(dev, place->env, place->base, place->spi,
			config->vsock_cid, config->vsock_path);
	return tl_virtio_vsock_create(dev, place->env, place->base, place->spi, config->vsock_cid);
}

static unsigned int share_count(const struct tl_vmm_config *config)
{
	return config->share_count;
}

static int share_create(struct tl_dev **dev, const struct place *place,
	const struct tl_vmm_config *config, unsigned int number)
{
	return tl_virtio_p9_create(dev, place->env, place->base, place->spi,
		&config->shares[number], config->share_count);
}

static const struct kind kinds[] = {
	{disk_count, disk_create},
	{net_count, net_create},
	{console_count, console_create},
	{rng_count, rng_create},
	{balloon_count, balloon_create},
	{vsock_count, vsock_create},
	{share_count, share_create},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

unsigned int tl_devices_count(const struct tl_vmm_config *config)
{
	unsigned int count = 0;

	for (size_t i = 0; i < KINDS; i++)
		count += kinds[i].count(config);
	return count;
}

/* Takes the device, whose creation returned `ret`. */
static int put_on_bus(struct tl_bus *bus, struct tl_dev *dev, int ret)
{
	uint64_t base;

	if (ret)
		return ret;
	base = dev->base;
	ret = tl_bus_add(bus, dev);
	if (ret) {
		dev->ops->fini(dev);
		tl_log_error("no place on the bus at %#llx: %s", (unsigned long long)base,
			strerror(-ret));
	}
	return ret;
}

static int add_one(const struct kind *kind, const struct tl_vmm_config *config, unsigned int number,
	const struct place *place, struct tl_bus *bus)
{
	struct tl_dev *dev = NULL;
	int ret = kind->create(&dev, place, config, number);

	return put_on_bus(bus, dev, ret);
}

static int add_scratch(struct tl_bus *bus)
{
	int ret = 0;

	for (unsigned int i = 0; !ret && i < TL_SCRATCHES; i++) {
		struct tl_dev *dev = NULL;

		ret = tl_scratch_create(&dev, TL_SCRATCH_BASE + i * TL_SCRATCH_SIZE);
		ret = put_on_bus(bus, dev, ret);
	}
	return ret;
}

int tl_devices_add(const struct tl_vmm_config *config, const struct tl_machine *machine,
	struct tl_bus *bus, const struct tl_dev_env *env)
{
	struct place place = {env, machine->virtio_base, machine->virtio_spi};
	unsigned int wanted = tl_devices_count(config);

	if (wanted > machine->virtio_count) {
		tl_log_error("%u virtio devices: machine %s has places for %u", wanted,
			machine->name, machine->virtio_count);
		return -E2BIG;
	}
	for (size_t i = 0; i < KINDS; i++) {
		unsigned int count = kinds[i].count(config);

		for (unsigned int n = 0; n < count; n++) {
			int ret = add_one(&kinds[i], config, n, &place, bus);

			if (ret)
				return ret;
			place.base += TL_VIRTIO_SIZE;
			place.spi++;
		}
	}
	return config->scratch ? add_scratch(bus) : 0;
}
