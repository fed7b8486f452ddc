/* SPDX-License-Identifier: MIT */
/*
 * The life of one guest: load, run, reset, end. All on the main thread; what
 * happens during the run arrives through the event loop.
 */
#include "vmm/vmm.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/arch/arm64/suspend.h"
#include "vmm/arch/arm64/vcpu_regs.h"
#include "vmm/boot/dtb.h"
#include "vmm/boot/fdt.h"
#include "vmm/boot/firmware.h"
#include "vmm/boot/image.h"
#include "vmm/boot/layout.h"
#include "vmm/core/console.h"
#include "vmm/core/power_key.h"
#include "vmm/core/terminal.h"
#include "vmm/core/vm.h"
#include "vmm/ctl/commands.h"
#include "vmm/dev/gicv2m.h"
#include "vmm/devices.h"
#include "vmm/events.h"
#include "vmm/machine/machine.h"
#include "vmm/profile.h"

/*
 * Input is read when the guest has printed something, for a driver that starts throws away what
 * has come before (Linux's and U-Boot's do); or after this time, for a guest that only reads.
 */
#define FIRST_INPUT_MS 5000

/* How long a reader of the console that does not read is waited for at the end. */
#define DRAIN_MS 1000

struct guest {
	const struct tl_vmm_config *config;
	const struct tl_machine *machine;
	struct tl_image image;
	struct tl_source initrd, firmware;
	struct tl_dtb dtb, overlay;
	struct tl_layout layout;
	struct tl_loop loop;
	struct tl_console console;
	struct tl_vm vm;
	struct tl_events events;
	struct tl_power_key power_key;
	struct tl_control control;
	struct tl_session *session;   /* the profile, or NULL */
	struct tl_recorder *recorder; /* the recording, or NULL */
};

static int open_firmware(struct guest *guest)
{
	const struct tl_machine *machine = guest->machine;

	guest->layout.kind = TL_IMAGE_FIRMWARE;
	guest->layout.flash = guest->layout.entry = machine->flash_base;
	guest->layout.flash_size = machine->flash_size;
	return tl_firmware_open(&guest->firmware, guest->config->firmware, machine->flash_bank);
}

static int open_initrd(struct guest *guest)
{
	if (!guest->config->initrd)
		return 0;
	return tl_source_open(&guest->initrd, "initrd", guest->config->initrd, false);
}

/* Everything about the input that can be known without KVM. */
static int prepare(struct guest *guest)
{
	const struct tl_vmm_config *config = guest->config;
	int ret = tl_fdt_check_cmdline(config->append);

	if (!ret)
		ret = config->firmware ? open_firmware(guest)
				       : tl_image_open(&guest->image, config->kernel);
	if (!ret)
		ret = open_initrd(guest);
	if (!ret && config->dtb)
		ret = tl_dtb_read(&guest->dtb, "device tree", config->dtb);
	if (!ret && config->overlay)
		ret = tl_dtb_read(&guest->overlay, "overlay", config->overlay);
	guest->layout.kernel_path = config->kernel;
	guest->layout.initrd_path = config->initrd;
	guest->layout.ram_base = guest->machine->ram_base;
	guest->layout.ram_size = config->mem;
	guest->layout.initrd_size = guest->initrd.file_size;
	if (!ret && !config->firmware)
		ret = tl_image_place(&guest->image, &guest->layout);
	if (!ret)
		ret = tl_layout_place(&guest->layout);
	return ret;
}

static int load_initrd(struct guest *guest)
{
	uint64_t size = guest->layout.initrd_size;
	void *to = tl_mem_at(&guest->vm.mem, guest->layout.initrd, size);
	int64_t n;

	if (size == 0)
		return 0;
	if (!to)
		return -EFAULT;
	tl_source_rewind(&guest->initrd);
	n = tl_source_read(&guest->initrd, to, size);
	if (n >= 0 && (uint64_t)n < size)
		tl_log_error("initrd '%s' became shorter while it was read", guest->initrd.path);
	return n < 0 ? (int)n : (uint64_t)n < size ? -EIO : 0;
}

static int build_fdt(struct guest *guest, void *out)
{
	uint64_t mpidr[TL_GIC_MAX_VCPUS];
	struct tl_fdt_config fdt = {
		.skeleton = guest->machine->skeleton,
		.layout = &guest->layout,
		.cmdline = guest->config->append,
		.gic = &guest->vm.irqchip,
		.pmu = guest->vm.cpu.on[TL_CPU_PMU],
		.cpus = guest->vm.vcpu_count,
		.mpidr = mpidr,
		.bus = &guest->vm.bus,
		.dtb = &guest->dtb,
		.overlay = &guest->overlay,
	};
	int ret = 0;

	for (unsigned int i = 0; !ret && i < fdt.cpus; i++)
		ret = tl_vcpu_regs_mpidr(&guest->vm.vcpus[i], &mpidr[i]);
	return ret ? ret : tl_fdt_build(&fdt, out);
}

