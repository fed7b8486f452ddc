/* SPDX-License-Identifier: MIT */
/*
 * A machine that the VMM offers: its skeleton device tree, where its RAM is,
 * and the table of its devices.
 */
#ifndef TL_VMM_MACHINE_MACHINE_H
#define TL_VMM_MACHINE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "vmm/arch/arm64/gic.h"
#include "vmm/dev/dev.h"

struct tl_bus;

struct tl_machine_dev {
	const char *name;
	uint64_t base; /* guest physical */
	unsigned int spi;
	int (*create)(
		struct tl_dev **dev, const struct tl_dev_env *env, uint64_t base, unsigned int spi);
};

struct tl_machine {
	const char *name;
	const char *default_mem; /* RAM where nothing is said, as --mem takes it; NULL: 256M */
	bool is_lab;             /* made by vmm/lab/, which has its own way to load a guest */
	const uint8_t *skeleton; /* compiled device tree, embedded */
	uint64_t ram_base;
	bool aarch32;          /* its CPUs are 32-bit, and reach what is below 4 GiB */
	unsigned int cpus_max; /* 0: as many as its interrupt controller serves */
	struct tl_gic_map gic;
	/*
	 * Where flash is, and firmware starts; the firmware's file may fill the first bank. Size
	 * 0: there is none.
	 */
	uint64_t flash_base, flash_size, flash_bank;
	unsigned int spis; /* highest shared interrupt that its own devices use + 1 */
	const struct tl_machine_dev *devs;
	size_t dev_count;
	/* Where virtio transports are, side by side, and the interrupt of the first. */
	uint64_t virtio_base;
	unsigned int virtio_spi, virtio_count;
};

/* QEMU's virt board (vmm/machine/virt.c, dts/virt.dts). */
extern const struct tl_machine tl_machine_virt;
/* Arm's Versatile Express with a Cortex-A15 (vmm/machine/vexpress.c, dts/vexpress-a15.dts). */
extern const struct tl_machine tl_machine_vexpress;
/* For teaching (vmm/machine/lab.c). */
extern const struct tl_machine tl_machine_lab;

/* All of them; the first one is what a user gets who says nothing. The last one is NULL. */
extern const struct tl_machine *const tl_machines[];

/*
 * Whether the machine can have all that. Returns 0 or -ERANGE, -ENODEV (logged: what it cannot
 * have).
 */
int tl_machine_check(const struct tl_machine *machine, unsigned int cpus, bool msi, bool firmware);

/* Creates the machine's devices on the bus. Returns 0 or -errno (logged). Main thread. */
int tl_machine_add_devices(
	const struct tl_machine *machine, struct tl_bus *bus, const struct tl_dev_env *env);

/*
 * Highest shared interrupt in use + 1, with so many virtio devices: a guest sets each of them
 * up, which is exits, so there are no more than are needed.
 */
unsigned int tl_machine_spis(const struct tl_machine *machine, unsigned int virtio);

/*
 * Prints where the machine's devices are, a line each; with `msi` also what turns messages into
 * interrupts, of both kinds where the host chooses the GIC.
 */
void tl_machine_print_devices(
	const struct tl_machine *machine, enum tl_gic_kind gic, bool msi, FILE *out);

#endif
