/* SPDX-License-Identifier: MIT */
/*
 * Runs a program with a block device whose logical blocks are of 4096 bytes, for tests: loop4k
 * FILE PROGRAM ARGUMENT..., where an argument of % is the name of the device, which has the
 * file's bytes and ends with the program.
 */
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 1;
}

int main(int argc, char **argv)
{
	struct loop_config config = {.block_size = 4096, .info = {.lo_flags = LO_FLAGS_AUTOCLEAR}};
	int control = open("/dev/loop-control", O_RDWR), number, loop;
	char name[32];

	if (argc < 3)
		return fail("usage: loop4k FILE PROGRAM...");
	config.fd = (unsigned int)open(argv[1], O_RDWR);
	number = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);
	if (number < 0 || (int)config.fd < 0)
		return fail(argv[1]);
	snprintf(name, sizeof(name), "/dev/loop%d", number);
	loop = open(name, O_RDWR);
	if (loop < 0 || ioctl(loop, LOOP_CONFIGURE, &config))
		return fail(name);
	/* It stays open in the program. */
	for (int i = 2; i < argc; i++) {
		if (!strcmp(argv[i], "%"))
			argv[i] = name;
	}
	execvp(argv[2], argv + 2);
	return fail(argv[2]);
}
