/* SPDX-License-Identifier: MIT */
/*
 * The filters against the table that they are made of: each line of it allows what it says and
 * nothing beside it, for its threads and no others, and what no line names is refused. The
 * programs are carried out here as the kernel does it, so that any call can be tried.
 * Links: vmm/sandbox/rules.c vmm/sandbox/seccomp.c trace/decode/syscall.c vmm/core/terminal.c
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/status.h"
#include "vmm/sandbox/rules.h"
#include "vmm/sandbox/seccomp.h"

#define EVERYTHING ((1u << TL_SANDBOX_WITH) - 1)
#define CALLS      600

#ifdef __aarch64__
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define ARCHITECTURE AUDIT_ARCH_X86_64
#endif

/* Classic BPF, as far as libseccomp uses it. Returns what the kernel would do. */
static uint32_t evaluate(const struct tl_seccomp *filter, const struct seccomp_data *data)
{
	const struct sock_filter *program = filter->program;
	size_t count = filter->bytes / sizeof(*program), at = 0;
	uint32_t a = 0;

	while (at < count) {
		const struct sock_filter *i = &program[at++];
		bool yes = false;

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(i->k + sizeof(a) <= sizeof(*data));
			memcpy(&a, (const char *)data + i->k, sizeof(a));
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			continue;
		case BPF_RET | BPF_K:
			return i->k;
		case BPF_JMP | BPF_JA:
			at += i->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			yes = a == i->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			yes = a > i->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			yes = a >= i->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			yes = a & i->k;
			break;
		default:
			fail_msg("instruction %#x", i->code);
		}
		at += yes ? i->jt : i->jf;
	}
	fail_msg("the program has no end");
	return 0;
}

static bool allows(const struct tl_seccomp *filter, int call, unsigned int argument, uint64_t value)
{
	struct seccomp_data data = {.nr = call, .arch = ARCHITECTURE};

	/* What is not looked at is odd. */
	for (unsigned int i = 0; i < 6; i++)
		data.args[i] = UINT64_C(0x7ff0ff0ff0ff0f0f);
	data.args[argument] = value;
	return evaluate(filter, &data) == SECCOMP_RET_ALLOW;
}

/* What the table says of it, read another way. */
static bool is_in_table(enum tl_sandbox_thread thread, unsigned int with, int call,
	unsigned int argument, uint64_t v)
{
	for (size_t i = 0; i < tl_sandbox_rule_count; i++) {
		const struct tl_sandbox_rule *rule = &tl_sandbox_rules[i];
		bool fits = rule->check == TL_CHECK_NOTHING;

		if (!(rule->threads >> thread & 1) || (rule->with && !(rule->with & with)) ||
			rule->number != call)
			continue;
		if (rule->argument == argument)
			fits |= (rule->check == TL_CHECK_EQUAL &&
					(uint32_t)v == (uint32_t)rule->value) ||
				(rule->check == TL_CHECK_CLEAR && !(v & rule->value)) ||
				(rule->check == TL_CHECK_FLAGS && v == rule->value) ||
				(rule->check == TL_CHECK_SELF && (uint32_t)v == (uint32_t)getpid());
		if (fits)
			return true;
	}
	return false;
}

static const uint64_t odd_values[] = {
	0, 1, UINT32_MAX, UINT64_MAX, PROT_EXEC, PROT_READ | PROT_WRITE | PROT_EXEC, 1234567};

