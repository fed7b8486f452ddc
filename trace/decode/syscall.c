/* SPDX-License-Identifier: MIT */
/*
 * The table is made of the kernel's include/uapi/asm-generic/unistd.h.
 */
#include "trace/decode/syscall.h"

#include <stddef.h>

static const char *const names[] = {
#include "syscall_table.h"
};

const char *tl_syscall_name(long number)
{
	return number >= 0 && (unsigned long)number < sizeof(names) / sizeof(names[0])
		       ? names[number]
		       : NULL;
}
