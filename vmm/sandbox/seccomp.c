/* SPDX-License-Identifier: MIT */
/*
 * The programs tell calls apart by halves of their numbers, and then look at arguments. libseccomp
 * would make such as well, but takes as long for it as all else that a VM's start takes.
 */
#include "vmm/sandbox/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/status.h"
#include "trace/decode/syscall.h"
#include "vmm/core/terminal.h"
#include "vmm/sandbox/rules.h"

#ifdef __aarch64__
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define ARCHITECTURE AUDIT_ARCH_X86_64 /* unit tests */
#endif

int tl_seccomp_probe(void)
{
	uint32_t action = SECCOMP_RET_TRAP;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) ? -ENOSYS : 0;
}

#define LOAD(field)    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF(k, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, yes, no)
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, action)

/*
 * What a vCPU calls at each exit, ahead of all; anything else goes on behind it. The kernel's
 * request is an unsigned int: the lower half of the argument, on a little-endian machine.
 */
static const struct sock_filter run_first[] = {
	LOAD(arch),
	IF(ARCHITECTURE, 0, 5),
	LOAD(nr),
	IF(SYS_ioctl, 0, 3),
	LOAD(args[1]),
	IF(KVM_RUN, 0, 1),
	RETURN(SECCOMP_RET_ALLOW),
};

/* pthread_create() then takes the older call, whose flags a filter can see. */
static const struct sock_filter begin[] = {
	LOAD(arch),
	IF(ARCHITECTURE, 1, 0),
	RETURN(SECCOMP_RET_KILL_PROCESS),
	LOAD(nr),
	IF(SYS_clone3, 0, 1),
	RETURN(SECCOMP_RET_ERRNO | ENOSYS),
};

/* A rule is this long at most, and there are fewer of them. */
#define RULE_MAX  8
#define CALLS_MAX 256

struct program {
	struct sock_filter code[RULE_MAX * CALLS_MAX];
	size_t count;
};

static void put_code(struct program *program, struct sock_filter code)
{
	program->code[program->count++] = code;
}

static void put_codes(struct program *program, const struct sock_filter *codes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put_code(program, codes[i]);
}

/* Half of an argument. */
static struct sock_filter load(const struct tl_sandbox_rule *rule, bool high)
{
	uint32_t at = offsetof(struct seccomp_data, args[0]) + 8 * rule->argument + (high ? 4 : 0);

	return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at);
}

/* Allows what the rule checks; otherwise goes on behind it. */
static void put_check(struct program *program, const struct tl_sandbox_rule *rule)
{
	uint32_t low = rule->check == TL_CHECK_SELF ? (uint32_t)getpid() : (uint32_t)rule->value;

	if (rule->check == TL_CHECK_FLAGS) {
		put_code(program, load(rule, true));
		put_code(program, (struct sock_filter)IF((uint32_t)(rule->value >> 32), 0, 3));
	}
	/* Of an int the kernel looks at 32 bits, and so does the filter. */
	put_code(program, load(rule, false));
	if (rule->check == TL_CHECK_CLEAR)
		put_code(program,
			(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, low, 1, 0));
	else
		put_code(program, (struct sock_filter)IF(low, 0, 1));
	put_code(program, (struct sock_filter)RETURN(SECCOMP_RET_ALLOW));
}

static bool is_for(
	const struct tl_sandbox_rule *rule, enum tl_sandbox_thread thread, unsigned int with)
{
	return (rule->threads & TL_SANDBOX_BIT(thread)) && (!rule->with || (rule->with & with));
}

/* All rules of the call of one of them, which is the first. */
static void put_call(
	struct program *program, size_t first, enum tl_sandbox_thread thread, unsigned int with)
{
	int number = tl_sandbox_rules[first].number;
	size_t at = program->count;
	bool always = false;

	/* Where to, will be known behind it. */
	put_code(program, (struct sock_filter)IF((uint32_t)number, 0, 0));
	for (size_t i = first; i < tl_sandbox_rule_count; i++) {
		const struct tl_sandbox_rule *rule = &tl_sandbox_rules[i];

		if (rule->number != number || !is_for(rule, thread, with))
			continue;
		always |= rule->check == TL_CHECK_NOTHING;
		if (rule->check != TL_CHECK_NOTHING)
			put_check(program, rule);
	}
	/* The kernel remembers which calls it need not ask about: then nothing is to be looked at.
	 */
	if (always)
		program->count = at + 1;
	put_code(
		program, (struct sock_filter)RETURN(always ? SECCOMP_RET_ALLOW : SECCOMP_RET_TRAP));
	program->code[at].jf = (uint8_t)(program->count - at - 1);
}

