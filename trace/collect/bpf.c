/* SPDX-License-Identifier: MIT */
/*
 * libbpf does the loading. Which events a kernel has shows when the programs are
 * attached: those for the patched events read more arguments than the stock ones
 * have, and the kernel refuses them.
 */
#include "trace/collect/bpf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/log.h"
#include "trace/collect/system_counter.h"

#define LINKS_MAX 12
/* Of a fixed-point number: ticks to ns. */
#define NS_SHIFT 20

/* The object file, embedded by trace/bpf/object.S. */
extern const unsigned char tl_bpf_object[], tl_bpf_object_end[];

/* The programs, and the events that they belong to. */
static const struct program {
	const char *name, *event;
	bool patched, stock; /* needed with which events */
	bool optional;       /* without it, some details are missing */
	const char *system;  /* of a tracepoint whose record is read; NULL: a raw one */
} programs[] = {
	{"exit_patched", "kvm_exit", true, false, false, NULL},
	{"exit_stock", "kvm_exit", false, true, false, NULL},
	{"entry_stock", "kvm_entry", false, true, false, NULL},
	{"user_exit", "kvm_userspace_exit", true, true, false, NULL},
	{"irq", "irq_handler_entry", true, true, true, NULL},
	{"thread_switch", "sched_switch", true, true, true, "sched"},
	{"thread_waking", "sched_waking", true, true, true, "sched"},
	{"hvc", "kvm_hvc_arm64", false, true, true, NULL},
	{"sys_reg", "kvm_handle_sys_reg", false, true, true, NULL},
	{"guest_fault", "kvm_guest_fault", false, true, true, NULL},
	{"wfx", "kvm_wfx_arm64", false, true, true, NULL},
};
#define PROGRAM_COUNT (sizeof(programs) / sizeof(programs[0]))

struct tl_bpf {
	struct bpf_object *object;
	struct bpf_link *links[LINKS_MAX];
	unsigned int link_count;
	struct tl_bpf_state *state;
	bool patched;
};

/* What libbpf and the verifier have to say is for those who ask for it, line by line. */
static int on_libbpf_message(enum libbpf_print_level level, const char *format, va_list args)
{
	char *text = NULL, *rest = NULL;

	if (level == LIBBPF_DEBUG || !tl_log_enabled(TL_LOG_INFO) ||
		vasprintf(&text, format, args) < 0)
		return 0;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		tl_log_info("%s", line);
	free(text);
	return 0;
}

static int configure(struct tl_bpf *bpf, const struct tl_bpf_options *options)
{
	struct bpf_map *map = bpf_object__find_map_by_name(bpf->object, ".rodata");
	uint64_t hz = tl_counter_frequency();
	struct tl_bpf_config config = {
		.known_threads = bpf->patched && options->known_threads,
		.no_pcs = options->no_pcs,
		.vm_id = (uint32_t)options->vm,
		.tgid = (uint32_t)options->vm,
		.ns_mult = hz ? (UINT64_C(1000000000) << NS_SHIFT) / hz : 0,
		.ns_shift = NS_SHIFT,
	};
	size_t size = 0;

	for (unsigned int i = 0; i < options->ram_count && i < TL_BPF_RANGES; i++)
		config.ram[config.ranges++] = options->ram[i];
	if (!map || !bpf_map__initial_value(map, &size) || size != sizeof(config))
		return -EPROTO;
	return bpf_map__set_initial_value(map, &config, sizeof(config));
}

static bool is_wanted(const struct tl_bpf *bpf, const struct program *program)
{
	return bpf->patched ? program->patched : program->stock;
}

/* The programs' variables, as they are in the kernel. */
static int map_state(struct tl_bpf *bpf)
{
	struct bpf_map *map = bpf_object__find_map_by_name(bpf->object, ".bss");
	void *state;

	if (!map || bpf_map__value_size(map) < sizeof(*bpf->state))
		return -EPROTO;
	/* Written only to free what is no longer of use. */
	state = mmap(
		NULL, sizeof(*bpf->state), PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	if (state == MAP_FAILED)
		return -errno;
	bpf->state = state;
	return 0;
}

static int load(struct tl_bpf *bpf, const struct tl_bpf_options *options)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "trapline");
	int ret;

	bpf->object = bpf_object__open_mem(
		tl_bpf_object, (size_t)(tl_bpf_object_end - tl_bpf_object), &opts);
	if (!bpf->object)
		return -errno;
	for (unsigned int i = 0; i < PROGRAM_COUNT; i++) {
		struct bpf_program *program =
			bpf_object__find_program_by_name(bpf->object, programs[i].name);

		if (!program)
			return -EPROTO;
		bpf_program__set_autoload(program, is_wanted(bpf, &programs[i]));
	}
	ret = configure(bpf, options);
	ret = ret ? ret : bpf_object__load(bpf->object);
	if (ret)
		return ret;
	return map_state(bpf);
}

static void unload(struct tl_bpf *bpf)
{
	tl_bpf_stop(bpf);
	if (bpf->state)
		munmap(bpf->state, sizeof(*bpf->state));
	bpf->state = NULL;
	bpf_object__close(bpf->object);
	bpf->object = NULL;
}

