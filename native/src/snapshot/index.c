/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the search index, whose layout is in index_layout.h. */
#include "snapshot/index.h"

#include "snapshot/index_layout.h"

#include <stdbool.h>
#include <string.h>

#define MAX_BITS      24
#define TABLE_END     (UINT64_C(1) << 63)
#define TAIL_GAP      (UINT64_C(1) << 30)
#define TAIL_MAPPINGS 8 /* maximum of mappings in the tail, in addition to those from 2^63 on */

#define ROOT_BITS         6
#define WORDS_PER_MAPPING 4 /* for tables */
#define WORDS_PER_RANGE   (sizeof(struct mf_range) / sizeof(uint64_t))
#define WORDS_OF_ROOT     (6 << ROOT_BITS) /* its slots, and for each slot the words of a single window */

/* With inlining the build takes a third less time. It takes a few nanoseconds per mapping of every snapshot. */
#define INLINED static inline __attribute__((always_inline))

enum level { ROOT, INNER, MIDDLE, LEAF };

struct builder {
    uint64_t *words;
    const struct mf_range *ranges;
    uint32_t used;           /* words in use: the next table begins after them */
    uint32_t granted;        /* maximum of used so far, including the reserved words */
    uint32_t reserved[LEAF]; /* by level: words that complete the unfinished table without tables below it */
};

static uint64_t min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint32_t bit_length(uint64_t value)
{
    return value == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(value);
}

static uint64_t node_of(uint32_t word, uint32_t shift, uint32_t bits)
{
    return ((UINT64_C(1) << bits) - 1) << MASK_SHIFT | (uint64_t)word << WORD_SHIFT | shift;
}

uint64_t mf_index_bytes(uint32_t mapping_capacity)
{
    const uint64_t shared = 1 << ROOT_BITS; /* a mapping in two slots of the root is counted twice */

    return sizeof(struct mf_index) + mapping_capacity * sizeof(struct mf_range) +
           sizeof(uint64_t) *
               (mf_index_flag_words(mapping_capacity) + WORDS_OF_ROOT + WORDS_PER_MAPPING * (mapping_capacity + shared));
}

/*
 * Writes the window of mappings first ... end - 1, for addresses low ... high - 1. Returns whether its lanes distinguish all
 * these mappings; if not, the window is searched by halving.
 */
INLINED bool set_window(uint64_t *window, const struct mf_range *ranges, uint32_t first, uint32_t end, uint64_t low,
                        uint64_t high)
{
    const uint32_t further = end - first - 1;
    uint64_t lanes[WINDOW_WORDS] = {0, 0}, starts = 0;
    bool exact = further < WINDOW_MAPPINGS && low >> LANE_SPAN_SHIFT == (high - 1) >> LANE_SPAN_SHIFT;

    for (uint32_t i = 1; exact && i <= further; i++) {
        const uint64_t start = ranges[first + i].start;
        lanes[(i + 1) / 4] |= (LANE_PAGES + 1 - (start >> PAGE_SHIFT & LANE_PAGES)) << (i + 1) % 4 * 16;
        starts |= start;
    }
    exact = further == 0 || (exact && (starts & ((1 << PAGE_SHIFT) - 1)) == 0);
    window[0] = first | (exact ? lanes[0] : (uint64_t)bit_length(further) << HALVINGS_SHIFT);
    window[1] = exact ? lanes[1] : 0;
    return exact;
}

/* Returns the first mapping after i, before end, that starts at the limit or above it; or end. Gallops. */
INLINED uint32_t run_end(const struct mf_range *ranges, uint32_t i, uint32_t end, uint64_t limit)
{
    uint32_t step = 1;

    for (; end - i > step && ranges[i + step].start < limit; step *= 2)
        i += step;
    while (step /= 2) {
        if (end - i > step && ranges[i + step].start < limit)
            i += step;
    }
    return i + 1;
}

static uint64_t table_of(struct builder *b, enum level level, uint32_t first, uint32_t end, uint64_t low, uint64_t high);

/* Returns the words below a slot of a level that has a single window: the window, and one node for each level in between. */
static uint32_t words_alone(enum level level)
{
    return WINDOW_WORDS + MIDDLE - level;
}

/*
 * Builds what is below a slot that has mappings first ... end - 1 at addresses low ... high - 1. Returns the node for the slot.
 */
static uint64_t child_of(struct builder *b, enum level level, uint32_t first, uint32_t end, uint64_t low, uint64_t high)
{
    uint64_t node, *window = b->words + b->used;

    if (!set_window(window, b->ranges, first, end, low, high)) {
        node = table_of(b, level + 1, first, end, low, high);
        if (node != 0)
            return node;
        set_window(window, b->ranges, first, end, low, high);
    }
    node = node_of(b->used, 0, 0);
    b->used += WINDOW_WORDS;
    for (int passed = level; passed < MIDDLE; passed++) {
        b->words[b->used] = node;
        node = node_of(b->used++, 0, 0);
    }
    return node;
}

