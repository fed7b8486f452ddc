/* SPDX-License-Identifier: MIT */
/*
 * The questions in their order, and those about memory.
 */
#include "vmm/lab/explain.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/guest.h"

void tl_explain_ask(struct tl_explain *explain, const char *question)
{
	fprintf(explain->out, "\n%u. %s\n\n", ++explain->questions, question);
}

void tl_explain_say(const struct tl_explain *explain, const char *format, ...)
{
	va_list ap;

	fputs("   ", explain->out);
	va_start(ap, format);
	vfprintf(explain->out, format, ap);
	va_end(ap);
	fputc('\n', explain->out);
}

uint64_t tl_explain_host(const struct tl_explain *explain, uint64_t gpa)
{
	return (uintptr_t)tl_mem_at(&explain->guest->vm.mem, gpa, 1);
}

/* How much of guest memory the host has given so far, in KiB. */
static uint64_t resident(const struct tl_explain *explain)
{
	const struct tl_mem *mem = &explain->guest->vm.mem;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), pages = 0;

	for (uint64_t at = 0; at < mem->size; at += page)
		pages += tl_host_page(&explain->guest->lab.files, (uintptr_t)mem->host + at) >> 63;
	return pages * page / 1024;
}

static void say_memory(struct tl_explain *explain)
{
	const struct tl_mem *mem = &explain->guest->vm.mem;
	uint64_t host = (uintptr_t)mem->host;

	tl_explain_ask(
		explain, "How large is guest memory, where did it come from, where does it lie?");
	tl_explain_say(explain,
		"%" PRIu64 " MiB (0x%" PRIx64
		" bytes). The VMM got it by mmap(2), private and anonymous, as any program",
		mem->size >> 20, mem->size);
	tl_explain_say(explain,
		"gets memory, and gave it to the guest by KVM_SET_USER_MEMORY_REGION, slot %d.",
		TL_MEM_SLOT_RAM);
	fputc('\n', explain->out);
	tl_explain_say(explain, "  guest-physical  " TL_EXPLAIN_GPA " to " TL_EXPLAIN_GPA,
		mem->base, mem->base + mem->size - 1);
	tl_explain_say(explain, "  host-virtual    " TL_EXPLAIN_HOST " to " TL_EXPLAIN_HOST, host,
		host + mem->size - 1);
	fputc('\n', explain->out);
	tl_explain_say(explain,
		"So guest-physical address A is the VMM's A + 0x%" PRIx64
		". Pages of it are there once they are",
		host - mem->base);
	tl_explain_say(explain, "touched, %" PRIu64 " KiB by now%s.", resident(explain),
		resident(explain) == mem->size / 1024 ? ": one huge page may hold all of it" : "");
}

static void say_run_area(struct tl_explain *explain)
{
	const struct tl_vm *vm = &explain->guest->vm;

	tl_explain_ask(explain, "Where is the kvm_run area, and how large is it?");
	tl_explain_say(explain,
		"%zu bytes, as KVM_GET_VCPU_MMAP_SIZE said, by mmap(2) of the vCPU's file descriptor. The first",
		vm->run_size);
	tl_explain_say(explain,
		"%zu are struct kvm_run: the kernel writes there why the guest came back, the VMM its answer.",
		sizeof(struct kvm_run));
	fputc('\n', explain->out);
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		uint64_t at = (uintptr_t)vm->vcpus[i].run;

		tl_explain_say(explain,
			"  vCPU %u          " TL_EXPLAIN_HOST " to " TL_EXPLAIN_HOST, i, at,
			at + vm->run_size - 1);
	}
}

static void say_range(struct tl_explain *explain, const char *what, uint64_t start, uint64_t size)
{
	uint64_t host = tl_explain_host(explain, start);

	tl_explain_say(explain,
		"  %-14s " TL_EXPLAIN_GPA " to " TL_EXPLAIN_GPA "  " TL_EXPLAIN_HOST
		" to " TL_EXPLAIN_HOST "  %7" PRIu64 " bytes",
		what, start, start + size - 1, host, host + size - 1, size);
}

