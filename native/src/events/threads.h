/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a stream share beside its memory: events of threads, rings, the wait, and the clock. */
#ifndef MF_EVENT_THREADS_H
#define MF_EVENT_THREADS_H

#include "events/stream.h"

/* What woke a wait. */
enum { MF_EVENTS_BY_RING, MF_EVENTS_BY_WAKE, MF_EVENTS_BY_END };

/* Opens the event of one thread on one CPU: its descriptor, or a negative errno. */
int mf_events_open_event(struct mf_events *events, int32_t tid, int32_t cpu);

/* Lists the threads until a listing has none that is not watched. -EAGAIN: each of many listings had one. */
int mf_events_attach_all(struct mf_events *events, int task_fd);

/* Watches the thread at a place among those watched, whose descriptors are open or -1. */
int mf_events_attach_at(struct mf_events *events, uint32_t place);

int mf_events_add_to_wait(struct mf_events *events, int fd, uint32_t epoll_events, uint32_t by);

/* Makes a ring one that is not mapped. */
void mf_events_clear_ring(struct mf_ring *ring);

void mf_events_unmap_ring(const struct mf_events *events, const struct mf_ring *ring);

/* Closes a descriptor that is not -1, and makes it -1. */
void mf_events_close_fd(int32_t *fd);

/*
 * Sets clock_offset of a stream. task_fd is a /proc/PID/task of the caller's pid namespace.
 * 0; -ENOTSUP: the offset is not known; -EMFILE, -ENFILE, -ENOMEM.
 */
int mf_events_read_clock_offset(struct mf_events *events, int task_fd);

#endif
