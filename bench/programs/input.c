/* SPDX-License-Identifier: MIT */
/*
 * What the five programs work on, the same bytes on every machine, to standard output:
 * input sound SAMPLES (16 bits, little-endian, one channel), input picture WIDTH HEIGHT (PPM),
 * input bytes COUNT. Integers only.
 */
#include "file.h"

static uint32_t noise(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* A triangle between -16384 and 16384 of a phase of 16 bits. */
static int triangle(uint32_t phase)
{
	int x = (int)(phase & 0xffff);

	return x < 32768 ? x - 16384 : 49151 - x;
}

/* A voice: a pitch that glides, two overtones, a hiss, loud and soft in turn. */
static void sound(unsigned long samples)
{
	uint32_t state = 1, low = 0, middle = 0, high = 0;

	for (unsigned long i = 0; i < samples; i++) {
		uint32_t pitch = 900 + (uint32_t)(triangle((uint32_t)(i * 3)) / 64);
		int loud = 16384 + triangle((uint32_t)(i * 11)), value;

		low += pitch;
		middle += 5 * pitch;
		high += 13 * pitch;
		value = triangle(low) / 2 + triangle(middle) / 4 + triangle(high) / 8 +
			(int)(noise(&state) >> 22) - 512;
		value = value / 8 * (loud / 8) / 512;
		putchar(value & 0xff);
		putchar(value >> 8 & 0xff);
	}
}

/* Slopes, rings and grain. */
static void picture(unsigned long width, unsigned long height)
{
	uint32_t state = 1;

	printf("P6\n%lu %lu\n255\n", width, height);
	for (unsigned long y = 0; y < height; y++) {
		for (unsigned long x = 0; x < width; x++) {
			long dx = (long)x - (long)width / 3, dy = (long)y - (long)height / 2;
			unsigned long ring = (unsigned long)(dx * dx + dy * dy) / 512 % 2;
			uint32_t grain = noise(&state) >> 28;

			putchar((int)(x * 200 / width + grain));
			putchar((int)(y * 200 / height + 32 * ring));
			putchar((int)((x + y) * 100 / (width + height) + 100 * ring + grain));
		}
	}
}

static void bytes(unsigned long count)
{
	uint32_t state = 1;

	while (count--)
		putchar((int)(noise(&state) >> 24));
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "sound"))
		sound(number_of(argv[2]));
	else if (argc == 4 && !strcmp(argv[1], "picture"))
		picture(number_of(argv[2]), number_of(argv[3]));
	else if (argc == 3 && !strcmp(argv[1], "bytes"))
		bytes(number_of(argv[2]));
	else
		die("usage: input sound SAMPLES | picture WIDTH HEIGHT | bytes COUNT");
	return fflush(stdout) ? 1 : 0;
}
