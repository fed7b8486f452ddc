/* SPDX-License-Identifier: MIT */
/*
 * What a VMM's process tells of its guest, from outside (/proc).
 */
#ifndef TL_TRACE_PROCESS_H
#define TL_TRACE_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

/* The name of a process, "" if it is gone. */
void tl_process_name(pid_t pid, char *name, size_t size);

/*
 * The guest kernel among the arguments of a VMM ("-kernel FILE" and its like), NULL if
 * there is none. `argv` ends with NULL; the answer points into it.
 */
const char *tl_process_kernel_of(char *const *argv);

/*
 * The same of a running process, as a path that can be opened from here. Returns
 * whether there is one.
 */
int tl_process_kernel(pid_t pid, char *path, size_t size);

/* The name that a VMM was given for its guest, "" if none; of its arguments, and of a process. */
void tl_process_vm_name_of(char *const *argv, char *name, size_t size);
void tl_process_vm_name(pid_t pid, char *name, size_t size);

#endif
