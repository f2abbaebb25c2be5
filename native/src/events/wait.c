/* SPDX-License-Identifier: Apache-2.0 */
#include "events/wait.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434 /* the same on every architecture */
#endif

/* Why a wait returns. */
enum { BY_RING, BY_WAKE, BY_END };

static int add(struct mf_events *events, int fd, uint32_t epoll_events, uint32_t why)
{
    struct epoll_event event = {.events = epoll_events, .data.u32 = why};

    return fd < 0 ? fd : (int)MF_SYS(SYS_epoll_ctl, events->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

int mf_events_open_wait(struct mf_events *events)
{
    int rc;

    events->epoll_fd = (int)MF_SYS(SYS_epoll_create1, EPOLL_CLOEXEC);
    events->wake_fd = events->epoll_fd < 0 ? -1 : (int)MF_SYS(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (events->wake_fd < 0)
        return events->epoll_fd < 0 ? events->epoll_fd : events->wake_fd;
    rc = add(events, events->wake_fd, EPOLLIN | EPOLLET, BY_WAKE);
    events->pid_fd = (int)MF_SYS(SYS_pidfd_open, events->pid, 0);
    if (mf_sys_is_shortage(events->pid_fd))
        return events->pid_fd;
    if (rc == 0 && events->pid_fd >= 0) /* Linux 5.3+ */
        rc = add(events, events->pid_fd, EPOLLIN, BY_END);
    return rc;
}

int mf_events_wait_for_ring(struct mf_events *events, int fd)
{
    /*
     * Edge-triggered: after the end of its thread the descriptor is ready for ever, and still reports records of other threads.
     */
    return add(events, fd, EPOLLIN | EPOLLET, BY_RING);
}

static bool has_records(struct mf_events *events)
{
    for (uint32_t i = 0; i < events->cpu_count; i++) {
        if (mf_ring_has_records(&mf_events_rings(events)[i]))
            return true;
    }
    return false;
}

/* 1: a ring, perhaps without a record: wait again; 0: the wait is over; -ESRCH: the process has exited. */
static int reason_of(const struct epoll_event *woken, long count)
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
    const uint64_t begin = mf_events_now();
    struct epoll_event woken[4];
    int rc = 1;

    if (events->magic != MF_EVENTS_MAGIC || events->epoll_fd < 0)
        return -EINVAL;
    for (int left = timeout_ms; rc > 0;) {
        if (has_records(events))
            return 1;
        rc = reason_of(woken, MF_SYS(SYS_epoll_pwait, events->epoll_fd, woken, 4, left));
        if (timeout_ms > 0) {
            const uint64_t passed = (mf_events_now() - begin) / 1000000u;

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
