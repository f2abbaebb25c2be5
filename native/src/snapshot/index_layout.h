/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layout of the search index of a snapshot. index.c builds it; find.c and AddressIndex.java search it.
 *
 * A search goes through four tables to a window of one to seven mappings. Each table is indexed by some bits of the address.
 *
 *      root -> node -> inner -> node -> middle -> node -> leaf (windows) -> mapping
 *
 * An address space has dense and sparse clusters that are far apart, so each table has a scale of its own: it spans the
 * mappings in one slot of the table above. The slot of an address is (address >> shift) & mask, without a base. An address
 * outside the span of a table gets a slot of other mappings. They do not cover it, which the last comparison detects. All
 * searches take the same steps, so the branch predictor does not affect their time. Only if a slot of a leaf has more than
 * seven mappings, or spans more than 128 MiB, its window is searched by halving.
 *
 * The tail is not in the tables, because it would make their slots too wide. It has the mappings above the last wide gap
 * (stack, vdso) and those from 2^63 on ([vsyscall]), and is searched by halving too.
 */
#ifndef MF_INDEX_LAYOUT_H
#define MF_INDEX_LAYOUT_H

#include "mapfiles.h"

/*
 * A node has the shift in bits 0-5, the first word of the table in bits 6-37, the mask in bits 38-63. Mask 0: always the first
 * word.
 */
#define WORD_SHIFT 6
#define MASK_SHIFT 38

/*
 * A window has two words: the first mapping in bits 0-26, the number of halvings in bits 27-31, then six lanes of 16 bits, one
 * for each further mapping. A lane holds the number of pages from the start of its mapping to the next multiple of 2^15 pages.
 * The search adds the low 15 bits of the page number of the address to all lanes in one addition. This sets the highest bit of
 * each lane whose mapping starts at or below the address.
 */
#define WINDOW_WORDS    2
#define WINDOW_MAPPINGS 7
#define HALVINGS_SHIFT  27
#define PAGE_SHIFT      12 /* of the smallest page size; larger page sizes are multiples of it */
#define LANE_PAGES      0x7fffu
#define LANE_SPAN_SHIFT (PAGE_SHIFT + 15)

/*
 * The index is an array of 64-bit words: this head, a range for each mapping, the flags of each mapping, the tables. A search
 * reads no flags. Who copies all ranges and flags reads a third of the memory of the records.
 */
struct mf_index {
    uint64_t empty[WINDOW_WORDS]; /* 0: empty slots lead here, to a node that leads to itself, and to the window of mapping 0 */
    uint64_t tail_start;          /* first address above the tables */
    uint64_t root;                /* node of the root */
    uint64_t table_count;         /* number of mappings in the tables; the others are the tail */
    uint64_t count;
    uint64_t words; /* in use, including this head */
    struct mf_range {
        uint64_t start;
        uint64_t end;
    } ranges[]; /* of the mappings */
};

/* The words of the flags, which have 32 bits each. */
static inline uint64_t mf_index_flag_words(uint64_t count)
{
    return (count + 1) / 2;
}

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
