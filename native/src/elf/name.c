/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the name of a symbol from the string table of the file. */
#include "elf/symbols.h"

#include <errno.h>
#include <string.h>

#define SUFFIX       "@plt"
#define SUFFIX_BYTES 4u
#define PART         256u /* most names end within this many bytes */

/* Reads a text that ends with a NUL. Returns its length, or an error of mf_symbols_name(). */
static int32_t read_text(const struct mf_elf_bytes *file, uint64_t strings, uint64_t strings_bytes, uint32_t name, char *to,
                         uint32_t capacity)
{
    uint32_t length = 0;

    if (!mf_elf_is_in_file(file, strings, strings_bytes) || name >= strings_bytes)
        return -ENOEXEC;
    while (length < capacity) {
        const uint64_t left = strings_bytes - name - length;
        uint32_t part = capacity - length < PART ? capacity - length : PART;
        const char *end;
        int rc;

        if (left == 0)
            return -ENOEXEC;
        part = left < part ? (uint32_t)left : part;
        rc = mf_elf_read_at(file, strings + name + length, to + length, part);
        if (rc < 0)
            return rc;
        end = memchr(to + length, '\0', part);
        if (end != NULL)
            return (int32_t)(end - to);
        length += part;
    }
    return -ENAMETOOLONG;
}

int32_t mf_symbols_name(const struct mf_elf_bytes *file, const struct mf_symbols *symbols, const struct mf_symbol *symbol,
                        char *to, uint32_t capacity)
{
    const int table = symbol->flags & MF_SYMBOL_DYNAMIC ? 1 : 0;
    const bool is_plt = symbol->kind == MF_SYMBOL_PLT;
    const uint32_t size = mf_elf_entry_bytes(symbols->bits == 64);
    uint32_t name = symbol->name;
    int32_t length;

    if (capacity > INT32_MAX)
        capacity = INT32_MAX;
    if (is_plt && !(symbol->flags & MF_SYMBOL_CALLS_IFUNC)) {
        char raw[sizeof(Elf64_Sym)];
        struct mf_elf_entry entry;
        int rc;

        if (name >= symbols->dynamic_count)
            return -ENOEXEC;
        rc = mf_elf_read_at(file, symbols->dynamic_symbols + (uint64_t)name * size, raw, size);
        if (rc < 0)
            return rc;
        mf_elf_entry_of(symbols->bits == 64, raw, &entry);
        name = entry.name;
    }
    length = read_text(file, symbols->strings[table], symbols->strings_bytes[table], name, to, capacity);
    if (length < 0 || !is_plt)
        return length;
    if (capacity - (uint32_t)length < SUFFIX_BYTES)
        return -ENAMETOOLONG;
    memcpy(to + length, SUFFIX, SUFFIX_BYTES);
    return length + (int32_t)SUFFIX_BYTES;
}
