/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_EVENTS_H
#define MF_EVENTS_H

#include "mapfiles_events.h"
#include "os/system_calls.h"

#include <stdbool.h>
#include <time.h>

/*
 * The ring that the kernel fills on one CPU: shared by the events of all threads, so that memory is bounded by CPUs.
 *
 *      | page of positions | ring_bytes of records |
 */
struct mf_ring {
    char *memory;         /* NULL: no thread could be watched on this CPU yet */
    uint64_t head;        /* the kernel has written to here, as this drain looked */
    uint64_t tail;        /* we have read to here */
    uint64_t next;        /* time of the record there, by the caller's clock; MF_NO_RECORD */
    uint64_t last_id;     /* event that the record before came from; 0: none before */
    struct mf_event last; /* that record, without time and place of the name */
    int32_t cpu;
    int32_t fd;           /* of the event that the ring was made for */
};

#define MF_NO_RECORD UINT64_MAX

/* mf_events.traits. */
enum {
    MF_EVENTS_NO_INHERIT_THREAD = 1 << 0, /* the kernel does not know that flag */
    MF_EVENTS_IN_EXEC = 1 << 1,           /* of execve(2) the beginning was told, and no mapping yet */
    MF_EVENTS_DETACHED = 1 << 2,              /* the process is not watched any more, and may live */
    MF_EVENTS_FIRST_ENDED = 1 << 3,       /* the end of the first thread was reported, and no execve(2) since */
};

#define MF_SETTLING 100000000u /* ns: longer than a clone(2) takes */

/* A thread that is watched by its own number. The threads that it makes inherit that. */
struct mf_watched {
    uint64_t since; /* ns: watched on every CPU */
    int32_t tid;
    uint32_t made;  /* 1: it was told of another that it has begun to make after that */
};

/* | struct mf_events | a ring for each CPU | the threads watched | a descriptor for each of them and each CPU | */
static inline struct mf_ring *mf_events_rings(struct mf_events *events)
{
    return (struct mf_ring *)(events + 1);
}

static inline struct mf_watched *mf_events_threads(struct mf_events *events)
{
    return (struct mf_watched *)(mf_events_rings(events) + events->cpu_capacity);
}

/* Of the thread at this place among those. */
static inline int32_t *mf_events_fds(struct mf_events *events, uint32_t thread)
{
    return (int32_t *)(mf_events_threads(events) + events->thread_capacity) + (size_t)thread * events->cpu_capacity;
}

/* The thread of a number, if it is watched by that. */
static inline struct mf_watched *mf_events_watched(struct mf_events *events, int32_t tid)
{
    struct mf_watched *const threads = mf_events_threads(events);

    for (uint32_t i = 0; i < events->thread_count; i++) {
        if (threads[i].tid == tid)
            return &threads[i];
    }
    return NULL;
}

/* The caller's clock: CLOCK_MONOTONIC of its time namespace. */
static inline uint64_t mf_events_now(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Watches one more thread: 0; -ESRCH: it has ended; -ENOBUFS; or why not. */
int mf_events_attach_thread(struct mf_events *events, int32_t tid);

/*
 * Whether an event is not to be reported: the end of a first thread that lives, or one that was reported before. Sees every
 * event of the process in turn.
 */
bool mf_events_is_false_end(struct mf_events *events, const struct mf_event *event, struct mf_drained *drained);

/* After records were lost: watches the first thread anew where the kernel says that its events are gone. */
void mf_events_reattach_if_removed(struct mf_events *events, struct mf_drained *drained);

/*
 * Whether the rings tell that a thread was made by one that was watched when it began to. Takes nothing out of them.
 */
bool mf_events_inherits(struct mf_events *events, int32_t tid);

/* Forgets the last record of each ring: none that comes next is a repetition. */
void mf_events_forget_last(struct mf_events *events);


#endif
