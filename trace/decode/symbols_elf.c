/* SPDX-License-Identifier: MIT */
/*
 * Symbols of an ELF file, by libelf, and of a System.map (nm's output).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gelf.h>

#include "trace/decode/symbols_set.h"

/* Mapping symbols ($x, $d) and compilers' labels are no names of anything. */
static int is_name(const char *name)
{
	return name && name[0] && name[0] != '$' && name[0] != '.';
}

/* Code, or a label of assembly; one of no section is just a number. */
static int is_place(const GElf_Sym *symbol)
{
	unsigned char type = GELF_ST_TYPE(symbol->st_info);

	if (symbol->st_shndx == SHN_UNDEF)
		return 0;
	return type == STT_FUNC || (type == STT_NOTYPE && symbol->st_shndx != SHN_ABS);
}

/* Where it is: a function of Thumb code has an odd value (IHI 0044, 4.5.3). */
static uint64_t place_of(const GElf_Sym *symbol, int is_arm32)
{
	int thumb = is_arm32 && GELF_ST_TYPE(symbol->st_info) == STT_FUNC;

	return thumb ? symbol->st_value & ~UINT64_C(1) : symbol->st_value;
}

static int add_section(
	struct tl_symbols *symbols, Elf *elf, Elf_Scn *section, const GElf_Shdr *head, int is_arm32)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = head->sh_entsize ? head->sh_size / head->sh_entsize : 0;
	int ret = 0;

	for (size_t i = 0; data && i < count && i < INT32_MAX && !ret; i++) {
		GElf_Sym symbol;
		const char *name;

		if (!gelf_getsym(data, (int)i, &symbol))
			break;
		if (!is_place(&symbol))
			continue;
		name = elf_strptr(elf, head->sh_link, symbol.st_name);
		if (is_name(name))
			ret = tl_symbols_add(
				symbols, place_of(&symbol, is_arm32), name, strlen(name));
	}
	return ret;
}

int tl_symbols_read_elf(struct tl_symbols *symbols, const void *data, size_t size)
{
	Elf_Scn *section = NULL;
	int is_arm32, ret = 0;
	GElf_Ehdr file;
	Elf *elf;

	if (size < SELFMAG || memcmp(data, ELFMAG, SELFMAG) != 0)
		return -ENOENT;
	elf_version(EV_CURRENT);
	/* libelf only reads what it is given this way, but its interface has no const. */
	elf = elf_memory((char *)(uintptr_t)data, size);
	if (!elf)
		return -ENOENT;
	is_arm32 = gelf_getehdr(elf, &file) && file.e_machine == EM_ARM;
	while (!ret && (section = elf_nextscn(elf, section))) {
		GElf_Shdr head;

		if (gelf_getshdr(section, &head) && head.sh_type == SHT_SYMTAB)
			ret = add_section(symbols, elf, section, &head, is_arm32);
	}
	elf_end(elf);
	return ret;
}

int tl_symbols_read_map(struct tl_symbols *symbols, const char *text, size_t size)
{
	const char *at = text, *end = text + size;
	int ret = -ENOENT;

	/* "ffff800080000000 T _text" */
	while (at < end) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((line_end ? line_end : end) - at);
		uint64_t address = 0;
		size_t digits = 0;

		for (; digits < length && digits < 16; digits++) {
			const char *hex = "0123456789abcdef", *digit = strchr(hex, at[digits]);

			if (!at[digits] || !digit)
				break;
			address = address << 4 | (uint64_t)(digit - hex);
		}
		if (digits < 8 || length < digits + 4 || at[digits] != ' ' || at[digits + 2] != ' ')
			return ret;
		if (at[digits + 1] && strchr("tTwW", at[digits + 1]) && at[digits + 3] != '$') {
			ret = tl_symbols_add(
				symbols, address, at + digits + 3, length - digits - 3);
			if (ret)
				return ret;
		}
		at += length + 1;
	}
	return ret;
}
