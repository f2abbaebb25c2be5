/* SPDX-License-Identifier: Apache-2.0 */
/* Compares mf_find() with a linear search, with layouts that are difficult for an index. */
#include "check.h"

#include <stdbool.h>

#define MOST 3000

struct range {
    uint64_t start;
    uint64_t end;
};

static struct range ranges[MOST];
static uint32_t range_count;
static uint64_t state = 88172645463325252u;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static int32_t find_plainly(uint64_t address)
{
    for (uint32_t i = 0; i < range_count; i++) {
        if (ranges[i].start <= address && address < ranges[i].end)
            return (int32_t)i;
    }
    return -1;
}

static struct mf_snapshot *snapshot_of_ranges(void)
{
    char *const text = malloc((size_t)range_count * 80 + 1);
    struct mf_snapshot *const snapshot = new_snapshot(range_count, range_count * 80);
    size_t length = 0;

    for (uint32_t i = 0; i < range_count; i++)
        length += (size_t)sprintf(text + length, "%08" PRIx64 "-%08" PRIx64 " r--p 00000000 00:00 0 \n", ranges[i].start,
                                  ranges[i].end);
    CHECK_IS(mf_snapshot_parse(text, length, 0, snapshot), 1, "the layout");
    free(text);
    return snapshot;
}

static void check_layout(const char *what)
{
    struct mf_snapshot *const snapshot = snapshot_of_ranges();
    const uint32_t count = range_count * 6 + 64;
    uint64_t *const addresses = malloc(count * sizeof *addresses);
    int32_t *const indices = malloc(count * sizeof *indices);
    uint32_t at = 0;

    for (uint32_t i = 0; i < range_count; i++) {
        addresses[at++] = ranges[i].start - 1;
        addresses[at++] = ranges[i].start;
        addresses[at++] = ranges[i].end - 1;
        addresses[at++] = ranges[i].end;
        addresses[at++] = ranges[i].start + (ranges[i].end - ranges[i].start) / 2;
        addresses[at++] = ranges[i].end + 4096;
    }
    while (at < count)
        addresses[at] = next_random() >> (at % 64), at++;
    addresses[count - 1] = UINT64_MAX;
    addresses[count - 2] = 0;
    addresses[count - 3] = 1ull << 63;
    mf_find_all(snapshot, addresses, indices, count);
    for (uint32_t i = 0; i < count; i++) {
        const int32_t expected = find_plainly(addresses[i]);

        CHECK(mf_find(snapshot, addresses[i]) == expected, "%s: %" PRIx64 " expected %d", what, addresses[i], expected);
        CHECK(indices[i] == expected, "%s: batch: %" PRIx64 " expected %d", what, addresses[i], expected);
    }
    free(indices);
    free(addresses);
    free(snapshot);
}

/* Adds a range after the last one, unless the address space ends. */
static bool add(uint64_t gap, uint64_t size)
{
    const uint64_t from = range_count == 0 ? 0 : ranges[range_count - 1].end;

    if (range_count == MOST || gap + size < gap || from + gap < from || from + gap + size <= from + gap)
        return false;
    ranges[range_count++] = (struct range){from + gap, from + gap + size};
    return true;
}

int main(void)
{
    range_count = 0;
    check_layout("nothing");
    add(0, 4096);
    check_layout("one at 0");
    range_count = 0;
    add(0xffffffffff600000u, 4096);
    check_layout("one at the top");
    for (uint32_t count = 1; count < 70; count++) {
        for (range_count = 0; range_count < count;)
            add(4096, 4096);
        check_layout("few, even");
    }
    for (range_count = 0; range_count < 1000;)
        add(range_count == 0 ? 65536 : 0, 4096);
    check_layout("adjacent");
    for (range_count = 0; add(range_count < 500 ? 0 : 1ull << 40, 4096) && range_count < 1000;)
        ;
    check_layout("one dense cluster, the rest far apart");
    for (range_count = 0; range_count < 60 && add(1ull << range_count, 1ull << range_count);)
        ;
    check_layout("each twice as far and large");
    for (int round = 0; round < 60; round++) {
        const uint32_t wanted = (uint32_t)(next_random() % (round % 10 == 9 ? MOST : 300));

        range_count = 0;
        while (range_count < wanted && add((next_random() >> (next_random() % 52 + 12)) << 12,
                                           ((next_random() >> (next_random() % 44 + 20)) + 1) << 12))
            ;
        add(0xffffffffff600000u - (range_count ? ranges[range_count - 1].end : 0), 4096);
        check_layout("random clusters");
    }
    return check_result();
}
