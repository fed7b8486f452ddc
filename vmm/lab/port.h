/* SPDX-License-Identifier: MIT */
/*
 * The debug port of machine lab: one register that prints a character, one that halts the vCPU
 * that writes it. It keeps what each access looked like in the vCPU's run area.
 */
#ifndef TL_VMM_LAB_PORT_H
#define TL_VMM_LAB_PORT_H

#include <stdbool.h>
#include <stdint.h>

struct tl_vm;

#define TL_LAB_PORT_BASE UINT64_C(0x200000) /* guest physical */
#define TL_LAB_PORT_SIZE UINT64_C(0x1000)
/* Its registers. */
#define TL_LAB_PORT_CHAR UINT64_C(0) /* the lowest byte of what is written is printed */
#define TL_LAB_PORT_HALT UINT64_C(8) /* any write halts the vCPU; when all are, the VM ends */

#define TL_LAB_PORT_LOG 256

/* An exit for the port, as the kernel described it. */
struct tl_lab_access {
	unsigned int vcpu;
	uint64_t pc;
	uint64_t gpa;
	unsigned int size;
	bool is_write;
	uint8_t data[8];
};

struct tl_lab_port;

/* Makes the port, and adds it to the VM's bus, which owns it. Returns 0 or -errno. Main thread. */
int tl_lab_port_add(struct tl_lab_port **port, struct tl_vm *vm);

/* The accesses, of which the first TL_LAB_PORT_LOG are kept; *count is of all. No vCPU runs. */
const struct tl_lab_access *tl_lab_port_log(const struct tl_lab_port *port, uint64_t *count);

#endif
