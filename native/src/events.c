/* SPDX-License-Identifier: Apache-2.0 */
/* Watching a process: opening the kernel's streams of all its threads, waiting, closing. */
#include "events.h"

#include "digits.h"
#include "perf.h"
#include "process.h"

#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#define MF_MAGIC 0x3130307374766d65ull /* "emvts001" in memory, little-endian */
#define MAX_BYTES 0x7fffffffull         /* as of a snapshot */
#define PARTS (MF_EVENTS_ALL | MF_EVENTS_BUILD_ID)
#define ROUNDS 64                       /* of listing threads that make others and end faster than that */

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434 /* the same on every architecture */
#endif

_Static_assert(sizeof(struct mf_event) == 112, "the event is the ABI between core and facade");

/* What woke a wait. */
enum { BY_RING, BY_WAKE, BY_END };

struct directory_entry { /* getdents64(2) */
    uint64_t inode;
    int64_t next;
    uint16_t length;
    uint8_t type;
    char name[];
};

size_t mf_events_bytes(uint32_t thread_capacity, uint32_t cpu_capacity)
{
    const uint64_t descriptors = (uint64_t)thread_capacity * cpu_capacity; /* below 2^64 */
    const uint64_t bytes = sizeof(struct mf_events) + (uint64_t)cpu_capacity * sizeof(struct mf_ring) +
                           (uint64_t)thread_capacity * sizeof(struct mf_watched) + descriptors % MAX_BYTES * 4;

    return descriptors > MAX_BYTES / 4 || bytes > MAX_BYTES - 7 ? 0 : (bytes + 7) & ~(size_t)7;
}

static void set_closed(struct mf_events *events)
{
    events->thread_count = 0;
    events->cpu_count = 0;
    events->epoll_fd = -1;
    events->wake_fd = -1;
    events->pid_fd = -1;
}

int mf_events_init(void *memory, size_t bytes, uint32_t thread_capacity, uint32_t cpu_capacity)
{
    const size_t needed = mf_events_bytes(thread_capacity, cpu_capacity);
    struct mf_events *const events = memory;

    if ((uintptr_t)memory % 8 != 0 || needed == 0 || bytes < needed)
        return -EINVAL;
    *events = (struct mf_events){
        .magic = MF_MAGIC,
        .bytes = bytes,
        .thread_capacity = thread_capacity,
        .cpu_capacity = cpu_capacity,
    };
    set_closed(events);
    return 0;
}

static int open_event(struct mf_events *events, int32_t tid, int32_t cpu)
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
    int fd = open_event(events, tid, cpu);

    if (fd == -EINVAL && events->thread_count == 0 && !(events->traits & MF_EVENTS_NO_INHERIT_THREAD)) {
        events->traits |= MF_EVENTS_NO_INHERIT_THREAD;
        fd = open_event(events, tid, cpu);
        if (fd == -EINVAL && events->what & MF_EVENTS_BUILD_ID) {
            events->what &= ~(uint32_t)MF_EVENTS_BUILD_ID;
            fd = open_event(events, tid, cpu);
        }
    }
    return fd;
}

static int add_to_wait(struct mf_events *events, int fd, uint32_t events_of_it, uint32_t by)
{
    struct epoll_event event = {.events = events_of_it, .data.u32 = by};

    return fd < 0 ? fd : (int)MF_SYS(SYS_epoll_ctl, events->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void absent(struct mf_ring *ring)
{
    *ring = (struct mf_ring){.next = MF_NO_RECORD, .cpu = ring->cpu, .fd = -1};
}

static void unmap(const struct mf_events *events, const struct mf_ring *ring)
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
    rc = add_to_wait(events, fd, EPOLLIN | EPOLLET, BY_RING);
    if (rc < 0) {
        unmap(events, ring);
        absent(ring);
    }
    return rc;
}

static void close_if_open(int32_t *fd)
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
    const int opened = open_event_of_any_kernel(events, tid, ring->cpu);
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
    close_if_open(fd);
    *fd = opened;
    return 0;
}

/* Watches a thread whose place among those watched has descriptors, or -1 in their stead. */
static int cover_at(struct mf_events *events, uint32_t place)
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

int mf_events_cover(struct mf_events *events, int32_t tid)
{
    const uint32_t place = events->thread_count;

    if (place == events->thread_capacity)
        return -ENOBUFS;
    memset(mf_events_fds(events, place), -1, sizeof(int32_t) * events->cpu_capacity);
    mf_events_threads(events)[place] = (struct mf_watched){.tid = tid};
    return cover_at(events, place);
}

static short polled(int fd)
{
    struct pollfd asked = {.fd = fd, .events = POLLIN};
    const struct timespec at_once = {0};

    return MF_SYS(SYS_ppoll, &asked, 1, &at_once, NULL, 0) > 0 ? asked.revents : 0;
}

static bool has_ended(const struct mf_events *events)
{
    return polled(events->pid_fd) & POLLIN;
}

