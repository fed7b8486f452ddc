/* SPDX-License-Identifier: MIT */
/*
 * Makes system calls of a program fail, one in each run, and says what came of it:
 *     inject [OPTION]... PROGRAM ARGUMENT...
 * A first run counts the calls of the program with all its threads and children. Then each call
 * that it made, the first time, the second, and so on, fails with each error, or does less than
 * it was asked for (reads and writes). The program must end by itself with a documented status,
 * and with a word on standard error where that is not 0. Prints a line for each run that did not,
 * and a summary. By ptrace(2), on arm64.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLS 512
#define TASKS 64

/* What is done to one call. */
struct fault {
	long call;
	unsigned int nth; /* from 1 */
	int error;        /* 0: less than was asked for */
	bool on;          /* all later ones too: a disk that is full stays full */
};

struct task {
	pid_t pid;
	bool failed; /* inside the call, which was made another one */
	int error;
};

struct run {
	const struct fault *fault; /* NULL: none */
	unsigned int counts[CALLS];
	struct task tasks[TASKS];
	bool started, hit;
	pid_t child;
	int status; /* of waitpid() */
	bool late;
};

static unsigned int limit_s = 30, most = 4, step = 1, skip;
static const char *only, *before;

static const struct {
	int number;
	const char *name;
} errors[] = {{ENOMEM, "ENOMEM"}, {EIO, "EIO"}, {ENOSPC, "ENOSPC"}, {EINTR, "EINTR"}};

static const struct {
	long call;
	const char *name;
	bool data; /* x2 is how much */
} names[] = {
	{SYS_openat, "openat", false},
	{SYS_read, "read", true},
	{SYS_write, "write", true},
	{SYS_pread64, "pread64", true},
	{SYS_pwrite64, "pwrite64", true},
	{SYS_ioctl, "ioctl", false},
	{SYS_mmap, "mmap", false},
	{SYS_munmap, "munmap", false},
	{SYS_madvise, "madvise", false},
	{SYS_mprotect, "mprotect", false},
	{SYS_fstat, "fstat", false},
	{SYS_newfstatat, "newfstatat", false},
	{SYS_lseek, "lseek", false},
	{SYS_close, "close", false},
	{SYS_clone, "clone", false},
	{SYS_clone3, "clone3", false},
	{SYS_eventfd2, "eventfd2", false},
	{SYS_timerfd_create, "timerfd_create", false},
	{SYS_signalfd4, "signalfd4", false},
	{SYS_epoll_create1, "epoll_create1", false},
	{SYS_epoll_ctl, "epoll_ctl", false},
	{SYS_fcntl, "fcntl", false},
	{SYS_ftruncate, "ftruncate", false},
	{SYS_fdatasync, "fdatasync", false},
	{SYS_socket, "socket", false},
	{SYS_bpf, "bpf", false},
	{SYS_getdents64, "getdents64", false},
	{SYS_splice, "splice", false},
	{SYS_io_uring_setup, "io_uring_setup", false},
	{SYS_io_uring_enter, "io_uring_enter", false},
	{SYS_io_uring_register, "io_uring_register", false},
};

static const char *call_name(long call)
{
	static char number[16];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].call == call)
			return names[i].name;
	}
	snprintf(number, sizeof(number), "call %ld", call);
	return number;
}

static bool call_has_data(long call)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].call == call)
			return names[i].data;
	}
	return false;
}

/*
 * Calls that cannot fail, or that end the program; and those for which the C library has no
 * way but abort().
 */
static bool call_is_exempt(long call)
{
	switch (call) {
	case SYS_exit:
	case SYS_exit_group:
	case SYS_rt_sigreturn:
	case SYS_restart_syscall:
	case SYS_getpid:
	case SYS_gettid:
	case SYS_execve:
	case SYS_set_robust_list:
	case SYS_set_tid_address:
	case SYS_rseq:
	case SYS_rt_sigprocmask:
	case SYS_tgkill:
	case SYS_sched_yield:
	case SYS_clock_gettime:
	case SYS_futex:
		return true;
	default:
		return false;
	}
}

/* Before main() the C library sets itself up; these are its own. */
static bool call_is_startup(long call)
{
	return call == SYS_brk || call == SYS_set_tid_address || call == SYS_set_robust_list ||
	       call == SYS_rseq || call == SYS_prlimit64 || call == SYS_readlinkat ||
	       call == SYS_getrandom || call == SYS_mprotect || call == SYS_execve;
}

