/* SPDX-License-Identifier: MIT */
/*
 * A driver for network devices in tests.
 */
#include "tests/unit/unit.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>

#include "tests/unit/fake_net.h"
#include "tests/unit/mmio.h"
#include "vmm/arch/arm64/gic.h"
#include "vmm/core/kvm.h"

#define BASE     UINT64_C(0x40000000)
#define RAM_SIZE (UINT64_C(32) << 20)
/* Of each queue: its rings, and memory for its buffers. */
#define RINGS(queue) (BASE + 0x10000ul * (queue))
#define AVAIL        0x4000u
#define USED         0x8000u
#define DATA(queue)  (BASE + (8ul << 20) * (1 + (queue)))

#define NEXT  1u
#define WRITE 2u

struct fake_net fake_net;
static struct tl_mem mem;
static uint64_t data_at[2];

int tl_kvm_ioctl(int fd, unsigned long request, uintptr_t arg)
{
	const struct kvm_ioeventfd *notify = (const struct kvm_ioeventfd *)arg;

	(void)fd;
	if (request == KVM_IRQFD)
		fake_net.irq_fd = (int)((const struct kvm_irqfd *)arg)->fd;
	else
		fake_net.kick_fds[notify->datamatch] = notify->fd;
	return 0;
}

struct tl_dev_env fake_net_env(void)
{
	static struct tl_irqchip irqchip = {.vm_fd = 1234};

	return (struct tl_dev_env){.irqchip = &irqchip, .mem = &mem};
}

int fake_net_setup(void)
{
	fake_net = (struct fake_net){.dev = NULL};
	return tl_mem_init(&mem, BASE, RAM_SIZE);
}

void fake_net_teardown(void)
{
	tl_mem_fini(&mem);
}

static void *at(uint64_t gpa)
{
	void *host = tl_mem_at(&mem, gpa, 1);

	assert_non_null(host);
	return host;
}

uint64_t register_get(uint64_t offset)
{
	return get(fake_net.dev, offset);
}

void driver_start(uint64_t features)
{
	struct tl_dev *dev = fake_net.dev;

	set(dev, 0x070, 0);
	set(dev, 0x070, 3);
	for (unsigned int i = 0; i < 2; i++) {
		set(dev, 0x024, i);
		set(dev, 0x020, (uint32_t)(features >> (32 * i)));
	}
	set(dev, 0x070, 11);
	assert_int_equal(get(dev, 0x070), 11);
	for (unsigned int queue = 0; queue < 2; queue++) {
		memset(at(RINGS(queue)), 0, 0x10000);
		set(dev, 0x030, queue);
		set(dev, 0x038, QUEUE_SIZE);
		for (unsigned int i = 0; i < 3; i++) {
			set(dev, 0x080 + 0x10 * i, (uint32_t)RINGS(queue) + AVAIL * i);
			set(dev, 0x084 + 0x10 * i, 0);
		}
		set(dev, 0x044, 1);
		fake_net.heads[queue] = 0;
		data_at[queue] = DATA(queue);
	}
	set(dev, 0x070, 15);
}

uint8_t *driver_next(unsigned int queue)
{
	if (data_at[queue] > DATA(queue) + (7ul << 20))
		data_at[queue] = DATA(queue);
	return at(data_at[queue]);
}

uint8_t *driver_offer(unsigned int queue, const uint32_t *sizes)
{
	uint16_t *avail = at(RINGS(queue) + AVAIL), idx = avail[1];
	unsigned int head = fake_net.heads[queue] % QUEUE_SIZE;
	uint8_t *start;

	start = driver_next(queue);
	for (unsigned int i = 0; sizes[i]; i++) {
		unsigned int n = fake_net.heads[queue]++ % QUEUE_SIZE;
		const struct {
			uint64_t addr;
			uint32_t len;
			uint16_t flags, next;
		} desc = {data_at[queue], sizes[i],
			(uint16_t)((queue == RX ? WRITE : 0) | (sizes[i + 1] ? NEXT : 0)),
			(uint16_t)((n + 1) % QUEUE_SIZE)};

		memcpy(at(RINGS(queue) + 16ul * n), &desc, sizeof(desc));
		data_at[queue] += sizes[i];
	}
	avail[2 + idx % QUEUE_SIZE] = (uint16_t)head;
	__atomic_store_n(&avail[1], (uint16_t)(idx + 1), __ATOMIC_RELEASE);
	if (queue == RX)
		assert_int_equal(eventfd_write(fake_net.kick_fds[queue], 1), 0);
	return start;
}

void driver_send(const void *bytes, uint32_t size)
{
	uint8_t *to = driver_next(TX);

	memset(to, 0, HEADER);
	memcpy(to + HEADER, bytes, size);
	driver_offer(TX, (uint32_t[]){HEADER + size, 0});
	assert_int_equal(eventfd_write(fake_net.kick_fds[TX], 1), 0);
}

uint16_t driver_used(unsigned int queue)
{
	return __atomic_load_n((uint16_t *)at(RINGS(queue) + USED) + 1, __ATOMIC_ACQUIRE);
}

uint32_t driver_wait(unsigned int queue, uint16_t count)
{
	uint32_t *used = at(RINGS(queue) + USED);

	for (unsigned int i = 0; i < 20000 && driver_used(queue) != count; i++)
		poll(NULL, 0, 1);
	assert_int_equal(driver_used(queue), count);
	return used[1 + 2 * ((count - 1u) % QUEUE_SIZE) + 1];
}

void expect_needs_reset(void)
{
	for (unsigned int i = 0; i < 20000 && !(register_get(0x070) & 64); i++)
		poll(NULL, 0, 1);
	assert_int_equal(register_get(0x070), 15 | 64);
}

void expect_link_down(void)
{
	for (unsigned int i = 0; i < 20000 && (register_get(0x104) >> 16 & 1); i++)
		poll(NULL, 0, 1);
	assert_int_equal(register_get(0x104) >> 16 & 1, 0);
	for (unsigned int i = 0; i < 20000 && !(register_get(0x060) & 2); i++)
		poll(NULL, 0, 1);
	assert_int_equal(register_get(0x060) & 2, 2);
}
