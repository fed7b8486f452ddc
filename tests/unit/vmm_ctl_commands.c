/* SPDX-License-Identifier: MIT */
/*
 * The commands of the control socket, on a VM of a fake kernel: what each answers, and what it
 * does to the VM.
 * Links: vmm/core/coalesced.c
 * Links: vmm/ctl/commands.c vmm/ctl/profile.c vmm/ctl/server.c base/unix_socket.c
 * Links: vmm/core/vcpu.c vmm/core/run.c vmm/core/exit.c vmm/core/vm.c vmm/core/kvm_attr.c
 * Links: vmm/core/mem.c
 * Links: vmm/core/bus.c vmm/core/loop.c vmm/core/console.c vmm/arch/arm64/vcpu_regs.c
 * Links: vmm/arch/arm64/vm_type.c vmm/arch/arm64/gic.c vmm/arch/arm64/gic_reset.c
 * Links: vmm/arch/arm64/suspend.c vmm/arch/arm64/nisv.c vmm/arch/arm64/smccc.c
 * Links: vmm/arch/arm64/nisv_data.c vmm/arch/arm64/nisv_regs.c
 * Links: vmm/arch/arm64/walk.c vmm/arch/arm64/walk_short.c vmm/arch/arm64/insn/insn.c
 * Links: vmm/arch/arm64/insn/a64.c vmm/arch/arm64/insn/a64_simd.c
 * Links: vmm/arch/arm64/insn/a32.c vmm/arch/arm64/insn/t32.c
 * Links: vmm/arch/arm64/cpu_features.c vmm/arch/arm64/id_regs.c vmm/arch/arm64/id_fields.c
 * Links: tests/unit/fake_kvm.c tests/unit/fake_vm.c tests/unit/fake_log.c vmm/core/lock.c
 * Libs: jansson
 * Wraps: timerfd_settime
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/fake_vm.h"
#include "vmm/ctl/commands.h"
#include "vmm/events.h"
#include "vmm/machine/machine.h"
#include "vmm/profile.h"
#include "vmm/vmm.h"

static const struct tl_machine machine = {.name = "fake"};
static struct fake_vm f;
static struct tl_events events;
static struct tl_vmm_config config;
static struct tl_control control;
static char path[64];
static int fd;
static bool listens;
static unsigned int presses;

/* The session, which is not one. */
static struct {
	int creates, attaches, stops, prints; /* what these return */
	unsigned int open;
	time_t seconds;
	int timer_fd;
	bool parked; /* when it was attached, and stopped */
} session;

static bool all_parked(void)
{
	bool parked = true;

	for (unsigned int i = 0; i < f.vm.vcpu_count; i++)
		parked = parked && f.vm.vcpus[i].parked;
	return parked;
}

int tl_session_create(
	struct tl_session **out, enum tl_session_kind kind, const struct tl_bpf_options *options)
{
	assert_int_equal(kind, TL_SESSION_EVENTS);
	assert_int_equal(options->ram[0].base, FAKE_RAM);
	session.parked = all_parked();
	session.open += session.creates == 0;
	*out = session.creates ? NULL : (struct tl_session *)&session;
	return session.creates;
}

void tl_session_destroy(struct tl_session *s)
{
	session.open -= s != NULL;
}

int tl_session_stop(struct tl_session *s)
{
	(void)s;
	session.parked = session.parked && all_parked();
	return session.stops;
}

int tl_vmm_profile_attach(struct tl_session *s, const struct tl_vm *vm)
{
	(void)s;
	assert_ptr_equal(vm, &f.vm);
	return session.attaches;
}

int tl_vmm_profile_print(struct tl_session *s, const struct tl_vmm_config *c,
	const struct tl_layout *layout, FILE *text, FILE *json)
{
	(void)s;
	assert_ptr_equal(c, &config);
	assert_null(layout);
	fprintf(text, "a\ntable\n");
	fprintf(json, "{\"schema\": \"x\"}\n");
	return session.prints;
}

int tl_events_press_key(struct tl_events *e)
{
	assert_ptr_equal(e, &events);
	presses += listens;
	return listens ? 0 : -ENXIO;
}

int __wrap_timerfd_settime(
	int timer, int flags, const struct itimerspec *when, struct itimerspec *old);
int __real_timerfd_settime(
	int timer, int flags, const struct itimerspec *when, struct itimerspec *old);

int __wrap_timerfd_settime(
	int timer, int flags, const struct itimerspec *when, struct itimerspec *old)
{
	assert_int_equal(flags, 0);
	assert_null(old);
	session.timer_fd = timer;
	session.seconds = when->it_value.tv_sec;
	return 0;
}

static void turn(void)
{
	for (unsigned int i = 0; i < 20; i++)
		assert_int_equal(tl_loop_once(&f.loop, 0), 0);
}

static int dial(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, path);
	assert_int_equal(connect(s, (struct sockaddr *)&address, sizeof(address)), 0);
	return s;
}

