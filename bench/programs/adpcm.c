/* SPDX-License-Identifier: MIT */
/*
 * IMA ADPCM, the first of the five programs: adpcm encode|decode IN OUT TIMES does it so often,
 * from 16-bit samples (little-endian, one channel) to 4 bits each, or back. As in IMA's
 * "Recommended Practices for Enhancing Digital Audio Compatibility", revision 3.00, without
 * headers.
 */
#include "file.h"

static const int16_t steps[89] = {7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34,
	37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107, 118, 130, 143, 157, 173, 190, 209, 230,
	253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963, 1060, 1166, 1282,
	1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358,
	5894, 6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350,
	22385, 24623, 27086, 29794, 32767};
static const int8_t moves[8] = {-1, -1, -1, -1, 2, 4, 6, 8};

struct state {
	int predicted, index;
};

static int clamp(int value, int low, int high)
{
	return value < low ? low : value > high ? high : value;
}

/* Takes a code of 4 bits; both sides follow it alike. */
static int follow(struct state *s, unsigned int code)
{
	int step = steps[s->index], change = step >> 3;

	if (code & 4)
		change += step;
	if (code & 2)
		change += step >> 1;
	if (code & 1)
		change += step >> 2;
	s->predicted = clamp(s->predicted + (code & 8 ? -change : change), -32768, 32767);
	s->index = clamp(s->index + moves[code & 7], 0, 88);
	return s->predicted;
}

static unsigned int choose(const struct state *s, int sample)
{
	int step = steps[s->index], distance = sample - s->predicted;
	unsigned int code = 0;

	if (distance < 0) {
		code = 8;
		distance = -distance;
	}
	for (unsigned int bit = 4; bit; bit >>= 1, step >>= 1) {
		if (distance < step)
			continue;
		code |= bit;
		distance -= step;
	}
	return code;
}

/* Both return how many bytes they made. */
static size_t encode(const uint8_t *in, size_t length, uint8_t *out)
{
	struct state s = {0, 0};
	size_t samples = length / 2;

	for (size_t i = 0; i < samples; i++) {
		unsigned int code = choose(&s, (int16_t)(in[2 * i] | in[2 * i + 1] << 8));

		follow(&s, code);
		out[i / 2] = (uint8_t)(i & 1 ? out[i / 2] | code << 4 : code);
	}
	return (samples + 1) / 2;
}

static size_t decode(const uint8_t *in, size_t length, uint8_t *out)
{
	struct state s = {0, 0};

	for (size_t i = 0; i < 2 * length; i++) {
		int sample = follow(&s, i & 1 ? in[i / 2] >> 4 : in[i / 2] & 15);

		out[2 * i] = (uint8_t)sample;
		out[2 * i + 1] = (uint8_t)(sample >> 8);
	}
	return 4 * length;
}

int main(int argc, char **argv)
{
	size_t length, made = 0;
	int encodes = argc == 5 && !strcmp(argv[1], "encode");
	uint8_t *in, *out;

	if (argc != 5 || (!encodes && strcmp(argv[1], "decode") != 0))
		die("usage: adpcm encode|decode IN OUT TIMES");
	in = file_read(argv[2], &length);
	out = malloc(4 * length + 1);
	if (!out)
		die("memory");
	for (unsigned long times = number_of(argv[4]); times--;)
		made = encodes ? encode(in, length, out) : decode(in, length, out);
	file_write(argv[3], out, made);
	free(in);
	free(out);
	return 0;
}
