/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a stream, opening it for all threads of a process, and closing it. */
#include "events/threads.h"
#include "events/wait.h"
#include "os/cpus.h"
#include "os/digits.h"
#include "process/process.h"

#include <stdbool.h>
#include <string.h>

#define MAX_BYTES 0x7fffffffull /* as of a snapshot */
#define OPTIONS   (MF_EVENTS_ALL | MF_EVENTS_BUILD_ID)

_Static_assert(sizeof(struct mf_event) == 112, "the event is the ABI between core and facade");

size_t mf_events_bytes(uint32_t thread_capacity, uint32_t cpu_capacity)
{
    const uint64_t descriptors = (uint64_t)thread_capacity * cpu_capacity; /* below 2^64 */
    const uint64_t bytes = sizeof(struct mf_events) + (uint64_t)cpu_capacity * sizeof(struct mf_ring) +
                           (uint64_t)thread_capacity * sizeof(struct mf_attached) + descriptors % MAX_BYTES * 4;

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
        .magic = MF_EVENTS_MAGIC,
        .bytes = bytes,
        .thread_capacity = thread_capacity,
        .cpu_capacity = cpu_capacity,
    };
    set_closed(events);
    return 0;
}

/*
 * Checks the capacities before opening. The link count of the directory of threads is their number plus 2 (proc_pid_task(5)).
 */
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
        mf_ring_clear(&mf_events_rings(events)[i]);
    return 0;
}

/*
 * perf_event_open(2) takes a PID of the caller's PID namespace. /proc shows the same PIDs if it is of that namespace. Returns 0;
 * -EXDEV: it is of another one, where the caller has no PID; or another errno of readlink(2).
 */
static int check_pid_namespace(int task_fd)
{
    char self[16] = "";
    const long rc = MF_SYS(SYS_readlinkat, task_fd, "../../self", self, sizeof self - 1);

    if (rc < 0 && rc != -ENOENT)
        return rc == -EPERM ? -EACCES : (int)rc; /* -EPERM means here that events are denied */
    return rc > 0 && mf_get_number(self) == getpid() ? 0 : -EXDEV;
}

/*
 * The first descriptor that a stream leaves to other threads: those from here on are the highest 16th of RLIMIT_NOFILE. The
 * kernel returns the lowest free number, so these stay free while a stream takes thousands of descriptors, or fails.
 */
static uint32_t fd_end(void)
{
    const uint64_t limit = mf_sys_descriptor_limit();

    return limit > INT32_MAX ? INT32_MAX : (uint32_t)(limit - limit / 16);
}

static int open_all(struct mf_events *events, int task_fd)
{
    int rc = check_pid_namespace(task_fd);

    if (rc == 0)
        rc = measure(events, task_fd);
    if (rc == 0)
        rc = mf_events_read_clock_offset(events, task_fd);
    if (rc == 0)
        rc = mf_events_open_wait(events);
    if (rc == 0)
        rc = mf_events_attach_all(events, task_fd);
    return rc;
}

/* For a process that is hidden (hidepid) -EPERM becomes -EACCES: here -EPERM means that perf_event_open(2) is denied. */
static int explain(const struct mf_process *process, int error)
{
    const int rc = mf_maps_explain(mf_state(process)->proc_fd, error);

    return rc == -EPERM ? -EACCES : rc == -ENOENT ? -ESRCH : rc;
}

/*
 * EACCES means that access to the process is denied, or on some distributions any perf_event_open(2). This function returns
 * which.
 */
static int which_denial(struct mf_events *events)
{
    const int fd = mf_events_open_event(events, 0, -1);

    if (fd >= 0)
        mf_sys_close(fd);
    return fd == -EACCES || fd == -EPERM ? -EPERM : -EACCES;
}

int mf_events_open(struct mf_process *process, uint32_t options, uint32_t ring_bytes, uint32_t wake_bytes,
                   struct mf_events *out)
{
    const uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE);
    int task_fd;
    int rc;

    if (out->magic != MF_EVENTS_MAGIC || out->epoll_fd >= 0 || options & ~(uint32_t)OPTIONS ||
        ring_bytes < MF_EVENTS_RING_MIN || ring_bytes > 1u << 30 || (ring_bytes & (ring_bytes - 1)) != 0)
        return -EINVAL;
    out->options = options;
    out->ring_bytes = ring_bytes < page ? page : ring_bytes; /* both are powers of two */
    out->wake_bytes = wake_bytes;
    out->pid = mf_state(process)->pid;
    out->traits = 0;
    out->fd_end = fd_end();
    memcpy(out->internal_devices, mf_state(process)->internal_devices, sizeof out->internal_devices);
    task_fd = mf_sys_openat(mf_state(process)->proc_fd, "task", O_RDONLY | O_DIRECTORY);
    rc = task_fd < 0 ? explain(process, task_fd) : open_all(out, task_fd);
    if (task_fd >= 0)
        mf_sys_close(task_fd);
    if (rc == 0 && out->thread_count == 0) /* all had ended */
        rc = explain(process, -ESRCH);
    if (rc == 0 && out->thread_count > 0)
        return 0;
    mf_events_close(out);
    return rc == -EACCES ? which_denial(out) : rc < 0 ? rc : -ESRCH;
}

void mf_events_close(struct mf_events *events)
{
    const struct mf_ring *const rings = mf_events_rings(events);

    if (events->magic != MF_EVENTS_MAGIC)
        return;
    for (uint32_t thread = 0; thread < events->thread_count; thread++) {
        for (uint32_t i = 0; i < events->cpu_count; i++)
            mf_events_close_fd(&mf_events_fds(events, thread)[i]);
    }
    for (uint32_t i = 0; i < events->cpu_count; i++) {
        if (rings[i].memory != NULL)
            mf_ring_unmap(&rings[i], events->ring_bytes);
    }
    mf_events_close_fd(&events->pid_fd);
    mf_events_close_fd(&events->wake_fd);
    mf_events_close_fd(&events->epoll_fd);
    set_closed(events);
}
