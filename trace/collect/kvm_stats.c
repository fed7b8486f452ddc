/* SPDX-License-Identifier: MIT */
/*
 * Reader of KVM's binary statistics. Works on any descriptor that pread does,
 * so also on a copy in a file.
 */
#include "trace/collect/kvm_stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/kvm.h>

/* Today's kernels: names of 48 bytes, some 30 statistics. Far more would be nonsense. */
#define NAME_SIZE_MAX 1024u
#define COUNT_MAX     4096u

static int pread_all(int fd, void *to, size_t size, uint64_t offset)
{
	unsigned char *at = to;

	if (offset > INT64_MAX - size)
		return -EPROTO;
	while (size) {
		ssize_t n = pread(fd, at, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return -EIO;
		at += n;
		offset += (uint64_t)n;
		size -= (size_t)n;
	}
	return 0;
}

int tl_kvm_stats_init(struct tl_kvm_stats *stats, int fd)
{
	struct kvm_stats_header header;
	int ret;

	*stats = (struct tl_kvm_stats){.fd = fd};
	ret = pread_all(fd, &header, sizeof(header), 0);
	if (ret)
		return ret;
	if (!header.name_size || header.name_size > NAME_SIZE_MAX || header.num_desc > COUNT_MAX)
		return -EPROTO;
	stats->count = header.num_desc;
	stats->stride = sizeof(struct kvm_stats_desc) + header.name_size;
	stats->data_offset = header.data_offset;
	/* One more byte: an empty table is no reason for malloc to return NULL. */
	stats->table = malloc(stats->count * stats->stride + 1);
	if (!stats->table)
		return -ENOMEM;
	ret = pread_all(fd, stats->table, stats->count * stats->stride, header.desc_offset);
	if (ret) {
		tl_kvm_stats_fini(stats);
		return ret;
	}
	for (unsigned int i = 0; i < stats->count; i++)
		stats->table[(i + 1) * stats->stride - 1] = 0;
	return 0;
}

static const unsigned char *descriptor(const struct tl_kvm_stats *stats, unsigned int i)
{
	return stats->table + i * stats->stride;
}

const char *tl_kvm_stats_name(const struct tl_kvm_stats *stats, unsigned int i)
{
	/* The name is what comes behind the descriptor's fixed part. */
	return (const char *)descriptor(stats, i) + sizeof(struct kvm_stats_desc);
}

int tl_kvm_stats_array(
	const struct tl_kvm_stats *stats, const char *name, uint64_t *values, unsigned int room)
{
	for (unsigned int i = 0; i < stats->count; i++) {
		struct kvm_stats_desc desc;
		int ret;

		if (strcmp(tl_kvm_stats_name(stats, i), name) != 0)
			continue;
		memcpy(&desc, descriptor(stats, i), sizeof(desc));
		if (!desc.size)
			return -EPROTO;
		if (desc.size < room)
			room = desc.size;
		/* Both are 32-bit in the file, so the sum cannot wrap. */
		ret = pread_all(stats->fd, values, room * sizeof(*values),
			stats->data_offset + desc.offset);
		return ret ? ret : (int)room;
	}
	return -ENOENT;
}

int tl_kvm_stats_value(const struct tl_kvm_stats *stats, const char *name, uint64_t *value)
{
	int ret = tl_kvm_stats_array(stats, name, value, 1);

	return ret < 0 ? ret : 0;
}

void tl_kvm_stats_fini(struct tl_kvm_stats *stats)
{
	free(stats->table);
	stats->table = NULL;
	stats->count = 0;
}
