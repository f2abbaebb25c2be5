/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_ELF_TABLES_H
#define MF_ELF_TABLES_H

#include "elf/reader.h"

/* Maximum of loaded sections whose ranges are used for symbols without size. Linked files have about 40. */
#define MF_ELF_RANGES 256u

/* Sections of a file of which it is recorded whether they are loaded. Linked files have about 40. */
#define MF_ELF_SECTIONS 4096u

/* A table of symbols and its names. */
struct mf_elf_table {
    uint64_t offset; /* in the file */
    uint64_t strings;
    uint64_t strings_bytes;
    uint32_t count; /* 0: there is no such table */
};

/* ELF addresses of a loaded section, or of a segment if the file has no section headers. */
struct mf_elf_range {
    uint64_t start, end;
    bool is_code;
};

/* Where the symbols of a file are. */
struct mf_elf_tables {
    struct mf_elf_table symtab;
    struct mf_elf_table dynsym;
    bool is_partial;                         /* a table was malformed, or not in the file whole */
    uint64_t unloaded[MF_ELF_SECTIONS / 64]; /* a bit for each section without addresses in memory */
    uint32_t range_count;
    struct mf_elf_range ranges[MF_ELF_RANGES]; /* sorted by start, not overlapping */
};

/*
 * Finds the tables. A table that is not in the file whole is not used. Returns 0; -E2BIG: more than MF_SYMBOLS_MAX symbols; or
 * an error of mf_elf_copy().
 */
#define MF_SYMBOLS_MAX (1u << 24)
int mf_elf_tables_find(struct mf_elf_reader *reader, const struct mf_elf *elf, struct mf_elf_tables *out);

/* The same by PT_DYNAMIC, for a file without section headers. */
int mf_elf_tables_of_dynamic(struct mf_elf_reader *reader, const struct mf_elf *elf, struct mf_elf_table *out);

/*
 * Returns whether the values of symbols in a section are no ELF addresses: the section is not loaded, is thread-local, or is one
 * of which that is not recorded.
 */
static inline bool mf_elf_is_unloaded(const struct mf_elf_tables *tables, uint32_t section)
{
    return section >= MF_ELF_SECTIONS || (tables->unloaded[section / 64] >> section % 64 & 1) != 0;
}

/* Returns the range that covers an ELF address; NULL: none. */
const struct mf_elf_range *mf_elf_range_of(const struct mf_elf_tables *tables, uint64_t address);

#endif
