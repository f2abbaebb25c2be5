/* SPDX-License-Identifier: Apache-2.0 */
/* The events of a process' threads: one perf event for each listed thread and CPU, and one ring for each CPU. */
#include "events/threads.h"

#include "os/digits.h"
#include "os/perf_event.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>

/*
 * Listings before an open gives up. A thread that starts its successor and ends at once is missed by a listing with luck on its
 * side; each further one catches it with the same chance.
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

    if (events->what & MF_EVENTS_ALL)
        attr.flags |= MF_PERF_MMAP_DATA;
    if (events->what & MF_EVENTS_BUILD_ID)
        attr.flags |= MF_PERF_BUILD_ID;
    if (!(events->traits & MF_EVENTS_NO_INHERIT_THREAD))
        attr.flags |= MF_PERF_INHERIT_THREAD;
    do /* an execve(2) under way is waited for */
        fd = mf_perf_open(&attr, tid, cpu);
    while (fd == -EINTR);
    return fd;
}

/* An older kernel refuses flags that it does not know: they came one by one. */
static int open_event_of_any_kernel(struct mf_events *events, int32_t tid, int32_t cpu)
{
    int fd = mf_events_open_event(events, tid, cpu);

    if (fd == -EINVAL && events->thread_count == 0 && !(events->traits & MF_EVENTS_NO_INHERIT_THREAD)) {
        events->traits |= MF_EVENTS_NO_INHERIT_THREAD;
        fd = mf_events_open_event(events, tid, cpu);
        if (fd == -EINVAL && events->what & MF_EVENTS_BUILD_ID) {
            events->what &= ~(uint32_t)MF_EVENTS_BUILD_ID;
            fd = mf_events_open_event(events, tid, cpu);
        }
    }
    return fd;
}

/* An event, unless its descriptor is one of those that are left to the caller. */
static int open_within_limit(struct mf_events *events, int32_t tid, int32_t cpu)
{
    const int fd = open_event_of_any_kernel(events, tid, cpu);

    if (fd < 0 || (uint32_t)fd < events->fd_end)
        return fd;
    mf_sys_close(fd);
    return -EMFILE;
}

