/* SPDX-License-Identifier: MIT */
/*
 * The one thing that bare-metal guests read from the device tree: which CPUs
 * there are. A walk over the structure block (Devicetree Specification 0.4,
 * section 5.4) that trusts the blob, because the VMM made it.
 */
#include "guest.h"

#define FDT_MAGIC      0xd00dfeed
#define FDT_BEGIN_NODE 1
#define FDT_END_NODE   2
#define FDT_PROP       3
#define FDT_NOP        4

static uint32_t be32(const uint32_t *p)
{
	return __builtin_bswap32(*p);
}

/* Whether s begins with prefix. */
static int begins(const char *s, const char *prefix)
{
	while (*prefix)
		if (*s++ != *prefix++)
			return 0;
	return 1;
}

/* The word behind length bytes of content, which is padded to a multiple of 4. */
static const uint32_t *behind(const void *content, size_t length)
{
	return (const uint32_t *)content + (length + 3) / 4;
}

static size_t length_of(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

size_t tl_fdt_cpus(const void *dtb, uint64_t *mpidr, size_t max)
{
	const uint32_t *header = dtb;
	const uint32_t *p;
	const char *strings;
	size_t n = 0;
	int depth = 0, in_cpus = 0, in_cpu = 0;

	if (!dtb || be32(header) != FDT_MAGIC)
		return 0;
	p = (const uint32_t *)((const char *)dtb + be32(header + 2));
	strings = (const char *)dtb + be32(header + 3);

	for (;;) {
		switch (be32(p++)) {
		case FDT_BEGIN_NODE: {
			const char *name = (const char *)p;

			/* The root has depth 1, its children 2. */
			depth++;
			if (depth == 2)
				in_cpus = begins(name, "cpus") && !name[4];
			in_cpu = in_cpus && depth == 3 && begins(name, "cpu@");
			p = behind(name, length_of(name) + 1);
			break;
		}
		case FDT_END_NODE:
			depth--;
			in_cpu = 0;
			break;
		case FDT_PROP: {
			uint32_t length = be32(p);
			const char *name = strings + be32(p + 1);

			p += 2;
			if (in_cpu && n < max && begins(name, "reg") && !name[3]) {
				mpidr[n] = be32(p);
				if (length == 8)
					mpidr[n] = mpidr[n] << 32 | be32(p + 1);
				n++;
			}
			p = behind(p, length);
			break;
		}
		case FDT_NOP:
			break;
		default:
			return n;
		}
	}
}
