/* SPDX-License-Identifier: MIT */
/*
 * Which program this is, for what it writes.
 */
#ifndef TL_BASE_VERSION_H
#define TL_BASE_VERSION_H

/* As `git describe` names the sources that it was built from; "unknown" outside of git. */
const char *tl_version(void);

#endif
