/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dynamic symbol table of a file without section headers. PT_DYNAMIC has its ELF address but not its length. The length
 * follows from the hash table: DT_HASH has a chain entry for each symbol, and in DT_GNU_HASH the last chain ends at the last
 * symbol (System V gABI, chapter 5; elf/dl-lookup.c of glibc).
 */
#include "elf/dynamic.h"

#include "elf/tables.h"

#include <errno.h>
#include <string.h>

#define MAX_ENTRIES 4096u /* of PT_DYNAMIC; libraries have about 30 */

struct dynamic {
    uint64_t symbols, strings, strings_bytes, hash, gnu_hash; /* ELF addresses; 0: not there */
};

bool mf_elf_offset_of(const struct mf_elf *elf, uint64_t address, uint64_t size, uint64_t *out)
{
    for (uint32_t i = 0; i < elf->segment_count; i++) {
        const struct mf_elf_segment *const segment = &elf->segments[i];

        if (address >= segment->address && address - segment->address <= segment->file_size &&
            size <= segment->file_size - (address - segment->address)) {
            *out = address - segment->address + segment->offset;
            return true;
        }
    }
    return false;
}

int mf_elf_dynamic_at(struct mf_elf_reader *reader, uint64_t table, uint32_t index, Elf64_Dyn *out)
{
    Elf32_Dyn narrow;
    int rc;

    if (reader->is_64_bit)
        return mf_elf_copy(reader, &reader->contents, table + (uint64_t)index * sizeof *out, out, sizeof *out);
    rc = mf_elf_copy(reader, &reader->contents, table + (uint64_t)index * sizeof narrow, &narrow, sizeof narrow);
    out->d_tag = rc == 0 ? narrow.d_tag : DT_NULL;
    out->d_un.d_val = rc == 0 ? narrow.d_un.d_val : 0;
    return rc;
}

static int read_dynamic(struct mf_elf_reader *reader, const struct mf_elf_program *program, struct dynamic *out)
{
    const uint64_t count = program->file_size / mf_elf_dynamic_bytes(reader->is_64_bit);

    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < count && i < MAX_ENTRIES; i++) {
        Elf64_Dyn dynamic;
        const int rc = mf_elf_dynamic_at(reader, program->offset, i, &dynamic);

        if (rc < 0)
            return rc;
        switch (dynamic.d_tag) {
        case DT_NULL:
            return 0;
        case DT_SYMTAB:
            out->symbols = dynamic.d_un.d_ptr;
            break;
        case DT_STRTAB:
            out->strings = dynamic.d_un.d_ptr;
            break;
        case DT_STRSZ:
            out->strings_bytes = dynamic.d_un.d_val;
            break;
        case DT_HASH:
            out->hash = dynamic.d_un.d_ptr;
            break;
        case DT_GNU_HASH:
            out->gnu_hash = dynamic.d_un.d_ptr;
            break;
        default:
            break;
        }
    }
    return 0;
}

/*
 * Counts the symbols by DT_GNU_HASH: the numbers of buckets, of the first hashed symbol and of words of the Bloom filter, and a
 * shift; then the filter, the buckets, and a hash per symbol. Bit 0 of the last hash of a chain is 1.
 */
static int count_by_gnu_hash(struct mf_elf_reader *reader, const struct mf_elf *elf, uint64_t address, uint64_t *out)
{
    uint32_t head[4], highest = 0, value = 0;
    uint64_t at;
    int rc;

    if (!mf_elf_offset_of(elf, address, sizeof head, &at))
        return -ENOEXEC;
    rc = mf_elf_copy(reader, &reader->contents, at, head, sizeof head);
    at += sizeof head + (uint64_t)head[2] * (reader->is_64_bit ? 8 : 4);
    for (uint32_t i = 0; rc == 0 && i < head[0]; i++, at += sizeof value) {
        rc = mf_elf_copy(reader, &reader->contents, at, &value, sizeof value);
        highest = rc == 0 && value > highest ? value : highest;
    }
    *out = head[1];
    if (rc < 0 || highest < head[1])
        return rc;
    at += (uint64_t)(highest - head[1]) * sizeof value;
    do {
        rc = mf_elf_copy(reader, &reader->contents, at, &value, sizeof value);
        at += sizeof value;
        *out = (uint64_t)highest + 1;
    } while (rc == 0 && !(value & 1) && highest++ < MF_SYMBOLS_MAX);
    return rc;
}

static int count_symbols(struct mf_elf_reader *reader, const struct mf_elf *elf, const struct dynamic *dynamic, uint64_t *out)
{
    uint32_t head[2];
    uint64_t at;
    int rc;

    if (dynamic->gnu_hash != 0)
        return count_by_gnu_hash(reader, elf, dynamic->gnu_hash, out);
    if (dynamic->hash == 0)
        return -ENOENT;
    if (!mf_elf_offset_of(elf, dynamic->hash, sizeof head, &at))
        return -ENOEXEC;
    rc = mf_elf_copy(reader, &reader->contents, at, head, sizeof head);
    *out = head[1];
    return rc;
}

int mf_elf_tables_of_dynamic(struct mf_elf_reader *reader, const struct mf_elf *elf, struct mf_elf_table *out)
{
    struct dynamic dynamic;
    struct mf_elf_program program = {0};
    uint64_t count = 0, symbols, strings;
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && program.type != PT_DYNAMIC && i < reader->program_count; i++)
        rc = mf_elf_program_at(reader, i, &program);
    if (rc < 0 || program.type != PT_DYNAMIC)
        return rc < 0 ? rc : -ENOENT;
    if (!mf_elf_is_in_file(reader->bytes, program.offset, program.file_size))
        return -ENOEXEC;
    rc = read_dynamic(reader, &program, &dynamic);
    if (rc < 0)
        return rc;
    if (dynamic.symbols == 0 || dynamic.strings == 0)
        return -ENOENT;
    rc = count_symbols(reader, elf, &dynamic, &count);
    if (rc < 0)
        return rc;
    if (count > MF_SYMBOLS_MAX)
        return -E2BIG;
    if (!mf_elf_offset_of(elf, dynamic.symbols, count * mf_elf_entry_bytes(reader->is_64_bit), &symbols) ||
        !mf_elf_offset_of(elf, dynamic.strings, dynamic.strings_bytes, &strings) ||
        !mf_elf_is_in_file(reader->bytes, symbols, count * mf_elf_entry_bytes(reader->is_64_bit)) ||
        !mf_elf_is_in_file(reader->bytes, strings, dynamic.strings_bytes))
        return -ENOEXEC;
    *out = (struct mf_elf_table){symbols, strings, dynamic.strings_bytes, (uint32_t)count};
    return 0;
}
