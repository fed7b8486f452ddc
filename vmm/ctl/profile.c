/* SPDX-License-Identifier: MIT */
/*
 * The vCPUs park for a moment when counting begins and when it ends, so that the profile has
 * whole exits only and its three counts agree.
 */
#include "vmm/ctl/profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "vmm/core/loop.h"
#include "vmm/core/vm.h"
#include "vmm/ctl/commands.h"
#include "vmm/profile.h"
#include "vmm/vmm.h"

#define SECONDS_DEFAULT 10
#define SECONDS_MAX     3600

struct tl_ctl_profile {
	struct tl_control *control;
	struct tl_ctl_client *client;
	struct tl_session *session;
	int timer_fd;
};

/* After a pause of our own: they go on, unless something else has stopped them meanwhile. */
static void go_on(struct tl_control *control)
{
	if (tl_vm_stop_reason(control->vm).kind == TL_STOP_NONE)
		tl_control_resume(control);
}

static void destroy(struct tl_ctl_profile *profile)
{
	if (profile->timer_fd >= 0) {
		tl_loop_remove(profile->control->loop, profile->timer_fd);
		close(profile->timer_fd);
	}
	tl_session_destroy(profile->session);
	profile->control->profile = NULL;
	free(profile);
}

static json_t *report_of(struct tl_ctl_profile *profile)
{
	const struct tl_control *control = profile->control;
	char *text = NULL, *json = NULL;
	size_t text_size, json_size;
	FILE *to_text = open_memstream(&text, &text_size);
	FILE *to_json = open_memstream(&json, &json_size);
	int ret = to_text && to_json ? tl_vmm_profile_print(profile->session, control->config,
					       control->layout, to_text, to_json)
				     : -ENOMEM;
	json_t *reply = NULL;

	if (to_text && fclose(to_text))
		ret = -ENOMEM;
	if (to_json && fclose(to_json))
		ret = -ENOMEM;
	if (!ret)
		reply = json_pack(
			"{sb so ss}", "ok", 1, "profile", json_loads(json, 0, NULL), "text", text);
	free(text);
	free(json);
	return reply;
}

static void on_time(void *opaque, uint32_t events)
{
	struct tl_ctl_profile *profile = opaque;
	struct tl_ctl_client *client = profile->client;
	struct tl_control *control = profile->control;
	json_t *reply = NULL;
	uint64_t count;
	int ret;

	(void)events;
	if (read(profile->timer_fd, &count, sizeof(count)) != sizeof(count))
		return;
	tl_vm_pause(control->vm);
	ret = tl_session_stop(profile->session);
	go_on(control);
	if (!ret)
		reply = report_of(profile);
	destroy(profile);
	if (reply)
		tl_ctl_reply(client, reply);
	else
		tl_ctl_refuse(
			client, "the profile is not whole: %s", strerror(ret ? -ret : ENOMEM));
}

/* Starts to count, for so many seconds. Returns 0 or -errno. */
static int start(struct tl_ctl_profile *profile, unsigned int seconds)
{
	struct itimerspec when = {.it_value.tv_sec = (time_t)seconds};
	struct tl_control *control = profile->control;
	struct tl_bpf_range ram[3];
	const struct tl_bpf_options options = {.vm = getpid(),
		.known_threads = true,
		.ram = ram,
		.ram_count = tl_vmm_profile_ram(control->vm, ram)};
	int ret;

	profile->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (profile->timer_fd < 0)
		return -errno;
	ret = tl_loop_add(control->loop, profile->timer_fd, EPOLLIN, on_time, profile);
	if (ret)
		return ret;
	/* Already while it is created: whether its programs fit is tried out by counting. */
	tl_vm_pause(control->vm);
	ret = tl_session_create(&profile->session, TL_SESSION_EVENTS, &options);
	if (!ret)
		ret = tl_vmm_profile_attach(profile->session, control->vm);
	go_on(control);
	if (!ret)
		(void)timerfd_settime(profile->timer_fd, 0, &when, NULL);
	return ret;
}

void tl_ctl_profile_start(
	struct tl_control *control, struct tl_ctl_client *client, const json_t *request)
{
	const json_t *seconds = json_object_get(request, "seconds");
	json_int_t value = seconds ? json_integer_value(seconds) : SECONDS_DEFAULT;
	struct tl_ctl_profile *profile;
	int ret;

	if (!control->config->ctl_profile && control->config->sandbox != TL_SANDBOX_OFF) {
		tl_ctl_refuse(client, "this VM's sandbox has no rights to profile: start it with "
				      "--ctl SOCKET,profile; or see 'trapline top'");
		return;
	}
	if (control->profile) {
		tl_ctl_refuse(client, "another profile is being taken");
		return;
	}
	if (value < 1 || value > SECONDS_MAX) {
		tl_ctl_refuse(client, "\"seconds\" is a whole number from 1 to %d", SECONDS_MAX);
		return;
	}
	profile = calloc(1, sizeof(*profile));
	if (!profile) {
		tl_ctl_refuse(client, "out of memory");
		return;
	}
	*profile = (struct tl_ctl_profile){.control = control, .client = client, .timer_fd = -1};
	control->profile = profile;
	ret = start(profile, (unsigned int)value);
	if (ret) {
		destroy(profile);
		tl_ctl_refuse(client, "cannot profile: %s; the VM's own messages say more",
			strerror(-ret));
	}
}

void tl_ctl_profile_gone(struct tl_control *control, struct tl_ctl_client *client)
{
	if (control->profile && control->profile->client == client)
		destroy(control->profile);
}
