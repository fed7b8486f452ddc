/* SPDX-License-Identifier: MIT */
/*
 * Device trees and overlays that the user brings: what this machine wrote it takes
 * back, an overlay by path and by label gets in, and a file that is damaged, or a
 * tree of another machine, is refused in one line.
 * Links: base/fdt_check.c
 * Links: vmm/boot/fdt.c vmm/boot/dtb.c vmm/boot/source.c vmm/boot/zboot.c
 * Links: vmm/machine/skeletons.S tests/unit/fake_files.c tests/unit/fake_log.c
 * Libs: fdt z zstd
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/fake_files.h"
#include "tests/unit/fake_log.h"
#include "tests/unit/fds.h"
#include "vmm/boot/dtb.h"
#include "vmm/boot/fdt.h"

#define BASE UINT64_C(0x40000000)
#define MIB  UINT64_C(0x100000)

extern const uint8_t tl_skeleton_virt[];

static const struct tl_layout layout = {.ram_base = BASE, .ram_size = 64 * MIB};
static const struct tl_gic_map gic_map = TL_GIC_MAP_VIRT;
static const struct tl_irqchip irqchip = {.map = &gic_map, .kind = TL_GIC_V3};
static const uint64_t mpidrs[] = {0, 1, 2};

static struct tl_fdt_config config_of(void)
{
	return (struct tl_fdt_config){
		.skeleton = tl_skeleton_virt,
		.layout = &layout,
		.cmdline = "quiet",
		.gic = &irqchip,
		.cpus = 2,
		.mpidr = mpidrs,
	};
}

/* Room for a tree; the caller frees it. */
static void *room(void)
{
	void *fdt = calloc(1, TL_LAYOUT_FDT_SIZE);

	assert_non_null(fdt);
	return fdt;
}

/* The machine's own tree. The caller frees it. */
static void *own_tree(void)
{
	struct tl_fdt_config config = config_of();
	void *fdt = room();

	assert_int_equal(tl_fdt_build(&config, fdt), 0);
	assert_nothing_logged();
	return fdt;
}

static const char *tree_file(const void *fdt)
{
	return fake_file("tree", fdt, fdt_totalsize(fdt));
}

/* An overlay that adds node "extra" below its target: a path, or the label of a node. */
static const char *overlay_file(const char *path, const char *label)
{
	const char *place = "/fragment@0:target:0";
	void *fdt = room();
	const char *file;
	int node;

	assert_int_equal(fdt_create_empty_tree(fdt, 4096), 0);
	if (label) {
		node = fdt_add_subnode(fdt, 0, "__fixups__");
		assert_int_equal(fdt_setprop_string(fdt, node, label, place), 0);
	}
	node = fdt_add_subnode(fdt, 0, "fragment@0");
	if (label)
		assert_int_equal(fdt_setprop_u32(fdt, node, "target", UINT32_MAX), 0);
	else
		assert_int_equal(fdt_setprop_string(fdt, node, "target-path", path), 0);
	node = fdt_add_subnode(fdt, node, "__overlay__");
	node = fdt_add_subnode(fdt, node, "extra");
	assert_int_equal(fdt_setprop_string(fdt, node, "status", "okay"), 0);
	assert_int_equal(fdt_pack(fdt), 0);
	file = fake_file("overlay", fdt, fdt_totalsize(fdt));
	free(fdt);
	return file;
}