static struct task *find_task(struct run *run, pid_t pid)
{
	struct task *unused = NULL;

	for (int i = 0; i < TASKS; i++) {
		if (run->tasks[i].pid == pid)
			return &run->tasks[i];
		if (!run->tasks[i].pid && !unused)
			unused = &run->tasks[i];
	}
	if (unused)
		*unused = (struct task){.pid = pid};
	return unused;
}

static void set_call(pid_t pid, int call)
{
	struct iovec iov = {.iov_base = &call, .iov_len = sizeof(call)};

	ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &iov);
}

/* X0 is the result, X2 the length of a read or write. */
static void set_register(pid_t pid, unsigned int number, uint64_t value)
{
	struct user_regs_struct regs;
	struct iovec iov = {.iov_base = &regs, .iov_len = sizeof(regs)};

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov))
		return;
	regs.regs[number] = value;
	ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &iov);
}

static void enter_call(struct run *run, struct task *task, const struct __ptrace_syscall_info *info)
{
	const struct fault *fault = run->fault;
	long call = (long)info->entry.nr;
	unsigned int nth;

	if (!run->started && (call < 0 || call >= CALLS || call_is_startup(call)))
		return;
	run->started = true;
	if (call < 0 || call >= CALLS)
		return;
	nth = ++run->counts[call];
	if (!fault || fault->call != call || nth < fault->nth || (nth > fault->nth && !fault->on))
		return;
	run->hit = true;
	if (!fault->error) {
		set_register(task->pid, 2, info->entry.args[2] > 1 ? info->entry.args[2] / 2 : 1);
		return;
	}
	task->failed = true;
	task->error = fault->error;
	set_call(task->pid, SYS_getpid);
}

static void on_call(struct run *run, struct task *task)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, task->pid, sizeof(info), &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		enter_call(run, task, &info);
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT && task->failed) {
		task->failed = false;
		set_register(task->pid, 0, (uint64_t)-task->error);
	}
}

/* A stop or an end of one of them. Returns false when none is left. */
static bool on_wait(struct run *run, pid_t pid, int status)
{
	struct task *task = find_task(run, pid);
	int signal = 0;

	if (WIFEXITED(status) || WIFSIGNALED(status)) {
		if (task)
			*task = (struct task){0};
		if (pid == run->child)
			run->status = status;
		return pid != run->child;
	}
	if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
		if (task)
			on_call(run, task);
	} else if (status >> 16 == 0 && WSTOPSIG(status) != SIGSTOP) {
		signal = WSTOPSIG(status);
	}
	ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)signal);
	return true;
}

/* Ends a wait; nothing else. */
static void on_alarm(int signal)
{
	(void)signal;
}

static void start(struct run *run, char **argv, int output)
{
	int zero = open("/dev/null", O_RDONLY | O_CLOEXEC);

	run->child = fork();
	if (run->child)
		return;
	dup2(zero, 0);
	dup2(output, 1);
	dup2(output, 2);
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	execvp(argv[0], argv);
	_exit(127);
}

static void execute(struct run *run, char **argv, int output)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
			     PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	const struct sigaction alarm_action = {.sa_handler = on_alarm};
	pid_t pid;
	int status;

	sigaction(SIGALRM, &alarm_action, NULL);
	start(run, argv, output);
	waitpid(run->child, &status, 0);
	ptrace(PTRACE_SETOPTIONS, run->child, NULL, (void *)options);
	ptrace(PTRACE_SYSCALL, run->child, NULL, NULL);
	alarm(limit_s);
	for (;;) {
		pid = waitpid(-1, &status, __WALL);
		if (pid > 0 && !on_wait(run, pid, status))
			break;
		if (pid < 0 && errno == ECHILD)
			break;
		if (pid < 0 && errno == EINTR) {
			run->late = true;
			kill(run->child, SIGKILL);
		}
	}
	alarm(0);
	/* What it left behind goes too. */
	for (int i = 0; i < TASKS; i++) {
		if (run->tasks[i].pid && run->tasks[i].pid != run->child)
			kill(run->tasks[i].pid, SIGKILL);
	}
	while (waitpid(-1, &status, __WALL) > 0)
		;
}

