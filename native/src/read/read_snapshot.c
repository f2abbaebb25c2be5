/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a snapshot of a live process by one of the backends, and repeats the read if the mappings changed during it. */
#include "read/read_snapshot.h"

#include "read/backend_choice.h"
#include "snapshot/mapping.h"

#include <time.h>

/* Maximum of reads. Then the snapshot is inconsistent, or -ESRCH if the target called execve(2) during each read. */
#define ATTEMPTS 4

/* Whether the backend is chosen by measuring both. */
static bool is_undecided(const struct mf_process *process, uint32_t options)
{
    return !(options & (MF_BY_QUERY | MF_BY_TEXT | MF_EXECUTABLE)) && mf_traits(process) & MF_TRAIT_QUERY;
}

static bool prefers_query(const struct mf_process *process, uint32_t options)
{
    if (options & (MF_BY_QUERY | MF_BY_TEXT))
        return options & MF_BY_QUERY;
    /* One system call per mapping is cheaper if few pass the filter: of 212 mappings of a small JVM 18 are executable. */
    return is_undecided(process, options) ? mf_backend_is_query(process, options)
                                          : options & MF_EXECUTABLE && mf_traits(process) & MF_TRAIT_QUERY;
}

/*
 * The descriptor for one read: that of the process, or another one for this read alone. The latter is needed in two cases:
 *
 *  - Another thread has replaced the descriptor of the process during a read (mf_maps_reopen()). The read would mix two
 *    programs.
 *  - Another thread is reading the text through the descriptor of the process. The kernel keeps the position of one reader; for
 *    another position it counts bytes, which change with the mappings.
 */
struct source {
    struct mf_process *process;
    int own_fd;          /* for this read alone; negative: none */
    uint32_t reopenings; /* before the read */
    bool has_text;       /* this read alone reads the text through the descriptor of the process */
};

/* Reserves the text of the descriptor of the process: it has one reader at a time, also if a handler interrupts that reader. */
static bool take_text(struct source *source)
{
    if (!source->has_text)
        source->has_text = __atomic_exchange_n(&mf_state(source->process)->text_taken, 1, __ATOMIC_ACQUIRE) == 0;
    return source->has_text;
}

/* Returns the descriptor for a read, or a negative errno. */
static int begin_read(struct source *source, bool by_query)
{
    source->reopenings = __atomic_load_n(&mf_state(source->process)->reopenings_done, __ATOMIC_SEQ_CST);
    if (source->own_fd < 0 && (by_query || take_text(source)))
        return mf_state(source->process)->maps_fd;
    if (source->own_fd < 0)
        source->own_fd = mf_maps_open(mf_state(source->process)->proc_fd);
    return source->own_fd;
}

static bool was_replaced(const struct source *source)
{
    return source->own_fd < 0 &&
           __atomic_load_n(&mf_state(source->process)->reopenings_begun, __ATOMIC_SEQ_CST) != source->reopenings;
}

static void close_own(struct source *source)
{
    if (source->own_fd >= 0)
        mf_sys_close(source->own_fd);
    source->own_fd = -1;
}

static void end_reads(struct source *source)
{
    close_own(source);
    if (source->has_text)
        __atomic_store_n(&mf_state(source->process)->text_taken, 0, __ATOMIC_RELEASE);
}

/* Opens the memory that the process has now. Returns 0 or a negative errno. */
static int reopen(struct source *source, bool for_this_read)
{
    if (!for_this_read && source->own_fd < 0)
        return mf_maps_reopen(source->process);
    close_own(source);
    source->own_fd = mf_maps_open(mf_state(source->process)->proc_fd);
    return source->own_fd < 0 ? source->own_fd : 0;
}

/* Reads by one backend. *by_query becomes false if PROCMAP_QUERY cannot read the process. */
static int read_until_whole(struct source *source, bool *by_query, uint32_t options, const struct mf_snapshot *previous,
                            struct mf_snapshot *out)
{
    int rc = -ESRCH;

    out->retries = 0;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        const int maps_fd = begin_read(source, *by_query);
        int reopened = 0;

