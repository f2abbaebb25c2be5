/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search index of a snapshot, for building (index.c) and searching (find.c, AddressIndex.java).
 *
 * Four tables in a row, each indexed by some bits of the address, lead to a window of one to seven records.
 *
 *      root -> node -> inner -> node -> middle -> node -> leaf (windows) -> record
 *
 * Real address spaces are clusters far apart, dense and sparse by turns, so each table has a scale of its own: it spans
 * just the records that share one slot of the table above. A table is a ring: the slot is (address >> shift) & mask,
 * which needs no base. An address outside the span gets some other slot; the record found there does not cover it, which
 * the last compare notices. All lookups take the same steps, so that nothing hangs on the branch predictor; only where
 * the leaves are too coarse (more than seven records in a slot, or in one of 128 MiB) is a window searched by halving.
 *
 * The tail, records behind the last wide gap (stack, vdso) and all from 2^63 on ([vsyscall]), would spoil the scale of
 * the tables; it is searched by halving, too.
 */
#ifndef MF_INDEX_LAYOUT_H
#define MF_INDEX_LAYOUT_H

#include "mapfiles.h"

/* Node: shift in bits 0-5, first word of the table in 6-37, mask in 38-63. A mask of 0 leads to that word always. */
#define WORD_SHIFT 6
#define MASK_SHIFT 38

/*
 * Window, two words: first record in bits 0-26, halvings in 27-31, then six lanes of 16 bits, one for each further
 * record. A lane holds what is missing from the record's first page to the next multiple of 2^15 pages: the lowest 15
 * bits of an address's page, added to all lanes at once, set the highest bit of those whose record it has reached.
 */
#define WINDOW_WORDS 2
#define WINDOW_RECORDS 7
#define HALVINGS_SHIFT 27
#define PAGE_SHIFT 12 /* the smallest page there is; larger ones are multiples */
#define LANE_PAGES 0x7fffu
#define LANE_SPAN_SHIFT (PAGE_SHIFT + 15)

/* The index is 64-bit words: this head, a range for each record, the tables. All that a search reads stands in it. */
struct mf_index {
    uint64_t nothing[WINDOW_WORDS]; /* 0: a node that leads to itself, then the window of record 0: for empty slots */
    uint64_t tail_start;            /* first address that the tables do not cover */
    uint64_t root;                  /* node */
    uint64_t table_count;           /* records in the tables; the others are the tail */
    uint64_t count;
    uint64_t words;                 /* in use, this head included */
    struct mf_range {
        uint64_t start;
        uint64_t end;
    } ranges[]; /* of the records */
};

static inline const struct mf_index *mf_index_of(const struct mf_snapshot *snapshot)
{
    return (const void *)((const char *)snapshot + snapshot->index_offset);
}

static inline uint32_t mf_node_word(uint64_t node)
{
    return (uint32_t)(node >> WORD_SHIFT);
}

static inline uint32_t mf_node_slot(uint64_t node, uint64_t address)
{
    return (uint32_t)((address >> (node & 63)) & (node >> MASK_SHIFT));
}

#endif