/* A VM of two vCPUs that run, and a client. */
static int setup(void **state)
{
	memset(&session, 0, sizeof(session));
	listens = false;
	presses = 0;
	fake_kvm_reset();
	fake_log_reset(state);
	fake_vm_start(&f, 2);
	events = TL_EVENTS_INIT;
	snprintf(path, sizeof(path), "/tmp/trapline-test-%d", (int)getpid());
	config = (struct tl_vmm_config){.kernel = "a kernel", .ctl = path, .ctl_profile = true};
	control = (struct tl_control){.vm = &f.vm,
		.events = &events,
		.loop = &f.loop,
		.machine = &machine,
		.pid = 4711,
		.config = &config};
	tl_ctl_blank(&control.server);
	if (tl_control_init(&control))
		return -1;
	tl_vm_resume(&f.vm);
	fd = dial();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(fd);
	tl_control_fini(&control);
	fake_vm_end(&f);
	return session.open ? -1 : 0;
}

static json_t *hear(void)
{
	char text[8192];
	ssize_t n = recv(fd, text, sizeof(text), 0);

	if (n <= 0 || text[n - 1] != '\n')
		fail_msg("no answer");
	return json_loadb(text, (size_t)n, 0, NULL);
}

static void say(const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	turn();
}

static void expect_done(const char *text)
{
	json_t *answer;

	say(text);
	answer = hear();
	assert_true(json_is_true(json_object_get(answer, "ok")));
	assert_int_equal(json_object_size(answer), 1);
	json_decref(answer);
}

static void expect_error(const char *text, const char *words)
{
	const char *why;
	json_t *answer;

	say(text);
	answer = hear();
	assert_true(json_is_false(json_object_get(answer, "ok")));
	why = json_string_value(json_object_get(answer, "error"));
	if (!why || !strstr(why, words))
		fail_msg("'%s' has no '%s'", why, words);
	json_decref(answer);
}

static void expect_state(const char *state)
{
	json_t *answer;

	say("{\"command\":\"status\"}\n");
	answer = hear();
	assert_string_equal(json_string_value(json_object_get(answer, "state")), state);
	json_decref(answer);
}

static void test_status(void **state)
{
	json_t *answer, *vcpu, *dev;

	(void)state;
	say("{\"command\":\"status\"}\n");
	answer = hear();
	assert_true(json_is_true(json_object_get(answer, "ok")));
	assert_string_equal(json_string_value(json_object_get(answer, "kernel")), "a kernel");
	assert_string_equal(json_string_value(json_object_get(answer, "machine")), "fake");
	assert_int_equal(json_integer_value(json_object_get(answer, "pid")), 4711);
	assert_int_equal(json_integer_value(json_object_get(answer, "gic")), 3);
	assert_int_equal(json_integer_value(json_object_get(answer, "memory")), FAKE_RAM_MIB << 20);
	assert_int_equal(json_array_size(json_object_get(answer, "vcpus")), 2);
	vcpu = json_array_get(json_object_get(answer, "vcpus"), 1);
	assert_int_equal(json_integer_value(json_object_get(vcpu, "id")), 1);
	assert_int_equal(json_integer_value(json_object_get(vcpu, "tid")), f.vm.vcpus[1].tid);
	assert_int_equal(json_array_size(json_object_get(answer, "devices")), 1);
	dev = json_array_get(json_object_get(answer, "devices"), 0);
	assert_string_equal(json_string_value(json_object_get(dev, "name")), "fake");
	assert_int_equal(json_integer_value(json_object_get(dev, "base")), FAKE_DEV);
	json_decref(answer);
	expect_state("running");
	atomic_store(&f.vm.vcpus[1].suspended, true);
	expect_state("suspended");
	atomic_store(&f.vm.vcpus[1].suspended, false);
}

static void test_pause_and_resume(void **state)
{
	(void)state;
	expect_done("{\"command\":\"pause\"}\n");
	assert_true(all_parked());
	assert_true(events.paused);
	expect_state("paused");
	/* Twice is once; what would go on by itself does not. */
	expect_done("{\"command\":\"pause\"}\n");
	tl_control_resume(&control);
	assert_int_equal(f.vm.phase, TL_PHASE_PARK);
	expect_done("{\"command\":\"resume\"}\n");
	assert_int_equal(f.vm.phase, TL_PHASE_PARK);
	tl_control_apply(&control);
	assert_int_equal(f.vm.phase, TL_PHASE_RUN);
	assert_false(events.paused);
	expect_state("running");
	/* It runs: there is nothing to do. */
	expect_done("{\"command\":\"resume\"}\n");
	assert_false(control.continued);
	/* Resumed and paused again before it came to that. */
	expect_done("{\"command\":\"pause\"}\n");
	expect_done("{\"command\":\"resume\"}\n");
	expect_done("{\"command\":\"pause\"}\n");
	tl_control_apply(&control);
	assert_int_equal(f.vm.phase, TL_PHASE_PARK);
}

