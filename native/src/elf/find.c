/* SPDX-License-Identifier: Apache-2.0 */
/* Searches an index. */
#include "elf/symbols.h"

#include <errno.h>

int mf_symbols_find(const struct mf_symbols *symbols, uint64_t elf_address, struct mf_symbol *out)
{
    const struct mf_symbol_record *const records = mf_symbol_records(symbols);
    const uint32_t *const buckets = (const uint32_t *)(records + symbols->count);
    const uint64_t at = elf_address - symbols->base;
    const struct mf_symbol_record *record, *symbol;
    uint32_t low, high;

    if (symbols->count == 0 || at >= symbols->span)
        return -ENOENT;
    low = buckets[at >> symbols->bucket_shift];
    high = buckets[(at >> symbols->bucket_shift) + 1];
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;

        if (records[middle].start <= at)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return -ENOENT;
    record = &records[low - 1];
    if (at - record->start >= record->size)
        return -ENOENT;
    symbol = record->info & MF_INFO_CONTINUATION ? &records[record->name] : record;
    out->address = symbols->base + symbol->start;
    out->size = symbol->size;
    out->kind = symbol->info & MF_INFO_KIND;
    out->flags = (symbol->info & MF_INFO_DYNAMIC ? MF_SYMBOL_DYNAMIC : 0) |
                 (symbol->info & MF_INFO_UNSIZED ? MF_SYMBOL_UNSIZED : 0) |
                 (symbol->info & MF_INFO_CALLS_IFUNC ? MF_SYMBOL_CALLS_IFUNC : 0);
    out->name = symbol->name;
    out->id = (uint32_t)(symbol - records);
    return 0;
}
