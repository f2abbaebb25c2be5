/* SPDX-License-Identifier: Apache-2.0 */
/* Moving events from the rings to the caller, ordered by time. */
#include "events/record.h"
#include "events/stream.h"

#include <string.h>

void mf_events_forget_last(struct mf_events *events)
{
    for (uint32_t i = 0; i < events->cpu_count; i++)
        mf_events_rings(events)[i].last_id = 0;
}

/*
 * A thread that was created while the stream was opened may write each record twice: by an inherited event, and by an event
 * that was attached to it. The second record follows the first one immediately and has another ID. A record with the same ID is
 * no duplicate.
 */
static bool is_duplicate(struct mf_events *events, struct mf_ring *ring, const struct mf_event *event, uint64_t id)
{
    struct mf_event body = *event;

    body.time = 0;
    body.mapping.name_offset = 0;
    if (ring->last_id != 0 && ring->last_id != id && memcmp(&body, &ring->last, sizeof body) == 0)
        return true;
    if (event->kind == MF_EVENT_EXEC) /* the thread that called execve(2) may have the PID as its TID now, and other events */
        mf_events_forget_last(events);
    ring->last = body;
    ring->last_id = id;
    return false;
}

/* Drains the next record of a ring. False: there is no room for it. */
static bool drain_record(struct mf_events *events, struct mf_ring *ring, const struct mf_drain_output *out)
{
    struct mf_drained *const drained = out->drained;
    struct mf_event *const event = &out->events[drained->count];
    struct mf_ring_record record;
    enum mf_decoded decoded;

    (void)mf_ring_record_at_tail(ring, events->ring_bytes, &record);
    if (drained->count == out->capacity)
        return false;
    memset(event, 0, sizeof *event);
    event->time = ring->next;
    decoded = mf_record_decode(events, &record, out, event);
    if (decoded == MF_DECODED_NO_ROOM)
        return false;
    if (decoded == MF_DECODED_EVENT && !is_duplicate(events, ring, event, mf_ring_record_u64(&record, record.size - MF_WORD)) &&
        !mf_events_is_false_end(events, event, drained)) {
        drained->count++;
        drained->text_length += event->mapping.name_length;
        mf_events_attach_uncertain(events, event, mf_ring_record_i32(&record, MF_FORK_CREATOR), drained);
    }
    mf_ring_advance(events, ring, record.size, drained);
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
    const struct mf_drain_output output = {out, capacity, text, text_capacity, drained};
    struct mf_ring *const rings = mf_events_rings(events);
    /*
     * Changes of one memory happen one after the other (mmap_lock), each with its record. So all records of changes before this
     * time are in the rings when their heads are read. Later records are left for the next drain: an earlier one on another CPU
     * may be missing.
     */
    const uint64_t now = mf_events_now();
    struct mf_ring *ring;

    if (events->cpu_count == 0 || capacity == 0 || text_capacity < MF_NAME_MAX)
        return -EINVAL;
    *drained = (struct mf_drained){.unwatched_threads = (events->traits & MF_EVENTS_DETACHED) != 0};
    for (uint32_t i = 0; i < events->cpu_count; i++) {
        if (rings[i].memory != NULL)
            mf_ring_begin(events, &rings[i], drained);
    }
    if (drained->incomplete)
        events->traits &= ~(uint32_t)MF_EVENTS_FIRST_ENDED;
    for (ring = earliest(events); ring->next <= now; ring = earliest(events)) {
        if (!drain_record(events, ring, &output)) {
            drained->more = 1;
            break;
        }
    }
    for (uint32_t i = 0; i < events->cpu_count; i++) {
        if (rings[i].memory != NULL)
            mf_ring_end(&rings[i]);
    }
    if ((drained->lost > 0 || drained->incomplete) && drained->unwatched_threads == 0) /* the end of an event may be lost too */
        mf_events_reattach_if_removed(events, drained);
    return (int)drained->count;
}
