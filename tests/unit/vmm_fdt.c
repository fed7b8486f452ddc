/* SPDX-License-Identifier: MIT */
/*
 * The device tree that a guest gets, read back by libfdt: what the bindings ask
 * for is there, in the order of addresses; and command lines that Linux would
 * cut or misread are said.
 * Links: base/fdt_check.c
 * Links: vmm/boot/fdt.c vmm/boot/dtb.c vmm/boot/source.c vmm/boot/zboot.c
 * Links: vmm/machine/skeletons.S tests/unit/fake_log.c
 * Libs: fdt z zstd
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_log.h"
#include "vmm/boot/fdt.h"

#define BASE UINT64_C(0x40000000)
#define MIB  UINT64_C(0x100000)

extern const uint8_t tl_skeleton_virt[];
extern const uint8_t tl_skeleton_vexpress[];

static const struct tl_layout layout = {
	.ram_base = BASE,
	.ram_size = UINT64_C(0x123456000),
	.initrd = BASE + 33 * MIB,
	.initrd_size = 5 * MIB + 1,
};

static const struct tl_gic_map gic_map = TL_GIC_MAP_VIRT;
static struct tl_irqchip irqchip;
static uint64_t mpidrs[TL_GIC_MAX_VCPUS];

/* As KVM numbers them (arch/arm64/kvm/sys_regs.c, reset_mpidr). */
static struct tl_fdt_config config_of(unsigned int cpus, enum tl_gic_kind gic)
{
	for (unsigned int i = 0; i < TL_GIC_MAX_VCPUS; i++)
		mpidrs[i] = (i & 0xf) | (uint64_t)(i >> 4) << 8;
	irqchip = TL_IRQCHIP_INIT;
	irqchip.map = &gic_map;
	irqchip.kind = gic;
	irqchip.high_redists = UINT64_C(0x4000000000);
	return (struct tl_fdt_config){
		.skeleton = tl_skeleton_virt,
		.layout = &layout,
		.cmdline = "console=ttyAMA0 quiet",
		.gic = &irqchip,
		.cpus = cpus,
		.mpidr = mpidrs,
	};
}

/* Builds; the caller frees the tree, which must hold no byte beyond its room. */
static void *build(const struct tl_fdt_config *config)
{
	void *fdt = malloc(TL_LAYOUT_FDT_SIZE);

	assert_non_null(fdt);
	memset(fdt, 0xee, TL_LAYOUT_FDT_SIZE);
	assert_int_equal(tl_fdt_build(config, fdt), 0);
	assert_int_equal(fdt_check_full(fdt, TL_LAYOUT_FDT_SIZE), 0);
	assert_nothing_logged();
	return fdt;
}

static int node(const void *fdt, const char *path)
{
	int at = fdt_path_offset(fdt, path);

	if (at < 0)
		fail_msg("no %s: %s", path, fdt_strerror(at));
	return at;
}

static void check_string(const void *fdt, int at, const char *name, const char *value)
{
	int len;
	const char *prop = fdt_getprop(fdt, at, name, &len);

	if (!prop)
		fail_msg("no %s", name);
	assert_int_equal(len, strlen(value) + 1);
	assert_string_equal(prop, value);
}

/* A property of 32-bit cells. */
static void check_cells(const void *fdt, int at, const char *name, const uint32_t *cells, int count)
{
	int len;
	const fdt32_t *prop = fdt_getprop(fdt, at, name, &len);

	if (!prop)
		fail_msg("no %s", name);
	assert_int_equal(len, 4 * count);
	for (int i = 0; i < count; i++)
		assert_int_equal(fdt32_to_cpu(prop[i]), cells[i]);
}

#define CELLS(fdt, at, name, ...)                                                                  \
	check_cells(fdt, at, name, (const uint32_t[]){__VA_ARGS__},                                \
		(int)ARRAY_LEN(((const uint32_t[]){__VA_ARGS__})))

/* arm/cpus.yaml: one cell where the CPUs are 32-bit. */
static void test_aarch32(void **state)
{
	struct tl_fdt_config config = config_of(2, TL_GIC_V3);
	struct tl_layout aarch32 = layout;
	const uint32_t one = 1;
	void *fdt;

	(void)state;
	aarch32.aarch32 = true;
	config.layout = &aarch32;
	fdt = build(&config);
	check_cells(fdt, node(fdt, "/cpus"), "#address-cells", &one, 1);
	check_cells(fdt, node(fdt, "/cpus/cpu@1"), "reg", &one, 1);
	free(fdt);
}

