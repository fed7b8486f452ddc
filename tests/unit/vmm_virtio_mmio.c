/* SPDX-License-Identifier: MIT */
/*
 * The registers of virtio devices (virtio 1.2, section 4.2.2) as a driver sees them: which
 * there are, features, status, queues, configuration; and the node in the device tree.
 * Links: vmm/dev/virtio/virtio.c vmm/dev/virtio/mmio.c vmm/dev/virtio/queue.c vmm/core/mem.c
 * Links: tests/unit/fake_virtio.c tests/unit/fake_log.c vmm/core/lock.c
 * Libs: fdt
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <libfdt.h>

#include "tests/unit/mmio.h"
#include "tests/unit/virtio_ram.h"

static void test_registers(void **state)
{
	static const struct {
		uint64_t offset, value;
	} read_only[] = {{0x000, 0x74726976}, {0x004, 2}, {0x008, 42}, {0x00c, 0x4c545254},
		{DEVICE_FEATURES, 1u << 5 | 3u << 28}, {QUEUE_NUM_MAX, 256}, {INTERRUPT_STATUS, 0},
		{0x0b0, UINT32_MAX}, {0x0b4, UINT32_MAX}, {0x0b8, UINT32_MAX}, {0x0bc, UINT32_MAX},
		{0x0fc, 0}};
	static const uint64_t write_only[] = {DEVICE_FEATURES_SEL, DRIVER_FEATURES,
		DRIVER_FEATURES_SEL, QUEUE_SEL, QUEUE_NUM, QUEUE_NOTIFY, INTERRUPT_ACK, 0x080,
		0x084, 0x090, 0x094, 0x0a0, 0x0a4};
	static const uint64_t none[] = {0x018, 0x01c, 0x028, 0x03c, 0x040, 0x048, 0x054, 0x068,
		0x074, 0x088, 0x098, 0x0c0, 0x0f8};
	struct tl_dev *dev = *state;

	assert_int_equal(dev->base, PLACE);
	assert_int_equal(dev->size, 0x200);
	assert_int_equal(dev->spi, SPI);
	for (unsigned int i = 0; i < ARRAY_LEN(read_only); i++) {
		struct tl_mmio access = {read_only[i].offset, 4, true, 0xff};

		assert_int_equal(mmio_access(dev, &access), TL_MMIO_UNHANDLED);
		assert_int_equal(get(dev, read_only[i].offset), read_only[i].value);
	}
	for (unsigned int i = 0; i < ARRAY_LEN(write_only); i++) {
		struct tl_mmio access = {write_only[i], 4, false, 0};

		set(dev, write_only[i], 0);
		assert_int_equal(mmio_access(dev, &access), TL_MMIO_UNHANDLED);
	}
	for (unsigned int i = 0; i < 2 * ARRAY_LEN(none); i++) {
		struct tl_mmio access = {none[i / 2], 4, i % 2, 0};

		assert_int_equal(mmio_access(dev, &access), TL_MMIO_UNHANDLED);
	}
	expect_quiet(dev);
}

static void test_sizes(void **state)
{
	static const struct tl_mmio bad[] = {{0, 1, false, 0}, {0, 2, false, 0}, {0, 8, false, 0},
		{STATUS, 1, true, 1}, {STATUS, 2, true, 1}, {STATUS, 8, true, 1}, {1, 4, false, 0},
		{2, 4, false, 0}, {STATUS + 2, 4, true, 1}, {0xfe, 4, false, 0},
		{STATUS - 1, 4, true, 0x100}};
	struct tl_dev *dev = *state;

	for (unsigned int i = 0; i < ARRAY_LEN(bad); i++) {
		struct tl_mmio access = bad[i];

		assert_int_equal(mmio_access(dev, &access), TL_MMIO_ERROR);
		assert_int_equal(get(dev, STATUS), 0);
	}
}

static void test_config(void **state)
{
	static const struct {
		struct tl_mmio access;
		uint64_t value;
	} cases[] = {{{CONFIG, 1, false, 0}, 0x01}, {{CONFIG + 11, 1, false, 0}, 0x0c},
		{{CONFIG + 2, 2, false, 0}, 0x0403}, {{CONFIG + 8, 4, false, 0}, 0x0c0b0a09},
		{{CONFIG + 4, 8, false, 0}, UINT64_C(0x0c0b0a0908070605)},
		/* Nothing there is to be written. */
		{{CONFIG, 4, true, 0}, 0}, {{CONFIG, 4, false, 0}, 0x04030201}};
	static const struct tl_mmio beyond[] = {{CONFIG + 12, 1, false, 0},
		{CONFIG + 11, 2, false, 0}, {CONFIG + 10, 4, false, 0}, {CONFIG + 8, 8, false, 0},
		{CONFIG + 12, 4, true, 0}, {CONFIG + 0xfc, 4, false, 0}, {0x1ff, 1, false, 0}};
	struct tl_dev *dev = *state;

	for (unsigned int i = 0; i < ARRAY_LEN(cases); i++) {
		struct tl_mmio access = cases[i].access;

		assert_int_equal(mmio_access(dev, &access), TL_MMIO_HANDLED);
		assert_true(access.value == cases[i].value);
	}
	for (unsigned int i = 0; i < ARRAY_LEN(beyond); i++) {
		struct tl_mmio access = beyond[i];

		assert_int_equal(mmio_access(dev, &access), TL_MMIO_UNHANDLED);
	}
}

