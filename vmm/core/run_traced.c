/* SPDX-License-Identifier: MIT */
/*
 * The run loop of `--trace-exits`: that of run.c, and a line for each exit. It is a loop of its
 * own so that the other one is as short as without it.
 */
#include "vmm/core/exit_line.h"
#include "vmm/core/exit_trace.h"
#include "vmm/core/run_loop.h"

static void show(struct tl_vcpu *vcpu, const struct tl_exit_note *note)
{
	char line[TL_EXIT_LINE];

	tl_exit_line_write(note, vcpu, line, sizeof(line));
	tl_exit_trace_put(vcpu->vm->trace, line);
}

void tl_vcpu_run_traced(struct tl_vcpu *vcpu)
{
	struct tl_vm *vm = vcpu->vm;
	struct tl_exit_note note;

	while (tl_run_wanted(vm)) {
		int ret = tl_kvm_run(vcpu->fd);

		if (ret < 0) {
			if (tl_run_again(vcpu, ret))
				continue;
			tl_exit_line_failed(&note, vcpu, -ret);
			show(vcpu, &note);
			return;
		}
		/* Handling changes registers, and the run area. */
		tl_exit_line_take(&note, vcpu);
		tl_run_handle(vcpu, vcpu->run);
		show(vcpu, &note);
	}
}
