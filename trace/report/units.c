/* SPDX-License-Identifier: MIT */
/*
 * Rounding, as people read it.
 */
#include "trace/report/units.h"

#include <inttypes.h>
#include <stdio.h>

const char *tl_text_duration(char *buffer, size_t size, uint64_t ns)
{
	static const struct {
		uint64_t ns;
		const char *unit;
	} units[] = {{1000000000, "s"}, {1000000, "ms"}, {1000, "us"}};

	for (unsigned int i = 0; i < 3; i++) {
		double value = (double)ns / (double)units[i].ns;

		/* Rounded as it will be shown, so that 999.96 us is 1.00 ms. */
		if (value < 0.9995)
			continue;
		snprintf(buffer, size, "%.*f %s",
			value < 9.995   ? 2
			: value < 99.95 ? 1
					: 0,
			value, units[i].unit);
		return buffer;
	}
	snprintf(buffer, size, "%" PRIu64 " ns", ns);
	return buffer;
}

const char *tl_text_count(char *buffer, size_t size, double count)
{
	static const char units[] = " kMGTPE";
	unsigned int unit = 0;

	/* Rounded as it will be shown, so that 999.96 is 1.00k. */
	while (count >= 999.5 && unit < sizeof(units) - 2) {
		count /= 1000;
		unit++;
	}
	if (!unit)
		snprintf(buffer, size, "%.*f", count > 0.05 && count < 9.95 ? 1 : 0, count);
	else
		snprintf(buffer, size, "%.*f%c",
			count < 9.995   ? 2
			: count < 99.95 ? 1
					: 0,
			count, units[unit]);
	return buffer;
}

const char *tl_text_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}
