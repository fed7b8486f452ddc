/* SPDX-License-Identifier: MIT */
/*
 * Guest symbols: from addresses to function names. Sources: an ELF file (vmlinux, a
 * bare-metal program), a System.map, or the kallsyms inside an arm64 Linux Image.
 * Nothing in these files is believed before it is checked. Read-only once loaded, and
 * then for any thread.
 */
#ifndef TL_TRACE_SYMBOLS_H
#define TL_TRACE_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct tl_symbols;

/*
 * Reads the file's symbols, whatever it is of the above. Returns 0, -ENOENT (there are
 * none in it), -errno. Not logged.
 */
int tl_symbols_load(struct tl_symbols **out, const char *path);

/* The same for what is in memory; `data` need not stay. */
int tl_symbols_parse(struct tl_symbols **out, const void *data, size_t size);

/*
 * Says that the program lies at `address` until it has turned on its MMU, where it was
 * linked for `linked`: addresses there are looked up as well.
 */
void tl_symbols_set_loaded(
	struct tl_symbols *symbols, uint64_t linked, uint64_t address, uint64_t size);

/* What set_loaded has said, zeros if nothing. */
void tl_symbols_loaded(
	const struct tl_symbols *symbols, uint64_t *linked, uint64_t *address, uint64_t *size);

/*
 * Says that the program runs `slide` above where it was linked, once its MMU is on: looked up
 * are addresses there.
 */
void tl_symbols_set_slide(struct tl_symbols *symbols, uint64_t slide);

/* The same symbols, which must stay, to say the above of once more; NULL: no memory. */
struct tl_symbols *tl_symbols_again(const struct tl_symbols *symbols);

/* Where what is at `address` was linked, as far as is known. `symbols` may be NULL. */
uint64_t tl_symbols_linked(const struct tl_symbols *symbols, uint64_t address);

/*
 * The symbol that `address` is in, and how far; NULL: in none. Valid as long as `symbols`,
 * which may be NULL.
 */
const char *tl_symbols_find(const struct tl_symbols *symbols, uint64_t address, uint64_t *offset);

/* Where the symbol `name` was linked. Returns whether there is one. */
int tl_symbols_address(const struct tl_symbols *symbols, const char *name, uint64_t *address);

/* Writes them as a System.map has them, as they were linked. Returns 0 or -errno (not logged). */
int tl_symbols_write(const struct tl_symbols *symbols, FILE *out);

/* How many there are. */
size_t tl_symbols_count(const struct tl_symbols *symbols);

/* Accepts NULL. */
void tl_symbols_destroy(struct tl_symbols *symbols);

#endif
