/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which backend reads the mappings of a process if the caller leaves it open. Which one is cheaper depends on the kernel, the
 * mappings and the filter. So some reads are made by both, and measured. There is one choice for reads of all mappings and one
 * for reads with the last filter, in mf_process_state.backend_choices.
 */
#ifndef MF_BACKEND_CHOICE_H
#define MF_BACKEND_CHOICE_H

#include "process/process.h"

enum mf_backend_trial {
    MF_TRIAL_NONE,       /* the chosen backend reads */
    MF_TRIAL_TEXT_FIRST, /* both read. The second one finds the kernel's data in the cache, so the order alternates */
    MF_TRIAL_QUERY_FIRST,
};

/* Counts a read. Returns whether both backends make it: 4 of 1,024 reads, the first time after 8. */
enum mf_backend_trial mf_backend_count(struct mf_process *process, uint32_t options);

/* Records the times of a trial. PROCMAP_QUERY is chosen if it took at most nine tenths of the time in all 4 trials. */
void mf_backend_measured(struct mf_process *process, uint32_t options, uint64_t text_ns, uint64_t query_ns);

/* Chooses the text up to the next trials: PROCMAP_QUERY has failed. */
void mf_backend_reject_query(struct mf_process *process, uint32_t options);

/* Whether PROCMAP_QUERY is chosen. */
bool mf_backend_is_query(const struct mf_process *process, uint32_t options);

#endif
