/* SPDX-License-Identifier: MIT */
/*
 * The GICv2m frame: what it says of itself, and that a write becomes a pulse of
 * that interrupt and of no other.
 * Links: vmm/dev/gicv2m.c tests/unit/fake_log.c
 */
#include "tests/unit/unit.h"

#include "tests/unit/fake_log.h"
#include "vmm/arch/arm64/gic.h"
#include "vmm/dev/gicv2m.h"

static struct {
	struct tl_irqchip irqchip;
	unsigned int calls;
	unsigned int spi[2];
	bool level[2];
} fake;

/* In the place of vmm/arch/arm64/gic.c. */
int tl_gic_set_spi(struct tl_irqchip *gic, unsigned int spi, bool level)
{
	assert_ptr_equal(gic, &fake.irqchip);
	assert_true(fake.calls < 2);
	fake.spi[fake.calls] = spi;
	fake.level[fake.calls++] = level;
	return 0;
}

static int setup(void **state)
{
	static const struct tl_dev_env env = {.irqchip = &fake.irqchip};
	static const struct tl_gic_map map = TL_GIC_MAP_VIRT;
	struct tl_dev *dev;

	fake.calls = 0;
	fake.irqchip.map = &map;
	assert_int_equal(tl_gicv2m_create(&dev, &env), 0);
	*state = dev;
	return 0;
}

static int teardown(void **state)
{
	struct tl_dev *dev = *state;

	dev->ops->fini(dev);
	return 0;
}

static enum tl_mmio_result access_reg(
	struct tl_dev *dev, uint64_t offset, unsigned int size, bool write, uint64_t *value)
{
	struct tl_mmio access = {
		.offset = offset, .size = size, .is_write = write, .value = write ? *value : 0};
	enum tl_mmio_result result = dev->ops->mmio(dev, &access);

	*value = access.value;
	return result;
}

static uint64_t read_reg(struct tl_dev *dev, uint64_t offset)
{
	uint64_t value = 0;

	assert_int_equal(access_reg(dev, offset, 4, false, &value), TL_MMIO_HANDLED);
	return value;
}

static void write_spi(struct tl_dev *dev, uint64_t value)
{
	fake.calls = 0;
	assert_int_equal(access_reg(dev, 0x40, 4, true, &value), TL_MMIO_HANDLED);
}

/* INTIDs 80 to 143, as on QEMU's board. */
static void test_registers(void **state)
{
	struct tl_dev *dev = *state;

	assert_int_equal(dev->base, UINT64_C(0x08020000));
	assert_int_equal(dev->size, 0x1000);
	assert_int_equal(read_reg(dev, 0x8), 80 << 16 | 64);
	assert_int_equal(read_reg(dev, 0x40), 0);
	assert_int_equal(read_reg(dev, 0xfcc), 0);
	assert_int_equal(fake.calls, 0);
}

static void test_message(void **state)
{
	static const unsigned int intids[] = {80, 81, 143};

	for (unsigned int i = 0; i < ARRAY_LEN(intids); i++) {
		write_spi(*state, intids[i]);
		assert_int_equal(fake.calls, 2);
		assert_int_equal(fake.spi[0], intids[i] - 32);
		assert_true(fake.level[0]);
		assert_int_equal(fake.spi[1], intids[i] - 32);
		assert_false(fake.level[1]);
	}
}

/* A guest cannot raise the interrupts of devices by it. */
static void test_not_its_own(void **state)
{
	static const uint32_t values[] = {0, 27, 33, 79, 144, 1023, 0xffffffff};

	for (unsigned int i = 0; i < ARRAY_LEN(values); i++) {
		write_spi(*state, values[i]);
		assert_int_equal(fake.calls, 0);
	}
	/* Only the number counts. */
	write_spi(*state, 0xfffffc00 | 80);
	assert_int_equal(fake.calls, 2);
}

static void test_no_such_register(void **state)
{
	static const uint64_t offsets[] = {0, 4, 0xc, 0x44, 0x42, 0xfc8, 0xffc};
	uint64_t value = 80;

	for (unsigned int i = 0; i < ARRAY_LEN(offsets); i++)
		assert_int_equal(
			access_reg(*state, offsets[i], 4, true, &value), TL_MMIO_UNHANDLED);
	for (unsigned int size = 1; size <= 8; size *= 2) {
		if (size != 4)
			assert_int_equal(
				access_reg(*state, 0x40, size, true, &value), TL_MMIO_UNHANDLED);
	}
	assert_int_equal(fake.calls, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_registers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_message, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_such_register, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