/* One thread's filter in one VM: each line of the table, and a step beside it. */
static void check_filter(enum tl_sandbox_thread thread, unsigned int with)
{
	struct tl_seccomp filter;

	assert_int_equal(tl_seccomp_make(&filter, thread, with), 0);
	assert_true(filter.bytes / sizeof(struct sock_filter) < BPF_MAXINSNS);
	for (size_t i = 0; i < tl_sandbox_rule_count; i++) {
		const struct tl_sandbox_rule *rule = &tl_sandbox_rules[i];
		int call = rule->number;
		uint64_t value = rule->check == TL_CHECK_SELF    ? (uint64_t)getpid()
				 : rule->check == TL_CHECK_CLEAR ? PROT_READ | PROT_WRITE
								 : rule->value;

		for (int step = -1; step <= 1; step++) {
			uint64_t v = value + (uint64_t)(int64_t)step;
			bool wanted = is_in_table(thread, with, call, rule->argument, v);

			if (allows(&filter, call, rule->argument, v) != wanted)
				fail_msg("%s: %s with %#llx", tl_sandbox_thread_name(thread),
					rule->call, (unsigned long long)v);
		}
		for (size_t n = 0; n < sizeof(odd_values) / sizeof(odd_values[0]); n++)
			assert_int_equal(allows(&filter, call, rule->argument, odd_values[n]),
				is_in_table(thread, with, call, rule->argument, odd_values[n]));
	}
	for (int call = 0; call < CALLS; call++) {
		for (unsigned int argument = 0; argument < 3; argument++)
			assert_int_equal(allows(&filter, call, argument, 1),
				is_in_table(thread, with, call, argument, 1));
	}
	tl_seccomp_fini(&filter);
}

static void test_table(void **state)
{
	(void)state;
	for (unsigned int thread = 0; thread < TL_SANDBOX_THREADS; thread++) {
		check_filter(thread, 0);
		check_filter(thread, EVERYTHING);
		for (unsigned int with = 0; with < TL_SANDBOX_WITH; with++)
			check_filter(thread, 1u << with);
	}
}

/* Whatever the VM has, these are for nobody. */
static void test_never(void **state)
{
	static const int never[] = {SYS_execve, SYS_execveat, SYS_ptrace, SYS_process_vm_readv,
		SYS_process_vm_writev, SYS_pidfd_open, SYS_pidfd_getfd, SYS_pidfd_send_signal,
		SYS_unshare, SYS_setns, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot,
		SYS_setuid, SYS_setgid, SYS_setresuid, SYS_setresgid, SYS_setgroups, SYS_capset,
		SYS_io_uring_setup, SYS_io_uring_register, SYS_init_module, SYS_finit_module,
		SYS_kexec_load, SYS_reboot, SYS_bind, SYS_listen, SYS_socketpair, SYS_memfd_create,
		SYS_userfaultfd, SYS_shmat, SYS_pkey_mprotect, SYS_seccomp, SYS_personality,
		SYS_tkill, SYS_rt_sigqueueinfo, SYS_add_key, SYS_keyctl, SYS_open_by_handle_at,
		SYS_name_to_handle_at, SYS_move_mount, SYS_fsopen, SYS_process_madvise};

	(void)state;
	for (unsigned int thread = 0; thread < TL_SANDBOX_THREADS; thread++) {
		struct tl_seccomp filter;

		assert_int_equal(tl_seccomp_make(&filter, thread, EVERYTHING), 0);
		for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
			if (allows(&filter, never[i], 0, 1))
				fail_msg("%s may make call %d", tl_sandbox_thread_name(thread),
					never[i]);
		}
		tl_seccomp_fini(&filter);
	}
}

/* docs/security.md has the table as it is. `vmm_sandbox_rules --table` prints it. */
static void test_manual(void **state)
{
	static const char begin[] = "<!-- rules -->\n", end[] = "<!-- end of rules -->";
	char *table, *manual = NULL, *from, *to;
	size_t size, length = 0;
	FILE *out = open_memstream(&table, &size), *in = fopen("docs/security.md", "re");

	(void)state;
	assert_non_null(in);
	assert_true(getdelim(&manual, &length, 0, in) > 0);
	fclose(in);
	assert_int_equal(tl_sandbox_print(out), 0);
	fclose(out);
	from = strstr(manual, begin);
	to = strstr(manual, end);
	assert_true(from && to && from < to);
	*to = 0;
	assert_string_equal(from + strlen(begin), table);
	free(manual);
	free(table);
}