/* Fills the slots of a table from left to right. */
static void fill_table(struct builder *b, enum level level, uint64_t table, uint32_t first, uint32_t end, uint64_t low,
                       uint64_t high)
{
    const struct mf_range *ranges = b->ranges;
    const uint32_t shift = table & 63, stride = level == LEAF ? WINDOW_WORDS : 1;
    const uint64_t width = UINT64_C(1) << shift;
    uint64_t *words = b->words + mf_node_word(table);

    for (uint32_t i = first; i < end;) {
        low = max(low, ranges[i].start);
        const uint64_t limit = (low | (width - 1)) + 1;
        const uint32_t next = run_end(ranges, i, end, limit);
        const uint64_t last_end = min(ranges[next - 1].end, high);
        uint64_t *slot = words + stride * mf_node_slot(table, low);

        if (level == LEAF) {
            set_window(slot, ranges, i, next, low, min(limit, high));
        } else {
            b->reserved[level] = (uint32_t)(((high - 1) >> shift) - (low >> shift)) * words_alone(level);
            *slot = child_of(b, level, i, next, low, min(limit, high));
        }
        const int alone = next - i == 1;
        i = last_end > limit ? next - 1 : next;
        low = limit;
        if (last_end <= limit || last_end - low <= width)
            continue;
        /* The last mapping covers further slots alone. */
        const uint64_t value = level == LEAF ? i : alone ? *slot : child_of(b, level, i, next, low, low + width);
        for (; last_end - low > width; low += width)
            words[stride * mf_node_slot(table, low)] = value;
    }
}

static bool fits(const struct builder *b, enum level level, uint32_t bits)
{
    const uint64_t words = level == LEAF ? WINDOW_WORDS : 1 + words_alone(level);

    return b->used + (words << bits) + b->reserved[ROOT] + b->reserved[INNER] + b->reserved[MIDDLE] <= b->granted;
}

/*
 * Builds a table for the parts of mappings first ... end - 1 in low ... high - 1. Returns its node; 0: the memory does not
 * suffice for a table. The number of slots gives their width: 64 in the root; per mapping 1/4 to 1/2 in an inner table, 1/2 to
 * 1 in a middle table, 1 to 2 in a leaf.
 */
static uint64_t table_of(struct builder *b, enum level level, uint32_t first, uint32_t end, uint64_t low, uint64_t high)
{
    static const int doublings[] = {[INNER] = -1, [MIDDLE] = 0, [LEAF] = 1};
    int bits = level == ROOT ? ROOT_BITS : (int)min(bit_length(end - first) - 1 + doublings[level], MAX_BITS);

    if (level == INNER)
        b->granted += WORDS_PER_MAPPING * (end - first);
    while (!fits(b, level, bits)) {
        if (bits-- == 0)
            return 0;
    }
    low = max(low, b->ranges[first].start);
    high = min(high, b->ranges[end - 1].end);
    uint32_t shift = (uint32_t)max(bit_length(high - 1 - low), PAGE_SHIFT + bits) - bits;
    if (((high - 1) >> shift) - (low >> shift) >= UINT64_C(1) << bits)
        shift++;
    bits = (int)bit_length(((high - 1) >> shift) - (low >> shift));

    const uint64_t table = node_of(b->used, shift, bits);
    const uint32_t words = (level == LEAF ? WINDOW_WORDS : 1u) << bits;
    memset(b->words + b->used, 0, words * sizeof *b->words);
    b->used += words;
    fill_table(b, level, table, first, end, low, high);
    return table;
}

/* Returns the index of the first mapping of the tail. */
static uint32_t tail_of(const struct mf_range *ranges, uint32_t count)
{
    uint32_t end = count, tail;

    while (end > 0 && ranges[end - 1].end > TABLE_END)
        end--;
    tail = end;
    for (uint32_t i = end; i > 1 && end - i < TAIL_MAPPINGS; i--) {
        if (ranges[i - 1].start - ranges[i - 2].end > TAIL_GAP)
            tail = i - 1;
    }
    return tail;
}

/* Copies ranges and flags of the mappings. Returns the first word after them. */
static uint32_t copy_mappings(struct mf_index *index, const struct mf_mapping *mappings, uint32_t count)
{
    uint32_t *const flags = (uint32_t *)(index->ranges + count);

    for (uint32_t i = 0; i < count; i++) {
        index->ranges[i] = (struct mf_range){mappings[i].start, mappings[i].end};
        flags[i] = mappings[i].flags;
    }
    flags[count] = 0; /* of no mapping: it completes a word, or is in the word after them */
    return (uint32_t)(sizeof *index / sizeof(uint64_t) + count * WORDS_PER_RANGE + mf_index_flag_words(count));
}

void mf_index_build(struct mf_snapshot *snapshot)
{
    const struct mf_mapping *const mappings = mf_snapshot_mappings(snapshot);
    const uint32_t count = snapshot->mapping_count;
    struct mf_index *const index = (void *)((char *)snapshot + snapshot->index_offset);
    struct builder b = {.words = (uint64_t *)index, .ranges = index->ranges};

    *index = (struct mf_index){.count = count};
    b.used = copy_mappings(index, mappings, count);
    b.granted = b.used + WORDS_OF_ROOT;
    index->table_count = tail_of(index->ranges, count);
    if (index->table_count > 0) {
        index->tail_start = index->ranges[index->table_count - 1].end;
        index->root = table_of(&b, ROOT, 0, (uint32_t)index->table_count, 0, TABLE_END);
    }
    index->words = b.used;
}
