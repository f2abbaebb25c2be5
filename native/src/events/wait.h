/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for events. */
#ifndef MF_EVENT_WAIT_H
#define MF_EVENT_WAIT_H

#include "events/stream.h"

/* Opens the descriptors that a wait needs: for wake-ups, and for the end of the process. Returns 0, or a negative errno. */
int mf_events_open_wait(struct mf_events *events);

/* Lets a wait return when the kernel writes to the ring of an event. Returns 0, or a negative errno. */
int mf_events_wait_for_ring(struct mf_events *events, int fd);

#endif
