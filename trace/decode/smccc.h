/* SPDX-License-Identifier: MIT */
/*
 * Names of the functions that guests call by HVC and SMC (SMC Calling Convention,
 * Arm DEN0028).
 */
#ifndef TL_TRACE_SMCCC_H
#define TL_TRACE_SMCCC_H

#include <stddef.h>
#include <stdint.h>

/*
 * The name of a function id, such as "PSCI CPU_ON"; what is not known is told by its
 * owner and number, written into `buffer`.
 */
const char *tl_smccc_name(uint32_t function, char *buffer, size_t size);

#endif
