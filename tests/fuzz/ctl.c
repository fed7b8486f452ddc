/* SPDX-License-Identifier: MIT */
/*
 * The control socket: the input is what clients send, a length before each piece, and who of
 * them. The commands are the real ones; the VM and its profiler are not.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/unix_socket.h"
#include "trace/collect/session.h"
#include "vmm/arch/arm64/suspend.h"
#include "vmm/core/loop.h"
#include "vmm/core/vm.h"
#include "vmm/ctl/commands.h"
#include "vmm/events.h"
#include "vmm/machine/machine.h"
#include "vmm/profile.h"
#include "vmm/vmm.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CLIENTS 3u
#define TURNS   20

static char path[64];
static struct tl_vm vm;
static unsigned int sessions;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	tl_log_set_level(TL_LOG_ERROR);
	snprintf(path, sizeof(path), "/dev/shm/trapline-fuzz-ctl-%d", (int)getpid());
	return 0;
}

void tl_vm_pause(struct tl_vm *paused)
{
	(void)paused;
}

void tl_vm_resume(struct tl_vm *resumed)
{
	(void)resumed;
}

void tl_vm_request_stop(struct tl_vm *stopped, const struct tl_stop *stop)
{
	(void)stopped;
	if (stop->kind != TL_STOP_RESET)
		abort();
}

struct tl_stop tl_vm_stop_reason(struct tl_vm *asked)
{
	(void)asked;
	return (struct tl_stop){.kind = TL_STOP_NONE};
}

bool tl_suspend_asleep(const struct tl_vm *asked)
{
	(void)asked;
	return false;
}

int tl_events_press_key(struct tl_events *events)
{
	(void)events;
	return -ENXIO;
}

int tl_session_create(
	struct tl_session **out, enum tl_session_kind kind, const struct tl_bpf_options *options)
{
	(void)kind;
	(void)options;
	*out = (void *)&sessions;
	sessions++;
	return 0;
}

void tl_session_destroy(struct tl_session *session)
{
	sessions -= session != NULL;
}

int tl_session_stop(struct tl_session *session)
{
	(void)session;
	return 0;
}

int tl_vmm_profile_attach(struct tl_session *session, const struct tl_vm *of)
{
	(void)session;
	(void)of;
	return 0;
}

int tl_vmm_profile_print(struct tl_session *session, const struct tl_vmm_config *config,
	const struct tl_layout *layout, FILE *text, FILE *json)
{
	(void)session;
	(void)config;
	(void)layout;
	fprintf(text, "a table\n");
	fprintf(json, "{}\n");
	return 0;
}

/* What is sent, and then all that the server has to do about it. */
static void turn(struct tl_loop *loop, int client, const uint8_t *bytes, size_t count)
{
	char answers[4096];

	if (count && send(client, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
		errno != EAGAIN && errno != EPIPE && errno != ECONNRESET)
		abort();
	for (int i = 0; i < TURNS; i++)
		(void)tl_loop_once(loop, 0);
	while (recv(client, answers, sizeof(answers), MSG_DONTWAIT) > 0)
		(void)tl_loop_once(loop, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tl_machine machine = {.name = "fuzz"};
	struct tl_vmm_config config = {.kernel = "Image", .ctl = path};
	struct tl_events events = TL_EVENTS_INIT;
	struct tl_loop loop;
	struct tl_control control = {.vm = &vm,
		.events = &events,
		.loop = &loop,
		.machine = &machine,
		.config = &config};
	int clients[CLIENTS];

	if (tl_loop_init(&loop))
		abort();
	tl_ctl_blank(&control.server);
	if (tl_control_init(&control))
		abort();
	for (unsigned int i = 0; i < CLIENTS; i++)
		clients[i] = tl_unix_connect(path);
	while (size > 2) {
		int *client = &clients[data[0] % CLIENTS];
		size_t count = data[1] % 4 ? data[1] : data[1] * 256u;

		count = count < size - 2 ? count : size - 2;
		if (*client >= 0 && data[0] & 64) {
			shutdown(*client, data[0] & 32 ? SHUT_RDWR : SHUT_WR);
		} else if (*client >= 0 && data[0] & 128) {
			close(*client);
			*client = -1;
		}
		if (*client < 0)
			*client = tl_unix_connect(path);
		if (*client >= 0)
			turn(&loop, *client, data + 2, count);
		tl_control_apply(&control);
		data += 2 + count;
		size -= 2 + count;
	}
	tl_control_fini(&control);
	tl_loop_fini(&loop);
	for (unsigned int i = 0; i < CLIENTS; i++) {
		if (clients[i] >= 0)
			close(clients[i]);
	}
	if (sessions)
		abort();
	return 0;
}
