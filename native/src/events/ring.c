/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel has written to the rings: taken out in order of time, each record checked before it is read. */
#include "events/stream.h"
#include "os/perf_event.h"
#include "snapshot/mapping.h"

#include <stdbool.h>
#include <string.h>

/*
 * Records, in words of 8 bytes; a word never wraps, as all sizes and places are multiples of it. Each ends in time and ID.
 *
 *      0          8        16       24       32       40                      64         72
 *      | header   | pid,tid| start  | length | offset | dev, inode | build ID | prot     | name, padded  | time | ID |   MMAP2
 *      | header   | pid,tid| name, padded                                                                | time | ID |   COMM
 *      | header   | pid,ppid|tid,ptid| time  |                                                           | time | ID |   FORK, EXIT
 *      | header   | ID     | count                                                                       | time | ID |   LOST
 */
enum { WORD = 8, TRAILER = 2 * WORD, MMAP2_NAME = 72, COMM_NAME = 16, FORK_END = 32, LOST_END = 24 };

#define RECORD_MAX (MMAP2_NAME + MF_NAME_MAX + TRAILER)

struct record {
    const struct mf_ring *ring;
    uint64_t mask; /* of places in the ring */
    uint64_t at;   /* where it begins */
    uint32_t size; /* bytes, checked */
    uint32_t type;
    uint16_t misc;
};

/* What a drain writes to. */
struct sink {
    struct mf_event *events;
    uint32_t capacity;
    char *text;
    uint32_t text_capacity;
    struct mf_drained *drained;
};

static uint64_t head_of(const struct mf_ring *ring)
{
    return __atomic_load_n((uint64_t *)(ring->memory + MF_PERF_DATA_HEAD), __ATOMIC_ACQUIRE);
}

static const char *data_of(const struct mf_ring *ring)
{
    return ring->memory + sysconf(_SC_PAGESIZE);
}

static uint64_t word(const struct record *record, uint32_t offset)
{
    uint64_t value;

    memcpy(&value, data_of(record->ring) + ((record->at + offset) & record->mask), sizeof value);
    return value;
}

/* A number of 32 bits, at a multiple of 4 bytes. */
static int32_t half(const struct record *record, uint32_t offset)
{
    int32_t value;

    memcpy(&value, data_of(record->ring) + ((record->at + offset) & record->mask), sizeof value);
    return value;
}

static void copy(const struct record *record, uint32_t offset, void *to, uint32_t bytes)
{
    const uint64_t from = (record->at + offset) & record->mask;
    const uint64_t whole = record->mask + 1 - from;
    const uint32_t first = bytes < whole ? bytes : (uint32_t)whole;

    memcpy(to, data_of(record->ring) + from, first);
    memcpy((char *)to + first, data_of(record->ring), bytes - first);
}

static uint32_t least_size(uint32_t type)
{
    return TRAILER + (type == MF_PERF_MMAP2_RECORD   ? MMAP2_NAME + WORD
                      : type == MF_PERF_COMM_RECORD  ? COMM_NAME + WORD
                      : type == MF_PERF_LOST         ? LOST_END
                      : type == MF_PERF_FORK || type == MF_PERF_EXIT ? FORK_END
                                                     : WORD);
}

/* When a record was written, by the caller's clock. */
static uint64_t time_of(const struct mf_events *events, const struct record *record)
{
    return word(record, record->size - TRAILER) + (uint64_t)events->clock_offset;
}

/* The record a ring is at; false: none, or what stands there is none. */
static bool look(const struct mf_ring *ring, uint64_t mask, struct record *out)
{
    const uint64_t available = ring->head - ring->tail;
    struct mf_perf_header header;

    *out = (struct record){.ring = ring, .mask = mask, .at = ring->tail};
    if (available < WORD)
        return false;
    memcpy(&header, data_of(ring) + (out->at & mask), sizeof header);
    out->type = header.type;
    out->misc = header.misc;
    out->size = header.size;
    return out->size % WORD == 0 && out->size <= available && out->size >= least_size(out->type) && out->size <= RECORD_MAX;
}

