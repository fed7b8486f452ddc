/* SPDX-License-Identifier: MIT */
/*
 * `trapline run --machine lab --explain`: the questions of the minimal hypervisor exercise,
 * answered by the run that has just ended. Every number in the text is read where the text says:
 * from guest memory, registers and the run area as they are now, or as they were at each exit.
 * All of it is the main thread's, with all vCPUs parked.
 */
#ifndef TL_VMM_LAB_EXPLAIN_H
#define TL_VMM_LAB_EXPLAIN_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

struct tl_guest;

/* Guest and host addresses as all of the text has them. */
#define TL_EXPLAIN_GPA  "0x%06" PRIx64
#define TL_EXPLAIN_HOST "0x%012" PRIx64

struct tl_explain {
	const struct tl_guest *guest;
	FILE *out;
	unsigned int questions; /* so far */
};

/* Prints all of it. Returns 0 or -EIO (logged). */
int tl_lab_explain(const struct tl_guest *guest, FILE *out);

/* For the parts: the next question with its number; one line of an answer. */
void tl_explain_ask(struct tl_explain *explain, const char *question);
__attribute__((format(printf, 2, 3))) void tl_explain_say(
	const struct tl_explain *explain, const char *format, ...);

/* The host's address of a guest physical one; 0: there is no memory. */
uint64_t tl_explain_host(const struct tl_explain *explain, uint64_t gpa);

/* The parts that have files of their own. */
void tl_explain_table(struct tl_explain *explain); /* the page table, and ways through it */
void tl_explain_start(struct tl_explain *explain); /* where it starts, with which registers */
void tl_explain_exits(struct tl_explain *explain); /* from the guest to us, and each exit */
void tl_explain_merge(struct tl_explain *explain); /* same-page merging */

#endif
