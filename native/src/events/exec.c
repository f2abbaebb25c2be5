/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watching a process beyond the execve(2) of a program that runs with other rights than its caller, or may not be read.
 *
 * As that program begins, the kernel closes the thread's events and writes a record as if the thread had ended
 * (perf_event_exit_task() called by begin_new_exec(), fs/exec.c). The thread lives on, without events.
 */
#include "events/threads.h"

#include <poll.h>

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
        mf_events_close_fd(&fds[i]);
    }
}

/*
 * The events of the first thread are gone, and that may be alive: 1: it was, and is watched anew; 0: it has ended, or nothing
 * tells (before Linux 5.3); or why it lives and is not watched.
 */
static int cover_anew(struct mf_events *events)
{
    const struct mf_watched *const watched = mf_events_watched(events, events->pid);
    const uint32_t place = watched != NULL ? (uint32_t)(watched - mf_events_threads(events)) : events->thread_count;
    int rc;

    if (events->pid_fd < 0 || has_ended(events))
        return 0;
    rc = watched != NULL ? mf_events_attach_at(events, place) : mf_events_attach_thread(events, events->pid);
    if (!has_ended(events)) {
        mf_events_forget_last(events); /* what the new events record is no repetition of what the old ones did */
        return rc == 0 ? 1 : rc == -ESRCH ? 0 : rc;
    }
    if (place < events->thread_count) /* its number may be another's by now */
        uncover(events, place);
    return 0;
}

static void say_whether_covered(struct mf_events *events, int rc, struct mf_drained *drained)
{
    if (rc < 0) {
        events->traits |= MF_EVENTS_DETACHED;
        drained->unwatched_threads++;
    }
}

/* Its first mappings are not recorded, so that something is missing is said. */
static bool lives_on(struct mf_events *events, struct mf_drained *drained)
{
    const int rc = cover_anew(events);

    drained->incomplete |= rc != 0;
    say_whether_covered(events, rc, drained);
    return rc != 0;
}

bool mf_events_is_false_end(struct mf_events *events, const struct mf_event *event, struct mf_drained *drained)
{
    if (event->kind == MF_EVENT_EXEC) {
        events->traits |= MF_EVENTS_IN_EXEC;
        events->traits &= ~(uint32_t)MF_EVENTS_FIRST_ENDED; /* another thread has taken over its number, if it had ended */
    } else if (event->kind == MF_EVENT_MAPPED) {
        events->traits &= ~(uint32_t)MF_EVENTS_IN_EXEC;
    }
    if (event->kind != MF_EVENT_THREAD_ENDED || event->tid != events->pid)
        return false;
    /*
     * Once it was found to have ended, its real end may still come: by the events that it got when the process was found alive
     * a moment before.
     */
    if (events->traits & MF_EVENTS_FIRST_ENDED || (events->traits & MF_EVENTS_IN_EXEC && lives_on(events, drained)))
        return true;
    events->traits |= MF_EVENTS_FIRST_ENDED;
    return false;
}

void mf_events_reattach_if_removed(struct mf_events *events, struct mf_drained *drained)
{
    const struct mf_watched *const watched = mf_events_watched(events, events->pid);
    const int32_t *fds;

    if (watched == NULL)
        return;
    fds = mf_events_fds(events, (uint32_t)(watched - mf_events_threads(events)));
    for (uint32_t i = 0; i < events->cpu_count; i++) {
        if (fds[i] >= 0) {
            if (polled(fds[i]) & POLLHUP)
                say_whether_covered(events, cover_anew(events), drained);
            return;
        }
    }
}
