/* SPDX-License-Identifier: Apache-2.0 */
#include "events/ring.h"

#include "os/perf_event.h"

#include <sys/mman.h>

void mf_ring_clear(struct mf_ring *ring)
{
    *ring = (struct mf_ring){.next = MF_NO_RECORD, .cpu = ring->cpu, .fd = -1};
}

int mf_ring_map(struct mf_ring *ring, uint32_t ring_bytes, int fd)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const long memory = MF_SYS(SYS_mmap, NULL, page + ring_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (memory < 0)
        return memory == -EPERM ? -EDQUOT : (int)memory;
    *ring = (struct mf_ring){.memory = (char *)memory, .next = MF_NO_RECORD, .cpu = ring->cpu, .fd = fd};
    return 0;
}

void mf_ring_unmap(const struct mf_ring *ring, uint32_t ring_bytes)
{
    (void)MF_SYS(SYS_munmap, ring->memory, sysconf(_SC_PAGESIZE) + ring_bytes);
}

uint64_t mf_ring_head(const struct mf_ring *ring)
{
    return __atomic_load_n((uint64_t *)(ring->memory + MF_PERF_DATA_HEAD), __ATOMIC_ACQUIRE);
}

bool mf_ring_has_records(const struct mf_ring *ring)
{
    return ring->memory != NULL && mf_ring_head(ring) != ring->tail;
}

void mf_ring_record_copy(const struct mf_ring_record *record, uint32_t offset, void *to, uint32_t bytes)
{
    const uint64_t from = (record->begin + offset) & record->mask;
    const uint64_t to_end = record->mask + 1 - from;
    const uint32_t first = bytes < to_end ? bytes : (uint32_t)to_end;

    memcpy(to, mf_ring_data(record->ring) + from, first);
    memcpy((char *)to + first, mf_ring_data(record->ring), bytes - first);
}

static uint32_t min_size(uint32_t type)
{
    return MF_RECORD_TRAILER + (type == MF_PERF_MMAP2_RECORD                   ? MF_MMAP2_NAME + MF_WORD
                                : type == MF_PERF_COMM_RECORD                  ? MF_COMM_NAME + MF_WORD
                                : type == MF_PERF_LOST                         ? MF_LOST_END
                                : type == MF_PERF_FORK || type == MF_PERF_EXIT ? MF_FORK_END
                                                                               : MF_WORD);
}

bool mf_ring_record_at_tail(const struct mf_ring *ring, uint32_t ring_bytes, struct mf_ring_record *out)
{
    const uint64_t available = ring->head - ring->tail;
    struct mf_perf_header header;

    *out = (struct mf_ring_record){.ring = ring, .mask = ring_bytes - 1, .begin = ring->tail};
    if (available < MF_WORD)
        return false;
    memcpy(&header, mf_ring_data(ring) + (out->begin & out->mask), sizeof header);
    out->type = header.type;
    out->misc = header.misc;
    out->size = header.size;
    return out->size % MF_WORD == 0 && out->size <= available && out->size >= min_size(out->type) && out->size <= MF_RECORD_MAX;
}

/* Reads the time of the next record. If its header is invalid, all records up to head are skipped. */
static void find_next(const struct mf_events *events, struct mf_ring *ring, struct mf_drained *drained)
{
    struct mf_ring_record record;

    ring->next = MF_NO_RECORD;
    if (ring->tail == ring->head)
        return;
    if (mf_ring_record_at_tail(ring, events->ring_bytes, &record)) {
        ring->next = mf_ring_record_time(events, &record);
    } else {
        ring->tail = ring->head;
        ring->last_id = 0;
        drained->incomplete = 1;
    }
}

void mf_ring_begin(const struct mf_events *events, struct mf_ring *ring, struct mf_drained *drained)
{
    ring->head = mf_ring_head(ring);
    if (ring->head - ring->tail > events->ring_bytes || ring->head % MF_WORD != 0) {
        ring->head &= ~(uint64_t)(MF_WORD - 1);
        ring->tail = ring->head;
        drained->incomplete = 1;
    }
    if (events->ring_bytes - (ring->head - ring->tail) < MF_RECORD_MAX)
        drained->incomplete = 1;
    find_next(events, ring, drained);
}

void mf_ring_advance(const struct mf_events *events, struct mf_ring *ring, uint32_t record_size, struct mf_drained *drained)
{
    ring->tail += record_size;
    find_next(events, ring, drained);
}

void mf_ring_end(const struct mf_ring *ring)
{
    __atomic_store_n((uint64_t *)(ring->memory + MF_PERF_DATA_TAIL), ring->tail, __ATOMIC_RELEASE);
}