/*
 * Whether a thread may lack events, although its maker has them: that was in the middle of making it, perhaps, when it was
 * given the last of them. A thread makes one at a time, so only the first that is told of after that moment is in doubt.
 */
static bool is_in_doubt(struct mf_events *events, int32_t maker, uint64_t time)
{
    struct mf_watched *const watched = mf_events_watched(events, maker);

    if (watched == NULL) /* it inherited, itself */
        return false;
    if (time <= watched->since)
        return true;
    return !watched->made && time < watched->since + MF_SETTLING;
}

bool mf_events_inherits(struct mf_events *events, int32_t tid)
{
    for (uint32_t i = 0; i < events->cpu_count; i++) {
        struct mf_ring ring = mf_events_rings(events)[i];
        struct record record;

        if (ring.memory == NULL)
            continue;
        ring.head = head_of(&ring);
        for (; look(&ring, events->ring_bytes - 1, &record); ring.tail += record.size) {
            if (record.type == MF_PERF_FORK && half(&record, 2 * WORD) == tid)
                return !is_in_doubt(events, half(&record, 2 * WORD + 4), time_of(events, &record));
        }
    }
    return false;
}

/* Sees what record is next; memory that makes no sense is given up up to where the kernel is. */
static void find_next(struct mf_events *events, struct mf_ring *ring, struct mf_drained *drained)
{
    struct record record;

    ring->next = MF_NO_RECORD;
    if (ring->tail == ring->head)
        return;
    if (look(ring, events->ring_bytes - 1, &record)) {
        ring->next = time_of(events, &record);
    } else {
        ring->tail = ring->head;
        ring->last_id = 0;
        drained->incomplete = 1;
    }
}

/* Looks how far the kernel is. */
static void begin(struct mf_events *events, struct mf_ring *ring, struct mf_drained *drained)
{
    ring->head = head_of(ring);
    if (ring->head - ring->tail > events->ring_bytes || ring->head % WORD != 0) {
        ring->head &= ~(uint64_t)(WORD - 1);
        ring->tail = ring->head;
        drained->incomplete = 1;
    }
    if (events->ring_bytes - (ring->head - ring->tail) < RECORD_MAX)
        drained->incomplete = 1;
    find_next(events, ring, drained);
}

/* Copies a name that ends with the first zero byte; false: there is no room. */
static bool take_name(const struct record *record, uint32_t offset, const struct sink *sink, struct mf_mapping *mapping)
{
    const uint32_t bytes = record->size - TRAILER - offset;
    const uint32_t used = sink->drained->text_length;

    if (bytes > sink->text_capacity - used)
        return false;
    copy(record, offset, sink->text + used, bytes);
    mapping->name_offset = used;
    mapping->name_length = (uint32_t)strnlen(sink->text + used, bytes);
    return true;
}

/* Names that the kernel gives where it has none: memory without a file, and a path that is too long. */
static bool is_no_name(const char *name, uint32_t length)
{
    return length > 2 && name[0] == '/' && name[1] == '/';
}

static void take_file(const struct record *record, struct mf_event *event, const char *name, const uint64_t *devices)
{
    struct mf_mapping *const mapping = &event->mapping;
    uint8_t id[4 + MF_BUILD_ID_MAX];

    if (record->misc & MF_PERF_MISC_MMAP_BUILD_ID) {
        copy(record, 40, id, sizeof id);
        event->build_id_length = id[0] < MF_BUILD_ID_MAX ? id[0] : MF_BUILD_ID_MAX;
        memcpy(event->build_id, id + 4, event->build_id_length);
        mapping->inode = 1; /* the name tells the kind: of saved text there are no numbers that mean anything either */
        mf_record_classify(mapping, name, NULL);
        mapping->inode = 0;
    } else {
        mapping->dev_major = (uint32_t)half(record, 40);
        mapping->dev_minor = (uint32_t)half(record, 44);
        mapping->inode = word(record, 48);
        mf_record_classify(mapping, name, devices);
    }
}

