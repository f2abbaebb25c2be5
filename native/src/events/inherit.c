/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which new threads inherit the events of the thread that created them.
 *
 * A thread inherits the events that its creator has when clone(2) copies them. An attached creator may have been in the middle
 * of clone(2) when it got its last event; then the new thread may lack events. A thread creates one thread at a time, so only
 * the first thread that is reported after the attaching is uncertain.
 */
#include "events/threads.h"
#include "os/perf_event.h"

static bool is_uncertain(struct mf_events *events, int32_t creator, uint64_t time)
{
    struct mf_attached *const attached = mf_events_attached(events, creator);

    if (attached == NULL) /* the creator itself inherits events */
        return false;
    if (time <= attached->since)
        return true;
    return !attached->has_created && time < attached->since + MF_CLONE_NS_MAX;
}

bool mf_events_inherits(struct mf_events *events, int32_t tid)
{
    for (uint32_t i = 0; i < events->cpu_count; i++) {
        struct mf_ring ring = mf_events_rings(events)[i];
        struct mf_ring_record record;

        if (ring.memory == NULL)
            continue;
        ring.head = mf_ring_head(&ring);
        for (; mf_ring_record_at_tail(&ring, events->ring_bytes, &record); ring.tail += record.size) {
            if (record.type == MF_PERF_FORK && mf_ring_record_i32(&record, MF_FORK_TID) == tid)
                return !is_uncertain(events, mf_ring_record_i32(&record, MF_FORK_CREATOR),
                                     mf_ring_record_time(events, &record));
        }
    }
    return false;
}

void mf_events_attach_uncertain(struct mf_events *events, const struct mf_event *event, int32_t creator,
                                struct mf_drained *drained)
{
    struct mf_attached *attached;
    int rc;

    if (event->kind != MF_EVENT_THREAD_STARTED || !is_uncertain(events, creator, event->time))
        return;
    attached = mf_events_attached(events, creator);
    attached->has_created = event->time > attached->since;
    if (mf_events_attached(events, event->tid) != NULL)
        return;
    rc = mf_events_attach_thread(events, event->tid);
    drained->incomplete = 1; /* changes of this thread until now are not recorded */
    drained->unwatched_threads += rc < 0 && rc != -ESRCH;
}
