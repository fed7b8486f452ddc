/* SPDX-License-Identifier: MIT */
/*
 * Makes a VM and its devices, has it run, and takes all of it apart again. All on the main
 * thread. What it starts with is load.c, what happens while it runs life.c.
 */
#include "vmm/vmm.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/boot/firmware.h"
#include "vmm/confine.h"
#include "vmm/core/terminal.h"
#include "vmm/dev/gicv2m.h"
#include "vmm/devices.h"
#include "vmm/guest.h"
#include "vmm/profile.h"
#include "vmm/sandbox/namespaces.h"

static void summarize(struct tl_guest *guest)
{
	uint64_t dropped = tl_console_dropped(&guest->console);
	uint64_t unhandled = tl_bus_unhandled(&guest->vm.bus);

	if (dropped)
		tl_log_warn("%" PRIu64 " bytes of console output were dropped: nobody read them",
			dropped);
	if (unhandled)
		tl_log_warn("%" PRIu64 " accesses where no device answers", unhandled);
	for (unsigned int i = 0; tl_log_enabled(TL_LOG_INFO) && i < guest->vm.vcpu_count; i++) {
		for (uint32_t reason = 0; reason < TL_EXIT_REASONS; reason++) {
			const char *name = tl_exit_reason_name(reason);

			if (guest->vm.vcpus[i].exits[reason])
				tl_log_info("vCPU %u: %" PRIu64 " exits to user space with %s", i,
					guest->vm.vcpus[i].exits[reason],
					name ? name : "another reason");
		}
	}
}

/* The VM exists: load it, run it, report. Returns an exit status. */
static int run_vm(struct tl_guest *guest)
{
	const struct tl_vmm_config *config = guest->config;
	int status;
	int ret = 0;

	/* Once: the guest cannot change it, so a reset finds it there. */
	if (config->firmware)
		ret = tl_firmware_load(&guest->firmware, &guest->vm.flash);
	if (!ret)
		ret = tl_guest_load(guest);
	if (ret)
		return ret == -ENODEV ? TL_STATUS_HOST : TL_STATUS_INPUT;
	if (config->dump_dtb)
		return tl_guest_dump_dtb(guest);
	if (config->profile || config->count) {
		struct tl_bpf_range ram[3];
		const struct tl_bpf_options options = {.vm = getpid(),
			.known_threads = true,
			.ram = ram,
			.ram_count = tl_vmm_profile_ram(&guest->vm, ram)};

		ret = tl_session_create(&guest->session,
			config->profile ? TL_SESSION_EVENTS : TL_SESSION_COUNTS, &options);
		if (ret)
			return TL_STATUS_HOST;
	}
	ret = tl_vm_start_threads(&guest->vm);
	if (!ret && guest->session)
		ret = tl_vmm_profile_attach(guest->session, &guest->vm);
	if (!ret && config->record)
		ret = tl_vmm_record_start(&guest->recorder, config->record, &guest->vm);
	if (ret)
		return ret == -EEXIST ? TL_STATUS_USAGE : TL_STATUS_HOST;
	if (tl_control_init(&guest->control))
		return TL_STATUS_INPUT;
	/* The last thing that may fail: from here on only what the guest needs is possible. */
	if (tl_confine_allow(&guest->sandbox, config) || tl_sandbox_enter(&guest->sandbox))
		return TL_STATUS_HOST;
	tl_terminal_raw(STDIN_FILENO);
	tl_events_watch_stop(&guest->events, config->timeout_s, config->grace_s);
	status = tl_guest_run(guest);
	tl_control_fini(&guest->control);
	tl_console_drain(&guest->console, TL_GUEST_DRAIN_MS);
	tl_terminal_restore();
	if (tl_exit_trace_end(&guest->exit_trace, TL_GUEST_DRAIN_MS) && status == TL_STATUS_OK)
		status = TL_STATUS_FAILURE;
	summarize(guest);
	if (guest->machine->is_lab)
		status = tl_lab_finish(guest, status);
	if (guest->session) {
		ret = tl_vmm_profile_report(guest->session, config, &guest->layout);
		if (ret && status == TL_STATUS_OK)
			status = TL_STATUS_FAILURE;
	}
	if (guest->recorder && tl_vmm_record_stop(guest->recorder, config, &guest->layout) &&
		status == TL_STATUS_OK)
		status = TL_STATUS_FAILURE;
	return status;
}

/* The part of the interrupt controller that is no part of KVM's. */
static int add_gicv2m(struct tl_guest *guest, const struct tl_dev_env *env)
{
	struct tl_dev *dev;
	int ret;

	if (!guest->vm.irqchip.msi || guest->vm.irqchip.kind != TL_GIC_V2)
		return 0;
	ret = tl_gicv2m_create(&dev, env);
	if (!ret) {
		ret = tl_bus_add(&guest->vm.bus, dev);
		if (ret)
			dev->ops->fini(dev);
	}
	if (ret)
		tl_log_error("--msi on: cannot add the GICv2m frame: %s", strerror(-ret));
	return ret;
}