static void test_other_architecture(void **state)
{
	struct seccomp_data data = {.nr = SYS_read, .arch = AUDIT_ARCH_ARM};
	struct tl_seccomp filter;

	(void)state;
	assert_int_equal(tl_seccomp_make(&filter, TL_SANDBOX_VCPU, 0), 0);
	assert_int_equal(evaluate(&filter, &data), SECCOMP_RET_KILL_PROCESS);
	tl_seccomp_fini(&filter);
}

/* What each exit pays: KVM_RUN is recognised after few instructions. */
static void test_run_first(void **state)
{
	struct tl_seccomp filter;
	const struct sock_filter *program;
	size_t at = 0, count;

	(void)state;
	assert_int_equal(tl_seccomp_make(&filter, TL_SANDBOX_VCPU, EVERYTHING), 0);
	program = filter.program;
	count = filter.bytes / sizeof(*program);
	while (at < count &&
		!(program[at].code == (BPF_JMP | BPF_JEQ | BPF_K) && program[at].k == KVM_RUN))
		at++;
	assert_true(at < count);
	assert_in_range(at, 1, 5);
	tl_seccomp_fini(&filter);
}

static pid_t parent;

/* In a child: what the kernel does, and what is said. Returns the child's status. */
static int in_child(void (*act)(void), char *words, size_t size)
{
	int fds[2], status = 0;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	parent = getpid();
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		struct tl_seccomp filter;
		sigset_t all;

		dup2(fds[1], STDERR_FILENO);
		prctl(PR_SET_NAME, "vcpu 7");
		/* As in a vCPU's thread. */
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, NULL);
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || tl_seccomp_catch() ||
			tl_seccomp_make(&filter, TL_SANDBOX_VCPU, 0) || tl_seccomp_apply(&filter))
			_exit(99);
		act();
		(void)syscall(SYS_exit_group, 0);
	}
	close(fds[1]);
	n = read(fds[0], words, size - 1);
	words[n > 0 ? n : 0] = 0;
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void allowed(void)
{
	void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || mprotect(map, 4096, PROT_READ) || munmap(map, 4096))
		(void)syscall(SYS_exit_group, 98);
	(void)syscall(SYS_tgkill, getpid(), 0x7fffffff, 0);
}

static void make_executable(void)
{
	(void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void call_execve(void)
{
	(void)syscall(SYS_execve, "/bin/true", NULL, NULL);
}

static void signal_parent(void)
{
	(void)syscall(SYS_tgkill, parent, parent, 0);
}

static void open_socket(void)
{
	(void)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static void open_file(void)
{
	(void)syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
}

static void test_kernel(void **state)
{
	static const struct {
		void (*act)(void);
		long call;
	} tries[] = {{make_executable, SYS_mmap}, {call_execve, SYS_execve},
		{signal_parent, SYS_tgkill}, {open_socket, SYS_socket}, {open_file, SYS_openat}};
	char words[512], number[32];
	int status;

	(void)state;
	if (tl_seccomp_probe())
		skip();
	assert_int_equal(in_child(allowed, words, sizeof(words)), 0);
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		status = in_child(tries[i].act, words, sizeof(words));
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), TL_STATUS_SANDBOX);
		snprintf(number, sizeof(number), "(number %ld; ", tries[i].call);
		assert_non_null(strstr(words, "trapline: sandbox: thread 'vcpu 7' called "));
		if (!strstr(words, number))
			fail_msg("no %s in %s", number, words);
		assert_ptr_equal(strchr(words, '\n'), words + strlen(words) - 1);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_never),
		cmocka_unit_test(test_manual),
		cmocka_unit_test(test_other_architecture),
		cmocka_unit_test(test_run_first),
		cmocka_unit_test(test_kernel),
	};

	if (argc == 2 && !strcmp(argv[1], "--table"))
		return tl_sandbox_print(stdout) ? 1 : 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