/* How far down a stack has been written; its end if it has not. */
static uint64_t stack_low(const struct tl_explain *explain, unsigned int vcpu)
{
	uint64_t high = tl_lab_stack(vcpu), low = high - TL_LAB_STACK_SIZE;
	const uint8_t *bytes = tl_mem_at(&explain->guest->vm.mem, low, TL_LAB_STACK_SIZE);
	uint8_t blank = explain->guest->config->backing == TL_MEM_MERGE ? TL_LAB_FILL : 0;

	while (bytes && low < high && *bytes == blank) {
		bytes++;
		low++;
	}
	return low & ~UINT64_C(7);
}

static void say_ranges(struct tl_explain *explain)
{
	const struct tl_guest *guest = explain->guest;
	const struct tl_pt *table = &guest->lab.table;

	tl_explain_ask(explain, "Which addresses hold the code, the page table and the stack?");
	tl_explain_say(explain, "  %-14s %-20s  %s", "", "guest-physical", "host-virtual");
	say_range(explain, "code", guest->layout.kernel, guest->layout.kernel_size);
	say_range(explain, "answer", TL_LAB_ANSWER, 8);
	say_range(explain, "page table", table->root,
		table->tables * tl_pt_table_size(&table->format));
	for (unsigned int i = 0; i < guest->vm.vcpu_count; i++) {
		char name[24];

		snprintf(name, sizeof(name), guest->vm.vcpu_count > 1 ? "stack, vCPU %u" : "stack",
			i);
		say_range(explain, name, tl_lab_stack(i) - TL_LAB_STACK_SIZE, TL_LAB_STACK_SIZE);
	}
	tl_explain_say(explain,
		"  %-14s " TL_EXPLAIN_GPA " to " TL_EXPLAIN_GPA "  none: an access is an exit",
		"debug port", TL_LAB_PORT_BASE, TL_LAB_PORT_BASE + TL_LAB_PORT_SIZE - 1);
	fputc('\n', explain->out);
	tl_explain_say(explain,
		"Guest-virtual addresses are the guest-physical ones: the page table maps each to itself.");
	for (unsigned int i = 0; i < guest->vm.vcpu_count; i++) {
		uint64_t high = tl_lab_stack(i), low = stack_low(explain, i);

		if (low == high)
			tl_explain_say(explain, "The stack of vCPU %u has not been used.", i);
		else
			tl_explain_say(explain,
				"The stack of vCPU %u grew down from 0x%" PRIx64 " to 0x%" PRIx64
				".",
				i, high, low);
	}
}

static void say_answer(struct tl_explain *explain)
{
	const struct tl_guest *guest = explain->guest;
	const uint8_t *bytes = tl_mem_at(&guest->vm.mem, TL_LAB_ANSWER, 8);

	tl_explain_ask(explain, "Where is the 42 written, and where read?");
	tl_explain_say(explain,
		"The guest stores it at 0x%" PRIx64
		". That is memory, so it is no exit, and nobody hears of it. The VMM",
		TL_LAB_ANSWER);
	tl_explain_say(explain,
		"reads the same bytes at " TL_EXPLAIN_HOST " when the guest has halted:",
		tl_explain_host(explain, TL_LAB_ANSWER));
	fputc('\n', explain->out);
	fputs("     memory         ", explain->out);
	for (unsigned int i = 0; i < 8; i++)
		fprintf(explain->out, "%02x ", bytes[i]);
	fprintf(explain->out, "= %" PRIu64 "\n", guest->lab.stored);
	for (unsigned int i = 0; i < guest->vm.vcpu_count; i++)
		tl_explain_say(explain, "  %-14s %" PRIu64 ", by KVM_GET_ONE_REG from vCPU %u",
			guest->layout.aarch32 ? "r0" : "x0", guest->lab.answers[i], i);
}

int tl_lab_explain(const struct tl_guest *guest, FILE *out)
{
	struct tl_explain explain = {.guest = guest, .out = out};

	say_memory(&explain);
	say_run_area(&explain);
	say_ranges(&explain);
	tl_explain_table(&explain);
	tl_explain_start(&explain);
	tl_explain_exits(&explain);
	say_answer(&explain);
	tl_explain_merge(&explain);
	if (fflush(out) || ferror(out)) {
		tl_log_error("--explain: cannot write to standard output");
		return -EIO;
	}
	return 0;
}
