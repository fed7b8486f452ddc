/* SPDX-License-Identifier: MIT */
/*
 * Between the parts of the guest `classes`.
 */
#ifndef TL_GUEST_CLASSES_H
#define TL_GUEST_CLASSES_H

#include <stdint.h>

/*
 * Vectors that go on: an exception at EL1 returns to the caller of the function
 * that it came in (x30), one at EL0 ends classes_at_el0().
 */
extern const char classes_vectors[];

/* Calls function(n) at EL0, on a stack below the caller's. */
void classes_at_el0(void (*function)(uint64_t n), uint64_t n);

/* Lets one private interrupt of the CPU `number` through to its interface: 4 MMIO exits. */
#define CLASSES_IRQ_SGI      0
#define CLASSES_IRQ_VTIMER   27
#define CLASSES_IRQ_SPURIOUS 1020
void classes_gic_on(uint64_t number, unsigned int irq);

/* Acknowledges and ends the pending interrupt. Returns 0 if there is none. */
int classes_gic_take(void);

/* n software-generated interrupts from this CPU to the next one, each answered. */
void classes_ipi(const void *dtb, uint64_t n);

/* n interrupts of the virtual timer: while the guest runs; while it waits in WFI. */
void classes_timer(uint64_t n);
void classes_wfi(uint64_t n);

#endif
