/* SPDX-License-Identifier: MIT */
/*
 * The gate, and what a process has given up behind it: each part is tried in a child, with the
 * kernel of this PC. What that kernel lacks is passed over.
 * Links: vmm/sandbox/sandbox.c vmm/sandbox/privileges.c vmm/sandbox/limits.c
 * Links: vmm/sandbox/namespaces.c vmm/sandbox/landlock.c vmm/sandbox/rules.c vmm/sandbox/seccomp.c
 * Links: trace/decode/syscall.c vmm/core/terminal.c base/parse.c base/log.c
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/status.h"
#include "vmm/sandbox/sandbox.h"

#define MAIN_BIT TL_SANDBOX_BIT(TL_SANDBOX_MAIN)

/* All children end by this: exit() has sanitizers do what a filter does not allow. */
static void end(int status)
{
	(void)syscall(SYS_exit_group, status);
}

/* Runs it in a child; returns its wait status and, if asked for, what it said. */
static int in_child(int (*act)(const char *folder), const char *folder, char *words, size_t size)
{
	int fds[2], status = 0;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		dup2(fds[1], STDERR_FILENO);
		end(act(folder));
	}
	close(fds[1]);
	n = read(fds[0], words, size - 1);
	words[n > 0 ? n : 0] = 0;
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void expect_status(int (*act)(const char *folder), const char *folder, int wanted)
{
	char words[1024];
	int status = in_child(act, folder, words, sizeof(words));

	if (!WIFEXITED(status) || WEXITSTATUS(status) != wanted)
		fail_msg("status %#x: %s", status, words);
}

#define NEED(condition)                                                                            \
	do {                                                                                       \
		if (!(condition))                                                                  \
			return __LINE__ % 200 + 20;                                                \
	} while (0)

static int enter(struct tl_sandbox *sandbox, const struct tl_sandbox_config *config,
	const char *readable, const char *writable)
{
	if (tl_sandbox_init(sandbox, config) ||
		(readable && tl_sandbox_allow(sandbox, MAIN_BIT, TL_ACCESS_READ, readable)) ||
		(writable && tl_sandbox_allow(sandbox, MAIN_BIT, TL_ACCESS_WRITE, writable)))
		return -1;
	return tl_sandbox_enter(sandbox);
}

static bool has_no_capability(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	return !syscall(SYS_capget, &header, data) && !data[0].permitted && !data[1].permitted &&
	       !data[0].effective && !data[1].effective;
}

/* Without filters, so that it can be asked. */
static int as_nobody(const char *folder)
{
	const struct tl_sandbox_config config = {.user = "65533:65532"};
	struct tl_sandbox sandbox;
	struct rlimit limit;
	uid_t uid[3];
	gid_t gid[3];

	NEED(!enter(&sandbox, &config, folder, NULL));
	NEED(!getresuid(&uid[0], &uid[1], &uid[2]) && !getresgid(&gid[0], &gid[1], &gid[2]));
	for (int i = 0; i < 3; i++)
		NEED(uid[i] == 65533 && gid[i] == 65532);
	NEED(getgroups(0, NULL) == 0);
	NEED(has_no_capability());
	NEED(setresuid(0, 0, 0) && errno == EPERM);
	NEED(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	NEED(prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) == 0);
	NEED(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	NEED(!getrlimit(RLIMIT_CORE, &limit) && !limit.rlim_cur && !limit.rlim_max);
	NEED(!getrlimit(RLIMIT_NPROC, &limit) && !limit.rlim_max);
	NEED(!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur == limit.rlim_max);
	tl_sandbox_fini(&sandbox);
	return 0;
}

static int stays_root(const char *folder)
{
	const struct tl_sandbox_config config = {.stay = "a test"};
	struct tl_sandbox sandbox;

	NEED(!enter(&sandbox, &config, folder, NULL));
	NEED(geteuid() == 0 && has_no_capability());
	tl_sandbox_fini(&sandbox);
	return 0;
}

static int default_user(const char *folder)
{
	const struct tl_sandbox_config config = {.mode = TL_SANDBOX_ON};
	struct tl_sandbox sandbox;

	NEED(!enter(&sandbox, &config, folder, NULL));
	NEED(geteuid() != 0 && has_no_capability());
	return 0;
}

static void test_privileges(void **state)
{
	if (geteuid())
		skip();
	expect_status(as_nobody, *state, 0);
	expect_status(stays_root, *state, 0);
	expect_status(default_user, *state, 0);
}

/* A folder of its own with read/a and write/b; freed by the caller. */
static char *make_folder(void)
{
	static const char *const names[] = {"read", "write", "other"};
	char folder[] = "/tmp/trapline-sandbox.XXXXXX", path[128];

	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		assert_int_equal(mkdir(path, 0777), 0);
		snprintf(path, sizeof(path), "%s/%s/a", folder, names[i]);
		fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
		assert_true(fd >= 0);
		close(fd);
	}
	return strdup(folder);
}