static void uncover(struct mf_events *events, uint32_t place)
{
    int32_t *const fds = mf_events_fds(events, place);

    for (uint32_t i = 0; i < events->cpu_count; i++) {
        struct mf_ring *const ring = &mf_events_rings(events)[i];

        if (ring->fd == fds[i])
            ring->fd = -1;
        close_if_open(&fds[i]);
    }
}

int mf_events_cover_anew(struct mf_events *events)
{
    const struct mf_watched *const watched = mf_events_watched(events, events->pid);
    const uint32_t place = watched != NULL ? (uint32_t)(watched - mf_events_threads(events)) : events->thread_count;
    int rc;

    if (events->pid_fd < 0 || has_ended(events))
        return 0;
    rc = watched != NULL ? cover_at(events, place) : mf_events_cover(events, events->pid);
    if (!has_ended(events))
        return rc == 0 ? 1 : rc == -ESRCH ? 0 : rc;
    if (place < events->thread_count) /* its number may be another's by now */
        uncover(events, place);
    return 0;
}

int mf_events_cover_if_gone(struct mf_events *events)
{
    const struct mf_watched *const watched = mf_events_watched(events, events->pid);
    const int32_t *fds;

    if (watched == NULL)
        return 0;
    fds = mf_events_fds(events, (uint32_t)(watched - mf_events_threads(events)));
    for (uint32_t i = 0; i < events->cpu_count; i++) {
        if (fds[i] >= 0)
            return polled(fds[i]) & POLLHUP ? mf_events_cover_anew(events) : 0;
    }
    return 0;
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
    rc = mf_events_cover(events, tid);
    return rc == -ESRCH ? tid != events->pid : rc < 0 ? rc : 1;
}

/* How many threads of one listing were not watched yet, or why they are not now. */
static int cover_listed(struct mf_events *events, int task_fd)
{
    _Alignas(struct directory_entry) char entries[1024];
    int unwatched = 0;
    long length = MF_SYS(SYS_lseek, task_fd, 0, SEEK_SET);

    while (length >= 0 && (length = MF_SYS(SYS_getdents64, task_fd, entries, sizeof entries)) > 0) {
        for (long at = 0; at < length;) {
            const struct directory_entry *const entry = (const void *)(entries + at);
            const int rc = see_to(events, mf_get_number(entry->name));

            at += entry->length;
            if (rc < 0)
                return rc;
            unwatched += rc;
        }
    }
    return length < 0 && length != -ENOENT ? (int)length : unwatched;
}

/* Lists threads until none shows up that was not watched: whoever made it was not either. */
static int cover_all(struct mf_events *events, int task_fd)
{
    int unwatched = 1;

    for (int round = 0; round < ROUNDS && unwatched > 0; round++)
        unwatched = cover_listed(events, task_fd);
    return unwatched > 0 ? -EAGAIN : unwatched;
}

/* Whether there is room, as far as can be seen before. The directory of threads has a link for each (proc_pid_task(5)). */
static int measure(struct mf_events *events, int task_fd)
{
    struct stat directory;
    const int rc = mf_sys_stat(task_fd, "", AT_EMPTY_PATH, &directory);
    const int cpus = rc < 0 ? rc : mf_cpus(&mf_events_rings(events)->cpu, events->cpu_capacity, sizeof(struct mf_ring));

    if (cpus < 0)
        return cpus;
    events->needed_cpus = (uint32_t)cpus;
    events->needed_threads = (uint32_t)directory.st_nlink - 2;
    if (events->needed_cpus > events->cpu_capacity || events->needed_threads > events->thread_capacity)
        return -ENOBUFS;
    events->cpu_count = events->needed_cpus;
    for (uint32_t i = 0; i < events->cpu_count; i++)
        absent(&mf_events_rings(events)[i]);
    return 0;
}

