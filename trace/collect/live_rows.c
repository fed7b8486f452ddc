/* SPDX-License-Identifier: MIT */
/*
 * The rows of a sample: the kernel's entries, what has been folded, and exits that had no
 * room. The kernel's table would fill up in time, mostly with PCs at which a host interrupt
 * came once: before it does, entries in which nothing happens are folded, which means that
 * their counts go on here, without the PC.
 */
#include <errno.h>
#include <stdlib.h>

#include "trace/collect/bpf_key.h"
#include "trace/collect/live_parts.h"
#include "trace/decode/esr.h"

/* From so many entries in use on, room is made; so many at a time. */
#define CROWDED   (TL_BPF_ENTRIES / 2)
#define LEAVE_MAX 512
/* Nobody is in the middle of counting for that long. */
#define LEAVE_NS UINT64_C(50000000)
/* Folded entries that have details; further ones have only a class. */
#define FOLDED_MAX 2048

static struct tl_live_sum sum_of(const struct tl_bpf_value *value)
{
	return (struct tl_live_sum){
		.count = value->count,
		.ns = value->ns,
		.slept = value->slept,
		.delayed = value->delayed,
	};
}

static void add_sum(struct tl_live_sum *to, const struct tl_live_sum *from)
{
	to->count += from->count;
	to->ns += from->ns;
	to->slept += from->slept;
	to->delayed += from->delayed;
}

static int same_key(const struct tl_bpf_key *a, const struct tl_bpf_key *b)
{
	return a->rest == b->rest && a->detail == b->detail && a->pc == b->pc;
}

/* The slot's own record, NULL: nobody has it. */
static struct tl_live_slot *slot_of(struct tl_live *live, const struct tl_bpf_key *key)
{
	uint32_t slot = TL_BPF_REST_SLOT(key->rest);

	return slot < TL_BPF_SLOTS && live->slots[slot].serial ? &live->slots[slot] : NULL;
}

/* Room for one more row; NULL: no memory. */
static struct tl_live_row *new_row(struct tl_live *live)
{
	if (live->sample.row_count == live->row_room) {
		size_t room = live->row_room ? live->row_room * 2 : 256;
		struct tl_live_row *rows = realloc(live->rows, room * sizeof(*rows));

		if (!rows)
			return NULL;
		live->rows = rows;
		live->row_room = room;
	}
	return &live->rows[live->sample.row_count++];
}

static int put_row(struct tl_live *live, struct tl_live_slot *own, const struct tl_bpf_key *key,
	const struct tl_bpf_value *value, struct tl_live_sum *before)
{
	const struct tl_bpf_slot *slot = &live->state->slots[own - live->slots];
	struct tl_live_row *row = new_row(live);

	if (!row)
		return -ENOMEM;
	*row = (struct tl_live_row){.vcpu = own->place,
		.exit_class = tl_bpf_key_class_of(key->rest),
		.handler = tl_bpf_key_handler(key->rest),
		.mode = TL_BPF_REST_MODE(key->rest),
		.detail = key->detail,
		.pc = key->pc,
		.now = sum_of(value),
		.before = *before,
		.max = value->max,
		.hist = value->hist};
	tl_live_add_time(&own->now, row->exit_class, row->now.ns, row->now.delayed);
	/* The vCPU's sum has it already. */
	if (own->open_ns && same_key(key, &slot->open)) {
		row->now.ns += own->open_ns;
		row->now.delayed += own->open_delayed;
	}
	*before = row->now;
	return 0;
}

/* Where the entry's counts go on: with its detail, or if there are too many without. */
static struct tl_live_folded *folded_of(struct tl_live *live, const struct tl_bpf_key *from)
{
	struct tl_bpf_key key = {.detail = from->detail, .rest = from->rest};
	bool summed = false;

	for (;;) {
		for (size_t i = 0; i < live->folded_count; i++) {
			if (live->folded[i].summed == summed &&
				same_key(&live->folded[i].key, &key))
				return &live->folded[i];
		}
		if (summed || live->folded_count < FOLDED_MAX)
			break;
		key = (struct tl_bpf_key){.rest = TL_BPF_REST(TL_BPF_REST_SLOT(from->rest),
						  TL_BPF_REST_CLASS(from->rest), 0, 0)};
		summed = true;
	}
	if (live->folded_count == live->folded_room) {
		size_t room = live->folded_room ? live->folded_room * 2 : 64;
		struct tl_live_folded *folded = realloc(live->folded, room * sizeof(*folded));

		if (!folded)
			return NULL;
		live->folded = folded;
		live->folded_room = room;
	}
	live->folded[live->folded_count] = (struct tl_live_folded){.key = key, .summed = summed};
	return &live->folded[live->folded_count++];
}