/* The last line of what it printed, without its newline. */
static void last_line(int output, char *line, size_t size)
{
	char text[512];
	off_t end = lseek(output, 0, SEEK_END),
	      from = end > (off_t)sizeof(text) ? end - (off_t)sizeof(text) : 0;
	ssize_t n = pread(output, text, sizeof(text) - 1, from);
	char *start;

	text[n > 0 ? n : 0] = '\0';
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		text[--n] = '\0';
	start = strrchr(text, '\n');
	snprintf(line, size, "%.190s", start ? start + 1 : text);
}

static const char *error_name(int error)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (errors[i].number == error)
			return errors[i].name;
	}
	return "less than asked for";
}

struct summary {
	unsigned int runs, went_on, stopped, bad;
};

static void try_fault(struct summary *summary, const struct fault *fault, char **argv)
{
	static unsigned int turn;
	struct run run = {.fault = fault};
	const char *problem = NULL;
	char line[200];
	int output, code;

	if (turn++ % step != skip)
		return;
	if (before && system(before))
		fprintf(stderr, "inject: '%s' failed\n", before);
	output = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	execute(&run, argv, output);
	code = WIFEXITED(run.status) ? WEXITSTATUS(run.status) : -1;
	last_line(output, line, sizeof(line));
	close(output);
	summary->runs++;
	if (run.late)
		problem = "did not end";
	else if (WIFSIGNALED(run.status))
		problem = strsignal(WTERMSIG(run.status));
	else if (code > 6 && code != 124 && code < 128)
		problem = "status that is not documented";
	else if (code && !line[0])
		problem = "ended without a word";
	if (problem) {
		summary->bad++;
		printf("%s #%u%s, %s: %s (status %d): %s\n", call_name(fault->call), fault->nth,
			fault->on ? " and on" : "", error_name(fault->error), problem, code, line);
	} else if (getenv("INJECT_VERBOSE")) {
		printf("# %s #%u%s, %s: %d: %s\n", call_name(fault->call), fault->nth,
			fault->on ? " and on" : "", error_name(fault->error), code, line);
	}
	if (!problem && code)
		summary->stopped++;
	else if (!problem)
		summary->went_on++;
	fflush(stdout);
}

static void try_call(struct summary *summary, long call, unsigned int count, char **argv)
{
	struct fault fault = {.call = call};

	if (call_is_exempt(call))
		return;

	for (fault.nth = 1; fault.nth <= count && fault.nth <= most; fault.nth++) {
		for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
			fault.error = errors[i].number;
			fault.on = fault.error == ENOSPC;
			try_fault(summary, &fault, argv);
		}
		fault.error = 0;
		fault.on = false;
		if (call_has_data(call))
			try_fault(summary, &fault, argv);
	}
}

static int usage(void)
{
	fprintf(stderr,
		"usage: inject [-l SECONDS] [-m MOST] [-s STEP] [-o FIRST] [-c CALL] [-b COMMAND] PROGRAM...\n"
		"  -l  longest time of a run      -m  how many of each call fail, one a run\n"
		"  -s  only every STEPth run      -o  beginning with that one, from 0\n"
		"  -c  only that call             -b  before each run, for the shell\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct summary summary = {0};
	struct run plain = {0};
	char line[200];
	int option, output;

	while ((option = getopt(argc, argv, "+l:m:s:o:c:b:")) != -1) {
		switch (option) {
		case 'l':
			limit_s = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		case 'm':
			most = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		case 's':
			step = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		case 'o':
			skip = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		case 'c':
			only = optarg;
			break;
		case 'b':
			before = optarg;
			break;
		default:
			return usage();
		}
	}
	if (optind == argc || !step)
		return usage();
	if (before && system(before))
		return usage();
	output = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	execute(&plain, argv + optind, output);
	if (!WIFEXITED(plain.status) || WEXITSTATUS(plain.status)) {
		last_line(output, line, sizeof(line));
		printf("fails by itself, with wait status %#x: %s\n", (unsigned int)plain.status,
			line);
		return 1;
	}
	close(output);
	for (long call = 0; call < CALLS; call++) {
		if (plain.counts[call] && (!only || !strcmp(only, call_name(call))))
			try_call(&summary, call, plain.counts[call], argv + optind);
	}
	printf("%u runs: %u went on, %u stopped and said so, %u did neither\n", summary.runs,
		summary.went_on, summary.stopped, summary.bad);
	return summary.bad || !summary.runs;
}