static int open_in(const char *folder, const char *name, int flags)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, flags | O_CLOEXEC, 0666);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? -errno : 0;
}

static int in_named_files(const char *folder)
{
	char readable[128], writable[128], path[128];
	int version = tl_landlock_probe(), fd;
	struct tl_sandbox_path paths[2];

	snprintf(readable, sizeof(readable), "%s/read", folder);
	snprintf(writable, sizeof(writable), "%s/write", folder);
	paths[0] = (struct tl_sandbox_path){
		open(readable, O_PATH | O_CLOEXEC), MAIN_BIT, TL_ACCESS_READ};
	paths[1] = (struct tl_sandbox_path){
		open(writable, O_PATH | O_CLOEXEC), MAIN_BIT, TL_ACCESS_WRITE};
	fd = tl_landlock_make(version, paths, 2, TL_SANDBOX_MAIN);
	NEED(fd >= 0 && !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !tl_landlock_apply(fd));
	NEED(!open_in(folder, "read/a", O_RDONLY));
	NEED(open_in(folder, "read/a", O_WRONLY) == -EACCES);
	NEED(open_in(folder, "read/new", O_CREAT | O_WRONLY) == -EACCES);
	NEED(!open_in(folder, "write/a", O_RDWR));
	NEED(!open_in(folder, "write/new", O_CREAT | O_WRONLY));
	snprintf(path, sizeof(path), "%s/write/new", folder);
	NEED(!unlink(path));
	NEED(mknod(path, S_IFCHR | 0600, 259) && (errno == EACCES || errno == EPERM));
	NEED(open_in(folder, "other/a", O_RDONLY) == -EACCES);
	NEED(open_in(folder, "read/../other/a", O_RDONLY) == -EACCES);
	NEED(open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES);
	snprintf(path, sizeof(path), "%s/read/a", folder);
	NEED(unlink(path) && errno == EACCES);
	return 0;
}

/* Another thread's files are not this one's. */
static int of_another(const char *folder)
{
	struct tl_sandbox_path path = {open(folder, O_PATH | O_CLOEXEC),
		TL_SANDBOX_BIT(TL_SANDBOX_SHARE), TL_ACCESS_WRITE};
	int fd = tl_landlock_make(tl_landlock_probe(), &path, 1, TL_SANDBOX_MAIN);

	NEED(fd >= 0 && !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !tl_landlock_apply(fd));
	NEED(open_in(folder, "read/a", O_RDONLY) == -EACCES);
	return 0;
}

static void test_files(void **state)
{
	if (tl_landlock_probe() < 0)
		skip();
	expect_status(in_named_files, *state, 0);
	expect_status(of_another, *state, 0);
}

/* A thread that waits at the gate, and then does what it may not. */
struct thread {
	struct tl_sandbox *sandbox;
	bool misbehaves;
	bool passed;
};

static void *thread(void *opaque)
{
	struct thread *thread = opaque;

	prctl(PR_SET_NAME, "disk 3");
	tl_gate_pass(&thread->sandbox->gate, TL_SANDBOX_DISK);
	thread->passed = true;
	if (thread->misbehaves)
		(void)syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
	end(0);
	return NULL;
}

