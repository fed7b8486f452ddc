/* SPDX-License-Identifier: MIT */
/*
 * The parts of the guest iobench.
 */
#ifndef TL_GUEST_IOBENCH_H
#define TL_GUEST_IOBENCH_H

#include <stdint.h>

/* Turns the GIC on for one shared peripheral interrupt, rising edge; it stays masked. */
void iobench_gic_on(unsigned int spi);

/* Waits for that interrupt and acknowledges it. */
void iobench_gic_wait(void);

/*
 * Finds the device of that number (virtio 1.2, section 5) in the places of the virt machine,
 * and brings its queue `queue` up. Returns its interrupt, or -1: there is none, or it is not as
 * expected.
 */
int iobench_virtio_start(uint32_t device_id, unsigned int queue);

/* A piece of a request. */
struct iobench_piece {
	uint64_t address;
	uint32_t bytes;
	int is_in; /* for the device to write */
};

/* Puts a request into the queue: number is its place, from 0 to 31. */
void iobench_virtio_add(
	unsigned int number, const struct iobench_piece *pieces, unsigned int count);

/* Shows the device what was added, and notifies it if it wants that. */
void iobench_virtio_kick(void);

/* The number of a request that has come back, or -1: there is none now. */
int iobench_virtio_take(void);

/* Acknowledges the device's interrupt. */
void iobench_virtio_ack(void);

#endif
