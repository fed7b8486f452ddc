/* SPDX-License-Identifier: MIT */
/*
 * Names for the model's figures.
 */
#include <ctype.h>
#include <string.h>

#include "trace/collect/irq_names.h"
#include "trace/decode/esr.h"
#include "trace/report/group.h"
#include "trace/top/parts.h"

const char *tl_top_name(struct tl_top *top, pid_t process)
{
	const struct tl_guest *guest = tl_guests_find(&top->guests, process);

	return guest && guest->name[0] ? guest->name : "?";
}

/* Symbols are the guest's business, also what is in them. */
static void make_printable(char *text)
{
	for (; *text; text++) {
		if (!isascii((unsigned char)*text) || !isprint((unsigned char)*text))
			*text = '?';
	}
}

const char *tl_top_what(
	char *buffer, size_t size, struct tl_top *top, const struct tl_top_row *row, bool pc)
{
	struct tl_guest *guest = tl_guests_find(&top->guests, row->process);
	const struct tl_profile_detail detail = {.exit_class = row->exit_class,
		.detail = row->detail,
		.pc = row->pc,
		.mode = row->mode,
		.handler = row->handler};

	if (!guest || row->summed) {
		snprintf(buffer, size, "%s, any", tl_esr_class_name(row->exit_class));
		return buffer;
	}
	guest->profile->patched = top->patched;
	if (pc)
		tl_guest_load_symbols(&top->guests, guest, top->sample);
	else if (row->exit_class == TL_CLASS_IRQ && row->detail)
		tl_irq_name_read(guest->profile, row->detail - 1);
	tl_group_row(buffer, size, guest->profile, &detail, pc ? TL_GROUP_PC : TL_GROUP_DETAIL);
	make_printable(buffer);
	return buffer;
}
