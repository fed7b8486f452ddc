/* SPDX-License-Identifier: MIT */
/*
 * Writes to a file by a mapping, for tests: mapped FILE BYTES. The file is made, the bytes are
 * those of its offsets, and msync(2) says that they are there.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 1;
}

int main(int argc, char **argv)
{
	size_t size = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	unsigned char *at;
	int fd;

	if (!size)
		return fail("usage: mapped FILE BYTES");
	fd = open(argv[1], O_RDWR | O_CREAT, 0644);
	if (fd < 0 || ftruncate(fd, (off_t)size))
		return fail(argv[1]);
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return fail("mmap");
	for (size_t i = 0; i < size; i++)
		at[i] = (unsigned char)(i % 251);
	if (msync(at, size, MS_SYNC) || munmap(at, size) || close(fd))
		return fail("msync");
	return 0;
}