static void test_memory(void **state)
{
	struct tl_fdt_config config = config_of(1, TL_GIC_V3);
	void *fdt = build(&config);
	int at = node(fdt, "/memory@40000000");

	(void)state;
	check_string(fdt, at, "device_type", "memory");
	CELLS(fdt, at, "reg", 0, 0x40000000, 1, 0x23456000);
	free(fdt);
}

static void test_memory_with_a_hole(void **state)
{
	struct tl_layout holed = {.ram_base = BASE,
		.ram_size = UINT64_C(0x123456000),
		.hole = BASE + 64 * MIB,
		.hole_size = 2 * MIB};
	struct tl_fdt_config config = config_of(1, TL_GIC_V3);
	void *fdt;

	(void)state;
	config.layout = &holed;
	fdt = build(&config);
	CELLS(fdt, node(fdt, "/memory@40000000"), "reg", 0, 0x40000000, 0, 0x04000000, 0,
		0x44200000, 1, 0x1f256000);
	free(fdt);
}

static void test_cpus(void **state)
{
	struct tl_fdt_config config = config_of(18, TL_GIC_V3);
	void *fdt = build(&config);
	int cpus = node(fdt, "/cpus");
	unsigned int count = 0;
	int at;

	(void)state;
	CELLS(fdt, cpus, "#address-cells", 2);
	CELLS(fdt, cpus, "#size-cells", 0);
	/* Linux numbers them as they come: vCPU 0 first, which is the one that boots. */
	fdt_for_each_subnode(at, fdt, cpus)
	{
		char name[32];

		snprintf(name, sizeof(name), "cpu@%x", (unsigned int)mpidrs[count]);
		assert_string_equal(fdt_get_name(fdt, at, NULL), name);
		check_string(fdt, at, "device_type", "cpu");
		check_string(fdt, at, "compatible", "arm,armv8");
		check_string(fdt, at, "enable-method", "psci");
		CELLS(fdt, at, "reg", 0, (uint32_t)mpidrs[count]);
		count++;
	}
	assert_int_equal(count, 18);
	node(fdt, "/cpus/cpu@101");
	free(fdt);
}

/* Aff3 is in bits 39:32 of MPIDR_EL1, and so in the first cell (arm/cpus.yaml). */
static void test_cpu_with_aff3(void **state)
{
	struct tl_fdt_config config = config_of(1, TL_GIC_V3);
	void *fdt;

	(void)state;
	mpidrs[0] = UINT64_C(0x0100020304);
	fdt = build(&config);
	CELLS(fdt, node(fdt, "/cpus/cpu@100020304"), "reg", 1, 0x00020304);
	free(fdt);
}

static int gic(const void *fdt)
{
	int at = node(fdt, "/intc@8000000");
	int len;

	assert_non_null(fdt_getprop(fdt, at, "interrupt-controller", &len));
	assert_int_equal(len, 0);
	CELLS(fdt, at, "#interrupt-cells", 3);
	/* What all devices of the skeleton refer to. */
	assert_int_equal(fdt_get_phandle(fdt, at),
		fdt32_to_cpu(*(const fdt32_t *)fdt_getprop(fdt, 0, "interrupt-parent", NULL)));
	return at;
}

static void test_gicv3(void **state)
{
	struct tl_fdt_config config = config_of(3, TL_GIC_V3);
	void *fdt = build(&config);
	int at = gic(fdt);

	(void)state;
	check_string(fdt, at, "compatible", "arm,gic-v3");
	/* Distributor, and 128 KiB of redistributors a CPU. */
	CELLS(fdt, at, "reg", 0, 0x08000000, 0, 0x10000, 0, 0x080a0000, 0, 0x60000);
	free(fdt);
}

static void test_gicv2(void **state)
{
	struct tl_fdt_config config = config_of(3, TL_GIC_V2);
	void *fdt = build(&config);
	int at = gic(fdt);

	(void)state;
	check_string(fdt, at, "compatible", "arm,cortex-a15-gic");
	CELLS(fdt, at, "reg", 0, 0x08000000, 0, 0x10000, 0, 0x08010000, 0, 0x10000);
	free(fdt);
}