static int start(struct tl_guest *guest)
{
	struct tl_vm_config vm = {
		.vcpus = guest->config->cpus,
		.ram_base = guest->layout.ram_base,
		.ram_size = guest->config->mem,
		.backing = guest->config->backing,
		.hole = guest->layout.hole,
		.hole_size = guest->layout.hole_size,
		.pins = guest->config->pins,
		.pin_count = guest->config->pin_count,
		.flash_base = guest->layout.flash,
		.flash_size = guest->layout.flash_size,
		.gic = guest->machine->is_lab ? TL_GIC_NONE : guest->config->gic,
		.gic_map = &guest->machine->gic,
		.msi = guest->config->msi,
		.cpu = &guest->config->cpu,
		.aarch32 = guest->layout.aarch32,
		.stop_unknown_calls = guest->config->stop_unknown_calls,
		.spis = tl_machine_spis(guest->machine, tl_devices_count(guest->config)),
	};
	struct tl_dev_env env = {
		.irqchip = &guest->vm.irqchip,
		.mem = &guest->vm.mem,
		.loop = &guest->loop,
		.console = &guest->console,
		.power_key = &guest->power_key,
		.vm = &guest->vm,
		.coalesced = guest->config->plain_uart ? NULL : &guest->vm.coalesced,
		.gate = &guest->sandbox.gate,
	};

	int ret;

	if (guest->config->trace_exits) {
		if (tl_exit_trace_init(&guest->exit_trace, &guest->loop, guest->config->exits_file))
			return TL_STATUS_FAILURE;
		guest->vm.trace = &guest->exit_trace;
		guest->vm.run_guest = tl_vcpu_run_traced;
	}
	guest->vm.loop = &guest->loop;
	guest->vm.console = &guest->console;
	guest->vm.gate = &guest->sandbox.gate;
	if (tl_vm_init(&guest->vm, &vm) || add_gicv2m(guest, &env) ||
		tl_machine_add_devices(guest->machine, &guest->vm.bus, &env))
		return TL_STATUS_HOST;
	if (guest->machine->is_lab && tl_lab_add_devices(guest))
		return TL_STATUS_HOST;
	ret = tl_devices_add(guest->config, guest->machine, &guest->vm.bus, &env);
	if (ret)
		return ret == -EIO ? TL_STATUS_HOST : TL_STATUS_INPUT;
	return run_vm(guest);
}

static void show_layout(const struct tl_guest *guest)
{
	tl_layout_print(&guest->layout, stdout);
	tl_machine_print_devices(guest->machine, guest->config->gic, guest->config->msi, stdout);
}

/* Which process the VM is in. Returns an exit status. */
static int choose_process(struct tl_guest *guest)
{
	if (tl_confine_init(&guest->sandbox, guest->config))
		return TL_STATUS_USAGE;
	if (tl_sandbox_isolate(&guest->sandbox))
		return TL_STATUS_HOST;
	guest->control.pid = tl_namespaces_pid();
	return TL_STATUS_OK;
}

int tl_vmm_run(const struct tl_vmm_config *config)
{
	struct tl_guest *guest = calloc(1, sizeof(*guest));
	int status = TL_STATUS_INPUT;
	int ret;

	if (!guest) {
		tl_log_error("out of memory");
		return TL_STATUS_HOST;
	}
	guest->config = config;
	guest->machine = config->machine;
	guest->initrd = guest->firmware = TL_SOURCE_INIT;
	guest->image.source = TL_SOURCE_INIT;
	guest->events = TL_EVENTS_INIT;
	guest->control = (struct tl_control){.vm = &guest->vm,
		.events = &guest->events,
		.loop = &guest->loop,
		.machine = guest->machine,
		.config = config,
		.layout = &guest->layout};
	tl_ctl_blank(&guest->control.server);
	tl_vm_blank(&guest->vm);
	tl_exit_trace_blank(&guest->exit_trace);
	/* Else each thread has a heap, whose end is read from a file when it first shrinks. */
	(void)mallopt(M_ARENA_MAX, 1);
	ret = choose_process(guest);
	if (ret) {
		tl_sandbox_fini(&guest->sandbox);
		free(guest);
		return ret;
	}
	ret = tl_loop_init(&guest->loop);
	if (!ret)
		ret = tl_events_init(&guest->events, &guest->loop);
	guest->events.key = &guest->power_key;
	if (ret)
		tl_log_error("cannot set up the event loop: %s", strerror(-ret));
	tl_console_init(&guest->console, &guest->loop, STDIN_FILENO, STDOUT_FILENO);
	if (ret) {
		status = TL_STATUS_HOST;
	} else if (tl_guest_prepare(guest) == 0) {
		status = TL_STATUS_OK;
		if (config->show_layout)
			show_layout(guest);
		if (!config->show_layout || config->dump_dtb)
			status = start(guest);
	}
	tl_gate_cancel(&guest->sandbox.gate);
	tl_control_fini(&guest->control);
	tl_session_destroy(guest->session);
	tl_recorder_destroy(guest->recorder);
	tl_vm_fini(&guest->vm);
	tl_exit_trace_fini(&guest->exit_trace);
	tl_console_fini(&guest->console);
	tl_events_fini(&guest->events);
	tl_loop_fini(&guest->loop);
	tl_source_close(&guest->initrd);
	tl_source_close(&guest->firmware);
	tl_dtb_fini(&guest->dtb);
	tl_dtb_fini(&guest->overlay);
	tl_image_close(&guest->image);
	tl_lab_fini(&guest->lab);
	tl_sandbox_fini(&guest->sandbox);
	free(guest);
	return status;
}
