/* SPDX-License-Identifier: MIT */
/*
 * What a number means that an arm64 program calls its kernel with.
 */
#ifndef TL_TRACE_SYSCALL_H
#define TL_TRACE_SYSCALL_H

/* Its name, as in "ppoll"; NULL: it has none here. */
const char *tl_syscall_name(long number);

#endif