/* More than fit below the devices: a second range of them. */
static void test_high_redistributors(void **state)
{
	struct tl_fdt_config config = config_of(124, TL_GIC_V3);
	void *fdt = build(&config);
	int at = gic(fdt);

	(void)state;
	CELLS(fdt, at, "#redistributor-regions", 2);
	CELLS(fdt, at, "reg", 0, 0x08000000, 0, 0x10000, 0, 0x080a0000, 0, 0xf60000, 0x40, 0, 0,
		0x20000);
	free(fdt);
	config = config_of(123, TL_GIC_V3);
	fdt = build(&config);
	at = gic(fdt);
	CELLS(fdt, at, "reg", 0, 0x08000000, 0, 0x10000, 0, 0x080a0000, 0, 0xf60000);
	assert_null(fdt_getprop(fdt, at, "#redistributor-regions", NULL));
	free(fdt);
}

static void test_msi(void **state)
{
	struct tl_fdt_config config = config_of(1, TL_GIC_V3);
	void *fdt = build(&config);
	int at;

	(void)state;
	assert_true(fdt_path_offset(fdt, "/intc@8000000/its@8080000") < 0);
	free(fdt);
	irqchip.msi = true;
	fdt = build(&config);
	at = node(fdt, "/intc@8000000/its@8080000");
	check_string(fdt, at, "compatible", "arm,gic-v3-its");
	CELLS(fdt, at, "reg", 0, 0x08080000, 0, 0x20000);
	CELLS(fdt, at, "#msi-cells", 1);
	assert_non_null(fdt_getprop(fdt, at, "msi-controller", NULL));
	/* The addresses are those of the parent. */
	assert_non_null(fdt_getprop(fdt, gic(fdt), "ranges", NULL));
	CELLS(fdt, gic(fdt), "#address-cells", 2);
	CELLS(fdt, gic(fdt), "#size-cells", 2);
	free(fdt);
	config = config_of(1, TL_GIC_V2);
	irqchip.msi = true;
	fdt = build(&config);
	at = node(fdt, "/intc@8000000/v2m@8020000");
	check_string(fdt, at, "compatible", "arm,gic-v2m-frame");
	CELLS(fdt, at, "reg", 0, 0x08020000, 0, 0x1000);
	assert_non_null(fdt_getprop(fdt, at, "msi-controller", NULL));
	free(fdt);
}

static void test_pmu(void **state)
{
	struct tl_fdt_config config = config_of(1, TL_GIC_V3);
	void *fdt = build(&config);

	(void)state;
	assert_true(fdt_path_offset(fdt, "/pmu") < 0);
	free(fdt);
	config.pmu = true;
	fdt = build(&config);
	check_string(fdt, node(fdt, "/pmu"), "compatible", "arm,armv8-pmuv3");
	/* Private, INTID 23, level. */
	CELLS(fdt, node(fdt, "/pmu"), "interrupts", 1, 7, 4);
	free(fdt);
}

static void test_chosen(void **state)
{
	struct tl_fdt_config config = config_of(1, TL_GIC_V3);
	void *fdt = build(&config);
	int at = node(fdt, "/chosen");

	(void)state;
	check_string(fdt, at, "bootargs", "console=ttyAMA0 quiet");
	CELLS(fdt, at, "linux,initrd-start", 0, 0x42100000);
	/* The first byte behind it. */
	CELLS(fdt, at, "linux,initrd-end", 0, 0x42600001);
	free(fdt);
}

static void test_neither_initrd_nor_command_line(void **state)
{
	struct tl_fdt_config config = config_of(1, TL_GIC_V3);
	struct tl_layout none = layout;
	void *fdt;
	int at;

	(void)state;
	none.initrd = none.initrd_size = 0;
	config.layout = &none;
	config.cmdline = "";
	fdt = build(&config);
	at = node(fdt, "/chosen");
	assert_null(fdt_getprop(fdt, at, "bootargs", NULL));
	assert_null(fdt_getprop(fdt, at, "linux,initrd-start", NULL));
	assert_null(fdt_getprop(fdt, at, "linux,initrd-end", NULL));
	free(fdt);
}

