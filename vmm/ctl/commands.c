/* SPDX-License-Identifier: MIT */
/*
 * A table of commands. A new one costs a function and a line here, and a paragraph in
 * docs/ctl.md.
 */
#include "vmm/ctl/commands.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "vmm/arch/arm64/suspend.h"
#include "vmm/core/vm.h"
#include "vmm/ctl/profile.h"
#include "vmm/events.h"
#include "vmm/machine/machine.h"
#include "vmm/vmm.h"

/* Without anything to tell: {"ok": true}. */
static void done(struct tl_ctl_client *client)
{
	tl_ctl_reply(client, json_pack("{sb}", "ok", 1));
}

static json_t *vcpu_array(const struct tl_vm *vm)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		const struct tl_vcpu *vcpu = &vm->vcpus[i];
		uint64_t exits = 0;

		/* Counted by the vCPU's thread meanwhile: each number is whole, their sum near. */
		for (unsigned int n = 0; n < TL_EXIT_REASONS; n++)
			exits += atomic_load_explicit(&vcpu->exits[n], memory_order_relaxed);
		json_array_append_new(
			array, json_pack("{si si sI}", "id", (int)vcpu->id, "tid", (int)vcpu->tid,
				       "user_exits", (json_int_t)exits));
	}
	return array;
}

static json_t *device_array(const struct tl_bus *bus)
{
	json_t *array = json_array();

	for (size_t i = 0; i < bus->count; i++) {
		const struct tl_dev *dev = bus->devices[i];

		json_array_append_new(array, json_pack("{ss sI sI si}", "name", dev->ops->name,
						     "base", (json_int_t)dev->base, "size",
						     (json_int_t)dev->size, "spi", (int)dev->spi));
	}
	return array;
}

static void do_status(
	struct tl_control *control, struct tl_ctl_client *client, const json_t *request)
{
	const struct tl_vm *vm = control->vm;
	const char *state = control->paused         ? "paused"
			    : tl_suspend_asleep(vm) ? "suspended"
						    : "running";

	(void)request;
	tl_ctl_reply(client, json_pack("{sb ss si sI ss ss sI si so so}", "ok", 1, "state", state,
				     "pid", (int)control->pid, "uptime_ms",
				     (json_int_t)((tl_clock_ns() - control->started_ns) / 1000000),
				     "machine", control->machine->name, "kernel",
				     control->config->kernel ? control->config->kernel
							     : control->config->firmware,
				     "memory", (json_int_t)vm->mem.size, "gic",
				     vm->irqchip.kind == TL_GIC_V3   ? 3
				     : vm->irqchip.kind == TL_GIC_V2 ? 2
								     : 0,
				     "vcpus", vcpu_array(vm), "devices", device_array(&vm->bus)));
}

static void do_pause(
	struct tl_control *control, struct tl_ctl_client *client, const json_t *request)
{
	(void)request;
	control->continued = false;
	control->paused = control->events->paused = true;
	tl_vm_pause(control->vm);
	done(client);
}

static void do_resume(
	struct tl_control *control, struct tl_ctl_client *client, const json_t *request)
{
	(void)request;
	control->continued = control->paused;
	done(client);
}

static void do_power(
	struct tl_control *control, struct tl_ctl_client *client, const json_t *request)
{
	(void)request;
	if (tl_events_press_key(control->events))
		tl_ctl_refuse(client, "the guest does not listen to its power key");
	else
		done(client);
}

static void do_reset(
	struct tl_control *control, struct tl_ctl_client *client, const json_t *request)
{
	const struct tl_stop stop = {.kind = TL_STOP_RESET};

	(void)request;
	/* As if the guest had asked for it. */
	tl_vm_request_stop(control->vm, &stop);
	done(client);
}

static void do_quit(struct tl_control *control, struct tl_ctl_client *client, const json_t *request)
{
	(void)request;
	control->quit = true;
	done(client);
}

static const struct {
	const char *name;
	void (*run)(
		struct tl_control *control, struct tl_ctl_client *client, const json_t *request);
} commands[] = {
	{"status", do_status},
	{"pause", do_pause},
	{"resume", do_resume},
	{"power", do_power},
	{"reset", do_reset},
	{"quit", do_quit},
	{"profile", tl_ctl_profile_start},
};

static void on_request(void *opaque, struct tl_ctl_client *client, const json_t *request)
{
	struct tl_control *control = opaque;
	const char *name = json_string_value(json_object_get(request, "command"));

	if (!name) {
		tl_ctl_refuse(client, "a request names its \"command\"");
		return;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(name, commands[i].name)) {
			commands[i].run(control, client, request);
			return;
		}
	}
	tl_ctl_refuse(client,
		"there is no command '%.32s'; there are status, pause, resume, "
		"power, reset, quit, profile",
		name);
}

static void on_gone(void *opaque, struct tl_ctl_client *client)
{
	tl_ctl_profile_gone(opaque, client);
}

int tl_control_init(struct tl_control *control)
{
	const struct tl_ctl_ops ops = {on_request, on_gone, control};

	control->started_ns = tl_clock_ns();
	if (!control->config->ctl)
		return 0;
	return tl_ctl_init(&control->server, control->loop, control->config->ctl, &ops);
}

void tl_control_fini(struct tl_control *control)
{
	tl_ctl_fini(&control->server);
}

void tl_control_resume(struct tl_control *control)
{
	if (!control->paused)
		tl_vm_resume(control->vm);
}

void tl_control_apply(struct tl_control *control)
{
	if (!control->continued)
		return;
	control->continued = false;
	control->paused = control->events->paused = false;
	tl_vm_resume(control->vm);
}
