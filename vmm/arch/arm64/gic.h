/* SPDX-License-Identifier: MIT */
/*
 * The guest's interrupt controller, in the kernel: GICv3 where the host has
 * it, else GICv2. Addresses are those of QEMU's virt board.
 */
#ifndef TL_VMM_ARCH_ARM64_GIC_H
#define TL_VMM_ARCH_ARM64_GIC_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/lock.h"

#define TL_GIC_DIST_BASE   UINT64_C(0x08000000)
#define TL_GIC_DIST_SIZE   UINT64_C(0x10000)
#define TL_GIC_CPU_BASE    UINT64_C(0x08010000) /* GICv2 */
#define TL_GIC_CPU_SIZE    UINT64_C(0x10000)
#define TL_GIC_REDIST_BASE UINT64_C(0x080a0000) /* GICv3, 0x20000 bytes a vCPU */
#define TL_GIC_REDIST_SIZE UINT64_C(0x20000)
/* Up to the PL011 at 0x09000000; those of more vCPUs are behind RAM. */
#define TL_GIC_LOW_REDISTS 123
/* INTID 32 to 1023, of which the last four are none. */
#define TL_GIC_SPIS 992
/* As many vCPUs as KVM can have. */
#define TL_GIC_MAX_VCPUS 512
#define TL_GIC_ITS_BASE  UINT64_C(0x08080000)
#define TL_GIC_ITS_SIZE  UINT64_C(0x20000)

/*
 * GICv2m, as on QEMU's virt board: writes to a frame of registers become shared
 * interrupts. KVM has none, vmm/dev/gicv2m.c is it.
 */
#define TL_GICV2M_BASE UINT64_C(0x08020000)
#define TL_GICV2M_SIZE UINT64_C(0x1000)
#define TL_GICV2M_SPI  48 /* the first */
#define TL_GICV2M_SPIS 64

enum tl_gic_kind {
	TL_GIC_AUTO,
	TL_GIC_V2,
	TL_GIC_V3,
	TL_GIC_NONE, /* the machine has none */
};

struct tl_gic_config {
	enum tl_gic_kind kind;
	unsigned int vcpus;
	unsigned int spis; /* shared interrupts that the machine's devices need */
	bool msi;          /* with an ITS (GICv3) or a GICv2m frame */
	uint64_t ram_end;  /* guest physical, exclusive */
};

struct tl_irqchip {
	int vm_fd; /* not owned */
	int fd;
	int its_fd; /* -1: there is none */
	bool msi;
	uint64_t high_redists;         /* where those from TL_GIC_LOW_REDISTS on are */
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
uint64_t tl_gic_address_end(uint64_t ram_end, unsigned int vcpus);

/* Back to the state after tl_gic_init(). No vCPU runs. Returns 0 or -errno. */
int tl_gic_reset(struct tl_irqchip *gic, unsigned int vcpus);

void tl_gic_fini(struct tl_irqchip *gic);

/* Drives a shared peripheral interrupt's line (spi = INTID - 32). Any thread. 0 or -errno. */
int tl_gic_set_spi(struct tl_irqchip *gic, unsigned int spi, bool level);

/* Lowers the lines that are up, and raises them again; see suspend.c. Any thread. */
void tl_gic_raise_again(struct tl_irqchip *gic);

#endif
