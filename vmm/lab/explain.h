/* SPDX-License-Identifier: MIT */
/*
 * `trapline run --machine lab --explain`: the questions of the minimal hypervisor exercise,
 * answered by the run that has just ended. Every number in the text is read where the text says.
 */
#ifndef TL_VMM_LAB_EXPLAIN_H
#define TL_VMM_LAB_EXPLAIN_H

#include <stdio.h>

struct tl_guest;

/* Prints it. All vCPUs are parked. Main thread. Returns 0 or -EIO (logged). */
int tl_lab_explain(const struct tl_guest *guest, FILE *out);

#endif
