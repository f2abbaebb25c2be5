/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of a stream:
 *
 *   | struct mf_events | a ring for each CPU | attached threads | descriptors: one for each attached thread and CPU |
 */
#ifndef MF_STREAM_H
#define MF_STREAM_H

#include "events/ring.h"

#include <stdbool.h>
#include <time.h>

#define MF_EVENTS_MAGIC 0x3130307374766d65ull /* "emvts001" in memory, little-endian */

/* Bits of mf_events.traits. */
enum {
    MF_EVENTS_NO_INHERIT_THREAD = 1 << 0, /* the kernel does not have that flag */
    MF_EVENTS_IN_EXEC = 1 << 1,           /* an execve(2) was reported, and no mapping since */
    MF_EVENTS_DETACHED = 1 << 2,          /* the stream has no events of the process any more, which may be alive */
    MF_EVENTS_FIRST_ENDED = 1 << 3,       /* the end of the first thread was reported, and no execve(2) since */
};

#define MF_CLONE_NS_MAX 100000000u /* longer than a clone(2) takes, in ns */

/* A thread that events were attached to. Threads that it creates inherit them. */
struct mf_attached {
    uint64_t since; /* when it had events on each CPU, in ns */
    int32_t tid;
    uint32_t has_created; /* 1: it has created a thread since */
};

static inline struct mf_ring *mf_events_rings(struct mf_events *events)
{
    return (struct mf_ring *)(events + 1);
}

static inline struct mf_attached *mf_events_threads(struct mf_events *events)
{
    return (struct mf_attached *)(mf_events_rings(events) + events->cpu_capacity);
}

/* Returns the descriptors of an attached thread, by its index. */
static inline int32_t *mf_events_fds(struct mf_events *events, uint32_t thread)
{
    return (int32_t *)(mf_events_threads(events) + events->thread_capacity) + (size_t)thread * events->cpu_capacity;
}

/* Returns the attached thread with a TID, or NULL. */
static inline struct mf_attached *mf_events_attached(struct mf_events *events, int32_t tid)
{
    struct mf_attached *const threads = mf_events_threads(events);

    for (uint32_t i = 0; i < events->thread_count; i++) {
        if (threads[i].tid == tid)
            return &threads[i];
    }
    return NULL;
}

/* Returns the caller's clock: CLOCK_MONOTONIC of its time namespace, in ns. */
static inline uint64_t mf_events_now(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/*
 * Returns whether an event must not be reported: the end of a first thread that is alive, or whose end was reported before.
 * Called for each event of the process in order.
 */
bool mf_events_is_false_end(struct mf_events *events, const struct mf_event *event, struct mf_drained *drained);

/* Attaches to the first thread again if the kernel has removed its events. Called after records were lost. */
void mf_events_reattach_if_removed(struct mf_events *events, struct mf_drained *drained);

/* Attaches to a thread that was created, unless it inherits events for certain. @p creator: the thread that created it. */
void mf_events_attach_uncertain(struct mf_events *events, const struct mf_event *event, int32_t creator,
                                struct mf_drained *drained);

/* Forgets the last event of each ring: the next one is no duplicate. */
void mf_events_forget_last(struct mf_events *events);

#endif
