/* SPDX-License-Identifier: Apache-2.0 */
/* From records in the order of the tables to records that an address is searched in. */
#include "elf/symbols.h"

#include <string.h>

#define DIGIT  11
#define DIGITS (1u << DIGIT)

/* A radix sort in three passes: 11, 11 and 10 bits. An odd number of passes ends in the other area. */
void mf_symbols_sort(struct mf_symbol_record *from, struct mf_symbol_record *to, uint32_t count)
{
    uint32_t counts[3][DIGITS];

    memset(counts, 0, sizeof counts);
    for (uint32_t i = 0; i < count; i++) {
        for (int pass = 0; pass < 3; pass++)
            counts[pass][from[i].start >> (pass * DIGIT) & (DIGITS - 1)]++;
    }
    for (int pass = 0; pass < 3; pass++) {
        struct mf_symbol_record *const swap = from;
        uint32_t sum = 0;

        for (uint32_t digit = 0; digit < DIGITS; digit++) {
            const uint32_t next = sum + counts[pass][digit];

            counts[pass][digit] = sum;
            sum = next;
        }
        for (uint32_t i = 0; i < count; i++)
            to[counts[pass][from[i].start >> (pass * DIGIT) & (DIGITS - 1)]++] = from[i];
        from = to;
        to = swap;
    }
}

/* Whether a record is a better choice than an earlier one of the table with the same start. */
static bool is_better(const struct mf_symbol_record *record, const struct mf_symbol_record *other)
{
    if (record->size != other->size)
        return record->size > other->size; /* sized before unsized */
    return (record->info >> MF_INFO_BINDING_SHIFT & 3) > (other->info >> MF_INFO_BINDING_SHIFT & 3);
}

struct sweep {
    struct mf_symbol_record *out;
    uint32_t capacity;
    uint32_t count;
    uint32_t symbols;
};

static void put(struct sweep *sweep, struct mf_symbol_record record)
{
    if (sweep->count < sweep->capacity)
        sweep->out[sweep->count] = record;
    sweep->count++;
}

static uint64_t end_of(const struct mf_symbol_record *record)
{
    return (uint64_t)record->start + record->size;
}

/*
 * Removes the symbols from the stack that end at or before an address. Each one that another one on the stack encloses uncovers
 * that one: a continuation begins there. The stack has symbols that each end later than those above them.
 */
static uint32_t close_until(struct sweep *sweep, const struct mf_symbol_record *sorted, const uint32_t *stack, uint32_t depth,
                            uint64_t address)
{
    while (depth > 0 && end_of(&sorted[stack[depth - 1]]) <= address) {
        const uint64_t end = end_of(&sorted[stack[--depth]]);

        if (depth > 0 && end < address && end < end_of(&sorted[stack[depth - 1]])) {
            const struct mf_symbol_record *const outer = &sorted[stack[depth - 1]];

            put(sweep, (struct mf_symbol_record){(uint32_t)end, (uint32_t)(end_of(outer) - end), outer->name,
                                                 outer->info | MF_INFO_CONTINUATION});
        }
    }
    return depth;
}

/* Puts a symbol. Its own record has the number of the final one as its name from then on, for continuations. */
static void put_symbol(struct sweep *sweep, struct mf_symbol_record *record)
{
    const uint32_t number = sweep->count;

    put(sweep, *record);
    record->name = number;
    sweep->symbols++;
}

uint32_t mf_symbols_sweep(struct mf_symbol_record *sorted, uint32_t count, const struct mf_elf_tables *tables,
                          const struct mf_symbols *symbols, struct mf_symbol_record *out, uint32_t capacity, uint32_t *stack,
                          uint32_t *symbol_count)
{
    struct sweep sweep = {.out = out, .capacity = capacity};
    uint32_t depth = 0, next;

    for (uint32_t i = 0; i < count; i = next) {
        uint32_t best = i;

        for (next = i + 1; next < count && sorted[next].start == sorted[i].start; next++) {
            if (is_better(&sorted[next], &sorted[best]))
                best = next;
        }
        /* The first symbol on the stack ends last. */
        if (sorted[best].size == 0 && depth > 0 && end_of(&sorted[stack[0]]) > sorted[best].start)
            continue;
        depth = close_until(&sweep, sorted, stack, depth, sorted[i].start);
        if (sorted[best].size == 0) {
            const struct mf_elf_range *const range = mf_elf_range_of(tables, symbols->base + sorted[best].start);
            uint64_t end = range == NULL ? 0 : range->end - symbols->base;

            if (end > symbols->span)
                end = symbols->span;
            if (next < count && end > sorted[next].start)
                end = sorted[next].start;
            if (end <= sorted[best].start)
                continue;
            sorted[best].size = (uint32_t)(end - sorted[best].start);
            sorted[best].info |= MF_INFO_UNSIZED;
            put_symbol(&sweep, &sorted[best]);
            continue;
        }
        put_symbol(&sweep, &sorted[best]);
        /* A symbol that ends no later than this one is never uncovered again. */
        while (depth > 0 && end_of(&sorted[stack[depth - 1]]) <= end_of(&sorted[best]))
            depth--;
        stack[depth++] = best;
    }
    close_until(&sweep, sorted, stack, depth, UINT64_MAX);
    *symbol_count = sweep.symbols;
    return sweep.count;
}
