/* SPDX-License-Identifier: MIT */
/*
 * What a virtio-console lives on, for unit tests: a terminal (it stands in for
 * vmm/core/console.c and loop.c), clients of its sockets, and the driver's side of its queues
 * (virtio 1.2, section 5.3). Link tests/unit/fake_ports.c,
 * fake_virtio.c and fake_log.c, and wrap poll, ioctl and getsockopt.
 */
#ifndef TL_TESTS_FAKE_PORTS_H
#define TL_TESTS_FAKE_PORTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/console.h"
#include "vmm/dev/dev.h"
#include "vmm/dev/virtio/console.h"

#define QUEUE_SIZE 256u
#define QUEUES     8u /* of three ports */
#define IN(port)   ((port) ? 2 * (port) + 2 : 0)
#define OUT(port)  (IN(port) + 1)
#define CONTROL    2u /* to the driver */

#define MULTIPORT (UINT64_C(1) << 1)

#define DEVICE_READY 0u
#define PORT_ADD     1u
#define PORT_READY   3u
#define CONSOLE_PORT 4u
#define RESIZE       5u
#define PORT_OPEN    6u
#define PORT_NAME    7u

struct terminal {
	pthread_mutex_t lock; /* guards what follows, up to the next empty line */
	char bytes[1 << 16];  /* that were written to it */
	size_t count, limit;  /* full from there on */
	unsigned int bad, wakes;

	struct tl_console_sink sink;
};

extern struct terminal terminal;
extern const struct tl_port ports_two[2];
/* How often a worker waited. */
extern _Atomic unsigned int ports_polls;
/* Others have this user ID; 0: the true one. */
extern _Atomic unsigned int ports_uid;
/* Of the window; 0: there is none. */
extern uint16_t ports_cols, ports_rows;

/* Rings of every queue. */
struct ports_rings {
	uint64_t desc, avail, used;
};
struct ports_rings ports_rings(unsigned int queue);

/* For cmocka: a folder to be in; RAM, and a device with the terminal and ports "a" and "b". */
int ports_group_setup(void **state);
int ports_group_teardown(void **state);
int ports_setup(void **state);
int ports_teardown(void **state);
/* Just the device, on the same RAM. */
int ports_create(struct tl_dev **dev, bool has_console, const struct tl_port *ports);

/* Somebody connects, sends a text, and gets all of these bytes. */
int ports_connect(const char *path);
void ports_put_text(int fd, const char *text);
void ports_expect_read(int fd, const void *bytes, size_t count);
/* Bytes of which few are alike; to be freed. */
uint8_t *ports_pattern(size_t size, unsigned int seed);

/* The driver knows port 1, and somebody in the guest has it open. */
void ports_open(struct tl_dev *dev);
/* From reset to DRIVER_OK, with empty queues. */
void ports_start(struct tl_dev *dev, uint64_t features);

/*
 * Makes a chain of these segments available, sizes up to 0: to be read, with these bytes, or to
 * be written to, where that is NULL. Returns where its bytes are, which follow each other.
 * ports_kick() notifies of it.
 */
uint8_t *ports_offer(unsigned int queue, const void *bytes, const uint32_t *sizes);
void ports_kick(unsigned int queue);
/* The same with one segment and the notification; to be read: of these bytes. */
uint8_t *ports_room(unsigned int queue, uint32_t size);
void ports_send(unsigned int queue, const void *bytes, uint32_t size);

uint16_t ports_used(unsigned int queue);
/* Waits until so many came back in all. Returns the length of the last one. */
uint32_t ports_wait(unsigned int queue, uint16_t count);

/* Sends a control message, and waits until it was taken. */
void ports_tell(uint32_t port, uint16_t event, uint16_t value);
/* The next control message is this one, with so many bytes behind it. */
void ports_expect(uint32_t port, uint16_t event, uint16_t value, const void *more, size_t size);
/* The worker is done with everything that was known to it. */
void ports_settle(void);
/* There was no other message. */
void ports_expect_none(void);
/* The worker sleeps, and is not woken again and again for nothing. */
void ports_expect_calm(void);

/* Of the terminal: waits until it has got so many bytes, which must be these. */
void terminal_expect(const void *bytes, size_t count);
void terminal_limit(size_t limit);

#endif
