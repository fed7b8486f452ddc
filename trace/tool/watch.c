/* SPDX-License-Identifier: MIT */
/*
 * Attach, wait, read, print.
 */
#include "trace/tool/watch.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/status.h"
#include "trace/collect/bpf_key.h"
#include "trace/collect/bpf_profile.h"
#include "trace/collect/irq_names.h"
#include "trace/collect/system_counter.h"
#include "trace/profile/slide.h"
#include "trace/report/json.h"
#include "trace/report/text.h"
#include "trace/tool/target.h"

struct watch {
	const struct tl_watch_config *config;
	struct tl_target target;
	struct tl_bpf *bpf;
};

static int open_bpf(struct watch *watch)
{
	struct tl_bpf_range ram[TL_BPF_RANGES];
	struct tl_bpf_options options = {.vm = watch->target.pid, .ram = ram};
	char problem[256];
	int ret;

	options.ram_count = tl_bpf_key_ram(&watch->target.map, ram);
	ret = tl_bpf_create(&watch->bpf, &options, problem, sizeof(problem));
	if (!ret)
		ret = tl_bpf_start(watch->bpf);
	else
		tl_log_error("cannot profile: %s", problem);
	if (!ret && !tl_bpf_is_patched(watch->bpf))
		tl_log_warn("not seen on this host: where events are missing, host interrupts "
			    "apart from the guest's time, exits that EL2 handles by itself; see "
			    "'trapline caps'");
	return ret;
}

/* One VM's profile: text, and JSON where that was asked for. */
static void report_vm(struct watch *watch, unsigned int vm_id, int *ret)
{
	struct tl_profile *profile;
	int err = tl_profile_create(&profile);

	if (!err) {
		profile->pid = (pid_t)vm_id;
		profile->patched = tl_bpf_is_patched(watch->bpf);
		tl_profile_set_counter(profile, tl_counter_frequency());
		profile->symbols = watch->target.symbols;
		profile->map = watch->target.map;
		err = tl_bpf_profile_discover(watch->bpf, vm_id, profile);
		tl_irq_names_read(profile);
		tl_slide_set(watch->target.symbols, &profile->details);
	}
	if (!err)
		err = tl_report_text(stderr, profile);
	if (!err && watch->config->json)
		err = tl_report_json(watch->config->json, profile);
	if (err && !*ret) {
		tl_log_error("cannot report on VM %u: %s", vm_id, strerror(-err));
		*ret = err;
	}
	tl_profile_destroy(profile);
}

/* Each VM once, in the order in which they were seen. */
static int report_all(struct watch *watch)
{
	const struct tl_bpf_state *state = tl_bpf_state(watch->bpf);
	unsigned int slots = state->slots_used < TL_BPF_SLOTS ? state->slots_used : TL_BPF_SLOTS;
	unsigned int vms = 0;
	int ret = 0;

	for (unsigned int i = 0; i < slots; i++) {
		unsigned int earlier = 0;

		while (earlier < i && state->slots[earlier].vm_id != state->slots[i].vm_id)
			earlier++;
		if (earlier < i || !state->slots[i].exits)
			continue;
		if (vms++ && watch->config->json)
			tl_log_warn("%s has the last VM only", watch->config->json);
		report_vm(watch, state->slots[i].vm_id, &ret);
	}
	if (!vms)
		tl_log_warn("there was no exit of any VM meanwhile");
	return ret;
}

static int run(struct watch *watch)
{
	struct tl_target *target = &watch->target;
	int ret = tl_target_init(target, &watch->config->target);

	ret = ret ? ret : open_bpf(watch);
	ret = ret ? ret : tl_target_go(target);
	if (ret)
		return TL_STATUS_HOST;
	if (!target->config->command)
		fprintf(stderr, "trapline: watching; Ctrl-C ends it\n");
	tl_target_wait(target, watch->config->seconds, -1);
	tl_bpf_stop(watch->bpf);
	return report_all(watch) ? TL_STATUS_FAILURE : tl_target_status(target);
}

int tl_watch_run(const struct tl_watch_config *config)
{
	struct watch watch = {.config = config};
	int status = run(&watch);

	tl_bpf_destroy(watch.bpf);
	tl_target_fini(&watch.target);
	return status;
}
