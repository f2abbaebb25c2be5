/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring that the kernel fills on one CPU. The events of all threads on that CPU share it, so the memory depends on the
 * number of CPUs and not of threads.
 *
 *      | page with positions | ring_bytes of records |
 *
 * Records, in words of 8 bytes. A word never wraps, because all sizes and positions are multiples of 8. Each record ends in a
 * time and an ID.
 *
 *      0          8        16       24       32       40                      64         72
 *      | header   | pid,tid| start  | length | offset | dev, inode | build ID | prot     | name, padded  | time | ID |  MMAP2
 *      | header   | pid,tid| name, padded                                                                | time | ID |  COMM
 *      | header   | pid,ppid|tid,ptid| time  |                                                           | time | ID |  FORK, EXIT
 *      | header   | ID     | count                                                                       | time | ID |  LOST
 */
#ifndef MF_RING_H
#define MF_RING_H

#include "mapfiles_events.h"
#include "os/system_calls.h"

#include <stdbool.h>
#include <string.h>

/* Offsets in a record, and sizes, in bytes. */
enum {
    MF_WORD = 8,
    MF_RECORD_TRAILER = 2 * MF_WORD,
    MF_RECORD_PID = 8,
    MF_RECORD_TID = 12, /* of FORK: the parent process */
    MF_MMAP2_START = 16,
    MF_MMAP2_LENGTH = 24,
    MF_MMAP2_OFFSET = 32,
    MF_MMAP2_DEVICE = 40, /* major, minor; or the build ID */
    MF_MMAP2_INODE = 48,
    MF_MMAP2_PROTECTION = 64,
    MF_MMAP2_SHARING = 68,
    MF_MMAP2_NAME = 72,
    MF_COMM_NAME = 16,
    MF_FORK_TID = 16,
    MF_FORK_CREATOR = 20,
    MF_FORK_END = 32,
    MF_LOST_COUNT = 16,
    MF_LOST_END = 24,
};

#define MF_RECORD_MAX (MF_MMAP2_NAME + MF_NAME_MAX + MF_RECORD_TRAILER)

struct mf_ring {
    char *memory;         /* NULL: the stream is attached to no thread on this CPU yet */
    uint64_t head;        /* end of the kernel's records when this drain began */
    uint64_t tail;        /* end of the records that were drained */
    uint64_t next;        /* time of the record at tail, by the caller's clock; or MF_NO_RECORD */
    uint64_t last_id;     /* ID of the event that the last drained record came from; 0: none */
    struct mf_event last; /* the event of that record, without its time and the offset of its name */
    int32_t cpu;
    int32_t fd; /* of the event that the ring was mapped for */
};

#define MF_NO_RECORD UINT64_MAX

/* One record of a ring. Its size is checked. */
struct mf_ring_record {
    const struct mf_ring *ring;
    uint64_t mask;  /* of positions in the ring */
    uint64_t begin; /* its position */
    uint32_t size;  /* in bytes */
    uint32_t type;
    uint16_t misc;
};

/* Makes a ring one that is not mapped. */
void mf_ring_clear(struct mf_ring *ring);

/* Maps the ring of an event. Returns 0; -EDQUOT: no more memory may be locked; or another negative errno of mmap(2). */
int mf_ring_map(struct mf_ring *ring, uint32_t ring_bytes, int fd);

void mf_ring_unmap(const struct mf_ring *ring, uint32_t ring_bytes);

/* Returns whether the kernel has written a record that was not drained. */
bool mf_ring_has_records(const struct mf_ring *ring);

/* Returns the end of the kernel's records now. */
uint64_t mf_ring_head(const struct mf_ring *ring);

/* Reads the record at tail. Returns false if there is none, or its header is invalid. */
bool mf_ring_record_at_tail(const struct mf_ring *ring, uint32_t ring_bytes, struct mf_ring_record *out);

/*
 * Begins to drain a ring, up to its present head. Sets drained->incomplete if records were overwritten, or if the ring was so
 * full that the kernel may have dropped records.
 */
void mf_ring_begin(const struct mf_events *events, struct mf_ring *ring, struct mf_drained *drained);

/* Moves tail to the end of the record at tail. */
void mf_ring_advance(const struct mf_events *events, struct mf_ring *ring, uint32_t record_size, struct mf_drained *drained);

/* Ends to drain a ring: the kernel may overwrite all records before tail. */
void mf_ring_end(const struct mf_ring *ring);

static inline const char *mf_ring_data(const struct mf_ring *ring)
{
    return ring->memory + sysconf(_SC_PAGESIZE);
}

/* Returns the number of 64 bits at an offset of a record, a multiple of 8. */
static inline uint64_t mf_ring_record_u64(const struct mf_ring_record *record, uint32_t offset)
{
    uint64_t value;

    memcpy(&value, mf_ring_data(record->ring) + ((record->begin + offset) & record->mask), sizeof value);
    return value;
}

/* Returns the number of 32 bits at an offset of a record, a multiple of 4. */
static inline int32_t mf_ring_record_i32(const struct mf_ring_record *record, uint32_t offset)
{
    int32_t value;

    memcpy(&value, mf_ring_data(record->ring) + ((record->begin + offset) & record->mask), sizeof value);
    return value;
}

/* Copies bytes of a record, which may wrap at the end of the ring. */
void mf_ring_record_copy(const struct mf_ring_record *record, uint32_t offset, void *to, uint32_t bytes);

/* Returns when a record was written, by the caller's clock. */
static inline uint64_t mf_ring_record_time(const struct mf_events *events, const struct mf_ring_record *record)
{
    return mf_ring_record_u64(record, record->size - MF_RECORD_TRAILER) + (uint64_t)events->clock_offset;
}

#endif
