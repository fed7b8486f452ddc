/* SPDX-License-Identifier: MIT */
/*
 * A guest whose drivers break the rules of virtio 1.2, one rule a case, and look at what the
 * devices do about it. The drivers are polled and MMIO only; what they write to the rings is
 * whatever a case wants. The first disk is maltreated, the second one must not notice.
 */
#ifndef TL_HOSTILE_H
#define TL_HOSTILE_H

#include "guest.h"

#define VIRTIO_BASE  0x0a000000
#define VIRTIO_SIZE  0x200
#define VIRTIO_COUNT 32
/* The devices once more, as memory that may be accessed unaligned: mmu.c. */
#define UNALIGNED 0xc0000000

/* Registers: section 4.2.2. */
#define R_MAGIC           0x000
#define R_DEVICE_ID       0x008
#define R_FEATURES        0x010
#define R_FEATURES_SEL    0x014
#define R_DRIVER_FEATURES 0x020
#define R_DRIVER_SEL      0x024
#define R_QUEUE_SEL       0x030
#define R_QUEUE_MAX       0x034
#define R_QUEUE_NUM       0x038
#define R_QUEUE_READY     0x044
#define R_NOTIFY          0x050
#define R_STATUS          0x070
#define R_DESC            0x080
#define R_AVAIL           0x090
#define R_USED            0x0a0
#define R_CONFIG          0x100

/* Device status: section 2.1. */
#define ACKNOWLEDGE 1u
#define DRIVER      2u
#define DRIVER_OK   4u
#define FEATURES_OK 8u
#define NEEDS_RESET 64u

#define INDIRECT_F  (1ul << 28)
#define EVENT_IDX_F (1ul << 29)
#define VERSION_1   (1ul << 32)
/* What most cases want, as far as it is offered. */
#define USUAL (INDIRECT_F | VERSION_1)

#define NEXT     1u
#define WRITE    2u
#define INDIRECT 4u

#define QUEUES    16
#define QUEUE_MAX 256

#define ID_NET     1u
#define ID_BLK     2u
#define ID_CONSOLE 3u
#define ID_RNG     4u
#define ID_BALLOON 5u
#define ID_9P      9u
#define ID_VSOCK   19u

/* Disk requests: section 5.2.6. */
#define T_IN           0u
#define T_OUT          1u
#define T_FLUSH        4u
#define T_GET_ID       8u
#define T_DISCARD      11u
#define T_WRITE_ZEROES 13u
#define S_OK           0u
#define S_IOERR        1u
#define S_UNSUPP       2u
#define SECTOR         512u

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

struct used_elem {
	uint32_t id, len;
};

struct used {
	volatile uint16_t flags, idx;
	volatile struct used_elem ring[QUEUE_MAX];
};

struct queue {
	uint32_t size;
	uint16_t made; /* requests made available */
	uint16_t seen; /* of which came back */
	volatile struct desc *desc;
	volatile uint16_t *avail; /* flags, idx, ring */
	volatile struct used *used;
};

struct device {
	uint64_t base;
	uint32_t id; /* 0: there is none */
	struct queue queues[QUEUES];
};

struct blk_header {
	uint32_t type, ioprio;
	uint64_t sector;
};

/* A case returns NULL or what is wrong, and SKIP where there is nothing to try it with. */
#define SKIP ((const char *)1)
struct test {
	const char *name;
	const char *(*run)(void);
};

/* Of main.c. */
extern struct device disk, other_disk;
extern uint64_t ram_end;
void report(const char *prefix, const char *name, const char *problem);
/* Runs the case if it is wanted, between two proofs that the disks work. */
void run_test(const char *name, const char *(*run)(void));

/* Of mmu.c: caches on, for this CPU. Without them what we write is not what the host reads. */
void mmu_on(void);
/* Entries of 1 GiB; from the fourth on they are for whoever wants them. */
extern uint64_t level1[512];
/* This CPU goes on behind each fault: survive.S. */
void survive_faults(void);

/* Of driver.c. */
uint32_t get(const struct device *dev, uint64_t reg);
void set(const struct device *dev, uint64_t reg, uint32_t value);
void set64(const struct device *dev, uint64_t reg, uint64_t value);
void barrier(void);
uint64_t ticks_of(uint64_t microseconds);
uint64_t now(void);
void fill(volatile void *at, int byte, size_t size);

/* Resets it and agrees on the features. Returns whether the device took them. */
int begin(struct device *dev, uint64_t features);
/* Names the rings of a queue; place() names the usual ones, zeroed. */
void place_at(struct device *dev, unsigned int queue, uint32_t size, uint64_t desc, uint64_t avail,
	uint64_t used);
void place(struct device *dev, unsigned int queue, uint32_t size);
/* All of it: reset, features, all queues of the size, DRIVER_OK. */
void up(struct device *dev, uint64_t features, uint32_t size);

void put(struct queue *q, unsigned int index, uint64_t addr, uint32_t len, unsigned int flags,
	unsigned int next);
/* Makes the chain available; kick() tells the device. */
void offer(struct queue *q, unsigned int head);
void kick(const struct device *dev, unsigned int queue);
/* Waits until it is given back: whether it was, in time. */
int answered(struct queue *q);
/* Waits until the device needs a reset: whether it did, in time. */
int down(const struct device *dev);
/* The usual endings of a case. */
const char *want_down(const struct device *dev);
const char *want_up(const struct device *dev);

/* The usual request of three descriptors. Returns its status, or 255: no answer. */
unsigned int blk_try(
	struct device *dev, uint32_t type, uint64_t sector, uint64_t addr, uint32_t length);
/* A good request: NULL or what is wrong. */
const char *blk_good(struct device *dev, int may_write);

/* Buffers of the requests. */
#define DATA_BYTES (256u * 1024)
extern struct blk_header header;
extern uint8_t data[DATA_BYTES];
extern uint8_t answer[16];
extern struct desc table[300]; /* for indirect descriptors */
#define AT(buffer) ((uint64_t)(uintptr_t)(buffer))

/* Of race.c: has the second CPU call work until racing is over. 0: there is none. */
int race_begin(void (*work)(void));
void race_end(void);
int race_over(void);
void race_set_up(const void *dtb);

/* The cases. */
void chain_tests(void);     /* chain.c */
void queue_tests(void);     /* queue.c */
void transport_tests(void); /* transport.c */
void blk_tests(void);       /* blk.c */
void race_tests(void);      /* race.c */
void device_tests(void);    /* devices.c */
void vsock_tests(void);     /* vsock.c */
void share_tests(void);     /* share.c */

/* Of random.c: made-up cases, and the numbers that they are made of. */
void random_tests(uint64_t seed, uint64_t cases);
uint64_t random_below(uint64_t n);
uint64_t random_value(void);
/* How many were taken: survive.S counts. */
extern volatile uint64_t interrupts;
const char *random_ring(void);       /* random_ring.c */
const char *random_reset(void);      /* random_ring.c */
const char *random_walk(void);       /* random_cpu.c */
const char *random_fetch(void);      /* random_cpu.c */
const char *random_interrupts(void); /* random_cpu.c */
const char *random_its(void);        /* random_cpu.c */
const char *random_insn(void);       /* random_insn.c */

/* Of devices.c: looks for a device of the kind that is no disk. Whether there is one. */
extern struct device device;
int find(uint32_t id);
/* Nothing is done with it, but it is one, and then it is left alone. */
const char *usable(void);
/* The request of this one segment is made, and comes back: whether it does, in time. */
int exchange(unsigned int queue, uint64_t addr, uint32_t len, unsigned int flags);

#endif