/* What a wait waits for, beside the rings. */
static int open_wait(struct mf_events *events)
{
    int rc;

    events->epoll_fd = (int)MF_SYS(SYS_epoll_create1, EPOLL_CLOEXEC);
    events->wake_fd = events->epoll_fd < 0 ? -1 : (int)MF_SYS(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (events->wake_fd < 0)
        return events->epoll_fd < 0 ? events->epoll_fd : events->wake_fd;
    rc = add_to_wait(events, events->wake_fd, EPOLLIN | EPOLLET, BY_WAKE);
    events->pid_fd = (int)MF_SYS(SYS_pidfd_open, events->pid, 0);
    if (events->pid_fd == -EMFILE || events->pid_fd == -ENFILE)
        return events->pid_fd;
    if (rc == 0 && events->pid_fd >= 0) /* older kernels have none */
        rc = add_to_wait(events, events->pid_fd, EPOLLIN, BY_END);
    return rc;
}

/* A number of /proc means the same to perf_event_open(2) if the proc file system is of our pid namespace. */
static bool is_of_our_namespace(int task_fd)
{
    char self[16] = "";

    return MF_SYS(SYS_readlinkat, task_fd, "../../self", self, sizeof self - 1) > 0 && mf_get_number(self) == getpid();
}

static int open_all(struct mf_events *events, int task_fd)
{
    int rc = is_of_our_namespace(task_fd) ? measure(events, task_fd) : -EXDEV;

    if (rc == 0)
        rc = open_wait(events);
    if (rc == 0)
        rc = cover_all(events, task_fd);
    return rc;
}

/* Of a process that is hidden (hidepid) EPERM would mean perf_event_open(2) here: it is a look that is refused. */
static int why_no_threads(const struct mf_process *process, int error)
{
    const int rc = mf_maps_explain(process->proc_fd, error);

    return rc == -EPERM ? -EACCES : rc == -ENOENT ? -ESRCH : rc;
}

/* EACCES is the answer to a look at the process, and on some distributions to any perf_event_open(2). */
static int which_refusal(struct mf_events *events)
{
    const int fd = open_event(events, 0, -1);

    if (fd >= 0)
        mf_sys_close(fd);
    return fd == -EACCES || fd == -EPERM ? -EPERM : -EACCES;
}

int mf_events_open(struct mf_process *process, uint32_t what, uint32_t ring_bytes, uint32_t wake_bytes, struct mf_events *out)
{
    const uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE);
    int task_fd;
    int rc;

    if (out->magic != MF_MAGIC || out->epoll_fd >= 0 || what & ~(uint32_t)PARTS || ring_bytes < MF_EVENTS_RING_MIN ||
        ring_bytes > 1u << 30 || (ring_bytes & (ring_bytes - 1)) != 0)
        return -EINVAL;
    out->what = what;
    out->ring_bytes = ring_bytes < page ? page : ring_bytes; /* powers of two, both */
    out->wake_bytes = wake_bytes;
    out->pid = process->pid;
    out->traits = 0;
    memcpy(out->internal_devices, process->internal_devices, sizeof out->internal_devices);
    task_fd = mf_sys_openat(process->proc_fd, "task", O_RDONLY | O_DIRECTORY);
    rc = task_fd < 0 ? why_no_threads(process, task_fd) : open_all(out, task_fd);
    if (task_fd >= 0)
        mf_sys_close(task_fd);
    if (rc == 0 && out->thread_count == 0) /* none was alive */
        rc = why_no_threads(process, -ESRCH);
    if (rc == 0 && out->thread_count > 0)
        return 0;
    mf_events_close(out);
    return rc == -EACCES ? which_refusal(out) : rc < 0 ? rc : -ESRCH;
}

static bool has_records(struct mf_events *events)
{
    const struct mf_ring *const rings = mf_events_rings(events);

    for (uint32_t i = 0; i < events->cpu_count; i++) {
        if (rings[i].memory != NULL &&
            __atomic_load_n((uint64_t *)(rings[i].memory + MF_PERF_DATA_HEAD), __ATOMIC_ACQUIRE) != rings[i].tail)
            return true;
    }
    return false;
}

/* What woke: 1 by a ring, and perhaps for nothing; 0 for good; or that the process has ended. */
static int waited(const struct epoll_event *woken, long count)
{
    int rc = count > 0;

    for (long i = 0; i < count; i++) {
        if (woken[i].data.u32 == BY_END)
            return -ESRCH;
        if (woken[i].data.u32 == BY_WAKE)
            rc = 0;
    }
    return rc;
}

int mf_events_wait(struct mf_events *events, int timeout_ms)
{
    const uint64_t began = mf_events_now();
    struct epoll_event woken[4];
    int rc = 1;

    if (events->magic != MF_MAGIC || events->epoll_fd < 0)
        return -EINVAL;
    for (int left = timeout_ms; rc > 0;) {
        if (has_records(events))
            return 1;
        rc = waited(woken, MF_SYS(SYS_epoll_pwait, events->epoll_fd, woken, 4, left));
        if (timeout_ms > 0) {
            const uint64_t passed = (mf_events_now() - began) / 1000000u;

            left = passed < (uint64_t)timeout_ms ? timeout_ms - (int)passed : 0;
        }
    }
    return has_records(events) ? 1 : rc;
}

void mf_events_wake(struct mf_events *events)
{
    const uint64_t one = 1;

    (void)MF_SYS(SYS_write, events->wake_fd, &one, sizeof one);
}

void mf_events_close(struct mf_events *events)
{
    const struct mf_ring *const rings = mf_events_rings(events);

    if (events->magic != MF_MAGIC)
        return;
    for (uint32_t thread = 0; thread < events->thread_count; thread++) {
        for (uint32_t i = 0; i < events->cpu_count; i++)
            close_if_open(&mf_events_fds(events, thread)[i]);
    }
    for (uint32_t i = 0; i < events->cpu_count; i++) {
        if (rings[i].memory != NULL)
            unmap(events, &rings[i]);
    }
    close_if_open(&events->pid_fd);
    close_if_open(&events->wake_fd);
    close_if_open(&events->epoll_fd);
    set_closed(events);
}