static int run_thread(bool misbehaves)
{
	const struct tl_sandbox_config config = {
		.stay = "a test", .with = MAIN_BIT | TL_SANDBOX_BIT(TL_SANDBOX_DISK)};
	struct tl_sandbox sandbox;
	struct thread one = {.sandbox = &sandbox, .misbehaves = misbehaves};
	pthread_t id;

	NEED(!tl_sandbox_init(&sandbox, &config));
	NEED(!pthread_create(&id, NULL, thread, &one));
	tl_gate_expect(&sandbox.gate);
	usleep(20000);
	NEED(!one.passed);
	NEED(!tl_sandbox_enter(&sandbox));
	for (;;)
		(void)syscall(SYS_futex, &sandbox, 0, 12345, NULL);
}

static int thread_behaves(const char *folder)
{
	(void)folder;
	return run_thread(false);
}

/* A kind that nobody has announced is not let through without rules. */
static int unknown_thread(const char *folder)
{
	const struct tl_sandbox_config config = {.stay = "a test", .with = MAIN_BIT};
	struct tl_sandbox sandbox;
	struct thread one = {.sandbox = &sandbox};
	pthread_t id;

	(void)folder;
	NEED(!tl_sandbox_init(&sandbox, &config));
	NEED(!pthread_create(&id, NULL, thread, &one));
	tl_gate_expect(&sandbox.gate);
	NEED(tl_sandbox_enter(&sandbox) == -EPROTO);
	return 0;
}

static int thread_misbehaves(const char *folder)
{
	(void)folder;
	return run_thread(true);
}

static void test_threads(void **state)
{
	char words[1024];
	int status;

	if (tl_seccomp_probe())
		skip();
	expect_status(thread_behaves, *state, 0);
	expect_status(unknown_thread, *state, 0);
	status = in_child(thread_misbehaves, *state, words, sizeof(words));
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), TL_STATUS_SANDBOX);
	assert_non_null(strstr(words, "trapline: sandbox: thread 'disk 3' called "));
}

/* A start that fails: threads are let through as they are, and later ones too. */
static void test_cancel(void **state)
{
	const struct tl_sandbox_config config = {.stay = "a test", .with = MAIN_BIT};
	struct tl_sandbox sandbox;

	(void)state;
	assert_int_equal(tl_sandbox_init(&sandbox, &config), 0);
	tl_gate_cancel(&sandbox.gate);
	tl_gate_pass(&sandbox.gate, TL_SANDBOX_VCPU);
	assert_int_equal(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
	tl_sandbox_fini(&sandbox);
	/* No gate at all. */
	tl_gate_expect(NULL);
	tl_gate_pass(NULL, TL_SANDBOX_VCPU);
	tl_gate_cancel(NULL);
}

static int bad_user(const char *text)
{
	const struct tl_sandbox_config config = {.user = text};
	struct tl_sandbox sandbox;
	int ret = tl_sandbox_init(&sandbox, &config);

	tl_sandbox_fini(&sandbox);
	return ret ? 0 : 1;
}

static void test_users(void **state)
{
	struct tl_privileges privileges;

	(void)state;
	assert_int_equal(tl_privileges_find(&privileges, "123"), 0);
	assert_int_equal(privileges.uid, 123);
	assert_int_equal(privileges.gid, 123);
	assert_int_equal(tl_privileges_find(&privileges, "123:7"), 0);
	assert_int_equal(privileges.gid, 7);
	assert_int_equal(tl_privileges_find(&privileges, "root"), 0);
	assert_int_equal(privileges.uid, 0);
	expect_status(bad_user, "no such user", 0);
	expect_status(bad_user, "root:no such group", 0);
	expect_status(bad_user, "4294967295", 0);
	expect_status(bad_user, "1:", 0);
}

static int off(const char *folder)
{
	const struct tl_sandbox_config config = {.mode = TL_SANDBOX_OFF, .with = MAIN_BIT};
	struct tl_sandbox sandbox;

	(void)folder;
	NEED(!enter(&sandbox, &config, NULL, NULL));
	NEED(!prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	NEED(!open_in("/etc", "passwd", O_RDONLY));
	return 0;
}

static void test_off(void **state)
{
	char words[1024];

	assert_int_equal(in_child(off, *state, words, sizeof(words)), 0);
	assert_non_null(strstr(words, "trapline: warning: --sandbox off: "));
}

static int setup(void **state)
{
	*state = make_folder();
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	static const char *const names[] = {
		"read/a", "write/a", "other/a", "read", "write", "other", ""};
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", (char *)*state, names[i]);
		(void)remove(path);
	}
	free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_privileges),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_off),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