/* robust: transport.features */
static void test_features(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, DEVICE_FEATURES_SEL, 1);
	assert_int_equal(get(dev, DEVICE_FEATURES), 1 | 1 << 3);
	set(dev, DEVICE_FEATURES_SEL, 2);
	assert_int_equal(get(dev, DEVICE_FEATURES), 0);
	set(dev, DEVICE_FEATURES_SEL, UINT32_MAX);
	assert_int_equal(get(dev, DEVICE_FEATURES), 0);
	assert_true(negotiate(dev, VERSION1));
	assert_true(negotiate(dev, VERSION1 | OFFERED | 3u << 28));
	/* Not version 1: a legacy driver. Not offered. */
	assert_false(negotiate(dev, 0));
	assert_false(negotiate(dev, OFFERED));
	assert_false(negotiate(dev, VERSION1 | 1));
	assert_false(negotiate(dev, VERSION1 | UINT64_C(1) << 63));
	assert_int_equal(get(dev, STATUS), 3);
	set(dev, STATUS, RUNNING);
	assert_int_equal(get(dev, STATUS), 3);
	/* There are none beyond; and once they are agreed on, they stay. */
	assert_true(negotiate(dev, VERSION1));
	set(dev, DRIVER_FEATURES, UINT32_MAX);
	set(dev, STATUS, RUNNING);
	assert_int_equal(((struct tl_virtio *)dev)->driver_features, VERSION1);
	set(dev, STATUS, 0);
	set(dev, DRIVER_FEATURES_SEL, 2);
	set(dev, DRIVER_FEATURES, UINT32_MAX);
	assert_int_equal(((struct tl_virtio *)dev)->driver_features, 0);
}

/* robust: transport.driver-ok-first */
static void test_status(void **state)
{
	struct tl_dev *dev = *state;

	set(dev, STATUS, 4);
	assert_int_equal(get(dev, STATUS), 0);
	set(dev, STATUS, NEEDS_RESET | 0x100 | 1);
	assert_int_equal(get(dev, STATUS), 1);
	set(dev, STATUS, 2);
	assert_int_equal(get(dev, STATUS), 3);
	assert_true(negotiate(dev, VERSION1));
	set(dev, STATUS, RUNNING);
	set(dev, STATUS, 128);
	assert_int_equal(get(dev, STATUS), RUNNING | 128);
	set(dev, STATUS, 0);
	assert_int_equal(get(dev, STATUS), 0);
	assert_int_equal(get(dev, QUEUE_READY), 0);
}

