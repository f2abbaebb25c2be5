/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot of a live process: the cheaper way, and again where the process moved under the reader. */
#include "record.h"
#include "snapshot.h"

/* Reads before a picture is called torn, or a process that is replaced again and again gone. */
#define ATTEMPTS 4

static bool prefers_query(const struct mf_process *process, uint32_t question)
{
    if (question & (MF_BY_QUERY | MF_BY_TEXT))
        return question & MF_BY_QUERY;
    /* A system call a mapping pays where few pass: a plain JVM has 18 executable ones of 212. */
    return question & MF_EXECUTABLE && process->traits & MF_TRAIT_QUERY;
}

static int read_until_whole(struct mf_process *process, uint32_t question, const struct mf_snapshot *previous,
                            struct mf_snapshot *out)
{
    bool by_query = prefers_query(process, question);
    int rc = -ESRCH;

    out->retries = 0;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        rc = (by_query ? mf_read_query : mf_read_text)(process, question, previous, out);
        if (rc == -ENAMETOOLONG && by_query) { /* a path too long for this interface: the text has it whole */
            by_query = false;
        } else if (rc == MF_MEMORY_GONE) {
            rc = mf_maps_reopen(process);
            if (rc < 0)
                return rc;
            rc = -ESRCH;
        } else if (rc != 1 || !out->torn) {
            return rc;
        }
        out->retries++;
    }
    return rc;
}

int mf_snapshot_read(struct mf_process *process, uint32_t question, const struct mf_snapshot *previous,
                     struct mf_snapshot *out)
{
    const uint32_t known = MF_FILTER | MF_BY_TEXT | MF_BY_QUERY;

    if (!mf_snapshot_is_initialised(out) || (previous != NULL && !mf_snapshot_is_initialised(previous)) ||
        previous == out || question & ~known || (question & MF_BY_TEXT && question & MF_BY_QUERY))
        return -EINVAL;
    if (question & MF_BY_QUERY && !(process->traits & MF_TRAIT_QUERY))
        return -ENOTTY;
    return read_until_whole(process, question, previous, out);
}