/* Puts kernel, initrd and device tree into RAM and vCPU 0 at the start. 0 or -errno. */
static int load(struct guest *guest)
{
	const struct tl_layout *layout = &guest->layout;
	void *fdt = tl_mem_at(&guest->vm.mem, layout->fdt, TL_LAYOUT_FDT_SIZE);
	bool firmware = layout->kind == TL_IMAGE_FIRMWARE;
	int ret = firmware ? 0 : tl_image_load(&guest->image, layout, &guest->vm.mem);

	if (!ret)
		ret = load_initrd(guest);
	if (!ret)
		ret = fdt ? build_fdt(guest, fdt) : -EFAULT;
	if (!ret)
		ret = tl_vcpu_regs_set_boot(
			&guest->vm.vcpus[0], layout->entry, firmware ? 0 : layout->fdt);
	return ret;
}

static int dump_dtb(struct guest *guest)
{
	const char *path = guest->config->dump_dtb;
	const void *fdt = tl_mem_at(&guest->vm.mem, guest->layout.fdt, TL_LAYOUT_FDT_SIZE);
	size_t size = fdt_totalsize(fdt);
	FILE *out = fopen(path, "we");
	bool ok = out && fwrite(fdt, 1, size, out) == size;

	if (out && fclose(out))
		ok = false;
	if (!ok) {
		tl_log_error("cannot write the device tree to '%s': %s", path, strerror(errno));
		return TL_STATUS_FAILURE;
	}
	return TL_STATUS_OK;
}

static int stop_status(const struct tl_stop *stop)
{
	switch (stop->kind) {
	case TL_STOP_POWEROFF:
		return TL_STATUS_OK;
	case TL_STOP_CRASH:
	case TL_STOP_ERROR:
		tl_log_error(
			"vCPU %u stopped at PC %#" PRIx64 ": %s", stop->vcpu, stop->pc, stop->why);
		return stop->kind == TL_STOP_CRASH ? TL_STATUS_CRASH : TL_STATUS_VM;
	default:
		return TL_STATUS_VM;
	}
}

static int reset(struct guest *guest)
{
	int ret = tl_vm_reset(&guest->vm);

	if (!ret)
		ret = load(guest);
	/* What failed has been said. */
	if (ret)
		tl_log_info("the guest asked for a reset, which failed: %s", strerror(-ret));
	return ret;
}

/* What stopped the guest is dealt with. All vCPUs are parked. */
static void go_on(struct guest *guest)
{
	tl_vm_clear_stop(&guest->vm);
	tl_control_resume(&guest->control);
}

/* Answers a guest that wants to sleep. Returns what stops it now. */
static struct tl_stop suspend(struct guest *guest)
{
	struct tl_stop stop;
	int ret;

	tl_vm_pause(&guest->vm);
	/* Until all were parked, another vCPU may have ended it. */
	stop = tl_vm_stop_reason(&guest->vm);
	if (stop.kind != TL_STOP_SUSPEND)
		return stop;
	ret = tl_suspend_enter(&guest->vm);
	if (ret) {
		stop.kind = TL_STOP_ERROR;
		snprintf(stop.why, sizeof(stop.why), "cannot suspend to RAM: %s", strerror(-ret));
		return stop;
	}
	go_on(guest);
	return (struct tl_stop){.kind = TL_STOP_NONE};
}

/* If the guest has stopped: lets it go on, or returns true, and with which exit status it ended. */
static bool has_stopped(struct guest *guest, int *status)
{
	struct tl_stop stop = tl_vm_stop_reason(&guest->vm);

	if (stop.kind == TL_STOP_SUSPEND)
		stop = suspend(guest);
	if (stop.kind == TL_STOP_NONE)
		return false;
	if (stop.kind == TL_STOP_RESET) {
		tl_vm_pause(&guest->vm);
		*status = TL_STATUS_VM;
		if (reset(guest))
			return true;
		go_on(guest);
		return false;
	}
	tl_console_drain(&guest->console, DRAIN_MS);
	*status = stop_status(&stop);
	return true;
}

/* What it took to come here, for -v and `make bench-io`. */
static void log_start(void)
{
	struct timespec cpu;

	if (tl_log_enabled(TL_LOG_INFO) && !clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu))
		tl_log_info("the guest starts after %lld us of CPU time",
			(long long)cpu.tv_sec * 1000000 + cpu.tv_nsec / 1000);
}

/* Runs until the guest or the user ends it. Returns an exit status. */
static int run(struct guest *guest)
{
	int status, first = FIRST_INPUT_MS;

	log_start();
	tl_vm_resume(&guest->vm);
	for (;;) {
		int timeout = tl_console_timeout(&guest->console);
		int ret = tl_loop_once(&guest->loop, timeout < 0 ? first : timeout);

		first = -1;
		tl_console_service(&guest->console);
		if (has_stopped(guest, &status))
			break;
		if (guest->console.quit || guest->control.quit) {
			status = TL_STATUS_OK;
			break;
		}
		if (tl_events_status(&guest->events, &status))
			break;
		if (ret) {
			tl_log_error("cannot wait for events: %s", strerror(-ret));
			status = TL_STATUS_FAILURE;
			break;
		}
		tl_control_apply(&guest->control);
	}
	tl_vm_pause(&guest->vm);
	return status;
}

