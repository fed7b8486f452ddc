/* SPDX-License-Identifier: MIT */
/*
 * jansson reads and writes; here is what must hold of what was read.
 */
#include "trace/record/vm_json.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/file.h"
#include "base/parse.h"
#include "base/utf8.h"

/* A file that is larger was not written here. */
#define FILE_MAX (4 << 20)

/* 64 bits: JSON's whole numbers are signed here. */
static json_t *number(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

/* Addresses of kernels have the highest bit set, which no number here can. */
static json_t *address(uint64_t value)
{
	return json_sprintf("0x%" PRIx64, value);
}

static json_t *regions_array(const struct tl_vm_map *map)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < map->count; i++)
		json_array_append_new(array, json_pack("{ss so so}", "name", map->regions[i].name,
						     "base", number(map->regions[i].base), "size",
						     number(map->regions[i].size)));
	return array;
}

/* By the classes' names. */
static json_t *counts_array(const uint64_t *counts, unsigned int count, bool fixups)
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < count; i++) {
		const char *name = fixups && i == TL_FIXUP_WITHHELD
					   ? "WITHHELD"
					   : tl_esr_class_name(fixups ? TL_CLASS_EC + i : i);

		if (counts[i])
			json_object_set_new(object, name, number(counts[i]));
	}
	return object;
}

static json_t *kernel_object(const struct tl_kernel_counts *kernel)
{
	json_t *object = json_object();

	if (kernel->has_exits)
		json_object_set_new(object, "exits", number(kernel->exits));
	if (kernel->has_classes)
		json_object_set_new(
			object, "returned", counts_array(kernel->classes, TL_CLASS_COUNT, false));
	if (kernel->has_fixups)
		json_object_set_new(
			object, "fixups", counts_array(kernel->fixups, TL_FIXUP_CLASSES, true));
	if (kernel->has_not_run)
		json_object_set_new(object, "entries_not_run", number(kernel->not_run));
	return object;
}

static json_t *vcpus_array(const struct tl_vm_json *vm)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		json_array_append_new(
			array, json_pack("{so so so so}", "id", number(vm->vcpus[i].id), "tid",
				       number((uint64_t)vm->vcpus[i].tid), "start_exits",
				       number(vm->vcpus[i].start_exits), "kernel",
				       kernel_object(&vm->vcpus[i].kernel)));
	return array;
}

int tl_vm_json_write(const char *path, const struct tl_vm_json *vm)
{
	json_t *root = json_pack("{ss ss ss ss ss so so so so s{so so so} sb}", "format",
		TL_VM_JSON_FORMAT, "program", vm->program, "command", vm->command, "host", vm->host,
		"kernel", vm->kernel, "counter_hz", number(vm->counter_hz), "pid",
		number((uint64_t)vm->pid), "regions", regions_array(&vm->map), "vcpus",
		vcpus_array(vm), "symbols", "linked", address(vm->symbols_linked), "loaded",
		address(vm->symbols_loaded), "size", number(vm->symbols_size), "complete",
		vm->complete);
	char *text = NULL;
	int ret = -ENOMEM;

	if (root && vm->complete) {
		json_object_set_new(root, "lost_events", number(vm->lost_events));
		json_object_set_new(root, "ended_by", json_string(vm->ended_by));
	}
	if (root)
		text = json_dumps(root, JSON_INDENT(2));
	if (text)
		ret = tl_file_replace(path, text);
	free(text);
	json_decref(root);
	return ret;
}

struct reader {
	char *problem;
	size_t problem_size;
};

__attribute__((format(printf, 2, 3))) static int fail(const struct reader *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->problem, r->problem_size, fmt, ap);
	va_end(ap);
	/* The parser quotes what it stumbled over, and a message is one line. */
	for (char *c = r->problem; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	return -EPROTO;
}

/* A member that is a whole number from 0 to `max`; one that is missing is 0. */
static int get_number(const struct reader *r, const json_t *object, const char *name, uint64_t max,
	uint64_t *value)
{
	const json_t *member = json_object_get(object, name);

	*value = 0;
	if (!member)
		return 0;
	if (!json_is_integer(member) || json_integer_value(member) < 0 ||
		(uint64_t)json_integer_value(member) > max)
		return fail(r, "'%s' is not a whole number from 0 to %llu", name,
			(unsigned long long)max);
	*value = (uint64_t)json_integer_value(member);
	return 0;
}

