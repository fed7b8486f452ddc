/* SPDX-License-Identifier: MIT */
/*
 * What bare-metal guests read from the device tree: which CPUs there are, the kernel command
 * line, and where RAM ends. A walk over the structure block (Devicetree Specification 0.4,
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

static size_t length_of(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static int is(const char *s, const char *name)
{
	return begins(s, name) && !s[length_of(name)];
}

/* The word behind length bytes of content, which is padded to a multiple of 4. */
static const uint32_t *behind(const void *content, size_t length)
{
	return (const uint32_t *)content + (length + 3) / 4;
}

/* A property, and where it is: its node's name and that of the node around it. */
struct property {
	int depth; /* of its node; the root's is 1 */
	const char *parent, *node;
	const char *name;
	const uint32_t *content;
	uint32_t length;
};

/* Calls visit for every property. */
static void walk(const void *dtb, void (*visit)(const struct property *p, void *ctx), void *ctx)
{
	const uint32_t *header = dtb;
	const uint32_t *p;
	const char *strings;
	/* Nodes that matter here are not deeper. */
	const char *names[8] = {""};
	struct property property = {0};

	if (!dtb || be32(header) != FDT_MAGIC)
		return;
	p = (const uint32_t *)((const char *)dtb + be32(header + 2));
	strings = (const char *)dtb + be32(header + 3);

	for (;;) {
		switch (be32(p++)) {
		case FDT_BEGIN_NODE:
			if (++property.depth < 8)
				names[property.depth] = (const char *)p;
			p = behind(p, length_of((const char *)p) + 1);
			break;
		case FDT_END_NODE:
			property.depth--;
			break;
		case FDT_PROP:
			property.length = be32(p);
			property.name = strings + be32(p + 1);
			property.content = p + 2;
			p = behind(property.content, property.length);
			if (property.depth >= 8)
				break;
			property.node = names[property.depth];
			property.parent = names[property.depth - 1];
			visit(&property, ctx);
			break;
		case FDT_NOP:
			break;
		default:
			return;
		}
	}
}

struct cpus {
	uint64_t *mpidr;
	size_t count, max;
};

static void visit_cpu(const struct property *p, void *ctx)
{
	struct cpus *cpus = ctx;
	uint64_t value;

	if (p->depth != 3 || !is(p->parent, "cpus") || !begins(p->node, "cpu@") ||
		!is(p->name, "reg") || cpus->count == cpus->max)
		return;
	value = be32(p->content);
	if (p->length == 8)
		value = value << 32 | be32(p->content + 1);
	cpus->mpidr[cpus->count++] = value;
}

size_t tl_fdt_cpus(const void *dtb, uint64_t *mpidr, size_t max)
{
	struct cpus cpus = {.mpidr = mpidr, .max = max};

	walk(dtb, visit_cpu, &cpus);
	return cpus.count;
}

static void visit_chosen(const struct property *p, void *ctx)
{
	if (p->depth == 2 && is(p->node, "chosen") && is(p->name, "bootargs"))
		*(const char **)ctx = (const char *)p->content;
}

const char *tl_fdt_bootargs(const void *dtb)
{
	const char *bootargs = "";

	walk(dtb, visit_chosen, &bootargs);
	return bootargs;
}

static uint64_t be64(const uint32_t *p)
{
	return (uint64_t)be32(p) << 32 | be32(p + 1);
}

static void visit_memory(const struct property *p, void *ctx)
{
	/* Two cells each for address and size, as this machine's root has it. */
	if (p->depth == 2 && begins(p->node, "memory@") && is(p->name, "reg") && p->length >= 16)
		*(uint64_t *)ctx = be64(p->content) + be64(p->content + 2);
}

uint64_t tl_fdt_memory_end(const void *dtb)
{
	uint64_t end = 0;

	walk(dtb, visit_memory, &end);
	return end;
}