/* robust: transport.select */
static void test_queue_select(void **state)
{
	static const uint32_t none[] = {1, 2, 0xffff, UINT32_MAX};
	struct tl_dev *dev = *state;
	const struct tl_vq *vq = ((struct tl_virtio *)dev)->queues;
	struct tl_vq before;

	assert_true(negotiate(dev, VERSION1));
	set_queue(dev, SIZE, DESC, AVAIL, USED);
	before = *vq;
	/* What no queue is, and what has begun, is not to be changed. */
	for (unsigned int i = 0; i <= ARRAY_LEN(none); i++) {
		if (i == ARRAY_LEN(none)) {
			set(dev, STATUS, RUNNING);
			before = *vq;
		}
		set(dev, QUEUE_SEL, i < ARRAY_LEN(none) ? none[i] : 0);
		for (uint64_t offset = 0x080; offset <= 0x0a0; offset += 0x10)
			set64(dev, offset, 0x1234567812345678);
		set(dev, QUEUE_NUM, 4);
		set(dev, QUEUE_READY, 0);
		assert_memory_equal(vq, &before, sizeof(before));
		if (i < ARRAY_LEN(none))
			assert_int_equal(get(dev, QUEUE_NUM_MAX), 0);
		assert_int_equal(get(dev, QUEUE_READY), i == ARRAY_LEN(none));
	}
	assert_int_equal(vq->desc, DESC);
}

/* As the bindings ask for it (virtio/mmio.yaml), or not at all. */
static void test_node(void **state)
{
	static const char path[] = "/virtio_mmio@a000200";
	struct tl_dev *dev = *state;
	const fdt32_t *cells;
	char fdt[512];
	int node, len;

	assert_int_equal(fdt_create_empty_tree(fdt, sizeof(fdt)), 0);
	assert_int_equal(dev->ops->fdt(dev, fdt), 0);
	assert_int_equal(fdt_check_full(fdt, sizeof(fdt)), 0);
	node = fdt_path_offset(fdt, path);
	assert_true(node > 0);
	assert_int_equal(fdt_node_check_compatible(fdt, node, "virtio,mmio"), 0);
	assert_non_null(fdt_getprop(fdt, node, "dma-coherent", &len));
	assert_int_equal(len, 0);
	cells = fdt_getprop(fdt, node, "reg", &len);
	assert_int_equal(len, 16);
	assert_int_equal(fdt64_ld((const fdt64_t *)cells), PLACE);
	assert_int_equal(fdt64_ld((const fdt64_t *)cells + 1), 0x200);
	cells = fdt_getprop(fdt, node, "interrupts", &len);
	assert_int_equal(len, 12);
	assert_int_equal(fdt32_ld(cells), 0);
	assert_int_equal(fdt32_ld(cells + 1), SPI);
	assert_int_equal(fdt32_ld(cells + 2), 1);
	for (int size = 64; size < 200; size++) {
		if (!fdt_create_empty_tree(fdt, size))
			assert_int_equal(dev->ops->fdt(dev, fdt), -ENOSPC);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_registers, virtio_setup, virtio_teardown),
		cmocka_unit_test_setup_teardown(test_sizes, virtio_setup, virtio_teardown),
		cmocka_unit_test_setup_teardown(test_config, virtio_setup, virtio_teardown),
		cmocka_unit_test_setup_teardown(test_features, virtio_setup, virtio_teardown),
		cmocka_unit_test_setup_teardown(test_status, virtio_setup, virtio_teardown),
		cmocka_unit_test_setup_teardown(test_queue_select, virtio_setup, virtio_teardown),
		cmocka_unit_test_setup_teardown(test_node, virtio_setup, virtio_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
