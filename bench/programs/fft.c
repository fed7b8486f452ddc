/* SPDX-License-Identifier: MIT */
/*
 * FFT, one of the five programs: fft BITS OUT TIMES transforms 2^BITS complex numbers there and
 * back, so many times, and writes the spectrum. Only what IEEE 754 rounds exactly is used (the
 * factors come from square roots), so that every machine writes the same bytes.
 */
#include <math.h>

#include "file.h"

struct complex {
	double re, im;
};

static struct complex mul(struct complex a, struct complex b)
{
	return (struct complex){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

/* e^(2 pi i / 2^(n + 1)) for each stage n, by half angles: exact but for the last rounding. */
static void make_roots(struct complex *roots, unsigned int bits)
{
	double cosine = -1;

	for (unsigned int n = 0; n < bits; n++) {
		double sine = sqrt((1 - cosine) * (1 + cosine));

		roots[n] = (struct complex){cosine, sine};
		cosine = sqrt((1 + cosine) / 2);
	}
}

static void reverse_bits(struct complex *x, size_t count)
{
	for (size_t i = 1, j = 0; i < count; i++) {
		size_t bit = count >> 1;
		struct complex swap = x[i];

		for (; j & bit; bit >>= 1)
			j ^= bit;
		j ^= bit;
		if (i >= j)
			continue;
		x[i] = x[j];
		x[j] = swap;
	}
}

/* In place; sign is 1 or -1 (there, back), and nothing is scaled. */
static void transform(
	struct complex *x, unsigned int bits, const struct complex *roots, double sign)
{
	size_t count = (size_t)1 << bits;

	reverse_bits(x, count);
	for (unsigned int n = 0; n < bits; n++) {
		struct complex root = {roots[n].re, sign * roots[n].im};
		size_t half = (size_t)1 << n;

		for (size_t first = 0; first < count; first += 2 * half) {
			struct complex factor = {1, 0};

			for (size_t i = first; i < first + half; i++) {
				struct complex a = x[i], b = mul(x[i + half], factor);

				x[i] = (struct complex){a.re + b.re, a.im + b.im};
				x[i + half] = (struct complex){a.re - b.re, a.im - b.im};
				factor = mul(factor, root);
			}
		}
	}
}

int main(int argc, char **argv)
{
	struct complex roots[32], *x, *spectrum;
	unsigned long bits, times;
	uint32_t noise = 1;
	size_t count;

	if (argc != 4 || (bits = number_of(argv[1])) > 20)
		die("usage: fft BITS OUT TIMES");
	count = (size_t)1 << bits;
	x = calloc(count, sizeof(*x));
	spectrum = calloc(count, sizeof(*x));
	if (!x || !spectrum)
		die("memory");
	make_roots(roots, (unsigned int)bits);
	for (size_t i = 0; i < count; i++) {
		noise = noise * 1664525 + 1013904223;
		x[i].re = (double)(i % 64 < 32) + (double)(noise >> 16) / 65536;
	}
	for (times = number_of(argv[3]); times--;) {
		transform(x, (unsigned int)bits, roots, 1);
		memcpy(spectrum, x, count * sizeof(*x));
		transform(x, (unsigned int)bits, roots, -1);
		for (size_t i = 0; i < count; i++)
			x[i] = (struct complex){x[i].re / (double)count, x[i].im / (double)count};
	}
	file_write(argv[2], spectrum, count * sizeof(*spectrum));
	free(x);
	free(spectrum);
	return 0;
}
