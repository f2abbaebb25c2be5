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

/*
 * Returns why a process has no memory, from the state and the flags in its stat (proc_pid_stat(5)). -EAGAIN: its first thread is
 * neither exiting nor a zombie, so it has memory now.
 */
static int why_no_memory(int proc_fd)
{
    enum { STATE = 0, FLAGS = 6, PF_EXITING = 0x00000004, PF_KTHREAD = 0x00200000 };
    char stat[512];
    const long length = mf_proc_read_stat(proc_fd, stat, sizeof stat);
    /* The command in parentheses may contain blanks and parentheses. */
    const char *field = length > 0 ? memrchr(stat, ')', (size_t)length) : NULL;
    uint64_t flags = 0;
    char state;

    if (length == -ENOENT) /* hidden */
        return -EPERM;
    if (field == NULL || field[1] == 0)
        return length < 0 ? (int)length : -ESRCH;
    field += 2;
    state = field[STATE];
    for (int skipped = 0; skipped < FLAGS && field != NULL; skipped++) {
        field = strchr(field, ' ');
        field = field ? field + 1 : NULL;
    }
    for (; field != NULL && *field >= '0' && *field <= '9'; field++)
        flags = flags * 10 + (uint64_t)(*field - '0');
    if (flags & PF_KTHREAD)
        return -ENXIO;
    if (state == 'Z')
        return -ECHILD;
    return state == 'X' || flags & PF_EXITING ? -ESRCH : -EAGAIN;
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

int mf_maps_reopen(struct mf_process *process)
{
    const int fd = mf_maps_open(mf_state(process)->proc_fd);
    long rc;

    if (fd < 0)
        return fd;
    /* dup3(2) replaces the descriptor atomically: a query of another thread reads the old memory or the new. */
    __atomic_fetch_add(&mf_state(process)->reopenings_begun, 1, __ATOMIC_SEQ_CST);
    rc = MF_SYS(SYS_dup3, fd, mf_state(process)->maps_fd, O_CLOEXEC);
    __atomic_fetch_add(&mf_state(process)->reopenings_done, 1, __ATOMIC_SEQ_CST);
    mf_sys_close(fd);
    __atomic_store_n(&mf_state(process)->vsyscall, 0, __ATOMIC_RELAXED);
    return rc < 0 ? (int)rc : 0;
}
