/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the mapping of an address: four table look-ups, then one addition that compares several mappings. */
#include "snapshot/index_layout.h"

#define EACH_LANE   UINT64_C(0x0001000100010001)
#define UPPER_LANES UINT64_C(0xffffffff00000000) /* the first word of a window has lanes in its upper half only */
#define BATCH       8

static int32_t find_in_tail(const struct mf_index *index, uint64_t address)
{
    uint32_t low = (uint32_t)index->table_count, high = (uint32_t)index->count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (index->ranges[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < index->count && index->ranges[low].start <= address ? (int32_t)low : -1;
}

static uint32_t halve(const struct mf_index *index, uint64_t address, uint32_t i, uint32_t halvings)
{
    for (uint32_t half = (uint32_t)1 << halvings >> 1; half > 0; half /= 2) {
        const uint32_t last = (uint32_t)index->table_count - 1;
        const uint32_t middle = i + half < last ? i + half : last;

        i = index->ranges[middle].start <= address ? middle : i;
    }
    return i;
}

static inline int32_t find_in_window(const struct mf_index *index, uint64_t node, uint64_t address)
{
    const uint64_t *const window = (const uint64_t *)index + mf_node_word(node) + WINDOW_WORDS * mf_node_slot(node, address);
    const uint64_t pages = (address >> PAGE_SHIFT & LANE_PAGES) * EACH_LANE;
    const uint32_t halvings = (uint32_t)window[0] >> HALVINGS_SHIFT;
    uint32_t i = (uint32_t)window[0] & ((1u << HALVINGS_SHIFT) - 1);

    if (__builtin_expect(halvings != 0, 0))
        i = halve(index, address, i, halvings);
    const uint64_t reached =
        ((window[0] + (pages & UPPER_LANES)) >> 15 & EACH_LANE & UPPER_LANES) + ((window[1] + pages) >> 15 & EACH_LANE);
    i += (uint32_t)(reached * EACH_LANE >> 48); /* the sum of the lanes */
    return address - index->ranges[i].start < index->ranges[i].end - index->ranges[i].start ? (int32_t)i : -1;
}

static inline int32_t find(const struct mf_index *index, uint64_t address)
{
    const uint64_t *const words = (const uint64_t *)index;
    uint64_t node = index->root;

    if (__builtin_expect(address >= index->tail_start, 0))
        return find_in_tail(index, address);
    node = words[mf_node_word(node) + mf_node_slot(node, address)];
    node = words[mf_node_word(node) + mf_node_slot(node, address)];
    node = words[mf_node_word(node) + mf_node_slot(node, address)];
    return find_in_window(index, node, address);
}

int32_t mf_find(const struct mf_snapshot *snapshot, uint64_t address)
{
    return find(mf_index_of(snapshot), address);
}

/* Finds BATCH addresses together, so that their memory accesses overlap. */
static void find_batch(const struct mf_index *index, const uint64_t *addresses, int32_t *indices)
{
    const uint64_t *const words = (const uint64_t *)index;
    uint64_t nodes[BATCH];

    for (int k = 0; k < BATCH; k++)
        nodes[k] = addresses[k] < index->tail_start ? index->root : 0;
    for (int level = 0; level < 3; level++) {
        for (int k = 0; k < BATCH; k++)
            nodes[k] = words[mf_node_word(nodes[k]) + mf_node_slot(nodes[k], addresses[k])];
    }
    for (int k = 0; k < BATCH; k++) {
        indices[k] = addresses[k] < index->tail_start ? find_in_window(index, nodes[k], addresses[k])
                                                      : find_in_tail(index, addresses[k]);
    }
}

void mf_find_all(const struct mf_snapshot *snapshot, const uint64_t *addresses, int32_t *indices, size_t count)
{
    const struct mf_index *const index = mf_index_of(snapshot);

    for (; count >= BATCH; count -= BATCH, addresses += BATCH, indices += BATCH)
        find_batch(index, addresses, indices);
    for (size_t k = 0; k < count; k++)
        indices[k] = find(index, addresses[k]);
}
