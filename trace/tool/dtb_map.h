/* SPDX-License-Identifier: MIT */
/*
 * Where a guest's memory and devices are, from its device tree.
 */
#ifndef TL_TRACE_DTB_MAP_H
#define TL_TRACE_DTB_MAP_H

#include "base/vm_desc.h"

/*
 * Adds what the device tree in the file `path` has to `map`. Returns 0 or -errno (logged):
 * -EINVAL, it is no device tree, or there is no memory in it.
 */
int tl_dtb_map(const char *path, struct tl_vm_map *map);

#endif
