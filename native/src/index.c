/* SPDX-License-Identifier: Apache-2.0 */
#include "index.h"

uint64_t mf_index_bytes(uint32_t mapping_capacity)
{
    return (uint64_t)mapping_capacity * 8;
}

void mf_index_build(struct mf_snapshot *snapshot)
{
    const struct mf_mapping *records = mf_snapshot_mappings(snapshot);
    uint64_t *starts = (uint64_t *)((char *)snapshot + snapshot->index_offset);

    for (uint32_t i = 0; i < snapshot->mapping_count; i++)
        starts[i] = records[i].start;
}

int32_t mf_find(const struct mf_snapshot *snapshot, uint64_t address)
{
    const struct mf_mapping *records = mf_snapshot_mappings(snapshot);
    const uint64_t *starts = (const uint64_t *)((const char *)snapshot + snapshot->index_offset);
    uint32_t low = 0, high = snapshot->mapping_count;

    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (starts[middle] <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && address < records[low - 1].end ? (int32_t)(low - 1) : -1;
}

void mf_find_all(const struct mf_snapshot *snapshot, const uint64_t *addresses, int32_t *indices, size_t count)
{
    for (size_t i = 0; i < count; i++)
        indices[i] = mf_find(snapshot, addresses[i]);
}
