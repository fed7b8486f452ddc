/* SPDX-License-Identifier: MIT */
/*
 * What all machines have in common.
 */
#include "vmm/machine/machine.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "vmm/arch/arm64/gic.h"
#include "vmm/core/bus.h"

int tl_machine_check(const struct tl_machine *machine, unsigned int cpus, bool msi, bool firmware)
{
	if (machine->cpus_max && cpus > machine->cpus_max) {
		tl_log_error("--cpus %u: machine %s has at most %u", cpus, machine->name,
			machine->cpus_max);
		return -ERANGE;
	}
	if (msi && !machine->gic.its) {
		tl_log_error("--msi on: machine %s has nothing that takes messages", machine->name);
		return -ENODEV;
	}
	if (firmware && !machine->flash_size) {
		tl_log_error("--firmware: machine %s has no flash to put it in", machine->name);
		return -ENODEV;
	}
	return 0;
}

const struct tl_machine *const tl_machines[] = {
	&tl_machine_virt, &tl_machine_vexpress, &tl_machine_lab, NULL};

int tl_machine_add_devices(
	const struct tl_machine *machine, struct tl_bus *bus, const struct tl_dev_env *env)
{
	for (size_t i = 0; i < machine->dev_count; i++) {
		const struct tl_machine_dev *entry = &machine->devs[i];
		struct tl_dev *dev;
		int ret = entry->create(&dev, env, entry->base, entry->spi);

		if (!ret) {
			ret = tl_bus_add(bus, dev);
			if (ret)
				dev->ops->fini(dev);
		}
		if (ret) {
			tl_log_error("cannot add the device at %#llx of machine %s: %s",
				(unsigned long long)entry->base, machine->name, strerror(-ret));
			return ret;
		}
	}
	return 0;
}

unsigned int tl_machine_spis(const struct tl_machine *machine, unsigned int virtio)
{
	return virtio ? machine->virtio_spi + virtio : machine->spis;
}

void tl_machine_print_devices(
	const struct tl_machine *machine, enum tl_gic_kind gic, bool msi, FILE *out)
{
	const struct tl_gic_map *map = &machine->gic;
	bool v2 = gic == TL_GIC_V2 || (gic == TL_GIC_AUTO && map->v2_first);

	fprintf(out, "%-12s %#12llx\n", "GIC",
		(unsigned long long)(v2 ? map->v2_dist.base : map->v3_dist.base));
	/* Only the host knows which of them it is. */
	if (msi && gic != TL_GIC_V2)
		fprintf(out, "%-12s %#12llx%s\n", "ITS", (unsigned long long)map->its,
			gic == TL_GIC_AUTO ? "  with a GICv3" : "");
	if (msi && gic != TL_GIC_V3)
		fprintf(out, "%-12s %#12llx  SPI %u%s\n", "GICv2m", (unsigned long long)map->gicv2m,
			TL_GICV2M_SPI, gic == TL_GIC_AUTO ? ", with a GICv2" : "");
	for (size_t i = 0; i < machine->dev_count; i++)
		fprintf(out, "%-12s %#12llx  SPI %u\n", machine->devs[i].name,
			(unsigned long long)machine->devs[i].base, machine->devs[i].spi);
}
