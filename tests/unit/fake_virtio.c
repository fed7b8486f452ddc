/* SPDX-License-Identifier: MIT */
/*
 * KVM, a device and a driver for tests of virtio.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "tests/unit/fake_virtio.h"
#include "tests/unit/mmio.h"
#include "vmm/arch/arm64/gic.h"
#include "vmm/core/kvm.h"

#define VM_FD 1234

struct fake_virtio fake_virtio;

int tl_kvm_ioctl(int fd, unsigned long request, uintptr_t arg)
{
	const struct kvm_irqfd *irqfd = (const struct kvm_irqfd *)arg;
	const struct kvm_ioeventfd *notify = (const struct kvm_ioeventfd *)arg;

	fake_virtio.bad_calls += fd != VM_FD;
	if (request == fake_virtio.fail)
		return -EPERM;
	if (request == KVM_IRQFD) {
		fake_virtio.bad_calls += irqfd->gsi != SPI || irqfd->flags;
		fake_virtio.irq_fd = (int)irqfd->fd;
	} else {
		fake_virtio.bad_calls += request != KVM_IOEVENTFD ||
					 notify->addr != PLACE + QUEUE_NOTIFY || notify->len != 4 ||
					 notify->datamatch >= TL_VIRTIO_QUEUES ||
					 notify->flags != KVM_IOEVENTFD_FLAG_DATAMATCH;
		fake_virtio.kick_fds[notify->datamatch % TL_VIRTIO_QUEUES] = notify->fd;
	}
	return 0;
}

static int64_t turn(struct tl_virtio *virtio, unsigned int queue, struct tl_vq_chain *request)
{
	uint8_t bytes[64];
	size_t n = tl_virtio_copy_out(request, 0, bytes, sizeof(bytes));

	(void)virtio;
	__atomic_add_fetch(&fake_virtio.bad_calls, queue != 0, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&fake_virtio.requests, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&fake_virtio.slow, __ATOMIC_SEQ_CST)) {
		poll(NULL, 0, 50);
		__atomic_store_n(&fake_virtio.done, true, __ATOMIC_SEQ_CST);
	}
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)~bytes[i];
	return fake_virtio.answer ? fake_virtio.answer
				  : (int64_t)tl_virtio_copy_in(request, 0, bytes, n);
}

static void on_fini(struct tl_virtio *virtio)
{
	(void)virtio;
	fake_virtio.finis++;
}

static const struct tl_virtio_ops turner = {
	.name = "turner", .id = 42, .queues = 1, .request = turn, .fini = on_fini};

struct tl_dev_env fake_virtio_env(const struct tl_mem *mem)
{
	static struct tl_irqchip irqchip = {.vm_fd = VM_FD};

	return (struct tl_dev_env){.irqchip = &irqchip, .mem = mem};
}

int fake_virtio_make(struct tl_virtio **virtio, const struct tl_mem *mem)
{
	const struct tl_dev_env env = fake_virtio_env(mem);

	*virtio = calloc(1, sizeof(**virtio));
	assert_non_null(*virtio);
	(*virtio)->features = OFFERED;
	(*virtio)->config_size = 12;
	for (unsigned int i = 0; i < TL_VIRTIO_CONFIG; i++)
		(*virtio)->config[i] = (uint8_t)(i + 1);
	return tl_virtio_init(*virtio, &env, &turner, PLACE, SPI);
}

void set64(struct tl_dev *dev, uint64_t offset, uint64_t value)
{
	set(dev, offset, (uint32_t)value);
	set(dev, offset + 4, value >> 32);
}

bool negotiate(struct tl_dev *dev, uint64_t features)
{
	set(dev, STATUS, 0);
	set(dev, STATUS, 1);
	set(dev, STATUS, 3);
	for (unsigned int i = 0; i < 2; i++) {
		set(dev, DRIVER_FEATURES_SEL, i);
		set(dev, DRIVER_FEATURES, (uint32_t)(features >> (32 * i)));
	}
	set(dev, STATUS, 3 | FEATURES_OK);
	return get(dev, STATUS) == (3 | FEATURES_OK);
}

void set_queue(struct tl_dev *dev, uint32_t size, uint64_t desc, uint64_t avail, uint64_t used)
{
	set_queue_of(dev, 0, size, desc, avail, used);
}

void set_queue_of(struct tl_dev *dev, unsigned int queue, uint32_t size, uint64_t desc,
	uint64_t avail, uint64_t used)
{
	set(dev, QUEUE_SEL, queue);
	assert_int_equal(get(dev, QUEUE_READY), 0);
	assert_int_equal(get(dev, QUEUE_NUM_MAX), TL_VQ_SIZE_MAX);
	set(dev, QUEUE_NUM, size);
	set64(dev, 0x080, desc);
	set64(dev, 0x090, avail);
	set64(dev, 0x0a0, used);
	set(dev, QUEUE_READY, 1);
	assert_int_equal(get(dev, QUEUE_READY), 1);
}

void kick(void)
{
	assert_int_equal(eventfd_write(fake_virtio.kick_fds[0], 1), 0);
}

void expect_interrupt(struct tl_dev *dev, uint64_t why)
{
	struct pollfd polled = {.fd = fake_virtio.irq_fd, .events = POLLIN};
	eventfd_t count;

	assert_int_equal(poll(&polled, 1, 10000), 1);
	assert_int_equal(eventfd_read(fake_virtio.irq_fd, &count), 0);
	assert_int_equal(get(dev, INTERRUPT_STATUS), why);
	set(dev, INTERRUPT_ACK, ~why);
	assert_int_equal(get(dev, INTERRUPT_STATUS), why);
	set(dev, INTERRUPT_ACK, why);
	assert_int_equal(get(dev, INTERRUPT_STATUS), 0);
}

void expect_quiet(struct tl_dev *dev)
{
	struct pollfd polled = {.fd = fake_virtio.irq_fd, .events = POLLIN};
	unsigned int requests = __atomic_load_n(&fake_virtio.requests, __ATOMIC_SEQ_CST);

	assert_int_equal(poll(&polled, 1, 30), 0);
	assert_int_equal(__atomic_load_n(&fake_virtio.requests, __ATOMIC_SEQ_CST), requests);
	assert_int_equal(get(dev, INTERRUPT_STATUS), 0);
}