static void summarize(struct guest *guest)
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
static int run_vm(struct guest *guest)
{
	const struct tl_vmm_config *config = guest->config;
	int status;
	int ret = 0;

	/* Once: the guest cannot change it, so a reset finds it there. */
	if (config->firmware)
		ret = tl_firmware_load(&guest->firmware, &guest->vm.flash);
	if (!ret)
		ret = load(guest);
	if (ret)
		return TL_STATUS_INPUT;
	if (config->dump_dtb)
		return dump_dtb(guest);
	if (config->profile || config->count) {
		const struct tl_mem *flash = &guest->vm.flash;
		const struct tl_bpf_range ram[] = {
			{guest->layout.ram_base, guest->layout.ram_base + guest->layout.ram_size},
			{flash->base, flash->base + flash->size},
		};
		const struct tl_bpf_options options = {.vm = getpid(),
			.known_threads = true,
			.ram = ram,
			.ram_count = flash->size ? 2 : 1};

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
	tl_terminal_raw(STDIN_FILENO);
	tl_events_watch_stop(&guest->events, config->timeout_s, config->grace_s);
	status = run(guest);
	tl_control_fini(&guest->control);
	tl_console_drain(&guest->console, DRAIN_MS);
	tl_terminal_restore();
	summarize(guest);
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
static int add_gicv2m(struct guest *guest, const struct tl_dev_env *env)
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

static int start(struct guest *guest)
{
	struct tl_vm_config vm = {
		.vcpus = guest->config->cpus,
		.ram_base = guest->layout.ram_base,
		.ram_size = guest->config->mem,
		.backing = guest->config->backing,
		.pins = guest->config->pins,
		.pin_count = guest->config->pin_count,
		.flash_base = guest->layout.flash,
		.flash_size = guest->layout.flash_size,
		.gic = guest->config->gic,
		.msi = guest->config->msi,
		.cpu = &guest->config->cpu,
		.spis = tl_machine_spis(guest->machine, tl_devices_count(guest->config)),
	};
	struct tl_dev_env env = {
		.irqchip = &guest->vm.irqchip,
		.mem = &guest->vm.mem,
		.loop = &guest->loop,
		.console = &guest->console,
		.power_key = &guest->power_key,
		.coalesced = guest->config->plain_uart ? NULL : &guest->vm.coalesced,
	};

	int ret;

	guest->vm.loop = &guest->loop;
	guest->vm.console = &guest->console;
	if (tl_vm_init(&guest->vm, &vm) || add_gicv2m(guest, &env) ||
		tl_machine_add_devices(guest->machine, &guest->vm.bus, &env))
		return TL_STATUS_HOST;
	ret = tl_devices_add(guest->config, guest->machine, &guest->vm.bus, &env);
	if (ret)
		return ret == -EIO ? TL_STATUS_HOST : TL_STATUS_INPUT;
	return run_vm(guest);
}

static void show_layout(const struct guest *guest)
{
	tl_layout_print(&guest->layout, stdout);
	tl_machine_print_devices(guest->machine, stdout);
}

int tl_vmm_run(const struct tl_vmm_config *config)
{
	struct guest *guest = calloc(1, sizeof(*guest));
	int status = TL_STATUS_INPUT;
	int ret;

	if (!guest) {
		tl_log_error("out of memory");
		return TL_STATUS_HOST;
	}
	guest->config = config;
	guest->machine = &tl_machine_virt;
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
	ret = tl_loop_init(&guest->loop);
	if (!ret)
		ret = tl_events_init(&guest->events, &guest->loop);
	guest->events.key = &guest->power_key;
	if (ret)
		tl_log_error("cannot set up the event loop: %s", strerror(-ret));
	tl_console_init(&guest->console, &guest->loop, STDIN_FILENO, STDOUT_FILENO);
	if (ret) {
		status = TL_STATUS_HOST;
	} else if (prepare(guest) == 0) {
		status = TL_STATUS_OK;
		if (config->show_layout)
			show_layout(guest);
		if (!config->show_layout || config->dump_dtb)
			status = start(guest);
	}
	tl_control_fini(&guest->control);
	tl_session_destroy(guest->session);
	tl_recorder_destroy(guest->recorder);
	tl_vm_fini(&guest->vm);
	tl_console_fini(&guest->console);
	tl_events_fini(&guest->events);
	tl_loop_fini(&guest->loop);
	tl_source_close(&guest->initrd);
	tl_source_close(&guest->firmware);
	tl_dtb_fini(&guest->dtb);
	tl_dtb_fini(&guest->overlay);
	tl_image_close(&guest->image);
	free(guest);
	return status;
}
