/* SPDX-License-Identifier: MIT */
/*
 * One guest and all that belongs to it, and what happens to it from its files to its end: for
 * the files of this folder. Everything here is the main thread's.
 */
#ifndef TL_VMM_GUEST_H
#define TL_VMM_GUEST_H

#include "vmm/boot/dtb.h"
#include "vmm/boot/image.h"
#include "vmm/boot/layout.h"
#include "vmm/core/console.h"
#include "vmm/core/exit_trace.h"
#include "vmm/core/loop.h"
#include "vmm/core/power_key.h"
#include "vmm/core/vm.h"
#include "vmm/ctl/commands.h"
#include "vmm/events.h"
#include "vmm/lab/lab.h"
#include "vmm/machine/machine.h"
#include "vmm/vmm.h"

struct tl_recorder;
struct tl_session;

/* How long a reader of the console that does not read is waited for at the end. */
#define TL_GUEST_DRAIN_MS 1000

struct tl_guest {
	const struct tl_vmm_config *config;
	const struct tl_machine *machine;
	struct tl_image image;
	struct tl_source initrd, firmware;
	struct tl_dtb dtb, overlay;
	struct tl_layout layout;
	struct tl_lab lab; /* of machine lab */
	struct tl_loop loop;
	struct tl_console console;
	struct tl_exit_trace exit_trace;
	struct tl_vm vm;
	struct tl_sandbox sandbox;
	struct tl_events events;
	struct tl_power_key power_key;
	struct tl_control control;
	struct tl_session *session;   /* the profile, or NULL */
	struct tl_recorder *recorder; /* the recording, or NULL */
};

/*
 * Opens and checks the guest's files and finds places for them: everything about them that can
 * be known without KVM. Returns 0 or -errno (logged).
 */
int tl_guest_prepare(struct tl_guest *guest);

/*
 * Puts kernel, initrd and device tree into RAM and vCPU 0 at the start; also after a reset.
 * No vCPU runs. Returns 0 or -errno (logged).
 */
int tl_guest_load(struct tl_guest *guest);

/* Writes the loaded guest's device tree to where --dump-dtb says. Returns an exit status. */
int tl_guest_dump_dtb(struct tl_guest *guest);

/* Runs it, through resets and sleep, until it or the user ends it. Returns an exit status. */
int tl_guest_run(struct tl_guest *guest);

#endif
