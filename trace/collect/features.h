/* SPDX-License-Identifier: MIT */
/*
 * What this host lets the profiler see: the events and statistics that the
 * running kernel has, and whether they may be read.
 */
#ifndef TL_TRACE_FEATURES_H
#define TL_TRACE_FEATURES_H

#include <stdbool.h>

struct tl_features {
	bool events;       /* the kvm events can be traced */
	char problem[160]; /* why not; "" if they can */
	bool bpf;          /* BPF programs can count in the kernel */
	bool statistics;   /* KVM's statistics of a vCPU can be read */
	bool identity;     /* events carry VM, vCPU and exit count (unknown without `events`) */
	bool syndrome;     /* ... and the syndrome and the system counter */
	bool classes;      /* exits by class */
	bool fixups;       /* exits that EL2 handles by itself, and entries not run */
	bool times;        /* histograms of handling times */
	bool times_on;     /* they are switched on */
};

/*
 * Looks. `stats_fd` is from KVM_GET_STATS_FD on a vCPU, or -1; it stays the
 * caller's. May mount tracefs, as tracing would.
 */
void tl_features_probe(struct tl_features *features, int stats_fd);

#endif
