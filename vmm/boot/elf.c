/* SPDX-License-Identifier: MIT */
/*
 * ELF programs: PT_LOAD segments go to their physical addresses. libelf reads
 * the headers; every number in them is checked before it is used.
 */
#include <errno.h>
#include <gelf.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "vmm/boot/image.h"
#include "vmm/core/mem.h"

static int refuse(const char *path, const char *why)
{
	tl_log_error("kernel '%s' is an ELF file that cannot be loaded: %s", path, why);
	return -ENOEXEC;
}

static int add_segment(struct tl_image *image, const GElf_Phdr *phdr, const char *path)
{
	struct tl_elf_segment *segment = &image->segments[image->segment_count];

	if (phdr->p_type != PT_LOAD || phdr->p_memsz == 0)
		return 0;
	if (image->segment_count == TL_ELF_SEGMENTS)
		return refuse(path, "it has more than 64 segments");
	if (phdr->p_filesz > phdr->p_memsz)
		return refuse(path, "a segment has more bytes in the file than in memory");
	if (phdr->p_paddr + phdr->p_memsz < phdr->p_paddr)
		return refuse(path, "a segment wraps around the end of the address space");
	if (phdr->p_offset > image->source.file_size ||
		phdr->p_filesz > image->source.file_size - phdr->p_offset)
		return refuse(path, "a segment lies beyond the end of the file: truncated?");
	*segment = (struct tl_elf_segment){
		phdr->p_paddr, phdr->p_offset, phdr->p_filesz, phdr->p_memsz};
	for (unsigned int i = 0; i < image->segment_count; i++) {
		const struct tl_elf_segment *other = &image->segments[i];

		if (segment->gpa < other->gpa + other->memsz &&
			other->gpa < segment->gpa + segment->memsz)
			return refuse(path, "two of its segments overlap");
	}
	image->segment_count++;
	return 0;
}

/*
 * The entry point is a virtual address; execution starts at the physical one. That of Thumb code
 * is odd (ELF for the Arm Architecture, IHI 0044, 4.1).
 */
static int find_entry(
	struct tl_image *image, Elf *elf, size_t count, uint64_t entry, const char *path)
{
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr phdr;

		if (!gelf_getphdr(elf, (int)i, &phdr) || phdr.p_type != PT_LOAD)
			continue;
		if (entry >= phdr.p_vaddr && entry - phdr.p_vaddr < phdr.p_memsz) {
			image->entry = phdr.p_paddr + (entry - phdr.p_vaddr);
			return 0;
		}
	}
	return refuse(path, "its entry point is outside of its segments");
}

static int parse(struct tl_image *image, Elf *elf, const char *path)
{
	GElf_Ehdr ehdr;
	size_t count;
	int ret = 0;

	if (!gelf_getehdr(elf, &ehdr))
		return refuse(path, "its header is damaged");
	image->aarch32 = ehdr.e_machine == EM_ARM && ehdr.e_ident[EI_CLASS] == ELFCLASS32;
	if (!image->aarch32 &&
		(ehdr.e_machine != EM_AARCH64 || ehdr.e_ident[EI_CLASS] != ELFCLASS64))
		return refuse(path, "it is neither for 64-bit nor for 32-bit Arm");
	if (ehdr.e_ident[EI_DATA] != ELFDATA2LSB)
		return refuse(path, "it is big-endian");
	if (elf_getphdrnum(elf, &count) || count == 0)
		return refuse(path, "it has no segments");
	for (size_t i = 0; !ret && i < count; i++) {
		GElf_Phdr phdr;

		if (!gelf_getphdr(elf, (int)i, &phdr))
			return refuse(path, "its segment table lies beyond the end of the file");
		ret = add_segment(image, &phdr, path);
	}
	if (ret)
		return ret;
	if (image->segment_count == 0)
		return refuse(path, "it has no segment to load");
	return find_entry(image, elf, count, ehdr.e_entry, path);
}

int tl_elf_parse(struct tl_image *image, const char *path)
{
	Elf *elf;
	int ret;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return refuse(path, elf_errmsg(-1));
	/* Not mapped: a file that shrinks must not become a SIGBUS. */
	elf = elf_begin(image->source.fd, ELF_C_READ, NULL);
	if (!elf)
		return refuse(path, elf_errmsg(-1));
	ret = elf_kind(elf) == ELF_K_ELF ? parse(image, elf, path)
					 : refuse(path, "its header is damaged");
	elf_end(elf);
	return ret;
}

int tl_elf_place(const struct tl_image *image, struct tl_layout *layout)
{
	uint64_t low = UINT64_MAX;
	uint64_t high = 0;

	for (unsigned int i = 0; i < image->segment_count; i++) {
		const struct tl_elf_segment *segment = &image->segments[i];

		low = segment->gpa < low ? segment->gpa : low;
		high = segment->gpa + segment->memsz > high ? segment->gpa + segment->memsz : high;
	}
	layout->kernel = low;
	layout->kernel_size = high - low;
	layout->entry = image->entry;
	return 0;
}

int tl_elf_load(struct tl_image *image, const struct tl_mem *mem)
{
	for (unsigned int i = 0; i < image->segment_count; i++) {
		const struct tl_elf_segment *segment = &image->segments[i];
		uint8_t *to = tl_mem_at(mem, segment->gpa, segment->memsz);
		int64_t n;

		if (!to) {
			tl_log_error("kernel '%s' wants memory at %#" PRIx64 " to %#" PRIx64
				     ", outside of RAM",
				image->source.path, segment->gpa,
				segment->gpa + segment->memsz - 1);
			return -ENOSPC;
		}
		image->source.offset = segment->offset;
		n = tl_source_read(&image->source, to, segment->filesz);
		if (n < 0)
			return (int)n;
		if ((uint64_t)n < segment->filesz)
			return refuse(image->source.path, "it became shorter while it was read");
		memset(to + segment->filesz, 0, segment->memsz - segment->filesz);
	}
	return 0;
}
