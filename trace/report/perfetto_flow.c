/* SPDX-License-Identifier: MIT */
/*
 * Which vCPU an IPI is for, no event tells (it is in a register of the guest's). But KVM delivers
 * it while it handles the exit: it wakes the thread of a vCPU that sleeps, and sends an IPI of
 * the host's to the CPU of one that runs, which then exits for no device's interrupt.
 */
#include "trace/report/perfetto_flow.h"

#include <string.h>

#include "trace/decode/detail.h"

/* ESR_ELx.ISS of MSR ICC_SGI1R_EL1 (3, 0, C12, C11, 5), and of ICC_ASGI1R_EL1 (Op1 1, Op2 6). */
#define SGI1R  0x3a3016u
#define ASGI1R 0x3c3016u
#define SYS64  (TL_CLASS_EC + 0x18)
#define DABT   (TL_CLASS_EC + 0x24)

#define GICD_SGIR 0xf00u /* IHI 0048B, 4.3.15 */
/* Virtio 1.2, 4.2.2 */
#define VIRTIO_STRIDE           0x200u
#define VIRTIO_QUEUE_NOTIFY     0x050u
#define VIRTIO_INTERRUPT_STATUS 0x060u

/* How long a host's IPI may take beyond the exit in which it was sent. */
#define KICK_NS 50000u

static const struct tl_vm_region *region_of(const struct tl_vm_map *map, uint64_t ipa)
{
	for (unsigned int i = 0; i < map->count; i++) {
		if (ipa >= map->regions[i].base &&
			ipa - map->regions[i].base < map->regions[i].size)
			return &map->regions[i];
	}
	return NULL;
}

/* The device at that place; made if there is none and `make`. */
static struct tl_flow_device *device_at(struct tl_flow *flow, uint64_t base, int make)
{
	for (unsigned int i = 0; i < TL_FLOW_DEVICES; i++) {
		struct tl_flow_device *device = &flow->devices[i];

		if (device->base == base)
			return device;
		if (!device->base) {
			if (!make)
				return NULL;
			device->base = base;
			return device;
		}
	}
	return NULL;
}

static void on_notify(struct tl_flow *flow, uint64_t base, struct tl_flow_ends *out)
{
	struct tl_flow_device *device = device_at(flow, base, 1);

	/* One that nobody could find among so many begins nothing. */
	if (!device || device->count == TL_FLOW_WAITING)
		return;
	out->begins = ++*flow->next_id;
	device->waiting[device->count++] = out->begins;
}

static void on_answer(struct tl_flow *flow, uint64_t base, struct tl_flow_ends *out)
{
	struct tl_flow_device *device = device_at(flow, base, 0);

	if (!device)
		return;
	memcpy(out->ends, device->waiting, device->count * sizeof(*out->ends));
	out->end_count = device->count;
	device->count = 0;
}

static void on_ipi(struct tl_flow *flow, unsigned int vcpu, uint64_t from, uint64_t to,
	struct tl_flow_ends *out)
{
	out->begins = ++*flow->next_id;
	flow->vcpus[vcpu].ipi = out->begins;
	flow->vcpus[vcpu].from = from;
	flow->vcpus[vcpu].to = to;
}

/* An exit for no interrupt of a device: the IPI of one of the others may have caused it. */
static void on_kick(struct tl_flow *flow, unsigned int vcpu, uint64_t from)
{
	for (unsigned int i = 0; i < flow->vcpu_count; i++) {
		struct tl_flow_vcpu *sender = &flow->vcpus[i];

		if (i == vcpu || !sender->ipi || from < sender->from || from > sender->to + KICK_NS)
			continue;
		flow->vcpus[vcpu].answers = sender->ipi;
		sender->ipi = 0;
		return;
	}
}

static int is_sgi(uint64_t detail)
{
	return detail == (SGI1R & TL_DETAIL_SYS64_MASK) ||
	       detail == (ASGI1R & TL_DETAIL_SYS64_MASK);
}

void tl_flow_exit(struct tl_flow *flow, const struct tl_vm_map *map, unsigned int vcpu,
	const struct tl_profile_detail *exit, uint64_t from, uint64_t to, struct tl_flow_ends *out)
{
	uint64_t ipa = exit->detail & TL_DETAIL_IPA, offset;
	const struct tl_vm_region *region;

	*out = (struct tl_flow_ends){0};
	if (exit->exit_class == SYS64 && is_sgi(exit->detail))
		on_ipi(flow, vcpu, from, to, out);
	else if (exit->exit_class == TL_CLASS_IRQ && !exit->detail)
		on_kick(flow, vcpu, from);
	if (exit->exit_class != DABT || exit->detail & TL_DETAIL_RAM)
		return;
	region = region_of(map, ipa);
	if (!region)
		return;
	offset = ipa - region->base;
	if (!strcmp(region->name, "gicd") && offset == GICD_SGIR)
		on_ipi(flow, vcpu, from, to, out);
	if (strcmp(region->name, "virtio-mmio") != 0)
		return;
	if (offset % VIRTIO_STRIDE == VIRTIO_QUEUE_NOTIFY && exit->detail & TL_DETAIL_WRITE)
		on_notify(flow, ipa - VIRTIO_QUEUE_NOTIFY, out);
	else if (offset % VIRTIO_STRIDE == VIRTIO_INTERRUPT_STATUS)
		on_answer(flow, ipa - VIRTIO_INTERRUPT_STATUS, out);
}

void tl_flow_guest(struct tl_flow *flow, unsigned int vcpu, struct tl_flow_ends *out)
{
	*out = (struct tl_flow_ends){.ends = {flow->vcpus[vcpu].answers}};
	out->end_count = out->ends[0] != 0;
	flow->vcpus[vcpu].answers = 0;
}

void tl_flow_wake(struct tl_flow *flow, unsigned int waker, unsigned int woken, uint64_t ts)
{
	struct tl_flow_vcpu *sender = &flow->vcpus[waker];

	if (!sender->ipi || ts < sender->from || ts > sender->to)
		return;
	flow->vcpus[woken].answers = sender->ipi;
	sender->ipi = 0;
}
