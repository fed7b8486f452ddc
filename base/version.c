/* SPDX-License-Identifier: MIT */
/*
 * The build writes build/gen/version_gen.h, and this is all that depends on it.
 */
#include "base/version.h"

#include "version_gen.h"

const char *tl_version(void)
{
	return TL_VERSION;
}
