/* SPDX-License-Identifier: Apache-2.0 */
/* From a record of a ring to an event. */
#ifndef MF_RECORD_DECODE_H
#define MF_RECORD_DECODE_H

#include "events/ring.h"

/* The memory of the caller that a drain writes to. */
struct mf_drain_output {
    struct mf_event *events;
    uint32_t capacity;
    char *text;
    uint32_t text_capacity;
    struct mf_drained *drained;
};

enum mf_decoded {
    MF_DECODED_EVENT,   /* the record is an event of the process */
    MF_DECODED_NOTHING, /* it is of another process, or reports no change */
    MF_DECODED_NO_ROOM, /* its name does not fit into the text */
};

/*
 * Decodes a record. Its name is written to the text after drained->text_length, which stays. A record of lost records is added
 * to drained->lost.
 *
 * @param[in,out] event  zero but for its time.
 */
enum mf_decoded mf_record_decode(struct mf_events *events, const struct mf_ring_record *record,
                                 const struct mf_drain_output *out, struct mf_event *event);

#endif
