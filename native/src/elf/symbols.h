/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_SYMBOLS_H
#define MF_SYMBOLS_H

#include "elf/tables.h"

/*
 * The block of struct mf_symbols after mf_symbols_read(): head, records sorted by start, buckets.
 *
 *      | head 112 bytes | records, 16 bytes each | buckets, 4 bytes each |
 *
 * While it is read, the block has an area of unsorted records, a gap, an area of sorted records, and the stack of the sweep.
 * The sweep writes the final records over the unsorted ones and the gap.
 */

/* One symbol, or a part of a symbol that continues after one that it encloses. Addresses are relative to mf_symbols.base. */
struct mf_symbol_record {
    uint32_t start;
    uint32_t size; /* from start */
    uint32_t name; /* offset in the string table; of a PLT entry the number of the symbol in .dynsym, unless it calls an IFUNC;
                      of a continuation the number of the record of its symbol */
    uint32_t info; /* bits below */
};

enum {
    MF_INFO_KIND = 3u,         /* enum mf_symbol_kind */
    MF_INFO_BINDING_SHIFT = 2, /* 2 bits: 0 local, 1 weak, 2 global */
    MF_INFO_DYNAMIC = 1u << 4, /* as MF_SYMBOL_DYNAMIC */
    MF_INFO_UNSIZED = 1u << 5, /* as MF_SYMBOL_UNSIZED */
    MF_INFO_CONTINUATION = 1u << 6,
    MF_INFO_CALLS_IFUNC = 1u << 7, /* as MF_SYMBOL_CALLS_IFUNC */
};

#define MF_SYMBOLS_MAGIC 0x6d66656c66737931ull
#define MF_SYMBOLS_HEAD  ((sizeof(struct mf_symbols) + 15) & ~(size_t)15)

static inline struct mf_symbol_record *mf_symbol_records(const struct mf_symbols *symbols)
{
    return (struct mf_symbol_record *)((char *)(uintptr_t)symbols + MF_SYMBOLS_HEAD);
}

/* Records that are being collected. */
struct mf_symbol_list {
    struct mf_symbol_record *records;
    uint32_t count;
    uint32_t capacity;
    bool calls_ifuncs; /* some PLT entries call an IFUNC. They have its address, from mf_symbols.base, in place of a name */
};

/*
 * Sorts records by start, and keeps the order of those with the same start.
 *
 * @param from  is overwritten.
 * @param to    the result; as many records as from.
 */
void mf_symbols_sort(struct mf_symbol_record *from, struct mf_symbol_record *to, uint32_t count);

/*
 * Makes the final records from sorted ones, by the rules of struct mf_symbols.
 *
 * @param sorted    is overwritten.
 * @param out       does not overlap sorted.
 * @param stack     of count numbers.
 * @param[out] symbol_count  number of symbols that are in the result.
 * Returns the number of records that the result has, also if it is above capacity; then the result is not valid.
 */
uint32_t mf_symbols_sweep(struct mf_symbol_record *sorted, uint32_t count, const struct mf_elf_tables *tables,
                          const struct mf_symbols *symbols, struct mf_symbol_record *out, uint32_t capacity, uint32_t *stack,
                          uint32_t *symbol_count);

/*
 * Adds the entries of the procedure linkage table (x86-64, i386, AArch64). An entry is added if its instructions refer to a slot
 * that a relocation fills. Returns 0 or an error of mf_elf_copy().
 */
int mf_symbols_add_plt(struct mf_elf_reader *reader, const struct mf_elf *elf, struct mf_symbol_list *list);

/*
 * Names the entries that call an IFUNC, in sorted records, and removes those whose IFUNC has no symbol. Returns the number of
 * records that are left.
 */
uint32_t mf_symbols_name_ifuncs(struct mf_symbol_record *sorted, uint32_t count);

/* Returns the maximum of entries that mf_symbols_add_plt() adds; or an error of mf_elf_copy(). */
int mf_symbols_plt_maximum(struct mf_elf_reader *reader, const struct mf_elf *elf);

#endif
