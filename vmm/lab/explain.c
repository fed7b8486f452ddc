/* SPDX-License-Identifier: MIT */
/*
 * The questions in their order.
 */
#include "vmm/lab/explain.h"

#include "vmm/guest.h"

int tl_lab_explain(const struct tl_guest *guest, FILE *out)
{
	(void)guest;
	(void)out;
	return 0;
}
