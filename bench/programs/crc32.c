/* SPDX-License-Identifier: MIT */
/*
 * CRC32, one of the five programs: crc32 IN OUT TIMES writes the CRC of the file, so many times
 * over, as a line of text.
 */
#include "crc.h"
#include "file.h"

int main(int argc, char **argv)
{
	uint32_t table[256], crc = 0;
	char line[16];
	size_t length;
	uint8_t *in;

	if (argc != 4)
		die("usage: crc32 IN OUT TIMES");
	in = file_read(argv[1], &length);
	crc_init(table);
	for (unsigned long times = number_of(argv[3]); times--;)
		crc = crc_add(table, crc, in, length);
	file_write(
		argv[2], line, (size_t)snprintf(line, sizeof(line), "%08x\n", (unsigned int)crc));
	free(in);
	return 0;
}