/* The first rule of each call, in the order of their numbers. Returns how many. */
static size_t sort_calls(enum tl_sandbox_thread thread, unsigned int with, size_t *calls)
{
	size_t count = 0;

	for (size_t i = 0; i < tl_sandbox_rule_count; i++) {
		int number = tl_sandbox_rules[i].number;
		size_t at = count;

		if (!is_for(&tl_sandbox_rules[i], thread, with))
			continue;
		while (at && tl_sandbox_rules[calls[at - 1]].number > number)
			at--;
		if (at && tl_sandbox_rules[calls[at - 1]].number == number)
			continue;
		memmove(calls + at + 1, calls + at, (count++ - at) * sizeof(*calls));
		calls[at] = i;
	}
	return count;
}

/*
 * By halves: the kernel goes through a filter for every number there is when it takes it, and a
 * list from end to end would be half of a VM's start.
 */
static void put_calls(struct program *program, const size_t *calls, size_t count,
	enum tl_sandbox_thread thread, unsigned int with)
{
	size_t half = count / 2, jump;

	if (count <= 3) {
		for (size_t i = 0; i < count; i++)
			put_call(program, calls[i], thread, with);
		put_code(program, (struct sock_filter)RETURN(SECCOMP_RET_TRAP));
		return;
	}
	put_code(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K,
				  (uint32_t)tl_sandbox_rules[calls[half]].number, 0, 1));
	jump = program->count;
	put_code(program, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
	put_calls(program, calls, half, thread, with);
	program->code[jump].k = (uint32_t)(program->count - jump - 1);
	put_calls(program, calls + half, count - half, thread, with);
}

int tl_seccomp_make(struct tl_seccomp *filter, enum tl_sandbox_thread thread, unsigned int with)
{
	struct program *program = calloc(1, sizeof(*program));
	size_t calls[CALLS_MAX];

	*filter = (struct tl_seccomp){NULL, 0};
	if (!program)
		return -ENOMEM;
	if (thread == TL_SANDBOX_VCPU)
		put_codes(program, run_first, sizeof(run_first) / sizeof(run_first[0]));
	put_codes(program, begin, sizeof(begin) / sizeof(begin[0]));
	put_calls(program, calls, sort_calls(thread, with, calls), thread, with);
	filter->bytes = program->count * sizeof(program->code[0]);
	filter->program = realloc(program, filter->bytes);
	if (!filter->program)
		filter->program = program;
	return 0;
}

void tl_seccomp_fini(struct tl_seccomp *filter)
{
	free(filter->program);
	filter->program = NULL;
}

struct text {
	char bytes[256];
	size_t length;
};

/* Neither stdio nor string functions: in a signal handler. */
static void put(struct text *text, const char *word)
{
	while (*word && text->length < sizeof(text->bytes))
		text->bytes[text->length++] = *word++;
}

static void put_number(struct text *text, uint64_t number, unsigned int base)
{
	char digits[24], *at = digits + sizeof(digits) - 1;

	*at = 0;
	do
		*--at = "0123456789abcdef"[number % base];
	while (number /= base);
	put(text, base == 16 ? "0x" : "");
	put(text, at);
}

static uint64_t argument(const ucontext_t *context, unsigned int number)
{
#ifdef __aarch64__
	return context->uc_mcontext.regs[number];
#else
	static const int registers[] = {REG_RDI, REG_RSI, REG_RDX};

	return (uint64_t)context->uc_mcontext.gregs[registers[number]];
#endif
}

static void on_violation(int signal, siginfo_t *info, void *context)
{
	struct text text = {.length = 0};
	const char *name = tl_syscall_name(info->si_syscall);
	char thread[17] = "";

	(void)signal;
	(void)prctl(PR_GET_NAME, thread);
	put(&text, "trapline: sandbox: thread '");
	put(&text, thread);
	put(&text, "' called ");
	put(&text, name ? name : "a system call without a name");
	put(&text, " (number ");
	put_number(&text, (uint64_t)info->si_syscall, 10);
	for (unsigned int i = 0; i < 3; i++) {
		put(&text, i ? ", " : "; ");
		put_number(&text, argument(context, i), 16);
	}
	put(&text, "), which it may not: the VM ends here\n");
	tl_terminal_restore();
	(void)!write(STDERR_FILENO, text.bytes, text.length);
	/* Not _exit(): a sanitizer does things of its own before a function that does not return.
	 */
	(void)syscall(SYS_exit_group, TL_STATUS_SANDBOX);
}

int tl_seccomp_catch(void)
{
	struct sigaction action = {.sa_sigaction = on_violation, .sa_flags = SA_SIGINFO};

	return sigaction(SIGSYS, &action, NULL) ? -errno : 0;
}

int tl_seccomp_apply(const struct tl_seccomp *filter)
{
	struct sock_fprog program = {
		.len = (unsigned short)(filter->bytes / sizeof(struct sock_filter)),
		.filter = filter->program};
	sigset_t signals;

	/* Where it is blocked, the kernel kills without a word. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGSYS);
	if (pthread_sigmask(SIG_UNBLOCK, &signals, NULL))
		return -EINVAL;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) ? -errno : 0;
}
