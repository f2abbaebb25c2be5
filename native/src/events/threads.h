/* SPDX-License-Identifier: Apache-2.0 */
/* Attaching events to threads, and the functions that parts of a stream share. */
#ifndef MF_EVENT_THREADS_H
#define MF_EVENT_THREADS_H

#include "events/stream.h"

/* Opens the event of one thread on one CPU. Returns its descriptor, or a negative errno. */
int mf_events_open_event(struct mf_events *events, int32_t tid, int32_t cpu);

/* Attaches to all threads: lists them until a listing has no thread without events. -EAGAIN: each of many listings had one. */
int mf_events_attach_all(struct mf_events *events, int task_fd);

/* Attaches to one more thread. Returns 0; -ESRCH: it has ended; -ENOBUFS; or another negative errno. */
int mf_events_attach_thread(struct mf_events *events, int32_t tid);

/* Attaches to the thread with an index. Its descriptors are open, and are replaced; or they are -1. */
int mf_events_attach_at(struct mf_events *events, uint32_t thread);

/* Returns whether the rings contain the record that a thread was created by one that had events on each CPU. Drains nothing. */
bool mf_events_inherits(struct mf_events *events, int32_t tid);

/* Closes a descriptor unless it is -1, and sets it to -1. */
void mf_events_close_fd(int32_t *fd);

/*
 * Sets clock_offset of a stream. @p task_fd is a /proc/PID/task of the caller's PID namespace.
 *
 * Returns 0; -ENOTSUP: the offset is unknown; -EMFILE, -ENFILE, -ENOMEM.
 */
int mf_events_read_clock_offset(struct mf_events *events, int task_fd);

#endif
