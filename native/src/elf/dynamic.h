/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_ELF_DYNAMIC_H
#define MF_ELF_DYNAMIC_H

#include "elf/reader.h"

/* Size of an entry of PT_DYNAMIC. */
static inline uint32_t mf_elf_dynamic_bytes(bool is_64_bit)
{
    return is_64_bit ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn);
}

/* Reads an entry of the PT_DYNAMIC at an offset in the file, with the wider fields of both classes. Returns 0 or an error of
 * mf_elf_copy(). */
int mf_elf_dynamic_at(struct mf_elf_reader *reader, uint64_t table, uint32_t index, Elf64_Dyn *out);

/* Returns whether bytes at an ELF address are in the segments of a file, and their offset. */
bool mf_elf_offset_of(const struct mf_elf *elf, uint64_t address, uint64_t size, uint64_t *out);

#endif
