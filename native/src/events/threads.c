/* SPDX-License-Identifier: Apache-2.0 */
/* Attaching to threads: one perf event for each listed thread and CPU, and one ring for each CPU. */
#include "events/threads.h"

#include "events/wait.h"
#include "os/digits.h"
#include "os/perf_event.h"

#include <string.h>

/*
 * Maximum of listings of an open. A listing may miss a thread that creates another one and ends. Each further listing finds
 * such a thread with the same probability.
 */
#define MAX_LISTINGS 1024

int mf_events_open_event(struct mf_events *events, int32_t tid, int32_t cpu)
{
    struct mf_perf_attr attr = {
        .type = MF_PERF_SOFTWARE,
        .size = sizeof attr,
        .config = MF_PERF_DUMMY,
        .sample_type = MF_PERF_SAMPLE_TIME | MF_PERF_SAMPLE_ID,
        .flags = MF_PERF_INHERIT | MF_PERF_EXCLUDE_KERNEL | MF_PERF_EXCLUDE_HV | MF_PERF_MMAP | MF_PERF_MMAP2 | MF_PERF_COMM |
                 MF_PERF_COMM_EXEC | MF_PERF_TASK | MF_PERF_WATERMARK | MF_PERF_SAMPLE_ID_ALL | MF_PERF_USE_CLOCKID,
        .wakeup_watermark = events->wake_bytes,
        .clockid = CLOCK_MONOTONIC,
    };
    int fd;

    if (events->options & MF_EVENTS_ALL)
        attr.flags |= MF_PERF_MMAP_DATA;
    if (events->options & MF_EVENTS_BUILD_ID)
        attr.flags |= MF_PERF_BUILD_ID;
    if (!(events->traits & MF_EVENTS_NO_INHERIT_THREAD))
        attr.flags |= MF_PERF_INHERIT_THREAD;
    do /* waits for an execve(2) that is under way */
        fd = mf_perf_open(&attr, tid, cpu);
    while (fd == -EINTR);
    return fd;
}

/* An older kernel returns EINVAL for flags that it does not have. Flags were added one by one. */
static int open_event_of_any_kernel(struct mf_events *events, int32_t tid, int32_t cpu)
{
    int fd = mf_events_open_event(events, tid, cpu);

    if (fd == -EINVAL && events->thread_count == 0 && !(events->traits & MF_EVENTS_NO_INHERIT_THREAD)) {
        events->traits |= MF_EVENTS_NO_INHERIT_THREAD;
        fd = mf_events_open_event(events, tid, cpu);
        if (fd == -EINVAL && events->options & MF_EVENTS_BUILD_ID) {
            events->options &= ~(uint32_t)MF_EVENTS_BUILD_ID;
            fd = mf_events_open_event(events, tid, cpu);
        }
    }
    return fd;
}

/* Opens an event, unless its descriptor is one of those that are left to other threads. */
static int open_within_limit(struct mf_events *events, int32_t tid, int32_t cpu)
{
    const int fd = open_event_of_any_kernel(events, tid, cpu);

    if (fd < 0 || (uint32_t)fd < events->fd_end)
        return fd;
    mf_sys_close(fd);
    return -EMFILE;
}

/* Maps the ring of the first event on a CPU, and lets a wait return for it. */
static int open_ring(struct mf_events *events, struct mf_ring *ring, int fd)
{
    int rc = mf_ring_map(ring, events->ring_bytes, fd);

    if (rc < 0)
        return rc;
    rc = mf_events_wait_for_ring(events, fd);
    if (rc < 0) {
        mf_ring_unmap(ring, events->ring_bytes);
        mf_ring_clear(ring);
    }
    return rc;
}

void mf_events_close_fd(int32_t *fd)
{
    if (*fd >= 0)
        mf_sys_close(*fd);
    *fd = -1;
}

/*
 * Opens the event of one thread on one CPU, and lets it write to the ring of the CPU. Its descriptor replaces *fd, which is
 * unchanged unless 0 is returned. A ring that was mapped for the event of *fd stays mapped, and a wait still returns for it.
 */