static int fold(struct tl_live *live, unsigned int index)
{
	const struct tl_bpf_entry *entry = &live->state->entries[index];
	struct tl_live_folded *to = folded_of(live, &entry->key);

	if (!to)
		return -ENOMEM;
	to->value.count += entry->value.count;
	to->value.ns += entry->value.ns;
	to->value.slept += entry->value.slept;
	to->value.delayed += entry->value.delayed;
	if (entry->value.max > to->value.max)
		to->value.max = entry->value.max;
	for (unsigned int b = 0; b < TL_BPF_HIST_BUCKETS; b++)
		to->value.hist[b] += entry->value.hist[b];
	add_sum(&to->before, &live->before[index]);
	live->before[index] = (struct tl_live_sum){0};
	tl_bpf_free_entry(live->bpf, index);
	return 0;
}

/* Whether the entry has had nothing to count since the last read, and will not in a moment. */
static int is_idle(const struct tl_live *live, const struct tl_live_slot *own, unsigned int index)
{
	const struct tl_bpf_entry *entry = &live->state->entries[index];
	const struct tl_bpf_slot *slot = &live->state->slots[own - live->slots];

	return entry->value.count == live->before[index].count &&
	       !same_key(&entry->key, &slot->open);
}

struct pass {
	unsigned int used, left; /* entries */
	bool crowded, ripe;      /* room is to be made; what was left can be folded */
};

static int read_entry(struct tl_live *live, unsigned int index, struct pass *pass)
{
	const struct tl_bpf_entry *entry = &live->state->entries[index];
	/* Pairs with the exchange that makes it valid: the key is there. */
	uint64_t used = __atomic_load_n(&entry->used, __ATOMIC_ACQUIRE);
	struct tl_live_slot *own;

	if (used != TL_BPF_ENTRY_VALID && used != TL_BPF_ENTRY_LEAVING)
		return 0;
	own = slot_of(live, &entry->key);
	if (!own)
		return 0;
	if (used == TL_BPF_ENTRY_LEAVING && pass->ripe)
		return fold(live, index);
	pass->used++;
	if (used == TL_BPF_ENTRY_LEAVING) {
		pass->left++;
	} else if (pass->crowded && pass->left < LEAVE_MAX && is_idle(live, own, index)) {
		tl_bpf_leave_entry(live->bpf, index);
		pass->left++;
	}
	return put_row(live, own, &entry->key, &entry->value, &live->before[index]);
}

static int read_entries(struct tl_live *live)
{
	uint64_t now = live->sample.now_ns;
	struct pass pass = {.crowded = live->used > CROWDED && !live->left_ns,
		.ripe = live->left_ns && now - live->left_ns >= LEAVE_NS};
	int ret = 0;

	for (unsigned int i = 0; i < TL_BPF_ENTRIES && !ret; i++)
		ret = read_entry(live, i, &pass);
	live->used = pass.used;
	if (!pass.left)
		live->left_ns = 0;
	else if (!live->left_ns)
		live->left_ns = now;
	return ret;
}

static int read_folded(struct tl_live *live)
{
	int ret = 0;

	for (size_t i = 0; i < live->folded_count && !ret; i++) {
		struct tl_live_folded *folded = &live->folded[i];
		struct tl_live_slot *own = slot_of(live, &folded->key);

		if (!own)
			continue;
		ret = put_row(live, own, &folded->key, &folded->value, &folded->before);
		if (!ret)
			live->rows[live->sample.row_count - 1].summed = folded->summed;
	}
	return ret;
}

/* Exits that no entry had room for. */
static int read_plain(struct tl_live *live, struct tl_live_slot *own)
{
	const struct tl_bpf_slot *slot = &live->state->slots[own - live->slots];

	for (unsigned int c = 0; c < TL_BPF_CLASSES; c++) {
		uint64_t count = slot->plain[c];
		struct tl_live_row *row;

		if (!count)
			continue;
		row = new_row(live);
		if (!row)
			return -ENOMEM;
		*row = (struct tl_live_row){.vcpu = own->place,
			.exit_class = tl_bpf_key_class(c),
			.summed = true,
			.now.count = count,
			.before.count = own->plain_before[c]};
		own->plain_before[c] = count;
	}
	return 0;
}

int tl_live_read_rows(struct tl_live *live)
{
	int ret;

	live->sample.row_count = 0;
	ret = read_entries(live);
	ret = ret ? ret : read_folded(live);
	for (unsigned int i = 0; i < TL_BPF_SLOTS && !ret; i++) {
		if (live->slots[i].serial)
			ret = read_plain(live, &live->slots[i]);
	}
	live->sample.rows = live->rows;
	return ret;
}

void tl_live_forget_rows(struct tl_live *live, unsigned int slot)
{
	size_t kept = 0;

	for (unsigned int i = 0; i < TL_BPF_ENTRIES; i++) {
		const struct tl_bpf_entry *entry = &live->state->entries[i];

		if (entry->used < TL_BPF_ENTRY_VALID || TL_BPF_REST_SLOT(entry->key.rest) != slot)
			continue;
		live->before[i] = (struct tl_live_sum){0};
		tl_bpf_free_entry(live->bpf, i);
	}
	for (size_t i = 0; i < live->folded_count; i++) {
		if (TL_BPF_REST_SLOT(live->folded[i].key.rest) != slot)
			live->folded[kept++] = live->folded[i];
	}
	live->folded_count = kept;
}