static void get_text(const json_t *object, const char *name, char *text, size_t size)
{
	const char *value = json_string_value(json_object_get(object, name));

	snprintf(text, size, "%s", value ? value : "");
	tl_utf8_clean(text);
}

static int get_address(
	const struct reader *r, const json_t *object, const char *name, uint64_t *value)
{
	const json_t *member = json_object_get(object, name);

	*value = 0;
	if (member && tl_parse_u64(json_string_value(member), 0, UINT64_MAX, value))
		return fail(r, "'%s' is no address", name);
	return 0;
}

/* A member that is an array or an object; NULL where it is missing. */
static int get_member(const struct reader *r, const json_t *object, const char *name,
	json_type type, const json_t **member)
{
	*member = json_object_get(object, name);
	if (*member && json_typeof(*member) != type)
		return fail(r, "'%s' is no %s", name, type == JSON_ARRAY ? "array" : "object");
	return 0;
}

static int overlap(const struct tl_vm_region *a, const struct tl_vm_region *b)
{
	return a->base < b->base + b->size && b->base < a->base + a->size;
}

static int get_region(const struct reader *r, const json_t *object, struct tl_vm_map *map)
{
	struct tl_vm_region *region = &map->regions[map->count];
	int ret = get_number(r, object, "base", UINT64_MAX, &region->base);

	ret = ret ? ret : get_number(r, object, "size", INT64_MAX, &region->size);
	if (ret)
		return ret;
	get_text(object, "name", region->name, sizeof(region->name));
	if (!region->name[0] || !region->size)
		return fail(r, "region %u has no name or no size", map->count);
	for (unsigned int i = 0; i < map->count; i++) {
		if (overlap(region, &map->regions[i]))
			return fail(r, "regions '%s' and '%s' overlap", map->regions[i].name,
				region->name);
	}
	map->count++;
	return 0;
}

static int get_regions(const struct reader *r, const json_t *root, struct tl_vm_map *map)
{
	const json_t *array;
	int ret = get_member(r, root, "regions", JSON_ARRAY, &array);

	if (json_array_size(array) > TL_VM_REGIONS)
		return fail(r, "%zu regions, and %u are possible", json_array_size(array),
			TL_VM_REGIONS);
	for (size_t i = 0; i < json_array_size(array) && !ret; i++)
		ret = get_region(r, json_array_get(array, i), map);
	return ret;
}

static int get_counts(const struct reader *r, const json_t *object, uint64_t *counts,
	unsigned int count, bool fixups)
{
	int ret = 0;

	for (unsigned int i = 0; i < count && !ret; i++) {
		const char *name = fixups && i == TL_FIXUP_WITHHELD
					   ? "WITHHELD"
					   : tl_esr_class_name(fixups ? TL_CLASS_EC + i : i);

		ret = get_number(r, object, name, INT64_MAX, &counts[i]);
	}
	return ret;
}

static int get_kernel(const struct reader *r, const json_t *object, struct tl_kernel_counts *kernel)
{
	const json_t *returned, *fixups;
	int ret = get_member(r, object, "returned", JSON_OBJECT, &returned);
	int err = get_member(r, object, "fixups", JSON_OBJECT, &fixups);

	ret = ret ? ret : err;
	ret = ret ? ret : get_number(r, object, "exits", INT64_MAX, &kernel->exits);
	ret = ret ? ret : get_number(r, object, "entries_not_run", INT64_MAX, &kernel->not_run);
	ret = ret ? ret : get_counts(r, returned, kernel->classes, TL_CLASS_COUNT, false);
	ret = ret ? ret : get_counts(r, fixups, kernel->fixups, TL_FIXUP_CLASSES, true);
	kernel->has_exits = json_object_get(object, "exits") != NULL;
	kernel->has_not_run = json_object_get(object, "entries_not_run") != NULL;
	kernel->has_classes = returned != NULL;
	kernel->has_fixups = fixups != NULL;
	return ret;
}

