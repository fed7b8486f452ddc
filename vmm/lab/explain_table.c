/* SPDX-License-Identifier: MIT */
/*
 * The page table as it lies in guest memory, and the ways of two addresses through it, which are
 * those that the MMU takes (DDI 0487, D8.2).
 */
#include <string.h>

#include "vmm/arch/arm64/vcpu_regs.h"
#include "vmm/guest.h"
#include "vmm/lab/explain.h"

/* A table that a guest has filled is long. */
#define LINES 16

/* A table: neighbours that go on where the one before ends, or are the same, are one line. */
static void say_descriptors(struct tl_explain *explain, uint64_t table, unsigned int level)
{
	const struct tl_pt_format *format = &explain->guest->lab.format;
	uint64_t entries = tl_pt_table_size(format) / 8, span = tl_pt_span(format, level);
	const uint64_t *first = tl_mem_at(&explain->guest->vm.mem, table, entries * 8);
	unsigned int lines = 0;
	char text[80], range[48];

	for (uint64_t i = 0, last; first && i < entries; i = last + 1) {
		uint64_t step = i + 1 < entries && first[i + 1] == first[i] ? 0 : span;

		last = i;
		if (!first[i])
			continue;
		while (last + 1 < entries && first[last + 1] == first[last] + step)
			last++;
		if (lines++ == LINES) {
			tl_explain_say(explain, "  and so on");
			return;
		}
		tl_pt_describe(format, first[i], level, text, sizeof(text));
		snprintf(range, sizeof(range), last > i ? "%" PRIu64 " to %" PRIu64 : "%" PRIu64, i,
			last);
		tl_explain_say(explain,
			"  level %u at " TL_EXPLAIN_GPA "  entry %-9s 0x%016" PRIx64 "  %s%s",
			level, table, range, first[i], text,
			last == i ? ""
			: step    ? " and on"
				  : ", all alike");
	}
}

static void say_what_it_maps(struct tl_explain *explain)
{
	const struct tl_lab *lab = &explain->guest->lab;
	unsigned int start = tl_pt_start(&lab->format);
	uint64_t size = tl_pt_table_size(&lab->format);

	tl_explain_ask(
		explain, "How many levels and pages has the page table, and what does it map?");
	tl_explain_say(explain,
		"The VMM made it with %u levels, %u to %u, and one table each: %u pages of %" PRIu64
		" KiB.",
		lab->table.tables, start, start + lab->table.tables - 1, lab->table.tables,
		size >> 10);
	tl_explain_say(explain,
		"It maps the %" PRIu64 " MiB of memory by %" PRIu64
		" %s, and the debug port by one more:",
		TL_LAB_RAM_SIZE >> 20, TL_LAB_RAM_SIZE / tl_pt_span(&lab->format, lab->ram_level),
		lab->ram_level == 2 ? "block" : "pages");
	fputc('\n', explain->out);
	/* Each level has one, made in this order. */
	for (unsigned int i = 0; i < lab->table.tables; i++)
		say_descriptors(explain, lab->table.root + i * size, start + i);
	fputc('\n', explain->out);
	tl_explain_say(explain,
		"All other descriptors are 0, invalid: an access there is a translation fault, in the guest alone.");
}

struct way {
	struct tl_explain *explain;
	uint64_t va;
	unsigned int high; /* the highest bit of the address that is not looked at yet */
};

static void say_step(void *opaque, const struct tl_walk_step *step)
{
	struct way *way = opaque;
	const struct tl_pt_format *format = &way->explain->guest->lab.format;
	unsigned int level = (unsigned int)step->level;
	char text[80];

	tl_pt_describe(format, step->descriptor, level, text, sizeof(text));
	tl_explain_say(way->explain,
		"  level %u  VA[%u:%u] is %u, so the descriptor at " TL_EXPLAIN_GPA
		": 0x%016" PRIx64 ", %s",
		level, way->high, step->shift, step->index, step->at, step->descriptor, text);
	way->high = step->shift - 1;
	if (step->kind == TL_WALK_TABLE || step->kind == TL_WALK_INVALID)
		return;
	tl_pt_attributes(step->descriptor, text, sizeof(text));
	tl_explain_say(way->explain, "           %s", text);
}

static void say_way(struct tl_explain *explain, uint64_t va, const char *what)
{
	const struct tl_guest *guest = explain->guest;
	const struct tl_walk_memory memory = {.ram = &guest->vm.mem};
	struct way way = {explain, va, guest->lab.format.va_bits - 1};
	struct tl_walk_regs regs;
	struct tl_walk_result result;
	enum tl_walk_fault fault;
	uint64_t host;

	if (tl_vcpu_regs_walk(&guest->vm.vcpus[0], &regs))
		return;
	/* How to read the table is what we have set. */
	if (!tl_lab_regs_unchanged(&guest->lab.regs, &guest->vm.vcpus[0])) {
		tl_explain_say(
			explain, "The guest has changed how it translates, so no way is shown.");
		return;
	}
	fputc('\n', explain->out);
	tl_explain_say(explain,
		"The way of guest-virtual " TL_EXPLAIN_GPA ", %s, from %s = 0x%" PRIx64 " on:", va,
		what, guest->layout.aarch32 ? "TTBR0" : "TTBR0_EL1", regs.ttbr0);
	fputc('\n', explain->out);
	fault = tl_walk(&regs, &memory, va, &result, say_step, &way);
	if (fault) {
		tl_explain_say(explain, "  and there it ends: %s", tl_walk_fault_text(fault));
		return;
	}
	tl_explain_say(explain,
		"  the rest VA[%u:0] is 0x%" PRIx64 ", so guest-physical " TL_EXPLAIN_GPA, way.high,
		va & ((UINT64_C(1) << result.shift) - 1), result.gpa);
	host = tl_explain_host(explain, result.gpa);
	if (host)
		tl_explain_say(explain,
			"  stage 2, which is KVM's, and the host's own table take it to host-virtual " TL_EXPLAIN_HOST,
			host);
	else
		tl_explain_say(explain,
			"  stage 2, which is KVM's, has nothing there: no memory slot, so the access is an exit");
}

void tl_explain_table(struct tl_explain *explain)
{
	say_what_it_maps(explain);
	say_way(explain, TL_LAB_ANSWER, "where the answer is");
	say_way(explain, TL_LAB_PORT_BASE, "the debug port");
}
