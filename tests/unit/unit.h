/* SPDX-License-Identifier: MIT */
/*
 * What every unit test includes first: cmocka wants these headers before its own.
 */
#ifndef TL_TESTS_UNIT_H
#define TL_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

#endif
