/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_PROCESS_H
#define MF_PROCESS_H

#include "mapfiles.h"
#include "os/procmap_query.h"
#include "os/system_calls.h"

/*
 * Maximum of maps text to read, in bytes. A snapshot holds less. A process can make its text endless, by long paths and by
 * creating mappings above the address that is being read.
 */
#define MF_TEXT_MAX 0x7fffffffull

/* The fields of struct mf_process. */
struct __attribute__((may_alias)) mf_process_state {
    int32_t proc_fd;              /* the directory /proc/PID */
    int32_t maps_fd;              /* its maps, or the maps of a living thread if the first thread has ended */
    int32_t pid;                  /* in the PID namespace of /proc */
    uint32_t traits;              /* bits of MF_TRAIT_; atomic: mf_traits() */
    uint32_t vsyscall;            /* see vsyscall.c; atomic */
    int32_t files_fd;             /* the directory map_files; -1 before its first use; atomic */
    uint32_t reopenings_begun;    /* calls of mf_maps_reopen() that have begun; atomic */
    uint32_t reopenings_done;     /* those of these calls that have replaced it; atomic */
    uint64_t internal_devices[5]; /* as mf_internal_devices() returns them */
    uint32_t text_taken;          /* 1: a thread is reading the text through maps_fd; atomic */
    uint32_t backend_choices;     /* see read/backend_choice.h; atomic */
};

_Static_assert(sizeof(struct mf_process_state) == sizeof(struct mf_process), "the caller's memory has this size");

static inline struct mf_process_state *mf_state(const struct mf_process *process)
{
    return (struct mf_process_state *)(uintptr_t)process;
}

/* Bits of mf_process_state.traits. */
enum {
    MF_TRAIT_QUERY = 1u << 0, /* the kernel supports PROCMAP_QUERY: checked when the process is opened */
    /*
     * The process may have the memory of its parent, as between vfork(2) and execve(2). After execve(2) the parent still has that
     * memory, so maps_fd does not lose it. mf_maps_follow() removes this bit.
     */
    MF_TRAIT_SHARES_MEMORY = 1u << 1,
};

static inline uint32_t mf_traits(const struct mf_process *process)
{
    return __atomic_load_n(&mf_state(process)->traits, __ATOMIC_RELAXED);
}

/* Opens the directory /proc/PID. Returns a descriptor or an error of mf_process_open_pid(). */
int mf_proc_directory_open(int32_t pid);

/*
 * Reads the stat of a process (proc_pid_stat(5)) and terminates it with a NUL. Returns the length or a negative errno.
 *
 * If the parent waits for the process during the call, the kernel returns -ENOENT once (the directory was found, but no file in
 * it) and -ESRCH afterwards. The read is repeated then. So -ENOENT of this function means that the directory never had a stat,
 * or that the process is hidden (hidepid=invisible).
 */
#define MF_STAT_BYTES 512 /* room for the fields that are used */
long mf_proc_read_stat(int proc_fd, char *to, size_t bytes);

/*
 * Opens a file maps that shows the memory that the process has now. It is the file of the process. If the first thread has
 * ended, that file is empty, and the file of a living thread is opened. Returns a descriptor or an error of
 * mf_process_open_pid().
 */
int mf_maps_open(int proc_fd);

/* Returns the thread whose maps mf_maps_open() opens; 0: the file of the process itself; or its error. */
int32_t mf_maps_thread(int proc_fd);

/* Opens a file below /proc/PID. If the first thread has ended, it opens the file of the same name of a living thread. */
int mf_maps_open_file(int proc_fd, const char *part, int flags);

/*
 * The same, with the directory that has those of the threads, relative to /proc/PID: "task/", or "../" for a file that task/TID
 * does not have.
 */
int mf_maps_open_below(int proc_fd, const char *threads, const char *part, int flags);

/*
 * Returns what an error of a file below /proc/PID means. While a process exits, its files belong to root (-EACCES) or do not
 * exist (-ENOENT). Returns why the process has no memory; or @p error if it has memory.
 */
int mf_maps_explain(int proc_fd, int error);

/*
 * Replaces maps_fd by a descriptor of the memory that the process has now, under the same number. Call it after maps_fd lost
 * its memory: the process has exited or called execve(2), or the thread that it was opened through has ended. Returns 0 or an
 * error of mf_maps_open().
 */
int mf_maps_reopen(struct mf_process *process);

/* Whether a process may have the memory of its parent, from its directory, the text of its stat, and kcmp(2). */
bool mf_maps_may_be_of_parent(int proc_fd, const char *stat, long length);

/*
 * Replaces maps_fd as mf_maps_reopen() does, if the process had the memory of its parent. Call it before maps_fd is used. Returns 0
 * or an error of mf_maps_open().
 */
int mf_maps_follow(struct mf_process *process);

/* Returns 1 if the memory that a maps descriptor was opened on still exists, 0 if not, or a negative errno. */
int mf_maps_alive(int maps_fd, uint32_t traits);

/* Makes one PROCMAP_QUERY and sets the size of @p query. Returns 0 or a negative errno. */
static inline int mf_maps_query(int maps_fd, struct mf_procmap_query *query)
{
    query->size = sizeof *query;
    return (int)MF_SYS(SYS_ioctl, maps_fd, MF_PROCMAP_QUERY, query);
}

#endif
