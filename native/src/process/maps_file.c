/* SPDX-License-Identifier: Apache-2.0 */
/* Which maps file shows the memory of a process now, and why a process has no memory. */
#include "os/digits.h"
#include "process/process.h"

#include <stdbool.h>
#include <string.h>

int mf_maps_alive(int maps_fd, uint32_t traits)
{
    if (traits & MF_TRAIT_QUERY) {
        struct mf_procmap_query query = {.query_addr = 0, .query_flags = MF_QUERY_COVERING_OR_NEXT};
        const int rc = mf_maps_query(maps_fd, &query);

        return rc == 0 || rc == -ENOENT ? 1 : rc == -ESRCH ? 0 : rc;
    } else {
        char byte;
        const long rc = mf_sys_pread(maps_fd, &byte, 1, 0);

        return rc == -ESRCH ? 0 : (int)rc;
    }
}

static int open_if_alive(int directory, const char *path)
{
    const int fd = mf_sys_openat(directory, path, O_RDONLY);
    int alive;

    if (fd < 0)
        return fd;
    alive = mf_maps_alive(fd, 0);
    if (alive > 0)
        return fd;
    mf_sys_close(fd);
    return alive < 0 ? alive : -ESRCH;
}

/*
 * Maximum of attempts to find the memory of a process. If a thread other than the first one calls execve(2), it takes the PID of
 * the process, and its own directory ends (de_thread(), fs/exec.c). An attempt that has read the first thread before that, and
 * opens the directory of the other thread after it, finds the memory in neither of them. So there are at least two attempts, and
 * more while other threads exist.
 */
#define ATTEMPTS 8

/* Whether to try the next thread. */
static bool continues(int found)
{
    return found < 0 && !mf_sys_is_shortage(found);
}

/* Opens task/TID/maps of the first thread that still has memory. Sets @p threads to the number of threads that were listed. */
static int open_through_thread(int proc_fd, int32_t *tid, int *threads)
{
    const int task_fd = mf_sys_openat(proc_fd, "task", O_RDONLY | O_DIRECTORY);
    _Alignas(struct mf_directory_entry) char entries[1024];
    int found = -ESRCH;
    long length = 0;

    *threads = 0;
    if (task_fd < 0)
        return task_fd;
    while (continues(found) && (length = MF_SYS(SYS_getdents64, task_fd, entries, sizeof entries)) > 0) {
        for (long at = 0; at < length && continues(found);) {
            const struct mf_directory_entry *entry = (const void *)(entries + at);
            char path[32];

            at += entry->length;
            *tid = mf_get_number(entry->name);
            if (*tid < 1)
                continue;
            ++*threads;
            strcpy(mf_put_decimal(path, (uint64_t)*tid), "/maps");
            found = open_if_alive(task_fd, path);
        }
    }
    mf_sys_close(task_fd);
    return found < 0 && mf_sys_is_shortage(length) ? (int)length : found;
}

enum { STAT_PARENT = 1, STAT_FLAGS = 6 }; /* fields after the state: proc_pid_stat(5) */

/* Flags of a task (include/linux/sched.h). */
enum { PF_EXITING = 0x00000004, PF_FORKNOEXEC = 0x00000040, PF_KTHREAD = 0x00200000 };

/* Returns the state in the text of stat, or NULL. The command in parentheses may contain blanks and parentheses. */
static const char *state_in(const char *stat, long length)
{
    const char *const field = length > 0 ? memrchr(stat, ')', (size_t)length) : NULL;

    return field == NULL || field[1] == 0 ? NULL : field + 2;
}

/* Returns the number in a field after the state. */
static uint64_t number_in(const char *field, int index)
{
    uint64_t number = 0;

    for (int skipped = 0; skipped < index && field != NULL; skipped++) {
        field = strchr(field, ' ');
        field = field ? field + 1 : NULL;
    }
    for (; field != NULL && *field >= '0' && *field <= '9'; field++)
        number = number * 10 + (uint64_t)(*field - '0');
    return number;
}

/* Whether a task has ended or is ending, so that it has no memory any more. */
static bool is_ending(const char *state)
{
    return *state == 'Z' || *state == 'X' || number_in(state, STAT_FLAGS) & PF_EXITING;
}

/*
 * Returns why a process has no memory, from the state and the flags in its stat. -EAGAIN: its first thread is neither exiting nor a
 * zombie, so it has memory now.
 */
static int why_no_memory(int proc_fd)
{
    char stat[MF_STAT_BYTES];
    const long length = mf_proc_read_stat(proc_fd, stat, sizeof stat);
    const char *const state = state_in(stat, length);

    if (length == -ENOENT) /* hidden */
        return -EPERM;
    if (state == NULL)
        return length < 0 ? (int)length : -ESRCH;
    if (number_in(state, STAT_FLAGS) & PF_KTHREAD)
        return -ENXIO;
    if (!is_ending(state))
        return -EAGAIN;
    return *state == 'Z' ? -ECHILD : -ESRCH;
}

/* kcmp(2) for memory. 0: the same; 1 and 2: another; an error: unknown, such as of a system call filter. */
static long compare_memory(int32_t a, int32_t b)
{
    enum { KCMP_VM = 1 }; /* linux/kcmp.h */

    return MF_SYS(SYS_kcmp, a, b, KCMP_VM, 0, 0);
}

/*
 * Returns a thread that has the memory of a process, or the process itself if its first thread has not ended; or a negative errno.
 * A first thread that has ended has no memory to be compared.
 */
