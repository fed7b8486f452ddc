/* SPDX-License-Identifier: MIT */
/*
 * Elements are done one by one in the order of their addresses, each with one access of its size
 * as KVM would do it; one of 16 bytes with two, and one that crosses pages byte by byte.
 */
#include "vmm/arch/arm64/nisv_data.h"

#include <stdbool.h>
#include <string.h>

#include "vmm/arch/arm64/insn/insn.h"
#include "vmm/arch/arm64/nisv_regs.h"
#include "vmm/core/vm.h"

#define ELEMENT_MAX 16

/* V registers, read when first needed and written together. */
struct vectors {
	uint8_t value[32][16];
	bool known[32];
};

/* To RAM and from memory: single-copy atomic where the CPU is (DDI 0487, B2.2.1). */
static void copy(void *to, const void *from, unsigned int size, bool to_guest)
{
	uintptr_t at = (uintptr_t)(to_guest ? to : from);

	if (size == 8 && at % 8 == 0)
		__atomic_store_n((uint64_t *)to,
			__atomic_load_n((const uint64_t *)from, __ATOMIC_RELAXED),
			__ATOMIC_RELAXED);
	else if (size == 4 && at % 4 == 0)
		__atomic_store_n((uint32_t *)to,
			__atomic_load_n((const uint32_t *)from, __ATOMIC_RELAXED),
			__ATOMIC_RELAXED);
	else if (size == 2 && at % 2 == 0)
		__atomic_store_n((uint16_t *)to,
			__atomic_load_n((const uint16_t *)from, __ATOMIC_RELAXED),
			__ATOMIC_RELAXED);
	else
		memcpy(to, from, size);
}

/* What is in one page, of 1, 2, 4 or 8 bytes, low byte first. */
static void transfer(
	struct tl_vcpu *vcpu, uint64_t gpa, uint64_t *value, unsigned int size, bool is_write)
{
	struct tl_mmio access = {.size = size, .is_write = is_write};
	void *memory = tl_mem_at(&vcpu->vm->mem, gpa, size);

	/* Flash can be read; a write to it is one to where no device is. */
	if (!memory && !is_write)
		memory = tl_mem_at(&vcpu->vm->flash, gpa, size);
	if (memory) {
		copy(is_write ? memory : value, is_write ? value : memory, size, is_write);
		return;
	}
	access.value = is_write ? *value & UINT64_MAX >> (64 - 8 * size) : 0;
	if (!tl_bus_access(&vcpu->vm->bus, gpa, &access))
		tl_exit_unhandled_mmio(vcpu, gpa, &access);
	*value = access.value;
}

/* [at, at + size) of the access. */
static void transfer_bytes(const struct tl_nisv_data *data, uint64_t at, uint8_t *bytes,
	unsigned int size, bool is_write)
{
	bool crosses = at < data->first && at + size > data->first;
	unsigned int step = crosses ? 1 : size > 8 ? 8 : size;

	for (unsigned int i = 0; i < size; i += step) {
		uint64_t where = at + i;
		uint64_t gpa = where < data->first ? data->gpa[0] + where
						   : data->gpa[1] + (where - data->first);
		uint64_t value = 0;

		memcpy(&value, bytes + i, step);
		transfer(data->vcpu, gpa, &value, step, is_write);
		memcpy(bytes + i, &value, step);
	}
}

static void swap_if_big(const struct tl_nisv_data *data, uint8_t *bytes)
{
	unsigned int size = data->access->size;

	for (unsigned int i = 0; data->cpu->big_endian && i < size / 2; i++) {
		uint8_t byte = bytes[i];

		bytes[i] = bytes[size - 1 - i];
		bytes[size - 1 - i] = byte;
	}
}

/* Of a load that sets all of the register the old value is of no interest. */
static int know(const struct tl_nisv_data *data, struct vectors *v, unsigned int reg)
{
	if (v->known[reg])
		return 0;
	v->known[reg] = true;
	if (!data->access->is_write && !data->access->keeps) {
		memset(v->value[reg], 0, sizeof(v->value[reg]));
		return 0;
	}
	return tl_nisv_get_v(data->cpu, reg, v->value[reg]);
}

int tl_nisv_data_store(const struct tl_nisv_data *data)
{
	const struct tl_insn_access *access = data->access;
	struct vectors v = {.known = {false}};

	for (unsigned int i = 0; i < access->count; i++) {
		const struct tl_insn_element *element = &access->elements[i];
		uint8_t bytes[ELEMENT_MAX] = {0};
		uint64_t value = 0;
		int ret = access->is_simd ? know(data, &v, element->reg)
					  : tl_nisv_get(data->cpu, element->reg, &value);

		if (ret)
			return ret;
		memcpy(bytes, &value, sizeof(value));
		if (access->is_simd)
			memcpy(bytes, &v.value[element->reg][element->lane], access->size);
		swap_if_big(data, bytes);
		transfer_bytes(data, (uint64_t)i * access->size, bytes, access->size, true);
	}
	return 0;
}

static uint64_t extend(const struct tl_insn_access *access, const uint8_t *bytes)
{
	unsigned int empty = 64 - 8 * access->size;
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	if (!access->is_signed)
		return value << empty >> empty;
	value = (uint64_t)((int64_t)(value << empty) >> empty);
	return access->width == 4 ? (uint32_t)value : value;
}

static int load_element(const struct tl_nisv_data *data, struct vectors *v,
	const struct tl_insn_element *element, const uint8_t *bytes)
{
	const struct tl_insn_access *access = data->access;
	uint8_t *reg = v->value[element->reg];
	int ret;

	if (!access->is_simd)
		return tl_nisv_set(data->cpu, element->reg, extend(access, bytes));
	ret = know(data, v, element->reg);
	memcpy(reg + element->lane, bytes, access->size);
	for (unsigned int at = 0; at < access->replicate; at += access->size)
		memcpy(reg + at, bytes, access->size);
	return ret;
}

int tl_nisv_data_load(const struct tl_nisv_data *data)
{
	const struct tl_insn_access *access = data->access;
	struct vectors v = {.known = {false}};
	int ret = 0;

	for (unsigned int i = 0; i < access->count && !ret; i++) {
		uint8_t bytes[ELEMENT_MAX] = {0};

		transfer_bytes(data, (uint64_t)i * access->size, bytes, access->size, false);
		swap_if_big(data, bytes);
		ret = load_element(data, &v, &access->elements[i], bytes);
	}
	for (unsigned int n = 0; n < 32 && !ret; n++) {
		if (v.known[n])
			ret = tl_nisv_set_v(data->cpu, n, v.value[n]);
	}
	return ret;
}

int tl_nisv_data_zero(const struct tl_nisv_data *data)
{
	uint8_t bytes[8] = {0};

	for (uint64_t at = 0; at < data->bytes; at += 8)
		transfer_bytes(data, at, bytes, 8, true);
	return 0;
}

uint64_t tl_nisv_zero_bytes(void)
{
	uint64_t words = 4;

#ifdef __aarch64__
	/* KVM does not hide it: the guest's CPU is the host's (DCZID_EL0.BS). */
	__asm__("mrs %0, dczid_el0" : "=r"(words));
#endif
	return UINT64_C(4) << (words & 0xf);
}
