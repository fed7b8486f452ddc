/* SPDX-License-Identifier: MIT */
/*
 * What a virtio device lives on while it is fuzzed: the guest's RAM, and a transport without
 * threads, whose work the target calls for (it stands in for vmm/dev/virtio/virtio.c).
 */
#ifndef TL_FUZZ_FAKE_VIRTIO_H
#define TL_FUZZ_FAKE_VIRTIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/core/mem.h"
#include "vmm/dev/virtio/virtio.h"

#define BASE       UINT64_C(0x40000000)
#define RAM_SIZE   0x10000u
#define QUEUE_SIZE 16u
#define RING       0x800u /* bytes of RAM from one queue's rings to the next one's */
#define AVAIL      0x100u /* in there, behind the descriptors */
#define USED       0x200u

/* The last device that was made. */
extern struct tl_virtio *fuzz_virtio;

/* RAM that begins with these bytes, and is 0 behind them. Aborts where there is none. */
struct tl_mem *fuzz_ram(const uint8_t *data, size_t size);

/* From reset to DRIVER_OK; rings in good places, as most inputs would else not even start. */
void fuzz_start(uint64_t features);

/* The driver notifies. Returns 0, or what the device says of its driver. */
int fuzz_kick(unsigned int queue);

/* Whatever the device waits for may have happened. The same. */
int fuzz_ready(void);

/* The driver makes one segment available by the descriptor of the number. */
void fuzz_offer(unsigned int queue, unsigned int number, uint64_t addr, uint32_t len, bool write);

/* Releases it. */
void fuzz_end(void);

#endif
