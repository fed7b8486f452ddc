/* SPDX-License-Identifier: MIT */
/*
 * What the shell of the 32-bit guest can do without other programs: files, mounts, the network
 * interfaces that the kernel has set up (ip=dhcp), a TCP connection. A command is a function and
 * a line of the table.
 */
#include "sh.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static int do_echo(int count, char **words)
{
	for (int i = 1; i < count; i++)
		printf("%s%s", words[i], i < count - 1 ? " " : "");
	printf("\n");
	return 0;
}

static int copy(int from, const char *name)
{
	char buffer[16384];
	ssize_t n;

	fflush(stdout);
	while ((n = read(from, buffer, sizeof(buffer))) > 0) {
		if (write(STDOUT_FILENO, buffer, (size_t)n) != n)
			return sh_fail("cannot write", NULL);
	}
	return n < 0 ? sh_fail("cannot read", name) : 0;
}

static int do_cat(int count, char **words)
{
	int status = 0;

	if (count < 2)
		return copy(STDIN_FILENO, "standard input");
	for (int i = 1; i < count; i++) {
		int fd = open(words[i], O_RDONLY | O_CLOEXEC);

		status |= fd < 0 ? sh_fail("cannot open", words[i]) : copy(fd, words[i]);
		if (fd >= 0)
			close(fd);
	}
	return status;
}

static int do_true(int count, char **words)
{
	(void)count;
	return strcmp(words[0], "true") != 0;
}

static int do_sleep(int count, char **words)
{
	double seconds = count > 1 ? atof(words[1]) : 1;
	struct timespec time = {(time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9)};

	return nanosleep(&time, NULL) != 0;
}

static int do_uname(int count, char **words)
{
	struct utsname name;

	(void)count;
	(void)words;
	uname(&name);
	printf("%s %s %s %s\n", name.sysname, name.nodename, name.release, name.machine);
	return 0;
}

/* mount TYPE DEVICE FOLDER [ro] */
static int do_mount(int count, char **words)
{
	if (count < 4) {
		fprintf(stderr, "sh: mount wants TYPE DEVICE FOLDER [ro]\n");
		return 2;
	}
	mkdir(words[3], 0755);
	return mount(words[2], words[3], words[1], count > 4 ? MS_RDONLY : 0, NULL)
		       ? sh_fail("cannot mount", words[2])
		       : 0;
}

static int do_umount(int count, char **words)
{
	return count < 2 || umount(words[1]) ? sh_fail("cannot unmount", words[1]) : 0;
}

static int do_sync(int count, char **words)
{
	(void)count;
	(void)words;
	sync();
	return 0;
}

static int do_reboot(int count, char **words)
{
	(void)count;
	sync();
	/* See init_main() in guest/linux/init.c. */
	tcdrain(STDOUT_FILENO);
	reboot(strcmp(words[0], "reboot") != 0 ? RB_POWER_OFF : RB_AUTOBOOT);
	return sh_fail("cannot", words[0]);
}

/* The gateway of the default route: /proc/net/route has it as the word that it is in memory. */
static const char *gateway(void)
{
	static char text[INET_ADDRSTRLEN];
	FILE *routes = fopen("/proc/net/route", "re");
	char line[256];

	text[0] = 0;
	while (routes && fgets(line, sizeof(line), routes)) {
		unsigned int to, via;

		if (sscanf(line, "%*s %x %x", &to, &via) == 2 && to == 0) {
			struct in_addr address = {.s_addr = via};

			inet_ntop(AF_INET, &address, text, sizeof(text));
		}
	}
	if (routes)
		fclose(routes);
	return text;
}

/* Addresses of the interfaces but lo, and where the default route goes. */
static int do_addr(int count, char **words)
{
	struct ifaddrs *all;

	(void)count;
	(void)words;
	if (getifaddrs(&all))
		return sh_fail("cannot read the interfaces", NULL);
	for (const struct ifaddrs *one = all; one; one = one->ifa_next) {
		char text[INET_ADDRSTRLEN];

		if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET ||
			(one->ifa_flags & IFF_LOOPBACK))
			continue;
		inet_ntop(AF_INET, &((const struct sockaddr_in *)one->ifa_addr)->sin_addr, text,
			sizeof(text));
		printf("%s address %s\n", one->ifa_name, text);
	}
	freeifaddrs(all);
	printf("gateway %s\n", gateway());
	return 0;
}

/* tcp HOST PORT [WORD...]: connects, sends the words as a line, prints what comes back. */
static int do_tcp(int count, char **words)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	const char *host;
	int fd, status;

	if (count < 3) {
		fprintf(stderr, "sh: tcp wants HOST PORT [WORD...]; HOST may be 'gateway'\n");
		return 2;
	}
	host = strcmp(words[1], "gateway") != 0 ? words[1] : gateway();
	to.sin_port = htons((unsigned short)atoi(words[2]));
	if (inet_pton(AF_INET, host, &to.sin_addr) != 1) {
		fprintf(stderr, "sh: tcp: '%s' is no address\n", host);
		return 2;
	}
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return sh_fail("cannot connect to", host);
	for (int i = 3; i < count; i++)
		dprintf(fd, "%s%s", words[i], i < count - 1 ? " " : "\r\n");
	if (count > 3)
		dprintf(fd, "\r\n");
	status = copy(fd, host);
	close(fd);
	return status;
}

static int do_help(int count, char **words)
{
	(void)count;
	(void)words;
	for (const struct sh_command *c = sh_commands; c->name; c++)
		printf("%-9s %s\n", c->name, c->help);
	return 0;
}

const struct sh_command sh_commands[] = {
	{"addr", do_addr, "the interfaces' addresses and the gateway"},
	{"cat", do_cat, "[FILE...]"},
	{"echo", do_echo, "[WORD...]"},
	{"false", do_true, ""},
	{"help", do_help, "what there is"},
	{"mount", do_mount, "TYPE DEVICE FOLDER [ro]; makes the folder"},
	{"poweroff", do_reboot, ""},
	{"reboot", do_reboot, ""},
	{"sleep", do_sleep, "[SECONDS]"},
	{"sync", do_sync, ""},
	{"tcp", do_tcp,
		"HOST PORT [WORD...]; sends the words, prints the answer; HOST: or gateway"},
	{"true", do_true, ""},
	{"umount", do_umount, "FOLDER"},
	{"uname", do_uname, ""},
	{NULL, NULL, NULL},
};
