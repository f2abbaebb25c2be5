/* SPDX-License-Identifier: Apache-2.0 */
/* Names the entries of the procedure linkage table that call an IFUNC of the same file. */
#include "elf/symbols.h"

#define NOT_NAMED  UINT32_MAX
#define SAME_START 16u /* symbols with the address of an IFUNC that are tried */

/* Returns the number of the first record that begins at an address or after it. */
static uint32_t first_at(const struct mf_symbol_record *sorted, uint32_t count, uint32_t start)
{
    uint32_t low = 0, high = count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;

        if (sorted[middle].start < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A name of .dynsym has no version. Of several, the rules of struct mf_symbols decide. */
static bool is_better(const struct mf_symbol_record *record, const struct mf_symbol_record *other)
{
    const uint32_t mask = MF_INFO_DYNAMIC | 3u << MF_INFO_BINDING_SHIFT;

    _Static_assert(MF_INFO_DYNAMIC > 3u << MF_INFO_BINDING_SHIFT, "the table is compared first");
    return (record->info & mask) > (other->info & mask);
}

/* Returns the IFUNC at an address; NULL: there is none. */
static const struct mf_symbol_record *ifunc_at(const struct mf_symbol_record *sorted, uint32_t count, uint32_t start)
{
    const struct mf_symbol_record *found = NULL;
    const uint32_t first = first_at(sorted, count, start);

    for (uint32_t i = first; i < count && i - first < SAME_START && sorted[i].start == start; i++) {
        if ((sorted[i].info & MF_INFO_KIND) == MF_SYMBOL_IFUNC && (found == NULL || is_better(&sorted[i], found)))
            found = &sorted[i];
    }
    return found;
}

uint32_t mf_symbols_name_ifuncs(struct mf_symbol_record *sorted, uint32_t count)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++) {
        const struct mf_symbol_record *const ifunc =
            sorted[i].info & MF_INFO_CALLS_IFUNC ? ifunc_at(sorted, count, sorted[i].name) : NULL;

        if (ifunc != NULL) {
            sorted[i].name = ifunc->name;
            sorted[i].info |= ifunc->info & MF_INFO_DYNAMIC;
        } else if (sorted[i].info & MF_INFO_CALLS_IFUNC) {
            sorted[i].info = NOT_NAMED;
        }
    }
    for (uint32_t i = 0; i < count; i++) { /* after all searches, which need the order */
        if (sorted[i].info != NOT_NAMED)
            sorted[kept++] = sorted[i];
    }
    return kept;
}
