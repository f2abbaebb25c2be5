/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_ELF_RELOCATIONS_H
#define MF_ELF_RELOCATIONS_H

#include "elf/reader.h"

/* A relocation with the wider fields of its four layouts: Elf32_Rel, Elf32_Rela, Elf64_Rel, Elf64_Rela. */
struct mf_elf_relocation {
    uint64_t slot;    /* ELF address of what it fills */
    uint64_t addend;  /* 0 if it is in the slot, but for an IFUNC */
    uint32_t symbol;  /* number in .dynsym; 0: none */
    bool calls_ifunc; /* the slot receives what the IFUNC at the address addend returns */
};

/* A table of relocations. */
struct mf_elf_relocations {
    struct mf_elf_reader *reader;
    const struct mf_elf *elf;
    uint64_t address; /* ELF address of the table */
    uint64_t offset;  /* in the file */
    uint32_t count;
    bool has_addends;
};

/* Takes the table of a section. Returns false if it has no relocations. */
bool mf_elf_relocations_of(struct mf_elf_reader *reader, const struct mf_elf *elf, const struct mf_elf_section_header *section,
                           struct mf_elf_relocations *out);

/* Reads one relocation by its number, which is below count. Returns 0 or an error of mf_elf_copy(). */
int mf_elf_relocation_at(const struct mf_elf_relocations *relocations, uint32_t index, struct mf_elf_relocation *out);

#endif
