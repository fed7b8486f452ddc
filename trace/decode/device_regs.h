/* SPDX-License-Identifier: MIT */
/*
 * Names of the registers of devices, by their offset.
 */
#ifndef TL_TRACE_DEVICE_REGS_H
#define TL_TRACE_DEVICE_REGS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The name of the register at `offset` of a device of that kind ("pl011", "gicd",
 * "virtio-mmio", ...); "gicr@123": of redistributors of which the first one is number 123. Of
 * an unknown one, "+0x18", written into `buffer`.
 */
const char *tl_device_reg_name(const char *device, uint64_t offset, char *buffer, size_t size);

#endif