int mf_events_add_to_wait(struct mf_events *events, int fd, uint32_t epoll_events, uint32_t by)
{
    struct epoll_event event = {.events = epoll_events, .data.u32 = by};

    return fd < 0 ? fd : (int)MF_SYS(SYS_epoll_ctl, events->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

void mf_events_clear_ring(struct mf_ring *ring)
{
    *ring = (struct mf_ring){.next = MF_NO_RECORD, .cpu = ring->cpu, .fd = -1};
}

void mf_events_unmap_ring(const struct mf_events *events, const struct mf_ring *ring)
{
    (void)MF_SYS(SYS_munmap, ring->memory, sysconf(_SC_PAGESIZE) + events->ring_bytes);
}

/* Maps the ring of the first event on a CPU, and lets a wait hear of it. */
static int make_ring(struct mf_events *events, struct mf_ring *ring, int fd)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const long memory = MF_SYS(SYS_mmap, NULL, page + events->ring_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    int rc;

    if (memory < 0)
        return memory == -EPERM ? -EDQUOT : (int)memory;
    *ring = (struct mf_ring){.memory = (char *)memory, .next = MF_NO_RECORD, .cpu = ring->cpu, .fd = fd};
    /* Edge-triggered: once its own thread has ended, the descriptor says so for ever, and it still rings for the others. */
    rc = mf_events_add_to_wait(events, fd, EPOLLIN | EPOLLET, MF_EVENTS_BY_RING);
    if (rc < 0) {
        mf_events_unmap_ring(events, ring);
        mf_events_clear_ring(ring);
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
 * The event of one thread on one CPU, and the ring it writes to. Its descriptor takes the place of *fd, which stays unless 0 is
 * returned. A ring that was made for the event before stays mapped, and so does what a wait hears.
 */
static int cover_on_cpu(struct mf_events *events, struct mf_ring *ring, int32_t tid, int32_t *fd)
{
    const int opened = open_within_limit(events, tid, ring->cpu);
    int rc;

    if (opened < 0)
        return opened;
    if (ring->memory == NULL)
        rc = make_ring(events, ring, opened);
    else
        rc = (int)MF_SYS(SYS_ioctl, opened, MF_PERF_SET_OUTPUT, ring->fd);
    if (rc < 0) {
        mf_sys_close(opened);
        return rc;
    }
    if (ring->fd == *fd)
        ring->fd = opened;
    mf_events_close_fd(fd);
    *fd = opened;
    return 0;
}

int mf_events_attach_at(struct mf_events *events, uint32_t place)
{
    struct mf_ring *const rings = mf_events_rings(events);
    struct mf_watched *const watched = &mf_events_threads(events)[place];
    int rc = 0;

    for (uint32_t i = 0; i < events->cpu_count; i++) {
        rc = cover_on_cpu(events, &rings[i], watched->tid, &mf_events_fds(events, place)[i]);
        if (rc == 0 && events->thread_count == place) /* from now on closing gives it back */
            events->thread_count++;
        if (rc == -ENODEV || (rc == -EINVAL && events->thread_count > 0 && rings[i].memory == NULL))
            rc = 0; /* a CPU that is switched off, or one of the numbers that are none */
        if (rc < 0)
            break;
    }
    *watched = (struct mf_watched){.tid = watched->tid, .since = mf_events_now()};
    return rc;
}

int mf_events_attach_thread(struct mf_events *events, int32_t tid)
{
    const uint32_t place = events->thread_count;

    if (place == events->thread_capacity)
        return -ENOBUFS;
    memset(mf_events_fds(events, place), -1, sizeof(int32_t) * events->cpu_capacity);
    mf_events_threads(events)[place] = (struct mf_watched){.tid = tid};
    return mf_events_attach_at(events, place);
}

/* Whether as many threads as exist can each take the descriptors that the first one took. */
static bool has_descriptors_for_all(struct mf_events *events)
{
    uint64_t per_thread = 0;

    for (uint32_t i = 0; i < events->cpu_count; i++)
        per_thread += mf_events_fds(events, 0)[i] >= 0;
    return events->needed_threads * per_thread <= events->fd_end;
}

/*
 * Sees to one thread of a listing. 1: it was not watched, and has made others perhaps that are not; 0: it was, or it is the
 * first thread and has ended, which stays in the list; or why not.
 */
static int see_to(struct mf_events *events, int32_t tid)
{
    int rc;

    if (tid < 1 || mf_events_watched(events, tid) != NULL || mf_events_inherits(events, tid))
        return 0;
    rc = mf_events_attach_thread(events, tid);
    if (rc == 0 && events->thread_count == 1 && !has_descriptors_for_all(events))
        return -EMFILE; /* without taking them from the caller's other threads first */
    return rc == -ESRCH ? tid != events->pid : rc < 0 ? rc : 1;
}

/* How many threads of one listing were not watched yet, or why they are not now. */
static int cover_listed(struct mf_events *events, int task_fd)
{
    _Alignas(struct mf_directory_entry) char entries[1024];
    int unwatched = 0;
    long length = MF_SYS(SYS_lseek, task_fd, 0, SEEK_SET);

    while (length >= 0 && (length = MF_SYS(SYS_getdents64, task_fd, entries, sizeof entries)) > 0) {
        for (long at = 0; at < length;) {
            const struct mf_directory_entry *const entry = (const void *)(entries + at);
            const int rc = see_to(events, mf_get_number(entry->name));

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

    for (int listing = 0; listing < MAX_LISTINGS && unwatched > 0; listing++)
        unwatched = cover_listed(events, task_fd);
    return unwatched > 0 ? -EAGAIN : unwatched;
}
