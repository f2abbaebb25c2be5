/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_PROCESS_H
#define MF_PROCESS_H

#include "mapfiles.h"
#include "os/procmap_query.h"
#include "os/system_calls.h"

/*
 * Bytes of the text of maps that are read at most. A snapshot holds less. A process can make its text endless: by long paths, and by
 * mapping ahead of the reader.
 */
#define MF_TEXT_MAX 0x7fffffffull

/* The fields of struct mf_process. */
struct __attribute__((may_alias)) mf_process_state {
    int32_t proc_fd;  /* directory /proc/<pid> */
    int32_t maps_fd;  /* its maps, or a living thread's if the first thread has ended */
    int32_t pid;      /* as /proc numbers it */
    uint32_t traits;
    uint32_t vsyscall; /* what is known of [vsyscall]; atomic */
    int32_t files_fd; /* directory map_files once it was needed, else -1; atomic */
    uint32_t reopenings_begun; /* how often maps_fd got other memory behind it; atomic, as the next */
    uint32_t reopenings_done;
    uint64_t internal_devices[5]; /* of the kernel's own shmem and hugetlb mounts */
    uint32_t text_taken; /* 1: a read of the text goes through maps_fd; atomic */
    uint32_t reserved;   /* 0 */
};

_Static_assert(sizeof(struct mf_process_state) == sizeof(struct mf_process), "the caller's memory has exactly this size");

static inline struct mf_process_state *mf_state(const struct mf_process *process)
{
    return (struct mf_process_state *)(uintptr_t)process;
}

/* Bits of mf_process_state.traits. */
enum {
    MF_TRAIT_QUERY = 1u << 0, /* the kernel knows PROCMAP_QUERY: tried once, on opening */
};

/* Opens /proc/<pid>, or says why not: gone, hidden, no proc file system. */
int mf_proc_directory_open(int32_t pid);

/*
 * Reads the stat of a process (proc_pid_stat(5)) and ends it with a NUL. A process that is waited for in the middle of it is
 * -ENOENT for once (found at its directory, and no more below it), and -ESRCH from then on; so -ENOENT from here means that
 * there never was one, or that it is hidden (hidepid=invisible). Returns the length.
 */
long mf_proc_read_stat(int proc_fd, char *to, size_t bytes);

/*
 * Opens the maps that show the memory of a process now: its own, or a living thread's where the first thread has ended
 * and its maps reads as empty. Returns a descriptor, or why there is none.
 */
int mf_maps_open(int proc_fd);

/* The thread whose maps these are, 0: the process' own; or why there are none. */
int32_t mf_maps_thread(int proc_fd);

/*
 * Opens a file of the process' directory or, where the first thread has ended and its own shows nothing any more, of a living
 * thread's.
 */
int mf_maps_open_part(int proc_fd, const char *part, int flags);

/*
 * What an error means of something in the process' directory: as it ends, its files belong to root (-EACCES) or are not there
 * (-ENOENT). Returns why it has no memory, or the error itself where it has.
 */
int mf_maps_explain(int proc_fd, int error);

/*
 * The memory behind maps_fd is gone: by exit, by execve(2), or because the thread it was opened through ended. Puts the
 * present memory behind the same descriptor number. Returns 0 or why there is none.
 */
int mf_maps_reopen(struct mf_process *process);

/* 1: a memory map stands behind the descriptor; 0: none any more; or a negative errno. @p traits is of the process. */
int mf_maps_alive(int maps_fd, uint32_t traits);

/* One PROCMAP_QUERY; sets the size of @p query. 0 or a negative errno. */
static inline int mf_maps_query(int maps_fd, struct mf_procmap_query *query)
{
    query->size = sizeof *query;
    return (int)MF_SYS(SYS_ioctl, maps_fd, MF_PROCMAP_QUERY, query);
}

#endif