static void test_power(void **state)
{
	(void)state;
	expect_error("{\"command\":\"power\"}\n", "does not listen");
	listens = true;
	expect_done("{\"command\":\"power\"}\n");
	assert_int_equal(presses, 1);
}

static void test_reset_and_quit(void **state)
{
	(void)state;
	expect_done("{\"command\":\"reset\"}\n");
	assert_int_equal(tl_vm_stop_reason(&f.vm).kind, TL_STOP_RESET);
	assert_false(control.quit);
	expect_done("{\"command\":\"quit\"}\n");
	assert_true(control.quit);
	tl_vm_pause(&f.vm);
}

static void test_no_commands(void **state)
{
	(void)state;
	expect_error("{}\n", "names its \"command\"");
	expect_error("{\"command\":5}\n", "names its \"command\"");
	expect_error("{\"command\":\"halt\"}\n", "there is no command 'halt'; there are status, ");
	expect_error("{\"command\":\"%s%n\"}\n", "there is no command '%s%n'");
	expect_state("running");
}

static void end_profile(void)
{
	struct itimerspec now = {.it_value.tv_nsec = 1};

	assert_int_equal(__real_timerfd_settime(session.timer_fd, 0, &now, NULL), 0);
	assert_int_equal(tl_loop_once(&f.loop, 5000), 0);
	turn();
}

static void test_profile(void **state)
{
	json_t *answer;

	(void)state;
	say("{\"command\":\"profile\",\"seconds\":7}\n");
	assert_int_equal(session.open, 1);
	assert_int_equal(session.seconds, 7);
	assert_int_equal(f.vm.phase, TL_PHASE_RUN);
	end_profile();
	answer = hear();
	assert_string_equal(json_string_value(json_object_get(answer, "text")), "a\ntable\n");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(answer, "profile"), "schema")),
		"x");
	json_decref(answer);
	assert_true(session.parked);
	assert_int_equal(session.open, 0);
	assert_int_equal(f.vm.phase, TL_PHASE_RUN);
	/* Another one, of a VM that is paused and stays so. */
	expect_done("{\"command\":\"pause\"}\n");
	say("{\"command\":\"profile\"}\n");
	assert_int_equal(session.seconds, 10);
	end_profile();
	json_decref(hear());
	assert_int_equal(f.vm.phase, TL_PHASE_PARK);
}

static void test_profile_errors(void **state)
{
	static const char request[] = "{\"command\":\"profile\",\"seconds\":1}\n";

	(void)state;
	config.ctl_profile = false;
	expect_error(request, "has no rights to profile");
	config.ctl_profile = true;
	expect_error("{\"command\":\"profile\",\"seconds\":0}\n", "from 1 to 3600");
	expect_error("{\"command\":\"profile\",\"seconds\":3601}\n", "from 1 to 3600");
	expect_error("{\"command\":\"profile\",\"seconds\":\"5\"}\n", "from 1 to 3600");
	expect_error("{\"command\":\"profile\",\"seconds\":1.5}\n", "from 1 to 3600");
	session.creates = -EPERM;
	expect_error(request, "cannot profile: Operation not permitted");
	session.creates = 0;
	session.attaches = -ENOENT;
	expect_error(request, "cannot profile: No such file");
	session.attaches = 0;
	assert_int_equal(session.open, 0);
	assert_int_equal(f.vm.phase, TL_PHASE_RUN);
	session.stops = -EIO;
	say(request);
	end_profile();
	json_decref(hear());
	session.stops = 0;
	session.prints = -EIO;
	say(request);
	end_profile();
	json_decref(hear());
	assert_int_equal(session.open, 0);
	expect_state("running");
}

/* Whoever wanted it goes; another one wants one too. */
static void test_profile_of_two(void **state)
{
	int first = fd;

	(void)state;
	say("{\"command\":\"profile\"}\n");
	fd = dial();
	turn();
	expect_error("{\"command\":\"profile\"}\n", "another profile is being taken");
	close(first);
	turn();
	assert_int_equal(session.open, 0);
	assert_null(control.profile);
	say("{\"command\":\"profile\"}\n");
	assert_int_equal(session.open, 1);
	/* The guest powers off: nothing lets it run again. */
	tl_vm_request_stop(&f.vm, &(struct tl_stop){.kind = TL_STOP_POWEROFF});
	end_profile();
	json_decref(hear());
	assert_int_equal(f.vm.phase, TL_PHASE_PARK);
	assert_int_equal(tl_vm_stop_reason(&f.vm).kind, TL_STOP_POWEROFF);
	say("{\"command\":\"profile\"}\n");
	/* The VM ends meanwhile. */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_status),
		TEST(test_pause_and_resume),
		TEST(test_power),
		TEST(test_reset_and_quit),
		TEST(test_no_commands),
		TEST(test_profile),
		TEST(test_profile_errors),
		TEST(test_profile_of_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
