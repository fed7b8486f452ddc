/* SPDX-License-Identifier: MIT */
/*
 * What an exit was for, from the event that tells it.
 */
#ifndef TL_TRACE_EVENT_DETAIL_H
#define TL_TRACE_EVENT_DETAIL_H

#include "base/vm_desc.h"
#include "trace/decode/event.h"

/*
 * The detail (TL_DETAIL_*) of an exit of `exit_class`: of the exit event of a patched
 * kernel, or of the event in which a stock one tells more of it. `map` says what is RAM.
 */
uint64_t tl_event_detail(
	const struct tl_vm_map *map, const struct tl_event *event, unsigned int exit_class);

#endif
