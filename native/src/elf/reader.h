/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_ELF_READER_H
#define MF_ELF_READER_H

#include "mapfiles_symbols.h"

#include <elf.h>
#include <stdbool.h>

/*
 * Reads the headers of an ELF file of either class. Nothing in the file is trusted: each read is checked against the size of
 * the file, and the number of reads is limited, because a malicious file can cause any amount of them.
 */
#define MF_ELF_WINDOW        4096u
#define MF_ELF_READS         4096u  /* of MF_ELF_WINDOW bytes each */
#define MF_ELF_HEADER_BYTES  65536u /* of program headers: the maximum of the kernel (load_elf_phdrs(), fs/binfmt_elf.c) */
#define MF_ELF_SECTION_COUNT 65536u

/* A part of a file. A part that is read next is usually in it already. */
struct mf_elf_window {
    uint64_t offset;
    uint32_t bytes; /* less than MF_ELF_WINDOW at the end of the file */
    _Alignas(8) uint8_t data[MF_ELF_WINDOW];
};

struct mf_elf_reader {
    const struct mf_elf_bytes *bytes;
    uint32_t reads_left;
    bool is_64_bit;
    uint16_t type;
    uint16_t machine;
    uint32_t program_count;
    uint32_t section_count; /* 0: the file has no section headers, or not all of them are in the file */
    uint32_t name_section;
    uint64_t program_offset;
    uint64_t section_offset;
    struct mf_elf_window headers;
    struct mf_elf_window contents; /* of segments and sections */
};

/* A header of a segment or section with the wider fields of both classes. */
struct mf_elf_program {
    uint64_t offset, address, file_size, memory_size, alignment;
    uint32_t type, flags;
};

struct mf_elf_section_header {
    uint64_t flags, address, offset, size, entry_size, alignment;
    uint32_t name, type, link, info;
};

/* A symbol with the wider fields of both classes. */
struct mf_elf_entry {
    uint64_t value, size;
    uint32_t name;
    uint16_t section;
    uint8_t type, binding;
};

/* Returns whether a range is in the file. */
static inline bool mf_elf_is_in_file(const struct mf_elf_bytes *bytes, uint64_t offset, uint64_t size)
{
    return offset <= bytes->size && size <= bytes->size - offset;
}

/* Reads bytes. Returns 0; -ENOEXEC: they are not in the file; or the errno of pread(2). */
int mf_elf_read_at(const struct mf_elf_bytes *bytes, uint64_t offset, void *to, size_t size);

/*
 * Reads up to MF_ELF_WINDOW bytes through a window. Returns 0; -ENOEXEC: they are not in the file; -E2BIG: the limit of reads;
 * or the errno of pread(2).
 */
int mf_elf_copy(struct mf_elf_reader *reader, struct mf_elf_window *window, uint64_t offset, void *to, uint32_t size);

/* Reads the header. Returns an error of mf_elf_read(). */
int mf_elf_reader_open(struct mf_elf_reader *reader, const struct mf_elf_bytes *bytes);

/* Reads one header by its number. Returns an error of mf_elf_copy(). */
int mf_elf_program_at(struct mf_elf_reader *reader, uint32_t index, struct mf_elf_program *out);
int mf_elf_section_at(struct mf_elf_reader *reader, uint32_t index, struct mf_elf_section_header *out);

/* Returns whether the bytes of a section are in the file whole, and are not compressed. */
bool mf_elf_has_bytes(const struct mf_elf_reader *reader, const struct mf_elf_section_header *section);

/*
 * Finds the first section with a name and with bytes. Returns its number above 0; -EOPNOTSUPP: only a compressed one has the
 * name; -ENOENT: none has it; or an error of mf_elf_copy().
 */
int mf_elf_section_named(struct mf_elf_reader *reader, const char *name, struct mf_elf_section_header *out);

/* Size of a symbol in a table. */
static inline uint32_t mf_elf_entry_bytes(bool is_64_bit)
{
    return is_64_bit ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
}

/* Reads a symbol at any address in memory. The macros for types and bindings are the same in both classes. */
static inline void mf_elf_entry_of(bool is_64_bit, const void *from, struct mf_elf_entry *out)
{
    union {
        Elf64_Sym wide;
        Elf32_Sym narrow;
    } raw;

#define ENTRY_OF(symbol)                                                               \
    (struct mf_elf_entry){(symbol).st_value, (symbol).st_size,       (symbol).st_name, \
                          (symbol).st_shndx, (symbol).st_info & 0xf, (symbol).st_info >> 4}
    __builtin_memcpy(&raw, from, mf_elf_entry_bytes(is_64_bit));
    *out = is_64_bit ? ENTRY_OF(raw.wide) : ENTRY_OF(raw.narrow);
#undef ENTRY_OF
}

#endif
