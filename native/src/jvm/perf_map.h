/* SPDX-License-Identifier: Apache-2.0 */
/* Opens perf maps: files that others write, in a directory where everybody may write. */
#ifndef MF_PERF_MAP_H
#define MF_PERF_MAP_H

#include "os/statx.h"

#include <stdint.h>

/* A process that a perf map belongs to. */
struct mf_perf_map_owner {
    int32_t pid;       /* in its own pid namespace, where it may have another number: the one in the file's name */
    uint32_t uid;      /* effective user, as the reader's user namespace numbers it */
    int64_t started;   /* nanoseconds since 1970, in steps of 10 ms, by the present setting of the clock */
};

/*
 * Opens a regular file for reading. No other kind of file is opened, so none is waited for, woken or read. A symbolic link at the
 * end of the path is not followed.
 *
 * @param[out] file  of the open file itself, so it stays true whatever happens to the path; also set when -EINVAL is returned.
 * @return a descriptor (O_CLOEXEC, O_NONBLOCK); -EINVAL: not a regular file; or the errno of open(2).
 */
int mf_perf_map_open(const char *path, struct mf_statx *file);

/*
 * Opens /tmp/perf-<pid>.map as the process itself sees it: below its root (proc_pid_root(5)), by its pid in its own pid
 * namespace (NSpid of proc_pid_status(5), Linux 4.1+).
 *
 * @param[out] owner  set unless the process cannot be read.
 * @return as mf_perf_map_open(); -ESRCH: no such process; -EACCES: its root may not be read (ptrace(2)).
 */
int mf_perf_map_open_of(int32_t pid, struct mf_perf_map_owner *owner, struct mf_statx *file);

#endif