        if (maps_fd < 0)
            return maps_fd;
        rc = (*by_query ? mf_read_query : mf_read_text)(source->process, maps_fd, options, previous, out);
        if (was_replaced(source)) {
            reopened = reopen(source, true);
            rc = -ESRCH;
        } else if (rc == -ENAMETOOLONG && *by_query) { /* a path is too long for PROCMAP_QUERY; the text has all of it */
            *by_query = false;
            continue;
        } else if (rc == MF_MEMORY_ENDED) {
            reopened = reopen(source, false);
        } else if (rc != 1 || !out->inconsistent) {
            return rc;
        }
        if (reopened < 0)
            return reopened;
        out->retries++;
    }
    return rc;
}

/*
 * Reads by one backend, and compares the result with a previous snapshot, also if the other backend has read that. If the caller
 * leaves the backend open, a failure of PROCMAP_QUERY is no failure of the read, and *by_query becomes false:
 *
 *  - A filter of system calls that was installed after the process was opened may deny ioctl(2).
 *  - -ENOBUFS: PROCMAP_QUERY stores the mappings before they are compared. The text is compared without that.
 */
static int read_by(struct mf_process *process, bool *by_query, uint32_t options, const struct mf_snapshot *previous,
                   struct mf_snapshot *out)
{
    struct source source = {.process = process, .own_fd = -1};
    int rc = read_until_whole(&source, by_query, options, previous, out);

    if (rc < 0 && *by_query && is_undecided(process, options)) {
        *by_query = false;
        rc = read_until_whole(&source, by_query, options, previous, out);
    }
    end_reads(&source);
    if (rc == 1 && previous != NULL && previous->backend != 0 && previous->backend != out->backend &&
        previous->options == options && !previous->inconsistent && !out->inconsistent && mf_snapshot_is_same(previous, out))
        return 0;
    return rc;
}

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Reads by one backend. Sets the nanoseconds that it took, or 0 if it is no measurement. */
static int read_timed(struct mf_process *process, bool by_query, uint32_t options, const struct mf_snapshot *previous,
                      struct mf_snapshot *out, uint64_t *spent)
{
    const uint64_t begin = now_ns();
    bool used_query = by_query;
    const int rc = read_by(process, &used_query, options, previous, out);

    *spent = rc < 0 || used_query != by_query ? 0 : now_ns() - begin;
    return rc;
}

/* Reads by one backend and then by the other, and measures both. */
static int read_by_both(struct mf_process *process, bool query_first, uint32_t options, const struct mf_snapshot *previous,
                        struct mf_snapshot *out)
{
    uint64_t first, second;
    int rc = read_timed(process, query_first, options, previous, out, &first);

    if (first == 0)
        return rc;
    rc = read_timed(process, !query_first, options, previous, out, &second);
    if (second != 0)
        mf_backend_measured(process, options, query_first ? second : first, query_first ? first : second);
    return rc;
}

int mf_snapshot_read(struct mf_process *process, uint32_t options, const struct mf_snapshot *previous, struct mf_snapshot *out)
{
    const uint32_t known = MF_FILTER | MF_BY_TEXT | MF_BY_QUERY;
    enum mf_backend_trial trial;
    bool by_query;
    int rc;

    if (!mf_snapshot_is_initialised(out) || (previous != NULL && !mf_snapshot_is_initialised(previous)) || previous == out ||
        options & ~known || (options & MF_BY_TEXT && options & MF_BY_QUERY))
        return -EINVAL;
    if (options & MF_BY_QUERY && !(mf_traits(process) & MF_TRAIT_QUERY))
        return -ENOTTY;
    rc = mf_maps_follow(process);
    if (rc < 0)
        return rc;
    trial = is_undecided(process, options) ? mf_backend_count(process, options) : MF_TRIAL_NONE;
    if (trial != MF_TRIAL_NONE)
        return read_by_both(process, trial == MF_TRIAL_QUERY_FIRST, options, previous, out);
    by_query = prefers_query(process, options);
    rc = read_by(process, &by_query, options, previous, out);
    if (!by_query && rc != -ENOBUFS && is_undecided(process, options) && mf_backend_is_query(process, options))
        mf_backend_reject_query(process, options);
    return rc;
}
