/* SPDX-License-Identifier: MIT */
/*
 * First process of the Linux guest, 64- or 32-bit: prints one line and powers off, or runs the
 * command given as trapline.run= on the kernel command line first. Static, with
 * no C library, and sparing with system calls and pages, because each new page
 * and each character on the console is an exit that the profile shows.
 */
#include "sys.h"

#define CMDLINE_MAX 4096
#define CPUS_MAX    1024

struct line {
	char text[256];
	size_t length;
};

static char cmdline[CMDLINE_MAX];
static char *const shell_env[] = {
	"PATH=/bin:/sbin",
	"HOME=/",
	"TERM=linux",
	"USER=root",
	NULL,
};

static void line_add(struct line *line, const char *s)
{
	while (*s && line->length < sizeof(line->text))
		line->text[line->length++] = *s++;
}

static void line_add_number(struct line *line, unsigned long value)
{
	char digits[21];
	size_t n = sizeof(digits) - 1;

	digits[n] = 0;
	do
		digits[--n] = (char)('0' + value % 10);
	while (value /= 10);
	line_add(line, digits + n);
}

/* One write, so that the driver gets the line as a whole. */
static void line_print(const struct line *line)
{
	sys_write(1, line->text, line->length);
}

static unsigned long count_cpus(void)
{
	unsigned long mask[CPUS_MAX / 8 / sizeof(long)];
	unsigned long n = 0;
	long bytes = sys_sched_getaffinity(0, sizeof(mask), mask);

	for (long i = 0; i < bytes / (long)sizeof(mask[0]); i++)
		for (; mask[i]; mask[i] &= mask[i] - 1)
			n++;
	return n;
}

static void print_greeting(void)
{
	struct new_utsname name;
	struct line line;
	unsigned long cpus = count_cpus();

	line.length = 0;
	sys_uname(&name);
	line_add(&line, "Linux ");
	line_add(&line, name.release);
	line_add(&line, " up, ");
	line_add_number(&line, cpus);
	line_add(&line, cpus == 1 ? " cpu\n" : " cpus\n");
	line_print(&line);
}

static void print_status(unsigned long status)
{
	struct line line;

	line.length = 0;
	line_add(&line, "trapline.run: status ");
	line_add_number(&line, status);
	line_add(&line, "\n");
	line_print(&line);
}

/* Reads a small file into the buffer as a string. Returns its length or -errno. */
static long read_file(const char *path, char *buffer, size_t size)
{
	long fd = sys_openat(path, O_RDONLY);
	long n;

	if (fd < 0)
		return fd;
	n = sys_read((int)fd, buffer, size - 1);
	sys_close((int)fd);
	if (n >= 0)
		buffer[n] = 0;
	return n;
}

static int is_blank(char c)
{
	return c == ' ' || c == '\n';
}

static void write_file(const char *path, const char *text, size_t length)
{
	long fd = sys_openat(path, O_WRONLY);

	if (fd < 0)
		return;
	sys_write((int)fd, text, length);
	sys_close((int)fd);
}

/*
 * Finds WORD or WORD=value among the parameters. Quotes keep blanks together,
 * around the value or around the whole parameter, as the kernel itself reads
 * them. Returns where the value begins and sets *end to where it ends, or NULL.
 */
static char *find_parameter(char *p, const char *word, char **end)
{
	while (*p) {
		const char *w = word;
		int quoted = 0;
		char *start;

		while (is_blank(*p))
			p++;
		start = p;
		for (; *p && (quoted || !is_blank(*p)); p++)
			quoted ^= *p == '"';
		*end = p;
		if (*start == '"')
			start++;
		while (*w && *start == *w) {
			start++;
			w++;
		}
		if (*w || (start < *end && *start != '=' && *start != '"'))
			continue;
		if (*start == '=')
			start++;
		if (*start == '"')
			start++;
		if (start < *end && (*end)[-1] == '"')
			--*end;
		return start;
	}
	return NULL;
}

/*
 * A session with the console as its terminal. It is process 1's, which never ends: at the end of
 * a session's leader the kernel hangs the terminal up and throws away what is not sent yet.
 */
static void open_terminal(void)
{
	static char console[64] = "/dev/";
	long n;

	/* /dev/console cannot be a controlling terminal; what is behind it can. */
	sys_setsid();
	n = read_file("/sys/class/tty/console/active", console + 5, sizeof(console) - 5);
	if (n > 1) {
		long fd;

		console[5 + n - 1] = 0;
		fd = sys_openat(console, O_RDWR);
		for (int i = 0; fd >= 0 && i < 3; i++)
			sys_dup3((int)fd, i);
		if (fd > 2)
			sys_close((int)fd);
	}
}

/* Runs the command in the shell and waits for it, reaping whoever else ends. */
static int run(char *command)
{
	char *const argv[] = {"sh", "-c", command, NULL};
	int status = 0;
	long child, ended;

	sys_mount("sysfs", "/sys", "sysfs");
	sys_mount("devtmpfs", "/dev", "devtmpfs");
	sys_mount("tmpfs", "/tmp", "tmpfs");
	open_terminal();
	child = sys_fork();
	if (child == 0) {
		sys_execve(SYS_SHELL, argv, shell_env);
		sys_exit(127);
	}
	if (child < 0)
		return 127;
	do
		ended = sys_wait4(-1, &status);
	while (ended > 0 && ended != child);
	/* As shells count it: a signal is 128 + its number. */
	return status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff;
}

/* The kernel announces power-off even when it is quiet: dozens of exits for nothing. */
static void silence_kernel(void)
{
	write_file("/proc/sys/kernel/printk", "0\n", 2);
}

/* Called by _start in sys.h; process 1 must not return. */

_Noreturn void init_main(void)
{
	char *command = NULL;
	char *end;
	int status;

	if (!sys_mount("proc", "/proc", "proc") &&
		read_file("/proc/cmdline", cmdline, sizeof(cmdline)) > 0) {
		if (find_parameter(cmdline, "quiet", &end))
			silence_kernel();
		command = find_parameter(cmdline, "trapline.run", &end);
		if (command)
			*end = 0;
	}
	if (!command) {
		print_greeting();
	} else {
		status = run(command);
		if (status)
			print_status((unsigned long)status);
	}
	/*
	 * What is written half a second after the last output waits until a worker has resumed
	 * the UART (serial_port's autosuspend), and a machine that is off sends nothing.
	 */
	sys_drain(1);
	sys_power_off();
	/* The kernel panics when process 1 ends, which shows what went wrong. */
	sys_exit(1);
}
