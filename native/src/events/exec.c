/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attaching again after an execve(2) of a program that runs with other privileges than its caller, or that may not be read.
 *
 * When such a program begins, the kernel removes the events of the thread and writes a record as if the thread had ended
 * (perf_event_exit_task(), called by begin_new_exec(), fs/exec.c). The thread is alive, without events.
 */
#include "events/threads.h"

#include <poll.h>

static short poll_now(int fd)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    const struct timespec no_wait = {0};

    return MF_SYS(SYS_ppoll, &polled, 1, &no_wait, NULL, 0) > 0 ? polled.revents : 0;
}

static bool has_ended(const struct mf_events *events)
{
    return poll_now(events->pid_fd) & POLLIN;
}

static void detach(struct mf_events *events, uint32_t thread)
{
    int32_t *const fds = mf_events_fds(events, thread);

    for (uint32_t i = 0; i < events->cpu_count; i++) {
        struct mf_ring *const ring = &mf_events_rings(events)[i];

        if (ring->fd == fds[i])
            ring->fd = -1;
        mf_events_close_fd(&fds[i]);
    }
}

/*
 * Attaches to the first thread again, whose events are removed. 1: done; 0: the process has exited, or that is unknown (before
 * Linux 5.3); or a negative errno: the thread is alive, and the stream is not attached to it.
 */
static int reattach(struct mf_events *events)
{
    const struct mf_attached *const attached = mf_events_attached(events, events->pid);
    const uint32_t thread = attached != NULL ? (uint32_t)(attached - mf_events_threads(events)) : events->thread_count;
    int rc;

    if (events->pid_fd < 0 || has_ended(events))
        return 0;
    rc = attached != NULL ? mf_events_attach_at(events, thread) : mf_events_attach_thread(events, events->pid);
    if (!has_ended(events)) {
        mf_events_forget_last(events); /* records of the new events are no duplicates of those of the old events */
        return rc == 0 ? 1 : rc == -ESRCH ? 0 : rc;
    }
    if (thread < events->thread_count) /* another thread may have its TID by now */
        detach(events, thread);
    return 0;
}

static void report_if_detached(struct mf_events *events, int rc, struct mf_drained *drained)
{
    if (rc < 0) {
        events->traits |= MF_EVENTS_DETACHED;
        drained->unwatched_threads++;
    }
}

/* The first mappings of the new program are not recorded, so drained->incomplete is set. */
static bool is_alive(struct mf_events *events, struct mf_drained *drained)
{
    const int rc = reattach(events);

    drained->incomplete |= rc != 0;
    report_if_detached(events, rc, drained);
    return rc != 0;
}

bool mf_events_is_false_end(struct mf_events *events, const struct mf_event *event, struct mf_drained *drained)
{
    if (event->kind == MF_EVENT_EXEC) {
        events->traits |= MF_EVENTS_IN_EXEC;
        events->traits &= ~(uint32_t)MF_EVENTS_FIRST_ENDED; /* if it had ended, another thread has its TID now */
    } else if (event->kind == MF_EVENT_MAPPED) {
        events->traits &= ~(uint32_t)MF_EVENTS_IN_EXEC;
    }
    if (event->kind != MF_EVENT_THREAD_ENDED || event->tid != events->pid)
        return false;
    /*
     * After the end was reported, the real end may still be recorded: by events that were attached when the process was found
     * alive just before.
     */
    if (events->traits & MF_EVENTS_FIRST_ENDED || (events->traits & MF_EVENTS_IN_EXEC && is_alive(events, drained)))
        return true;
    events->traits |= MF_EVENTS_FIRST_ENDED;
    return false;
}

void mf_events_reattach_if_removed(struct mf_events *events, struct mf_drained *drained)
{
    const struct mf_attached *const attached = mf_events_attached(events, events->pid);
    const int32_t *fds;

    if (attached == NULL)
        return;
    fds = mf_events_fds(events, (uint32_t)(attached - mf_events_threads(events)));
    for (uint32_t i = 0; i < events->cpu_count; i++) {
        if (fds[i] >= 0) {
            if (poll_now(fds[i]) & POLLHUP)
                report_if_detached(events, reattach(events), drained);
            return;
        }
    }
}
