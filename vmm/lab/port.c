/* SPDX-License-Identifier: MIT */
/*
 * The debug port. Nothing but a store to it can halt a vCPU so that user space hears of it:
 * WFI stays in the kernel, and PSCI's calls take x0, where the guest's answer is to be.
 */
#include "vmm/lab/port.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/arch/arm64/vcpu_regs.h"
#include "vmm/core/console.h"
#include "vmm/core/kvm.h"
#include "vmm/core/vm.h"

struct tl_lab_port {
	struct tl_dev dev;
	struct tl_vm *vm;
	struct tl_lab_access log[TL_LAB_PORT_LOG];
	uint64_t count;
	unsigned int halted; /* vCPUs */
};

/* Whose access it is. */
static struct tl_vcpu *vcpu_of(const struct tl_lab_port *port, const struct tl_mmio *access)
{
	for (unsigned int i = 0; i < port->vm->vcpu_count; i++) {
		if (&port->vm->vcpus[i].access == access)
			return &port->vm->vcpus[i];
	}
	return NULL;
}

static void note(struct tl_lab_port *port, const struct tl_vcpu *vcpu)
{
	struct tl_lab_access *entry;

	if (port->count++ >= TL_LAB_PORT_LOG)
		return;
	entry = &port->log[port->count - 1];
	*entry = (struct tl_lab_access){.vcpu = vcpu->id,
		.pc = tl_vcpu_regs_pc(vcpu),
		.gpa = vcpu->run->mmio.phys_addr,
		.size = vcpu->run->mmio.len,
		.is_write = vcpu->run->mmio.is_write};
	memcpy(entry->data, vcpu->run->mmio.data, sizeof(entry->data));
}

/* The last vCPU ends the VM; another one sleeps in its next KVM_RUN until then. */
static void halt(struct tl_lab_port *port, const struct tl_vcpu *vcpu)
{
	struct kvm_mp_state state = {.mp_state = KVM_MP_STATE_STOPPED};
	struct tl_stop stop = {.kind = TL_STOP_POWEROFF, .vcpu = vcpu->id};

	port->halted++;
	if (port->halted >= port->vm->vcpu_count)
		tl_vm_request_stop(port->vm, &stop);
	else
		(void)tl_kvm_ioctl_ptr(vcpu->fd, KVM_SET_MP_STATE, &state);
}

static enum tl_mmio_result port_mmio(struct tl_dev *dev, struct tl_mmio *access)
{
	struct tl_lab_port *port = (struct tl_lab_port *)dev;
	const struct tl_vcpu *vcpu = vcpu_of(port, access);
	uint8_t byte = (uint8_t)access->value;

	if (!vcpu)
		return TL_MMIO_ERROR;
	note(port, vcpu);
	if (!access->is_write)
		return TL_MMIO_UNHANDLED;
	switch (access->offset) {
	case TL_LAB_PORT_CHAR:
		tl_console_tx(port->vm->console, &byte, 1);
		return TL_MMIO_HANDLED;
	case TL_LAB_PORT_HALT:
		halt(port, vcpu);
		return TL_MMIO_HANDLED;
	default:
		return TL_MMIO_UNHANDLED;
	}
}

static void port_reset(struct tl_dev *dev)
{
	struct tl_lab_port *port = (struct tl_lab_port *)dev;

	port->count = 0;
	port->halted = 0;
}

static void port_fini(struct tl_dev *dev)
{
	free(dev);
}

static const struct tl_dev_ops port_ops = {
	.name = "labport",
	.mmio = port_mmio,
	.reset = port_reset,
	.fini = port_fini,
};

int tl_lab_port_add(struct tl_lab_port **port, struct tl_vm *vm)
{
	struct tl_lab_port *made = calloc(1, sizeof(*made));
	int ret;

	if (!made)
		return -ENOMEM;
	made->dev.ops = &port_ops;
	made->dev.base = TL_LAB_PORT_BASE;
	made->dev.size = TL_LAB_PORT_SIZE;
	made->vm = vm;
	ret = tl_bus_add(&vm->bus, &made->dev);
	if (ret)
		free(made);
	else
		*port = made;
	return ret;
}

const struct tl_lab_access *tl_lab_port_log(const struct tl_lab_port *port, uint64_t *count)
{
	*count = port->count;
	return port->log;
}