int tl_bpf_start(struct tl_bpf *bpf)
{
	for (unsigned int i = 0; i < PROGRAM_COUNT && bpf->link_count < LINKS_MAX; i++) {
		struct bpf_program *program;
		struct bpf_link *link;

		if (!is_wanted(bpf, &programs[i]))
			continue;
		program = bpf_object__find_program_by_name(bpf->object, programs[i].name);
		link = programs[i].system
			       ? bpf_program__attach_tracepoint(
					 program, programs[i].system, programs[i].event)
			       : bpf_program__attach_raw_tracepoint(program, programs[i].event);
		if (link) {
			bpf->links[bpf->link_count++] = link;
		} else if (!programs[i].optional) {
			int ret = -errno;

			tl_bpf_stop(bpf);
			return ret;
		}
	}
	return 0;
}

void tl_bpf_stop(struct tl_bpf *bpf)
{
	while (bpf->link_count)
		bpf_link__destroy(bpf->links[--bpf->link_count]);
}

/* Whether the programs fit this kernel's events: the kernel is asked by attaching them. */
static int try_kind(struct tl_bpf *bpf, const struct tl_bpf_options *options, bool patched)
{
	int ret;

	bpf->patched = patched;
	ret = load(bpf, options);
	ret = ret ? ret : tl_bpf_start(bpf);
	if (ret)
		unload(bpf);
	else
		tl_bpf_stop(bpf);
	return ret;
}

int tl_bpf_create(struct tl_bpf **out, const struct tl_bpf_options *options, char *problem,
	size_t problem_size)
{
	struct tl_bpf *bpf = calloc(1, sizeof(*bpf));
	int ret;

	*out = NULL;
	if (!bpf)
		return -ENOMEM;
	libbpf_set_print(on_libbpf_message);
	ret = try_kind(bpf, options, true);
	if (ret == -EINVAL)
		ret = try_kind(bpf, options, false);
	if (ret) {
		/* EACCES is what the verifier says of a program that it does not take. */
		snprintf(problem, problem_size, "BPF programs: %s%s", strerror(-ret),
			ret == -EPERM    ? "; run as root"
			: ret == -EACCES ? "; -v shows what the verifier says"
					 : "");
		free(bpf);
		return ret;
	}
	*out = bpf;
	return 0;
}

bool tl_bpf_is_patched(const struct tl_bpf *bpf)
{
	return bpf->patched;
}

const struct tl_bpf_state *tl_bpf_state(const struct tl_bpf *bpf)
{
	return bpf->state;
}

int tl_bpf_for_each(struct tl_bpf *bpf,
	int (*each)(void *ctx, const struct tl_bpf_key *key, const struct tl_bpf_value *value),
	void *ctx)
{
	int ret = 0;

	for (unsigned int i = 0; i < TL_BPF_ENTRIES && !ret; i++) {
		const struct tl_bpf_entry *entry = &bpf->state->entries[i];

		if (entry->used == TL_BPF_ENTRY_VALID)
			ret = each(ctx, &entry->key, &entry->value);
	}
	return ret;
}

int tl_bpf_add_thread(struct tl_bpf *bpf, pid_t tid, unsigned int vcpu)
{
	struct bpf_map *map = bpf_object__find_map_by_name(bpf->object, "slot_of_tid");
	uint64_t key = (uint64_t)tid;
	uint32_t slot = vcpu;

	if (!map || vcpu >= TL_BPF_SLOTS)
		return -ERANGE;
	return bpf_map__update_elem(map, &key, sizeof(key), &slot, sizeof(slot), BPF_ANY);
}

void tl_bpf_leave_entry(struct tl_bpf *bpf, unsigned int index)
{
	struct tl_bpf_entry *entry = &bpf->state->entries[index];

	if (entry->used == TL_BPF_ENTRY_VALID)
		__atomic_store_n(&entry->used, TL_BPF_ENTRY_LEAVING, __ATOMIC_RELAXED);
}

void tl_bpf_free_entry(struct tl_bpf *bpf, unsigned int index)
{
	struct tl_bpf_entry *entry = &bpf->state->entries[index];

	if (entry->used != TL_BPF_ENTRY_VALID && entry->used != TL_BPF_ENTRY_LEAVING)
		return;
	memset(&entry->value, 0, sizeof(entry->value));
	/* Pairs with the exchange that claims it: who gets it gets it empty. */
	__atomic_store_n(&entry->used, TL_BPF_ENTRY_FREE, __ATOMIC_RELEASE);
}

static int delete_key(struct tl_bpf *bpf, const char *name, uint64_t key)
{
	struct bpf_map *map = bpf_object__find_map_by_name(bpf->object, name);

	return map ? bpf_map__delete_elem(map, &key, sizeof(key), 0) : -EPROTO;
}

int tl_bpf_free_slot(struct tl_bpf *bpf, unsigned int index)
{
	struct bpf_map *map = bpf_object__find_map_by_name(bpf->object, "free_slots");
	struct tl_bpf_slot *slot = &bpf->state->slots[index];
	/* On a stock kernel a thread is the vCPU. */
	uint64_t vcpu = (uint64_t)slot->vm_id << 32 | slot->vcpu_id, tid = slot->tid;
	uint32_t value = index;

	if (!map)
		return -EPROTO;
	/* First what leads there; a slot without thread is not taken for a CPU's last one. */
	(void)delete_key(bpf, "slot_of_vcpu", vcpu);
	(void)delete_key(bpf, "slot_of_tid", tid);
	memset(slot, 0, sizeof(*slot));
	return bpf_map__update_elem(map, NULL, 0, &value, sizeof(value), BPF_ANY);
}

void tl_bpf_destroy(struct tl_bpf *bpf)
{
	if (!bpf)
		return;
	unload(bpf);
	free(bpf);
}
