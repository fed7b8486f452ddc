/* SPDX-License-Identifier: MIT */
/*
 * The memory that the process itself takes, while its guest runs.
 */
#ifndef TL_VMM_CORE_FOOTPRINT_H
#define TL_VMM_CORE_FOOTPRINT_H

/*
 * Gives back what only the start needed: pages of the program's code and constants, which come
 * again from its file where they are used again, and free heap. Main thread.
 */
void tl_footprint_trim(void);

#endif