static void test_own_tree_again(void **state)
{
	struct tl_fdt_config config = config_of();
	void *own = own_tree();
	void *fdt = room();
	struct tl_dtb dtb;
	int len;

	(void)state;
	assert_int_equal(tl_dtb_read(&dtb, "device tree", tree_file(own)), 0);
	config.dtb = &dtb;
	/* Twice, as at a reset. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(tl_fdt_build(&config, fdt), 0);
		assert_int_equal(fdt_totalsize(fdt), fdt_totalsize(own));
		assert_memory_equal(fdt, own, fdt_totalsize(own));
	}
	/* Our command line takes the place of its, if there is one. */
	config.cmdline = "other words";
	assert_int_equal(tl_fdt_build(&config, fdt), 0);
	assert_string_equal(
		fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "bootargs", &len), "other words");
	config.cmdline = "";
	assert_int_equal(tl_fdt_build(&config, fdt), 0);
	assert_string_equal(
		fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "bootargs", &len), "quiet");
	assert_nothing_logged();
	tl_dtb_fini(&dtb);
	tl_dtb_fini(&dtb);
	free(fdt);
	free(own);
}

/* A tree without /chosen gets one; the place of an initrd that is not there now goes. */
static void test_chosen(void **state)
{
	struct tl_layout with = layout;
	struct tl_fdt_config config = config_of();
	void *fdt = room();
	struct tl_dtb dtb;

	(void)state;
	with.initrd = BASE + MIB;
	with.initrd_size = 1000;
	config.layout = &with;
	assert_int_equal(tl_fdt_build(&config, fdt), 0);
	assert_int_equal(tl_dtb_read(&dtb, "device tree", tree_file(fdt)), 0);
	config.dtb = &dtb;
	config.layout = &layout;
	assert_int_equal(tl_fdt_build(&config, fdt), 0);
	assert_null(fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "linux,initrd-start", NULL));
	tl_dtb_fini(&dtb);
	assert_int_equal(fdt_del_node(fdt, fdt_path_offset(fdt, "/chosen")), 0);
	assert_int_equal(tl_dtb_read(&dtb, "device tree", tree_file(fdt)), 0);
	config.layout = &with;
	assert_int_equal(tl_fdt_build(&config, fdt), 0);
	assert_non_null(
		fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "linux,initrd-end", NULL));
	assert_nothing_logged();
	tl_dtb_fini(&dtb);
	free(fdt);
}

