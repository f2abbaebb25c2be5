/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot of a live process: the cheaper way, and again where the process moved under the reader. */
#include "read/read_snapshot.h"

#include "snapshot/mapping.h"

/* Reads before a picture is called inconsistent, or a process that is replaced again and again gone. */
#define ATTEMPTS 4

static bool prefers_query(const struct mf_process *process, uint32_t options)
{
    if (options & (MF_BY_QUERY | MF_BY_TEXT))
        return options & MF_BY_QUERY;
    /* A system call a mapping pays where few pass: a plain JVM has 18 executable ones of 212. */
    return options & MF_EXECUTABLE && mf_state(process)->traits & MF_TRAIT_QUERY;
}

/*
 * The descriptor that one read goes through: the process' own; or one for this read alone, where another thread has put other
 * memory behind that one (mf_maps_reopen()) in the middle of a read, which would mix two programs; or is reading the text through it:
 * the kernel keeps the place of one reader, and finds that of another by counting bytes, which move with the mappings.
 */
struct source {
    struct mf_process *process;
    int own_fd;    /* negative: none */
    uint32_t since; /* reopenings before the read */
    bool has_text; /* nobody else reads the text through the process' own */
};

/* The text through the process' own descriptor is for one reader at a time, also where a signal handler interrupts it. */
static bool take_text(struct source *source)
{
    if (!source->has_text)
        source->has_text = __atomic_exchange_n(&mf_state(source->process)->text_taken, 1, __ATOMIC_ACQUIRE) == 0;
    return source->has_text;
}

/* A descriptor, or why there is none. */
static int begin_read(struct source *source, bool by_query)
{
    source->since = __atomic_load_n(&mf_state(source->process)->reopenings_done, __ATOMIC_SEQ_CST);
    if (source->own_fd < 0 && (by_query || take_text(source)))
        return mf_state(source->process)->maps_fd;
    if (source->own_fd < 0)
        source->own_fd = mf_maps_open(mf_state(source->process)->proc_fd);
    return source->own_fd;
}

static bool was_replaced(const struct source *source)
{
    return source->own_fd < 0 && __atomic_load_n(&mf_state(source->process)->reopenings_begun, __ATOMIC_SEQ_CST) != source->since;
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

/* The memory of the process as it is now: 0 or why there is none. */
static int reopen(struct source *source, bool for_this_read)
{
    if (!for_this_read && source->own_fd < 0)
        return mf_maps_reopen(source->process);
    close_own(source);
    source->own_fd = mf_maps_open(mf_state(source->process)->proc_fd);
    return source->own_fd < 0 ? source->own_fd : 0;
}

static int read_until_whole(struct source *source, uint32_t options, const struct mf_snapshot *previous,
                            struct mf_snapshot *out)
{
    bool by_query = prefers_query(source->process, options);
    int rc = -ESRCH;

    out->retries = 0;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        const int maps_fd = begin_read(source, by_query);
        int reopened = 0;

        if (maps_fd < 0)
            return maps_fd;
        rc = (by_query ? mf_read_query : mf_read_text)(source->process, maps_fd, options, previous, out);
        if (was_replaced(source)) {
            reopened = reopen(source, true);
            rc = -ESRCH;
        } else if (rc == -ENAMETOOLONG && by_query) { /* a path too long for this interface: the text has it whole */
            by_query = false;
            continue;
        } else if (rc == MF_MEMORY_GONE) {
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

int mf_snapshot_read(struct mf_process *process, uint32_t options, const struct mf_snapshot *previous,
                     struct mf_snapshot *out)
{
    const uint32_t known = MF_FILTER | MF_BY_TEXT | MF_BY_QUERY;
    struct source source = {.process = process, .own_fd = -1};
    int rc;

    if (!mf_snapshot_is_initialised(out) || (previous != NULL && !mf_snapshot_is_initialised(previous)) ||
        previous == out || options & ~known || (options & MF_BY_TEXT && options & MF_BY_QUERY))
        return -EINVAL;
    if (options & MF_BY_QUERY && !(mf_state(process)->traits & MF_TRAIT_QUERY))
        return -ENOTTY;
    rc = read_until_whole(&source, options, previous, out);
    end_reads(&source);
    return rc;
}
