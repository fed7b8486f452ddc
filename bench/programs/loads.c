/* SPDX-License-Identifier: MIT */
/*
 * What the report of 2014 did not measure, one kind of load each:
 *     loads syscall N         so many calls of getppid(2)
 *     loads switch N          a byte that goes N times to another process on this CPU and back
 *     loads disk FILE N       reads of 4 KiB here and there, past the page cache
 *     loads udp ADDRESS N     a datagram of 64 bytes to `loads serve` there and back, N times
 *     loads serve             answers them, port 7
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"

#define BLOCK 4096
#define PORT  7

static void load_syscall(unsigned long n)
{
	while (n--)
		syscall(SYS_getppid);
}

static void pass(int from, int to, unsigned long n)
{
	char byte = 0;

	while (n--)
		if (write(to, &byte, 1) != 1 || read(from, &byte, 1) != 1)
			die("pipe");
}

static void load_switch(unsigned long n)
{
	int there[2], back[2];
	cpu_set_t cpu;
	pid_t child;
	char byte;

	CPU_ZERO(&cpu);
	CPU_SET((size_t)sched_getcpu(), &cpu);
	if (sched_setaffinity(0, sizeof(cpu), &cpu) || pipe2(there, O_CLOEXEC) ||
		pipe2(back, O_CLOEXEC))
		die("switch");
	child = fork();
	if (child < 0)
		die("fork");
	if (child) {
		pass(back[0], there[1], n);
		waitpid(child, NULL, 0);
		return;
	}
	while (n--)
		if (read(there[0], &byte, 1) != 1 || write(back[1], &byte, 1) != 1)
			_exit(1);
	_exit(0);
}

static void load_disk(const char *path, unsigned long n)
{
	int fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	off_t blocks = fd < 0 ? 0 : lseek(fd, 0, SEEK_END) / BLOCK;
	uint32_t noise = 1;
	void *buffer;

	if (fd < 0 || posix_memalign(&buffer, BLOCK, BLOCK))
		die(path);
	while (n--) {
		noise = noise * 1664525 + 1013904223;
		if (pread(fd, buffer, BLOCK, (off_t)(noise >> 8) % blocks * BLOCK) != BLOCK)
			die(path);
	}
	free(buffer);
	close(fd);
}

static int udp_socket(const char *address, struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	*to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(PORT)};
	if (fd < 0 || inet_pton(AF_INET, address, &to->sin_addr) != 1)
		die(address);
	return fd;
}

static void load_udp(const char *address, unsigned long n)
{
	struct sockaddr_in to;
	int fd = udp_socket(address, &to);
	char data[64] = {0};

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		die(address);
	while (n--)
		if (send(fd, data, sizeof(data), 0) < 0 || recv(fd, data, sizeof(data), 0) < 0)
			die(address);
	close(fd);
}

static _Noreturn void serve(void)
{
	struct sockaddr_in peer;
	int fd = udp_socket("0.0.0.0", &peer);
	char data[64];

	if (bind(fd, (struct sockaddr *)&peer, sizeof(peer)))
		die("port 7");
	for (;;) {
		socklen_t length = sizeof(peer);
		ssize_t n = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&peer, &length);

		if (n >= 0)
			sendto(fd, data, (size_t)n, 0, (struct sockaddr *)&peer, length);
	}
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";

	if (argc == 3 && !strcmp(kind, "syscall"))
		load_syscall(number_of(argv[2]));
	else if (argc == 3 && !strcmp(kind, "switch"))
		load_switch(number_of(argv[2]));
	else if (argc == 4 && !strcmp(kind, "disk"))
		load_disk(argv[2], number_of(argv[3]));
	else if (argc == 4 && !strcmp(kind, "udp"))
		load_udp(argv[2], number_of(argv[3]));
	else if (argc == 2 && !strcmp(kind, "serve"))
		serve();
	else
		die("usage: loads syscall N | switch N | disk FILE N | udp ADDRESS N | serve");
	return 0;
}
