/* SPDX-License-Identifier: Apache-2.0 */
/* Watching a process: opening the kernel's streams of all its threads, waiting, closing. */
#include "events/threads.h"
#include "os/cpus.h"
#include "os/digits.h"
#include "os/perf_event.h"
#include "process/process.h"

#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define MF_MAGIC 0x3130307374766d65ull /* "emvts001" in memory, little-endian */
#define MAX_BYTES 0x7fffffffull         /* as of a snapshot */
#define PARTS (MF_EVENTS_ALL | MF_EVENTS_BUILD_ID)

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434 /* the same on every architecture */
#endif

_Static_assert(sizeof(struct mf_event) == 112, "the event is the ABI between core and facade");

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
        mf_events_clear_ring(&mf_events_rings(events)[i]);
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
    rc = mf_events_add_to_wait(events, events->wake_fd, EPOLLIN | EPOLLET, MF_EVENTS_BY_WAKE);
    events->pid_fd = (int)MF_SYS(SYS_pidfd_open, events->pid, 0);
    if (mf_sys_is_shortage(events->pid_fd))
        return events->pid_fd;
    if (rc == 0 && events->pid_fd >= 0) /* older kernels have none */
        rc = mf_events_add_to_wait(events, events->pid_fd, EPOLLIN, MF_EVENTS_BY_END);
    return rc;
}

/* A number of /proc means the same to perf_event_open(2) if the proc file system is of our pid namespace. */
static bool is_of_our_namespace(int task_fd)
{
    char self[16] = "";

    return MF_SYS(SYS_readlinkat, task_fd, "../../self", self, sizeof self - 1) > 0 && mf_get_number(self) == getpid();
}

/*
 * The first descriptor that a stream leaves to others: the highest 16th of what RLIMIT_NOFILE allows. The kernel hands out the
 * lowest free number, so as many stay free for the caller's other threads while a stream takes thousands, or fails.
 */
static uint32_t fd_end(void)
{
    struct rlimit limit = {.rlim_cur = RLIM_INFINITY};

    (void)MF_SYS(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit);
    return limit.rlim_cur > INT32_MAX ? INT32_MAX : (uint32_t)(limit.rlim_cur - limit.rlim_cur / 16);
}

static int open_all(struct mf_events *events, int task_fd)
{
    int rc = is_of_our_namespace(task_fd) ? measure(events, task_fd) : -EXDEV;

    if (rc == 0)
        rc = mf_events_read_clock_offset(events, task_fd);
    if (rc == 0)
        rc = open_wait(events);
    if (rc == 0)
        rc = mf_events_attach_all(events, task_fd);
    return rc;
}

/* Of a process that is hidden (hidepid) EPERM would mean perf_event_open(2) here: it is a look that is refused. */
static int why_no_threads(const struct mf_process *process, int error)
{
    const int rc = mf_maps_explain(mf_state(process)->proc_fd, error);

    return rc == -EPERM ? -EACCES : rc == -ENOENT ? -ESRCH : rc;
}

/* EACCES is the answer to a look at the process, and on some distributions to any perf_event_open(2). */
static int which_refusal(struct mf_events *events)
{
    const int fd = mf_events_open_event(events, 0, -1);

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
    out->pid = mf_state(process)->pid;
    out->traits = 0;
    out->fd_end = fd_end();
    memcpy(out->internal_devices, mf_state(process)->internal_devices, sizeof out->internal_devices);
    task_fd = mf_sys_openat(mf_state(process)->proc_fd, "task", O_RDONLY | O_DIRECTORY);
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
        if (woken[i].data.u32 == MF_EVENTS_BY_END)
            return -ESRCH;
        if (woken[i].data.u32 == MF_EVENTS_BY_WAKE)
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
            mf_events_close_fd(&mf_events_fds(events, thread)[i]);
    }
    for (uint32_t i = 0; i < events->cpu_count; i++) {
        if (rings[i].memory != NULL)
            mf_events_unmap_ring(events, &rings[i]);
    }
    mf_events_close_fd(&events->pid_fd);
    mf_events_close_fd(&events->wake_fd);
    mf_events_close_fd(&events->epoll_fd);
    set_closed(events);
}
