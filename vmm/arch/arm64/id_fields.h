/* SPDX-License-Identifier: MIT */
/*
 * Features of the CPU that guests find in its identification registers: a table
 * of names and of the fields that announce each. Data and arithmetic only.
 */
#ifndef TL_VMM_ARCH_ARM64_ID_FIELDS_H
#define TL_VMM_ARCH_ARM64_ID_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tl_id_field {
	const char *feature; /* the architecture's name, in lower case, without FEAT_ */
	const char *name;    /* "ID_AA64ISAR0_EL1.AES" */
	uint64_t reg;        /* for KVM_GET_ONE_REG */
	unsigned int shift;  /* of its lowest bit; a field has four */
	int off;             /* the highest value that does not announce the feature */
	bool is_signed;      /* -1 is what the field says where there is nothing */
};

/*
 * Fields of one feature are neighbours. The first is the one that 64-bit guests
 * look at; the rest say the same in other registers.
 */
extern const struct tl_id_field tl_id_fields[];
extern const unsigned int tl_id_field_count;

/* The index of a feature's first field, or -1: no such feature. `length` characters of `name`. */
int tl_id_fields_find(const char *name, size_t length);

/* How many fields the feature has whose first is at `index`. */
unsigned int tl_id_fields_of(unsigned int index);

/* Whether this value of the field's register announces the feature. */
bool tl_id_field_on(const struct tl_id_field *field, uint64_t value);

/* The register's value with the feature hidden. */
uint64_t tl_id_field_hide(const struct tl_id_field *field, uint64_t value);

/* The bits of the field. */
uint64_t tl_id_field_mask(const struct tl_id_field *field);

#endif
