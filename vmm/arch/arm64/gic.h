/* SPDX-License-Identifier: MIT */
/*
 * The guest's interrupt controller, in the kernel: GICv3 where the host has
 * it, else GICv2, or the other way round. Where it is depends on the machine.
 */
#ifndef TL_VMM_ARCH_ARM64_GIC_H
#define TL_VMM_ARCH_ARM64_GIC_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/lock.h"

#define TL_GIC_REDIST_SIZE UINT64_C(0x20000) /* of GICv3, a vCPU */
/* INTID 32 to 1023, of which the last four are none. */
#define TL_GIC_SPIS 992
/* As many vCPUs as KVM can have. */
#define TL_GIC_MAX_VCPUS 512
#define TL_GIC_ITS_SIZE  UINT64_C(0x20000)

/*
 * GICv2m, as on QEMU's virt board: writes to a frame of registers become shared
 * interrupts. KVM has none, vmm/dev/gicv2m.c is it.
 */
#define TL_GICV2M_SIZE UINT64_C(0x1000)
#define TL_GICV2M_SPI  48 /* the first */
#define TL_GICV2M_SPIS 64

enum tl_gic_kind {
	TL_GIC_AUTO,
	TL_GIC_V2,
	TL_GIC_V3,
	TL_GIC_NONE, /* the machine has none */
};

struct tl_gic_range {
	uint64_t base, size; /* guest physical, bytes */
};

/* Where a machine has its interrupt controller, whichever kind it is. */
struct tl_gic_map {
	struct tl_gic_range v2_dist, v2_cpu;
	struct tl_gic_range v3_dist;
	uint64_t redists;         /* TL_GIC_REDIST_SIZE bytes a vCPU */
	unsigned int low_redists; /* for which there is room there; the others are behind RAM */
	uint64_t its, gicv2m;     /* what takes messages; 0: this machine has no place for it */
	bool v2_first;            /* the machine is known for its GICv2: that is what AUTO is */
};

/* That of QEMU's virt board; there is room up to the PL011 at 0x09000000. */
#define TL_GIC_MAP_VIRT                                                                            \
	{                                                                                          \
		.v2_dist = {UINT64_C(0x08000000), UINT64_C(0x10000)},                              \
		.v2_cpu = {UINT64_C(0x08010000), UINT64_C(0x10000)},                               \
		.v3_dist = {UINT64_C(0x08000000), UINT64_C(0x10000)},                              \
		.redists = UINT64_C(0x080a0000), .low_redists = 123, .its = UINT64_C(0x08080000),  \
		.gicv2m = UINT64_C(0x08020000),                                                    \
	}

struct tl_gic_config {
	const struct tl_gic_map *map; /* the machine's, which outlives the GIC */
	enum tl_gic_kind kind;
	unsigned int vcpus;
	unsigned int spis; /* shared interrupts that the machine's devices need */
	bool msi;          /* with an ITS (GICv3) or a GICv2m frame */
	uint64_t ram_end;  /* guest physical, exclusive */
};

struct tl_irqchip {
	const struct tl_gic_map *map; /* not owned */
	int vm_fd;                    /* not owned */
	int fd;
	int its_fd; /* -1: there is none */
	bool msi;
	uint64_t high_redists;         /* where those from map->low_redists on are */
	enum tl_gic_kind kind;         /* never AUTO after tl_gic_probe() */
	unsigned int irqs;             /* private and shared together, a multiple of 32 */
	struct tl_lock lock;           /* a line and what is known of it change together */
	uint32_t up[TL_GIC_SPIS / 32]; /* lines of shared interrupts, one a bit */
};

#define TL_IRQCHIP_INIT ((struct tl_irqchip){.vm_fd = -1, .fd = -1, .its_fd = -1})

/*
 * Chooses the kind and creates the device; before the vCPUs are created.
 * Returns 0 or -errno (logged): -ENODEV where the host cannot have what is
 * wanted, -ERANGE for more vCPUs than it allows.
 */
int tl_gic_probe(struct tl_irqchip *gic, int vm_fd, const struct tl_gic_config *config);

/* Places and initialises it; after the vCPUs are initialised. Returns 0 or -errno (logged). */
int tl_gic_init(struct tl_irqchip *gic, const struct tl_gic_config *config);

/* The end of the guest physical addresses that RAM and the redistributors take. */
uint64_t tl_gic_address_end(const struct tl_gic_map *map, uint64_t ram_end, unsigned int vcpus);

/* Where its distributor is. It is of one of the kinds. */
static inline const struct tl_gic_range *tl_gic_dist(
	const struct tl_gic_map *map, enum tl_gic_kind kind)
{
	return kind == TL_GIC_V2 ? &map->v2_dist : &map->v3_dist;
}

/* Whether KVM answers at this address, and no device of the bus. Thread-safe. */
bool tl_gic_answers(const struct tl_irqchip *gic, uint64_t gpa);

/* Back to the state after tl_gic_init(). No vCPU runs. Returns 0 or -errno. */
int tl_gic_reset(struct tl_irqchip *gic, unsigned int vcpus);

void tl_gic_fini(struct tl_irqchip *gic);

/* Drives a shared peripheral interrupt's line (spi = INTID - 32). Any thread. 0 or -errno. */
int tl_gic_set_spi(struct tl_irqchip *gic, unsigned int spi, bool level);

/* Lowers the lines that are up, and raises them again; see suspend.c. Any thread. */
void tl_gic_raise_again(struct tl_irqchip *gic);

#endif