static void test_overlay(void **state)
{
	static const struct {
		const char *path, *label, *at;
	} cases[] = {
		{"/", NULL, "/extra"},
		{"/pl011@9000000", NULL, "/pl011@9000000/extra"},
		{NULL, "uart", "/pl011@9000000/extra"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct tl_fdt_config config = config_of();
		void *fdt = room();
		struct tl_dtb overlay;

		assert_int_equal(tl_dtb_read(&overlay, "overlay",
					 overlay_file(cases[i].path, cases[i].label)),
			0);
		config.overlay = &overlay;
		for (int n = 0; n < 2; n++) {
			assert_int_equal(tl_fdt_build(&config, fdt), 0);
			assert_true(fdt_path_offset(fdt, cases[i].at) > 0);
			/* The guest has no use for it. */
			assert_int_equal(fdt_path_offset(fdt, "/__symbols__"), -FDT_ERR_NOTFOUND);
			assert_int_equal(fdt_check_full(fdt, TL_LAYOUT_FDT_SIZE), 0);
		}
		assert_nothing_logged();
		tl_dtb_fini(&overlay);
		free(fdt);
	}
}

static void test_overlay_of_something_else(void **state)
{
	struct tl_fdt_config config = config_of();
	void *own = own_tree();
	void *fdt = room();
	struct tl_dtb overlay;

	(void)state;
	config.overlay = &overlay;
	assert_int_equal(tl_dtb_read(&overlay, "overlay", overlay_file(NULL, "nothing")), 0);
	assert_int_equal(tl_fdt_build(&config, fdt), -EINVAL);
	assert_error("cannot apply overlay '", "/overlay': FDT_ERR_NOTFOUND; it names a label");
	tl_dtb_fini(&overlay);
	assert_int_equal(tl_dtb_read(&overlay, "overlay", overlay_file("/no/such", NULL)), 0);
	assert_int_equal(tl_fdt_build(&config, fdt), -EINVAL);
	assert_error("cannot apply overlay '", "/overlay': ");
	tl_dtb_fini(&overlay);
	free(fdt);
	free(own);
}

static void expect_unread(const char *path, int err, const char *words)
{
	unsigned int fds = fds_open();
	struct tl_dtb dtb;

	assert_int_equal(tl_dtb_read(&dtb, "device tree", path), -err);
	assert_error("device tree '", words);
	assert_int_equal(fds_open(), fds);
	tl_dtb_fini(&dtb);
}

/* robust: dtb.magic dtb.totalsize dtb.strings */
static void test_damaged_files(void **state)
{
	uint8_t *own = own_tree();
	uint32_t size = fdt_totalsize(own);
	uint32_t strings = fdt_off_dt_strings(own);
	uint8_t *large = calloc(1, TL_LAYOUT_FDT_SIZE + 1);
	uint8_t saved[16];

	(void)state;
	assert_non_null(large);
	expect_unread(fake_path("missing"), ENOENT, "No such file");
	expect_unread(fake_file("empty", "", 0), ENODATA, "is empty");
	expect_unread("/dev/zero", EINVAL, "is a device");
	expect_unread(fake_file("short", own, 10), EBADMSG, "is damaged");
	expect_unread(fake_file("text", "/dts-v1/; / { a = <1>; b = <2>; c = <3>; };", 43), EBADMSG,
		"is not compiled by dtc");
	expect_unread(
		fake_file("large", large, TL_LAYOUT_FDT_SIZE + 1), EFBIG, "there is room for");
	/* Version 2 had no size of the strings, by which libfdt may go astray. */
	fdt_set_version(own, 2);
	expect_unread(fake_file("old", own, size), EBADMSG, "is damaged: FDT_ERR_BADVERSION");
	fdt_set_version(own, 17);
	/* Cut anywhere, its totalsize lies. */
	for (uint32_t cut = 1; cut < size; cut += 97)
		expect_unread(fake_file("cut", own, size - cut), EBADMSG, "is damaged");
	/* A property that ends where it begins, modulo 2^32: libfdt 1.6.1 walks it for ever. */
	memcpy(saved, own + fdt_off_dt_struct(own), sizeof(saved));
	fdt32_st(own + fdt_off_dt_struct(own) + 8, FDT_PROP);
	fdt32_st(own + fdt_off_dt_struct(own) + 12, 0xfffffff4);
	expect_unread(fake_file("long", own, size), EBADMSG, "is damaged: FDT_ERR_BADSTRUCTURE");
	memcpy(own + fdt_off_dt_struct(own), saved, sizeof(saved));
	/* The last name is not terminated; nodes begin and do not end. */
	own[strings + fdt_size_dt_strings(own) - 1] = 'x';
	expect_unread(fake_file("strings", own, size), EBADMSG, "is damaged");
	own[strings + fdt_size_dt_strings(own) - 1] = 0;
	memset(own + fdt_off_dt_struct(own) + fdt_size_dt_struct(own) - 8, 0, 4);
	own[fdt_off_dt_struct(own) + fdt_size_dt_struct(own) - 5] = FDT_BEGIN_NODE;
	expect_unread(fake_file("nodes", own, size), EBADMSG, "is damaged");
	free(large);
	free(own);
}

/* robust: dtb.nesting */
static void test_deep_nesting(void **state)
{
	for (int levels = TL_DTB_DEPTH; levels <= 5000; levels = levels * 5 + 1) {
		void *fdt = room();
		struct tl_dtb dtb;
		int ret;

		assert_int_equal(fdt_create(fdt, (int)TL_LAYOUT_FDT_SIZE), 0);
		assert_int_equal(fdt_finish_reservemap(fdt), 0);
		for (int i = 0; i <= levels; i++)
			assert_int_equal(fdt_begin_node(fdt, i ? "n" : ""), 0);
		for (int i = 0; i <= levels; i++)
			assert_int_equal(fdt_end_node(fdt), 0);
		assert_int_equal(fdt_finish(fdt), 0);
		ret = tl_dtb_read(&dtb, "overlay", tree_file(fdt));
		tl_dtb_fini(&dtb);
		free(fdt);
		assert_int_equal(ret, levels > TL_DTB_DEPTH ? -EBADMSG : 0);
		if (ret)
			assert_error("overlay '", "are deeper than 64 levels");
	}
	(void)state;
}

/* Sound trees, of another machine. */
/* robust: dtb.disagrees */
static void test_disagrees(void **state)
{
	struct tl_fdt_config config = config_of();
	struct tl_layout other = layout;
	void *own = own_tree();
	void *fdt = room();
	struct tl_dtb dtb;

	(void)state;
	assert_int_equal(tl_dtb_read(&dtb, "device tree", tree_file(own)), 0);
	config.dtb = &dtb;
	config.layout = &other;
	other.ram_size = 64 * MIB - 65536;
	assert_int_equal(tl_fdt_build(&config, fdt), -EINVAL);
	assert_error("/tree' has 0x4000000 bytes of memory at 0x40000000, but RAM is 0x40000000 to "
		     "0x43ff0000: use another --mem");
	other.ram_size = 65 * MIB;
	assert_int_equal(tl_fdt_build(&config, fdt), 0);
	other.ram_base = BASE + 65536;
	assert_int_equal(tl_fdt_build(&config, fdt), -EINVAL);
	assert_error("bytes of memory at 0x40000000, but RAM is 0x40010000");
	config.layout = &layout;
	config.cpus = 1;
	assert_int_equal(tl_fdt_build(&config, fdt), -EINVAL);
	assert_error("/tree' has 2 CPUs, and the machine 1: use --cpus 2");
	config.cpus = 3;
	assert_int_equal(tl_fdt_build(&config, fdt), 0);
	tl_dtb_fini(&dtb);
	free(fdt);
	free(own);
}

/* robust: dtb.memory dtb.cpus */
static void test_without_memory_or_cpus(void **state)
{
	static const uint8_t odd[12] = {0};
	void *own = own_tree();

	(void)state;
	assert_int_equal(tl_dtb_check(own, &layout, 2, "tree"), 0);
	assert_int_equal(fdt_del_node(own, fdt_path_offset(own, "/cpus/cpu@0")), 0);
	assert_int_equal(tl_dtb_check(own, &layout, 2, "tree"), 0);
	assert_int_equal(fdt_del_node(own, fdt_path_offset(own, "/cpus/cpu@1")), 0);
	assert_int_equal(tl_dtb_check(own, &layout, 2, "tree"), -EINVAL);
	assert_error("device tree 'tree' has no CPU");
	assert_int_equal(fdt_del_node(own, fdt_path_offset(own, "/cpus")), 0);
	assert_int_equal(tl_dtb_check(own, &layout, 2, "tree"), -EINVAL);
	assert_error("device tree 'tree' has no CPU");
	free(own);
	own = own_tree();
	assert_int_equal(
		fdt_setprop(own, fdt_path_offset(own, "/memory@40000000"), "reg", odd, 12), 0);
	assert_int_equal(tl_dtb_check(own, &layout, 2, "tree"), -EINVAL);
	assert_error("device tree 'tree': its memory node cannot be understood");
	assert_int_equal(fdt_del_node(own, fdt_path_offset(own, "/memory@40000000")), 0);
	assert_int_equal(tl_dtb_check(own, &layout, 2, "tree"), -EINVAL);
	assert_error("device tree 'tree' has no memory");
	free(own);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_files_setup, fake_files_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_own_tree_again),
		TEST(test_chosen),
		TEST(test_overlay),
		TEST(test_overlay_of_something_else),
		TEST(test_damaged_files),
		TEST(test_deep_nesting),
		TEST(test_disagrees),
		TEST(test_without_memory_or_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
