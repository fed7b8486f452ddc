/* SPDX-License-Identifier: MIT */
/*
 * What the bare-metal guests share, 64-bit ones (guest/lib) and 32-bit ones (guest/lib32): the
 * addresses of the virt machine, the console, PSCI and SMCCC calls, and the few facts that they
 * take from the device tree. There is no C library, no MMU and no interrupt: memory is Device
 * memory, so accesses must be aligned and exclusives do not work.
 */
#ifndef TL_GUEST_H
#define TL_GUEST_H

#define TL_RAM_BASE    0x40000000
#define TL_UART_BASE   0x09000000
#define TL_STACK_SHIFT 12
#define TL_CPUS_MAX    8

/* PSCI (Arm DEN0022, section 5), called by HVC. */
#define TL_PSCI_VERSION 0x84000000
#define TL_PSCI_CPU_OFF 0x84000002
#ifdef __aarch64__
#define TL_PSCI_CPU_ON 0xC4000003
#else
#define TL_PSCI_CPU_ON 0x84000003
#endif
#define TL_PSCI_SYSTEM_OFF   0x84000008
#define TL_PSCI_SYSTEM_RESET 0x84000009

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

/* The guest's own code. Returning from either powers off: the machine, the CPU. */
int main(const void *dtb);
void tl_secondary_main(uint64_t number);

/* Prints one byte with one store to PL011's data register, never waiting: one exit. */
void tl_uart_putc(char c);
void tl_uart_puts(const char *s);
void tl_uart_puthex(uint64_t value);
void tl_uart_putdec(uint64_t value);
/* Waits for a byte from the console. */
char tl_uart_getc(void);

/*
 * HVC #0 with the SMCCC 1.0 register use (Arm DEN0028, section 2). Returns x0. A 32-bit guest has
 * r0 to r3, of which it takes 32 bits.
 */
int64_t tl_smccc_hvc(uint64_t function, uint64_t x1, uint64_t x2, uint64_t x3);

_Noreturn void tl_psci_off(void);
_Noreturn void tl_psci_reset(void);
_Noreturn void tl_psci_cpu_off(void);
/*
 * Starts the CPU of that MPIDR at tl_secondary_main(number); number selects its
 * stack, from 1 to TL_CPUS_MAX - 1. Returns 0 or PSCI's negative error.
 */
int64_t tl_psci_cpu_on(uint64_t mpidr, uint64_t number);

/*
 * Fills mpidr[] with the reg values of the nodes /cpus/cpu@N, in their order.
 * Returns how many there are, at most max; 0 where dtb is no device tree.
 */
size_t tl_fdt_cpus(const void *dtb, uint64_t *mpidr, size_t max);

/* The kernel command line, in the device tree itself; "" where there is none. */
const char *tl_fdt_bootargs(const void *dtb);

/* Where the RAM of the node /memory ends; 0 where there is none. */
uint64_t tl_fdt_memory_end(const void *dtb);

/* Whether the command line has this word; the number behind the first word with this prefix. */
int tl_args_has(const char *args, const char *word);
uint64_t tl_args_number(const char *args, const char *prefix, uint64_t otherwise);

/* Numbers that look random, by xorshift; the state is the seed. */
uint64_t tl_random(uint64_t *state);
/* One that may well matter: 0, all ones, a power of two, small, any. */
uint64_t tl_random_value(uint64_t *state);
/* A call by HVC #0, SMC #0, HVC #1, HVC #0xffff, SMC #0x1234. Returns x0. */
int64_t tl_smccc_call(
	unsigned int conduit, uint64_t function, uint64_t x1, uint64_t x2, uint64_t x3);
/* A random one, which comes back. Returns whether it was made. */
int tl_random_call(uint64_t *state);

/* Accesses to device registers: one instruction that the syndrome describes. */
static inline uint32_t tl_mmio_read32(uint64_t address)
{
	uint32_t value;

#ifdef __aarch64__
	__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
#else
	__asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"((uint32_t)address) : "memory");
#endif
	return value;
}

static inline void tl_mmio_write32(uint64_t address, uint32_t value)
{
#ifdef __aarch64__
	__asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory");
#else
	__asm__ volatile("str %0, [%1]" : : "r"(value), "r"((uint32_t)address) : "memory");
#endif
}

/* This CPU's MPIDR. */
static inline uint64_t tl_mpidr(void)
{
#ifdef __aarch64__
	uint64_t value;

	__asm__ volatile("mrs %0, mpidr_el1" : "=r"(value));
#else
	uint32_t value;

	__asm__ volatile("mrc p15, 0, %0, c0, c0, 5" : "=r"(value));
#endif
	return value;
}

/* Reads a system register by its name: 64-bit guests only. */
#define tl_sysreg_read(name)                                                                       \
	({                                                                                         \
		uint64_t value_;                                                                   \
		__asm__ volatile("mrs %0, " #name : "=r"(value_));                                 \
		value_;                                                                            \
	})

#endif /* __ASSEMBLER__ */
#endif
