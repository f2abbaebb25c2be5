/* SPDX-License-Identifier: Apache-2.0 */
/* Reads relocations of either class, with and without addends. */
#include "elf/relocations.h"

#include "elf/dynamic.h"

#include <string.h>

#ifndef R_AARCH64_IRELATIVE /* not in elf.h of musl */
#define R_AARCH64_IRELATIVE 1032
#endif

union layout {
    Elf32_Rel narrow;
    Elf32_Rela narrow_with_addend;
    Elf64_Rel wide;
    Elf64_Rela wide_with_addend;
};

static uint32_t bytes_of(bool is_64_bit, bool has_addends)
{
    if (is_64_bit)
        return has_addends ? sizeof(Elf64_Rela) : sizeof(Elf64_Rel);
    return has_addends ? sizeof(Elf32_Rela) : sizeof(Elf32_Rel);
}

bool mf_elf_relocations_of(struct mf_elf_reader *reader, const struct mf_elf *elf, const struct mf_elf_section_header *section,
                           struct mf_elf_relocations *out)
{
    const bool has_addends = section->type == SHT_RELA;
    const uint64_t count = section->size / bytes_of(reader->is_64_bit, has_addends);

    *out = (struct mf_elf_relocations){.reader = reader,
                                       .elf = elf,
                                       .address = section->address,
                                       .offset = section->offset,
                                       .count = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX,
                                       .has_addends = has_addends};
    return (has_addends || section->type == SHT_REL) && count > 0;
}

static uint32_t ifunc_type(uint16_t machine)
{
    return machine == EM_386 ? R_386_IRELATIVE : machine == EM_X86_64 ? R_X86_64_IRELATIVE : R_AARCH64_IRELATIVE;
}

/* Without a field for it, the addend is in the slot. It is 0 if the slot is not in the file. */
static int read_addend(const struct mf_elf_relocations *relocations, uint64_t slot, uint64_t *out)
{
    struct mf_elf_reader *const reader = relocations->reader;
    const uint32_t size = reader->is_64_bit ? 8 : 4;
    uint8_t bytes[8] = {0};
    uint64_t offset;
    int rc = 0;

    if (mf_elf_offset_of(relocations->elf, slot, size, &offset))
        rc = mf_elf_copy(reader, &reader->contents, offset, bytes, size);
    memcpy(out, bytes, sizeof *out); /* 4 bytes are of a machine with little-endian byte order */
    return rc;
}

int mf_elf_relocation_at(const struct mf_elf_relocations *relocations, uint32_t index, struct mf_elf_relocation *out)
{
    struct mf_elf_reader *const reader = relocations->reader;
    const bool has_addends = relocations->has_addends;
    const uint32_t bytes = bytes_of(reader->is_64_bit, has_addends);
    union layout raw;
    uint32_t type;
    int rc = mf_elf_copy(reader, &reader->headers, relocations->offset + (uint64_t)index * bytes, &raw, bytes);

    if (rc < 0)
        return rc;
    if (reader->is_64_bit) {
        type = (uint32_t)ELF64_R_TYPE(raw.wide.r_info);
        *out = (struct mf_elf_relocation){.slot = raw.wide.r_offset, .symbol = (uint32_t)ELF64_R_SYM(raw.wide.r_info)};
        out->addend = has_addends ? (uint64_t)raw.wide_with_addend.r_addend : 0;
    } else {
        type = ELF32_R_TYPE(raw.narrow.r_info);
        *out = (struct mf_elf_relocation){.slot = raw.narrow.r_offset, .symbol = ELF32_R_SYM(raw.narrow.r_info)};
        out->addend = has_addends ? (uint32_t)raw.narrow_with_addend.r_addend : 0;
    }
    out->calls_ifunc = out->symbol == 0 && type == ifunc_type(relocations->elf->machine);
    return out->calls_ifunc && !has_addends ? read_addend(relocations, out->slot, &out->addend) : 0;
}
