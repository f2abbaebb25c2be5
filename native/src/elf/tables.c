/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the symbol tables of a file: by its section headers, or without them by PT_DYNAMIC. */
#include "elf/tables.h"

#include <errno.h>
#include <string.h>

/* Adds a range in order. A range that overlaps another one is not added, so that an address has one range. */
static void add_range(struct mf_elf_tables *tables, uint64_t start, uint64_t end, bool is_code)
{
    uint32_t at = tables->range_count;

    if (start >= end || tables->range_count == MF_ELF_RANGES)
        return;
    while (at > 0 && tables->ranges[at - 1].start > start)
        at--;
    if ((at > 0 && tables->ranges[at - 1].end > start) || (at < tables->range_count && tables->ranges[at].start < end))
        return;
    memmove(tables->ranges + at + 1, tables->ranges + at, (tables->range_count - at) * sizeof *tables->ranges);
    tables->ranges[at] = (struct mf_elf_range){start, end, is_code};
    tables->range_count++;
}

const struct mf_elf_range *mf_elf_range_of(const struct mf_elf_tables *tables, uint64_t address)
{
    uint32_t low = 0, high = tables->range_count;

    while (low < high) {
        const uint32_t middle = (low + high) / 2;

        if (tables->ranges[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && address < tables->ranges[low - 1].end ? &tables->ranges[low - 1] : NULL;
}

/* Takes a table of symbols and the string table that it names. */
static int take_table(struct mf_elf_reader *reader, const struct mf_elf_section_header *section, struct mf_elf_tables *tables,
                      struct mf_elf_table *out)
{
    const uint32_t entry = mf_elf_entry_bytes(reader->is_64_bit);
    struct mf_elf_section_header strings;
    int rc;

    if (out->count != 0 || section->size == 0)
        return 0;
    if (section->entry_size != entry || section->size % entry != 0 || section->link >= reader->section_count ||
        !mf_elf_has_bytes(reader, section)) {
        tables->is_partial |= section->type == SHT_SYMTAB || section->type == SHT_DYNSYM;
        return 0;
    }
    if (section->size / entry > MF_SYMBOLS_MAX)
        return -E2BIG;
    rc = mf_elf_section_at(reader, section->link, &strings);
    if (rc < 0)
        return rc;
    if (strings.type != SHT_STRTAB || !mf_elf_has_bytes(reader, &strings)) {
        tables->is_partial = true;
        return 0;
    }
    *out = (struct mf_elf_table){section->offset, strings.offset, strings.size, (uint32_t)(section->size / entry)};
    return 0;
}

int mf_elf_tables_find(struct mf_elf_reader *reader, const struct mf_elf *elf, struct mf_elf_tables *out)
{
    int rc = 0;

    memset(out, 0, offsetof(struct mf_elf_tables, ranges));
    for (uint32_t i = 1; rc == 0 && i < reader->section_count; i++) {
        struct mf_elf_section_header section;

        rc = mf_elf_section_at(reader, i, &section);
        if (rc < 0)
            return rc;
        if (section.type == SHT_SYMTAB)
            rc = take_table(reader, &section, out, &out->symtab);
        else if (section.type == SHT_DYNSYM)
            rc = take_table(reader, &section, out, &out->dynsym);
        if (!(section.flags & SHF_ALLOC) || section.flags & SHF_TLS) {
            if (i < MF_ELF_SECTIONS)
                out->unloaded[i / 64] |= 1ull << i % 64;
        } else if (section.size <= UINT64_MAX - section.address)
            add_range(out, section.address, section.address + section.size, section.flags & SHF_EXECINSTR);
    }
    if (rc == 0 && reader->section_count == 0) {
        rc = mf_elf_tables_of_dynamic(reader, elf, &out->dynsym);
        if (rc == -ENOEXEC || rc == -ENOENT) {
            out->is_partial |= rc == -ENOEXEC;
            rc = 0;
        }
    }
    for (uint32_t i = 0; out->range_count == 0 && i < elf->segment_count; i++)
        add_range(out, elf->segments[i].address, elf->segments[i].address + elf->segments[i].memory_size,
                  elf->segments[i].flags & MF_EXECUTABLE);
    return rc;
}