static int get_vcpu(const struct reader *r, const json_t *object, struct tl_vm_json *vm)
{
	struct tl_vm_json_vcpu *vcpu = &vm->vcpus[vm->vcpu_count];
	const json_t *kernel;
	uint64_t id = 0, tid = 0;
	int ret = get_number(r, object, "id", INT32_MAX, &id);

	ret = ret ? ret : get_number(r, object, "tid", INT32_MAX, &tid);
	ret = ret ? ret : get_number(r, object, "start_exits", INT64_MAX, &vcpu->start_exits);
	ret = ret ? ret : get_member(r, object, "kernel", JSON_OBJECT, &kernel);
	ret = ret ? ret : get_kernel(r, kernel, &vcpu->kernel);
	if (ret)
		return ret;
	if (!json_object_get(object, "id"))
		return fail(r, "vCPU %u of the list has no 'id'", vm->vcpu_count);
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		if (vm->vcpus[i].id == id)
			return fail(r, "vCPU %u is there twice", (unsigned int)id);
	}
	vcpu->id = (unsigned int)id;
	vcpu->tid = (pid_t)tid;
	vm->vcpu_count++;
	return 0;
}

static int get_vcpus(const struct reader *r, const json_t *root, struct tl_vm_json *vm)
{
	const json_t *array;
	int ret = get_member(r, root, "vcpus", JSON_ARRAY, &array);

	if (json_array_size(array) > TL_VM_JSON_VCPUS_MAX)
		return fail(r, "%zu vCPUs, and %u are possible", json_array_size(array),
			TL_VM_JSON_VCPUS_MAX);
	vm->vcpus = calloc(json_array_size(array) + 1, sizeof(*vm->vcpus));
	if (!vm->vcpus)
		return -ENOMEM;
	for (size_t i = 0; i < json_array_size(array) && !ret; i++)
		ret = get_vcpu(r, json_array_get(array, i), vm);
	return ret;
}

static int get_all(const struct reader *r, const json_t *root, struct tl_vm_json *vm)
{
	const json_t *symbols;
	uint64_t pid = 0;
	char format[64];
	int ret;

	get_text(root, "format", format, sizeof(format));
	if (!format[0])
		return fail(r, "is not of a recording: no 'format' in it");
	if (strcmp(format, TL_VM_JSON_FORMAT) != 0)
		return fail(
			r, "has format '%s', and only '" TL_VM_JSON_FORMAT "' can be read", format);
	get_text(root, "kernel", vm->kernel, sizeof(vm->kernel));
	get_text(root, "program", vm->program, sizeof(vm->program));
	get_text(root, "command", vm->command, sizeof(vm->command));
	get_text(root, "host", vm->host, sizeof(vm->host));
	get_text(root, "ended_by", vm->ended_by, sizeof(vm->ended_by));
	vm->complete = json_is_true(json_object_get(root, "complete"));
	ret = get_number(r, root, "counter_hz", UINT64_C(1) << 40, &vm->counter_hz);
	ret = ret ? ret : get_number(r, root, "pid", INT32_MAX, &pid);
	ret = ret ? ret : get_number(r, root, "lost_events", INT64_MAX, &vm->lost_events);
	ret = ret ? ret : get_member(r, root, "symbols", JSON_OBJECT, &symbols);
	ret = ret ? ret : get_address(r, symbols, "linked", &vm->symbols_linked);
	ret = ret ? ret : get_address(r, symbols, "loaded", &vm->symbols_loaded);
	ret = ret ? ret : get_number(r, symbols, "size", INT64_MAX, &vm->symbols_size);
	ret = ret ? ret : get_regions(r, root, &vm->map);
	ret = ret ? ret : get_vcpus(r, root, vm);
	vm->pid = (pid_t)pid;
	return ret;
}

int tl_vm_json_read(const char *path, struct tl_vm_json *vm, char *problem, size_t problem_size)
{
	const struct reader r = {problem, problem_size};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	json_error_t error;
	struct stat st;
	json_t *root;
	int ret;

	*vm = (struct tl_vm_json){0};
	if (fd < 0 || fstat(fd, &st)) {
		ret = -errno;
		fail(&r, "%s", strerror(-ret));
		if (fd >= 0)
			close(fd);
		return ret;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX) {
		close(fd);
		return fail(&r, "is not a regular file of at most %d MiB", FILE_MAX >> 20);
	}
	root = json_loadfd(fd, JSON_REJECT_DUPLICATES, &error);
	close(fd);
	if (!root)
		return fail(&r, "line %d: %s", error.line, error.text);
	ret = json_is_object(root) ? get_all(&r, root, vm) : fail(&r, "is no JSON object");
	json_decref(root);
	return ret;
}

void tl_vm_json_fini(struct tl_vm_json *vm)
{
	free(vm->vcpus);
	vm->vcpus = NULL;
	vm->vcpu_count = 0;
}