static bool take_mapping(const struct record *record, const struct sink *sink, const uint64_t *devices, struct mf_event *event)
{
    struct mf_mapping *const mapping = &event->mapping;
    const uint32_t protection = (uint32_t)half(record, 64); /* PROT_ of mmap(2) */
    const uint32_t sharing = (uint32_t)half(record, 68);    /* MAP_ */
    const char *name;

    if (!take_name(record, MMAP2_NAME, sink, mapping))
        return false;
    name = sink->text + mapping->name_offset;
    if (is_no_name(name, mapping->name_length))
        mapping->name_length = 0;
    mapping->start = word(record, 16);
    mapping->end = mapping->start + word(record, 24);
    mapping->flags = (protection & 7) | (sharing & 1 ? MF_SHARED : 0) |
                     (memchr(name, '\n', mapping->name_length) != NULL ? MF_ESCAPED : 0);
    take_file(record, event, name, devices);
    mapping->offset = mapping->flags & MF_FILE_BACKED ? word(record, 32) : 0;
    mapping->file_index = mapping->flags & MF_FILE_BACKED ? 0 : -1;
    return true;
}

/* Whether a record is of the process, and tells something; *room: whether that fits. */
static bool take(struct mf_events *events, const struct record *record, const struct sink *sink, struct mf_event *event,
                 bool *room)
{
    const int32_t other = half(record, WORD + 4); /* thread; of FORK the parent process */
    const bool ours = half(record, WORD) == events->pid;

    event->pid = half(record, WORD);
    event->tid = other;
    event->mapping.file_index = -1;
    switch (record->type) {
    case MF_PERF_MMAP2_RECORD:
        event->kind = MF_EVENT_MAPPED;
        *room = !ours || take_mapping(record, sink, events->internal_devices, event);
        return ours;
    case MF_PERF_COMM_RECORD:
        event->kind = MF_EVENT_EXEC;
        if (!ours || !(record->misc & MF_PERF_MISC_COMM_EXEC)) /* else a thread has called itself something else */
            return false;
        *room = take_name(record, COMM_NAME, sink, &event->mapping);
        return true;
    case MF_PERF_FORK:
        event->kind = ours ? MF_EVENT_THREAD_STARTED : MF_EVENT_FORKED;
        event->tid = half(record, 2 * WORD);
        return ours || other == events->pid;
    case MF_PERF_EXIT:
        event->kind = MF_EVENT_THREAD_ENDED;
        event->tid = half(record, 2 * WORD);
        return ours;
    case MF_PERF_LOST:
        sink->drained->lost += word(record, 2 * WORD);
        events->traits &= ~(uint32_t)MF_EVENTS_FIRST_ENDED; /* an execve(2) may be among what is lost */
        return false;
    default:
        return false;
    }
}

void mf_events_forget_last(struct mf_events *events)
{
    for (uint32_t i = 0; i < events->cpu_count; i++)
        mf_events_rings(events)[i].last_id = 0;
}

/*
 * A thread that came to be while its process was opened may be watched twice: by inheritance, and by its own number. Then each
 * record comes again at once, from another event, until it comes from the first one anew.
 */
static bool is_repeated(struct mf_events *events, struct mf_ring *ring, const struct mf_event *event, uint64_t id)
{
    struct mf_event body = *event;

    body.time = 0;
    body.mapping.name_offset = 0;
    if (ring->last_id != 0 && ring->last_id != id && memcmp(&body, &ring->last, sizeof body) == 0)
        return true;
    if (event->kind == MF_EVENT_EXEC) /* the thread that did it may have the first one's number now, and other events */
        mf_events_forget_last(events);
    ring->last = body;
    ring->last_id = id;
    return false;
}