static int attach_on_cpu(struct mf_events *events, struct mf_ring *ring, int32_t tid, int32_t *fd)
{
    const int opened = open_within_limit(events, tid, ring->cpu);
    int rc;

    if (opened < 0)
        return opened;
    if (ring->memory == NULL)
        rc = open_ring(events, ring, opened);
    else
        rc = (int)MF_SYS(SYS_ioctl, opened, MF_PERF_SET_OUTPUT, ring->fd);
    if (rc < 0) {
        mf_sys_close(opened);
        return rc == -EINVAL ? -EIO : rc; /* only of perf_event_open(2) -EINVAL means that no CPU has this number */
    }
    if (ring->fd == *fd)
        ring->fd = opened;
    mf_events_close_fd(fd);
    *fd = opened;
    return 0;
}

int mf_events_attach_at(struct mf_events *events, uint32_t thread)
{
    struct mf_ring *const rings = mf_events_rings(events);
    struct mf_attached *const attached = &mf_events_threads(events)[thread];
    int rc = 0;

    for (uint32_t i = 0; i < events->cpu_count; i++) {
        rc = attach_on_cpu(events, &rings[i], attached->tid, &mf_events_fds(events, thread)[i]);
        if (rc == 0 && events->thread_count == thread) /* from now on mf_events_close() closes its descriptors */
            events->thread_count++;
        if (rc == -ENODEV || (rc == -EINVAL && events->thread_count > 0 && rings[i].memory == NULL))
            rc = 0; /* the CPU is offline, or no CPU has this number */
        if (rc < 0)
            break;
    }
    *attached = (struct mf_attached){.tid = attached->tid, .since = mf_events_now()};
    return rc;
}

int mf_events_attach_thread(struct mf_events *events, int32_t tid)
{
    const uint32_t thread = events->thread_count;

    if (thread == events->thread_capacity)
        return -ENOBUFS;
    memset(mf_events_fds(events, thread), -1, sizeof(int32_t) * events->cpu_capacity);
    mf_events_threads(events)[thread] = (struct mf_attached){.tid = tid};
    return mf_events_attach_at(events, thread);
}

/* Whether each existing thread can take as many descriptors as the first one took. */
static bool has_descriptors_for_all(struct mf_events *events)
{
    uint64_t per_thread = 0;

    for (uint32_t i = 0; i < events->cpu_count; i++)
        per_thread += mf_events_fds(events, 0)[i] >= 0;
    return events->needed_threads * per_thread <= events->fd_end;
}

/*
 * Attaches to one thread of a listing, unless it has events. 1: it had none, and may have created threads without events; 0: it
 * had events, or it is the first thread and has ended, which stays in the list; or a negative errno.
 */
static int attach_if_needed(struct mf_events *events, int32_t tid)
{
    int rc;

    if (tid < 1 || mf_events_attached(events, tid) != NULL || mf_events_inherits(events, tid))
        return 0;
    rc = mf_events_attach_thread(events, tid);
    if (rc == 0 && events->thread_count == 1 && !has_descriptors_for_all(events))
        return -EMFILE; /* before it takes the descriptors of other threads of the caller */
    return rc == -ESRCH ? tid != events->pid : rc < 0 ? rc : 1;
}

/* Attaches to the threads of one listing. Returns how many had no events, or a negative errno. */
static int attach_listed(struct mf_events *events, int task_fd)
{
    _Alignas(struct mf_directory_entry) char entries[1024];
    int unwatched = 0;
    long length = MF_SYS(SYS_lseek, task_fd, 0, SEEK_SET);

    while (length >= 0 && (length = MF_SYS(SYS_getdents64, task_fd, entries, sizeof entries)) > 0) {
        for (long at = 0; at < length;) {
            const struct mf_directory_entry *const entry = (const void *)(entries + at);
            const int rc = attach_if_needed(events, mf_get_number(entry->name));

            at += entry->length;
            if (rc < 0)
                return rc;
            unwatched += rc;
        }
    }
    return length < 0 && length != -ENOENT ? (int)length : unwatched;
}

int mf_events_attach_all(struct mf_events *events, int task_fd)
{
    int unwatched = 1;

    /* If the first thread ends while another one calls execve(2), a listing may have only the first one. The next has its successor. */
    for (int listing = 0; listing < MAX_LISTINGS && (unwatched > 0 || (events->thread_count == 0 && listing < 2)); listing++) {
        unwatched = attach_listed(events, task_fd);
        if (unwatched < 0)
            return unwatched;
    }
    return unwatched > 0 ? -EAGAIN : 0;
}