static int32_t thread_with_memory(int proc_fd, int32_t pid)
{
    char path[16] = "../";
    char stat[MF_STAT_BYTES];
    const char *state;
    int32_t tid = pid;
    int fd;

    *mf_put_decimal(path + strlen(path), (uint64_t)pid) = 0;
    fd = mf_sys_openat(proc_fd, path, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return fd;
    state = state_in(stat, mf_proc_read_stat(fd, stat, sizeof stat));
    if (state == NULL || is_ending(state))
        tid = mf_maps_thread(fd);
    mf_sys_close(fd);
    return tid == 0 ? pid : tid;
}

bool mf_maps_may_be_of_parent(int proc_fd, const char *stat, long length)
{
    const char *const state = state_in(stat, length);
    int32_t pid, parent, thread;
    long differs;

    /* The flag is of processes that have not called execve(2). Most of them have a copy of the memory: fork(2). */
    if (state == NULL || !(number_in(state, STAT_FLAGS) & PF_FORKNOEXEC))
        return false;
    pid = mf_get_number(stat);
    parent = (int32_t)number_in(state, STAT_PARENT);
    differs = compare_memory(pid, parent);
    if (differs <= 0)
        return true;
    thread = thread_with_memory(proc_fd, parent);
    if (thread == parent || thread == -ESRCH || thread == -ECHILD) /* it has memory, or has exited */
        return false;
    return thread < 0 || compare_memory(pid, thread) <= 0;
}

/* Whether an error means that there is no memory to open. why_no_memory() finds the reason. */
static bool is_absent(int rc)
{
    return rc == -ESRCH || rc == -ENOENT;
}

/* Opens the maps. Sets @p tid to the thread that they belong to, or 0 for the process itself. */
static int open_maps(int proc_fd, int32_t *tid)
{
    int why = -EAGAIN;

    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        int threads;
        int fd = open_if_alive(proc_fd, "maps");

        *tid = 0;
        if (!is_absent(fd))
            return fd;
        fd = open_through_thread(proc_fd, tid, &threads);
        if (!is_absent(fd))
            return fd;
        why = why_no_memory(proc_fd);
        if (why == -ENXIO || (why != -EAGAIN && threads <= 1 && attempt > 0))
            break;
    }
    return why == -EAGAIN ? -ESRCH : why;
}

int mf_maps_open(int proc_fd)
{
    int32_t tid;

    return open_maps(proc_fd, &tid);
}

int32_t mf_maps_thread(int proc_fd)
{
    int32_t tid;
    const int fd = open_maps(proc_fd, &tid);

    if (fd < 0)
        return fd;
    mf_sys_close(fd);
    return tid;
}

int mf_maps_open_below(int proc_fd, const char *threads, const char *part, int flags)
{
    int fd = -ESRCH;

    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        const int32_t tid = mf_maps_thread(proc_fd);
        char path[48];
        char *to = path;

        if (tid < 0)
            return tid;
        *to = 0;
        if (tid > 0) {
            to = mf_put_decimal(stpcpy(path, threads), (uint64_t)tid);
            *to++ = '/';
        }
        strcpy(to, part);
        fd = mf_sys_openat(proc_fd, path, flags);
        /* The thread has ended, or has taken the PID of the process. */
        if (fd != -ESRCH && (fd != -ENOENT || tid == 0))
            break;
    }
    return fd;
}

int mf_maps_open_file(int proc_fd, const char *part, int flags)
{
    return mf_maps_open_below(proc_fd, "task/", part, flags);
}

int mf_maps_explain(int proc_fd, int error)
{
    const int32_t tid = mf_maps_thread(proc_fd);

    return tid < 0 ? tid : error;
}

/* As mf_maps_reopen(). Sets @p alone to whether no other thread replaced the descriptor meanwhile, or began to. */
static int reopen(struct mf_process *process, bool *alone)
{
    struct mf_process_state *const state = mf_state(process);
    const uint32_t done = __atomic_load_n(&state->reopenings_done, __ATOMIC_SEQ_CST);
    const uint32_t begun = __atomic_fetch_add(&state->reopenings_begun, 1, __ATOMIC_SEQ_CST);
    const int fd = mf_maps_open(state->proc_fd);
    long rc = fd;

    /* dup3(2) replaces the descriptor atomically: a query of another thread reads the old memory or the new. */
    if (fd >= 0) {
        rc = MF_SYS(SYS_dup3, fd, state->maps_fd, O_CLOEXEC);
        mf_sys_close(fd);
        __atomic_store_n(&state->vsyscall, 0, __ATOMIC_RELAXED);
    }
    *alone = done == begun && __atomic_load_n(&state->reopenings_begun, __ATOMIC_SEQ_CST) == begun + 1;
    __atomic_fetch_add(&state->reopenings_done, 1, __ATOMIC_SEQ_CST);
    return rc < 0 ? (int)rc : 0;
}

int mf_maps_reopen(struct mf_process *process)
{
    bool alone;

    return reopen(process, &alone);
}

int mf_maps_follow(struct mf_process *process)
{
    char stat[MF_STAT_BYTES];
    long length;
    bool may_be_of_parent, alone;
    int rc;

    if (!(mf_traits(process) & MF_TRAIT_SHARES_MEMORY))
        return 0;
    length = mf_proc_read_stat(mf_state(process)->proc_fd, stat, sizeof stat);
    /* Before the maps are opened: an execve(2) after this is followed. */
    may_be_of_parent = mf_maps_may_be_of_parent(mf_state(process)->proc_fd, stat, length);
    rc = reopen(process, &alone);
    /* Another thread may have opened the maps before an execve(2), and put them in place of these. */
    if (rc == 0 && !may_be_of_parent && alone)
        __atomic_fetch_and(&mf_state(process)->traits, ~(uint32_t)MF_TRAIT_SHARES_MEMORY, __ATOMIC_RELAXED);
    return rc;
}