/* What the skeleton brings is still there: nothing was written over it. */
static void test_skeleton(void **state)
{
	struct tl_fdt_config config = config_of(2, TL_GIC_V3);
	void *fdt = build(&config);
	int psci = node(fdt, "/psci");
	const char *console = fdt_getprop(fdt, node(fdt, "/chosen"), "stdout-path", NULL);

	(void)state;
	check_string(fdt, psci, "method", "hvc");
	assert_int_equal(fdt_node_check_compatible(fdt, psci, "arm,psci-0.2"), 0);
	assert_int_equal(fdt_node_check_compatible(fdt, node(fdt, "/timer"), "arm,armv8-timer"), 0);
	assert_non_null(console);
	/* And what is empty is not part of it, nor of a file that it is written to. */
	assert_true(fdt_totalsize(fdt) < 4096);
	assert_int_equal(fdt_node_check_compatible(fdt, node(fdt, console), "arm,pl011"), 0);
	free(fdt);
}

/* As on QEMU's virt: the GPIO, and the power key on its line 3. */
static void test_power_key(void **state)
{
	struct tl_fdt_config config = config_of(1, TL_GIC_V3);
	void *fdt = build(&config);
	int gpio = node(fdt, "/pl061@9030000");
	int key = node(fdt, "/gpio-keys/poweroff");

	(void)state;
	assert_int_equal(fdt_node_check_compatible(fdt, gpio, "arm,pl061"), 0);
	CELLS(fdt, gpio, "reg", 0, 0x09030000, 0, 0x1000);
	CELLS(fdt, gpio, "interrupts", 0, 7, 4);
	CELLS(fdt, gpio, "#gpio-cells", 2);
	CELLS(fdt, key, "gpios", fdt_get_phandle(fdt, gpio), 3, 0);
	CELLS(fdt, key, "linux,code", 116);
	free(fdt);
}

/* As many CPUs and characters as can be: there is room for all. */
static void test_largest(void **state)
{
	struct tl_fdt_config config = config_of(TL_GIC_MAX_VCPUS, TL_GIC_V3);
	char cmdline[TL_CMDLINE_MAX];
	void *fdt;

	(void)state;
	memset(cmdline, 'x', sizeof(cmdline) - 1);
	cmdline[sizeof(cmdline) - 1] = '\0';
	config.cmdline = cmdline;
	fdt = build(&config);
	assert_true(fdt_totalsize(fdt) <= TL_LAYOUT_FDT_SIZE);
	check_string(fdt, node(fdt, "/chosen"), "bootargs", cmdline);
	/* The first redistributors end where the UART begins. */
	CELLS(fdt, gic(fdt), "reg", 0, 0x08000000, 0, 0x10000, 0, 0x080a0000, 0, 0xf60000, 0x40, 0,
		0, 0x30a0000);
	free(fdt);
}

static void test_too_little_space(void **state)
{
	struct tl_fdt_config config = config_of(4, TL_GIC_V3);
	char *cmdline = malloc(TL_LAYOUT_FDT_SIZE);
	void *fdt = malloc(TL_LAYOUT_FDT_SIZE);

	(void)state;
	assert_non_null(cmdline);
	assert_non_null(fdt);
	memset(cmdline, 'x', TL_LAYOUT_FDT_SIZE - 1);
	cmdline[TL_LAYOUT_FDT_SIZE - 1] = '\0';
	config.cmdline = cmdline;
	assert_int_equal(tl_fdt_build(&config, fdt), -ENOSPC);
	assert_error("cannot build the device tree: FDT_ERR_NOSPACE");
	free(cmdline);
	free(fdt);
}

/* Machine vexpress-a15: RAM, GIC and command line go into its skeleton as well. */
static void test_vexpress(void **state)
{
	static const struct tl_layout low = {.ram_base = 0x80000000, .ram_size = 512 * MIB};
	static const struct tl_gic_map map = {
		.v2_dist = {0x2c001000, 0x1000}, .v2_cpu = {0x2c002000, 0x2000}};
	struct tl_fdt_config config = config_of(2, TL_GIC_V2);
	void *fdt;

	(void)state;
	config.skeleton = tl_skeleton_vexpress;
	config.layout = &low;
	irqchip.map = &map;
	fdt = build(&config);
	CELLS(fdt, node(fdt, "/memory@80000000"), "reg", 0, 0x80000000, 0, 0x20000000);
	CELLS(fdt, node(fdt, "/intc@2c001000"), "reg", 0, 0x2c001000, 0, 0x1000, 0, 0x2c002000, 0,
		0x2000);
	check_string(fdt, node(fdt, "/chosen"), "stdout-path", "/pl011@1c090000");
	/* Its power is behind the system registers, not behind PSCI (0.1 has no such call). */
	check_string(fdt, node(fdt, "/psci"), "compatible", "arm,psci");
	CELLS(fdt, node(fdt, "/mcc/shutdown"), "arm,vexpress-sysreg,func", 8, 0);
	free(fdt);
}

