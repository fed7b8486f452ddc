/* SPDX-License-Identifier: MIT */
/*
 * An interrupt line, and a look at the identification registers.
 */
#include "tests/unit/unit.h"

#include "tests/unit/fake_primecell.h"
#include "tests/unit/mmio.h"

#define ID 0xfe0

struct fake_primecell fake_primecell;

int tl_gic_set_spi(struct tl_irqchip *gic, unsigned int spi, bool level)
{
	assert_ptr_equal(gic, &fake_primecell.irqchip);
	assert_int_equal(spi, fake_primecell.spi);
	assert_int_not_equal(level, fake_primecell.line);
	fake_primecell.line = level;
	fake_primecell.edges++;
	return 0;
}

void fake_primecell_reset(unsigned int spi)
{
	fake_primecell = (struct fake_primecell){.spi = spi};
}

void expect_primecell(struct tl_dev *dev, const char *name, uint64_t base, const uint8_t ids[8])
{
	for (unsigned int i = 0; i < 8; i++) {
		assert_int_equal(get(dev, ID + 4 * i), ids[i]);
		set(dev, ID + 4 * i, 0xff);
		assert_int_equal(get(dev, ID + 4 * i), ids[i]);
	}
	assert_string_equal(dev->ops->name, name);
	assert_int_equal(dev->base, base);
	assert_int_equal(dev->size, 0x1000);
	assert_int_equal(dev->spi, fake_primecell.spi);
}
