/* SPDX-License-Identifier: Apache-2.0 */
#include "read/backend_choice.h"

/*
 * The bits of a choice. A thread may overwrite the change of another one: then a trial is earlier or later, or the choice of a
 * round is skipped or lost. Each choice returns the same mappings.
 */
#define READS       0x03ffu /* reads since the counting began */
#define FIRST_TRIAL 8u
#define TRIALS      4u
#define WIN         0x0400u /* trials of this round that PROCMAP_QUERY has won: 0 to 4 */
#define WINS        0x1c00u
#define QUERY       0x2000u /* the choice */

#define CHOICE       0x3fffu
#define CHOICE_BITS  14
#define FILTER_SHIFT 28 /* above two choices: the filter of the second one, without MF_EXECUTABLE */

static uint32_t choices_of(const struct mf_process *process)
{
    return __atomic_load_n(&mf_state(process)->backend_choices, __ATOMIC_RELAXED);
}

/* The filter in four bits. Executable mappings have no choice. */
static uint32_t filter_of(uint32_t options)
{
    return (options & (MF_READABLE | MF_WRITABLE)) | (options & (MF_SHARED | MF_FILE_BACKED)) >> 1;
}

/* The second choice is that of the last filter: another filter begins anew. */
static uint32_t load(const struct mf_process *process, uint32_t options)
{
    const uint32_t choices = choices_of(process), filter = filter_of(options);

    if (filter == 0)
        return choices & CHOICE;
    return choices >> FILTER_SHIFT == filter ? choices >> CHOICE_BITS & CHOICE : 0;
}

static void store(struct mf_process *process, uint32_t options, uint32_t choice)
{
    const uint32_t choices = choices_of(process), filter = filter_of(options);

    __atomic_store_n(&mf_state(process)->backend_choices,
                     filter == 0 ? (choices & ~CHOICE) | choice
                                 : (choices & CHOICE) | choice << CHOICE_BITS | filter << FILTER_SHIFT,
                     __ATOMIC_RELAXED);
}

_Static_assert(MF_READABLE == 1 && MF_WRITABLE == 2 && MF_SHARED == 8 && MF_FILE_BACKED == 16, "a filter has four bits here");

enum mf_backend_trial mf_backend_count(struct mf_process *process, uint32_t options)
{
    const uint32_t choice = load(process, options), reads = choice & READS;
    const bool is_trial = reads >= FIRST_TRIAL && reads < FIRST_TRIAL + TRIALS;
    const uint32_t wins = reads == FIRST_TRIAL ? 0 : choice & WINS;

    store(process, options, (choice & QUERY) | wins | ((reads + 1) & READS));
    return !is_trial ? MF_TRIAL_NONE : reads % 2 == 0 ? MF_TRIAL_TEXT_FIRST : MF_TRIAL_QUERY_FIRST;
}

void mf_backend_measured(struct mf_process *process, uint32_t options, uint64_t text_ns, uint64_t query_ns)
{
    const uint32_t choice = load(process, options);
    const uint32_t wins = (choice & WINS) + (query_ns <= text_ns / 10 * 9 && (choice & WINS) < TRIALS * WIN ? WIN : 0);
    const bool is_last = (choice & READS) == FIRST_TRIAL + TRIALS;

    store(process, options, (choice & READS) | wins | (is_last ? (wins == TRIALS * WIN ? QUERY : 0) : choice & QUERY));
}

void mf_backend_reject_query(struct mf_process *process, uint32_t options)
{
    store(process, options, load(process, options) & ~QUERY);
}

bool mf_backend_is_query(const struct mf_process *process, uint32_t options)
{
    return load(process, options) & QUERY;
}