static void test_bad_skeletons(void **state)
{
	struct tl_fdt_config config = config_of(1, TL_GIC_V3);
	void *fdt = malloc(TL_LAYOUT_FDT_SIZE);
	uint32_t skeleton[1024] = {0};

	(void)state;
	assert_non_null(fdt);
	config.skeleton = skeleton;
	assert_int_equal(tl_fdt_build(&config, fdt), -EINVAL);
	assert_error("cannot build the device tree: FDT_ERR_BADMAGIC");
	/* Without /chosen it gets one. */
	assert_int_equal(fdt_create_empty_tree(skeleton, sizeof(skeleton)), 0);
	assert_int_equal(tl_fdt_build(&config, fdt), 0);
	node(fdt, "/chosen");
	free(fdt);
}

/* robust: cmdline.long */
static void test_long_command_lines(void **state)
{
	char cmdline[TL_CMDLINE_MAX + 1];

	(void)state;
	memset(cmdline, 'x', sizeof(cmdline));
	/* COMMAND_LINE_SIZE counts the zero. */
	cmdline[TL_CMDLINE_MAX - 1] = '\0';
	assert_int_equal(tl_fdt_check_cmdline(cmdline), 0);
	assert_nothing_logged();
	cmdline[TL_CMDLINE_MAX - 1] = 'x';
	cmdline[TL_CMDLINE_MAX] = '\0';
	assert_int_equal(tl_fdt_check_cmdline(cmdline), -E2BIG);
	assert_error("command line has 2048 characters", "takes 2047");
}

/* robust: cmdline.mem */
static void test_mem_without_a_unit(void **state)
{
	static const char *const doubtful[] = {
		"mem=512", "mem=512 quiet", "quiet mem=512", "mem=1G mem=512", "xmem=1 mem=512 x"};
	static const char *const fine[] = {"", "mem=512M", "mem=1G quiet", "memory=512",
		"mem=", "mem= 5", "xmem=512", "a.mem=512", "mem=512x", "mem=0x20000000"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(doubtful); i++) {
		assert_int_equal(tl_fdt_check_cmdline(doubtful[i]), 0);
		assert_warned("'mem=512'", "means 512 bytes", "mem=512M?");
	}
	for (size_t i = 0; i < ARRAY_LEN(fine); i++) {
		assert_int_equal(tl_fdt_check_cmdline(fine[i]), 0);
		assert_nothing_logged();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_aarch32, fake_log_reset),
		cmocka_unit_test_setup(test_memory, fake_log_reset),
		cmocka_unit_test_setup(test_memory_with_a_hole, fake_log_reset),
		cmocka_unit_test_setup(test_cpus, fake_log_reset),
		cmocka_unit_test_setup(test_cpu_with_aff3, fake_log_reset),
		cmocka_unit_test_setup(test_gicv3, fake_log_reset),
		cmocka_unit_test_setup(test_gicv2, fake_log_reset),
		cmocka_unit_test_setup(test_high_redistributors, fake_log_reset),
		cmocka_unit_test_setup(test_msi, fake_log_reset),
		cmocka_unit_test_setup(test_pmu, fake_log_reset),
		cmocka_unit_test_setup(test_chosen, fake_log_reset),
		cmocka_unit_test_setup(test_neither_initrd_nor_command_line, fake_log_reset),
		cmocka_unit_test_setup(test_skeleton, fake_log_reset),
		cmocka_unit_test_setup(test_power_key, fake_log_reset),
		cmocka_unit_test_setup(test_largest, fake_log_reset),
		cmocka_unit_test_setup(test_too_little_space, fake_log_reset),
		cmocka_unit_test_setup(test_bad_skeletons, fake_log_reset),
		cmocka_unit_test_setup(test_vexpress, fake_log_reset),
		cmocka_unit_test_setup(test_long_command_lines, fake_log_reset),
		cmocka_unit_test_setup(test_mem_without_a_unit, fake_log_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