/* Watches a new thread by its own number if it may lack events. What it has done by then is not told, so that is said. */
static void cover_doubtful(struct mf_events *events, const struct mf_event *event, int32_t maker, struct mf_drained *drained)
{
    struct mf_watched *watched;
    int rc;

    if (event->kind != MF_EVENT_THREAD_STARTED || !is_in_doubt(events, maker, event->time))
        return;
    watched = mf_events_watched(events, maker);
    watched->made = event->time > watched->since;
    if (mf_events_watched(events, event->tid) != NULL)
        return;
    rc = mf_events_attach_thread(events, event->tid);
    drained->incomplete = 1;
    drained->unwatched_threads += rc < 0 && rc != -ESRCH;
}

/* Takes one record out of a ring; false: there is no room for it. */
static bool step(struct mf_events *events, struct mf_ring *ring, const struct sink *sink)
{
    struct mf_drained *const drained = sink->drained;
    struct mf_event *const event = &sink->events[drained->count];
    struct record record;
    bool room = true;

    (void)look(ring, events->ring_bytes - 1, &record);
    if (drained->count == sink->capacity)
        return false;
    memset(event, 0, sizeof *event);
    event->time = ring->next;
    if (take(events, &record, sink, event, &room) && room &&
        !is_repeated(events, ring, event, word(&record, record.size - WORD)) && !mf_events_is_false_end(events, event, drained)) {
        drained->count++;
        drained->text_length += event->mapping.name_length;
        cover_doubtful(events, event, half(&record, 2 * WORD + 4), drained);
    }
    if (!room)
        return false;
    ring->tail += record.size;
    find_next(events, ring, drained);
    return true;
}

static struct mf_ring *earliest(struct mf_events *events)
{
    struct mf_ring *const rings = mf_events_rings(events);
    struct mf_ring *first = &rings[0];

    for (uint32_t i = 1; i < events->cpu_count; i++) {
        if (rings[i].next < first->next)
            first = &rings[i];
    }
    return first;
}

int mf_events_drain(struct mf_events *events, struct mf_event *out, uint32_t capacity, char *text, uint32_t text_capacity,
                    struct mf_drained *drained)
{
    const struct sink sink = {out, capacity, text, text_capacity, drained};
    struct mf_ring *const rings = mf_events_rings(events);
    /*
     * Changes of one memory are made one after the other (mmap_lock), each with its record: all that happened before this moment
     * is in the rings when they are looked at. What happened later waits, as something earlier on another CPU might be missed.
     */
    const uint64_t now = mf_events_now();
    struct mf_ring *ring;

    if (events->cpu_count == 0 || capacity == 0 || text_capacity < MF_NAME_MAX)
        return -EINVAL;
    *drained = (struct mf_drained){.unwatched_threads = (events->traits & MF_EVENTS_DETACHED) != 0};
    for (uint32_t i = 0; i < events->cpu_count; i++) {
        if (rings[i].memory != NULL)
            begin(events, &rings[i], drained);
    }
    if (drained->incomplete)
        events->traits &= ~(uint32_t)MF_EVENTS_FIRST_ENDED;
    for (ring = earliest(events); ring->next <= now; ring = earliest(events)) {
        if (!step(events, ring, &sink)) {
            drained->more = 1;
            break;
        }
    }
    for (uint32_t i = 0; i < events->cpu_count; i++) {
        if (rings[i].memory != NULL)
            __atomic_store_n((uint64_t *)(rings[i].memory + MF_PERF_DATA_TAIL), rings[i].tail, __ATOMIC_RELEASE);
    }
    if ((drained->lost > 0 || drained->incomplete) && drained->unwatched_threads == 0) /* that may have been among what is lost */
        mf_events_reattach_if_removed(events, drained);
    return (int)drained->count;
}
