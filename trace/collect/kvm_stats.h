/* SPDX-License-Identifier: MIT */
/*
 * KVM's binary statistics (Documentation/virt/kvm/api.rst, 4.133
 * KVM_GET_STATS_FD): a header, a table of descriptors, the data. Values are
 * found by name, so a kernel with more or fewer of them is all the same to us.
 * Nothing that the file says is believed before it is checked.
 */
#ifndef TL_TRACE_KVM_STATS_H
#define TL_TRACE_KVM_STATS_H

#include <stddef.h>
#include <stdint.h>

struct tl_kvm_stats {
	int fd;
	uint64_t data_offset;
	unsigned int count;
	size_t stride;        /* bytes from one descriptor to the next */
	unsigned char *table; /* the descriptors, names ended by 0 */
};

/*
 * Reads header and descriptors from `fd`, which stays the caller's and must
 * outlive `stats`. Returns 0, -EPROTO (it does not look like statistics), -EIO
 * (too short), -ENOMEM, or what pread gave. On error there is nothing to undo.
 */
int tl_kvm_stats_init(struct tl_kvm_stats *stats, int fd);

/*
 * The present value of the statistic `name` (its first item, if it has more).
 * Returns 0, -ENOENT, -EIO (too short), -EPROTO, or what pread gave.
 */
int tl_kvm_stats_value(const struct tl_kvm_stats *stats, const char *name, uint64_t *value);

/*
 * The present values of the histogram `name`, at most `room` of them. Returns how
 * many there are (1 for what is no histogram), or an error as above.
 */
int tl_kvm_stats_array(
	const struct tl_kvm_stats *stats, const char *name, uint64_t *values, unsigned int room);

/* Name of the statistic i, below stats->count. */
const char *tl_kvm_stats_name(const struct tl_kvm_stats *stats, unsigned int i);

/* Frees what init took; accepts an all-zero struct. */
void tl_kvm_stats_fini(struct tl_kvm_stats *stats);

#endif
