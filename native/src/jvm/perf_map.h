/* SPDX-License-Identifier: Apache-2.0 */
/* Opens perf maps: files of other programs, in a directory that all users may write to. */
#ifndef MF_PERF_MAP_H
#define MF_PERF_MAP_H

#include "os/statx.h"

#include <stdint.h>

/* A process that a perf map belongs to. */
struct mf_perf_map_owner {
    int32_t pid;     /* in its own PID namespace: the number in the name of the file */
    uint32_t uid;    /* effective user, in the user namespace of the reader */
    int64_t started; /* in ns since 1970, in steps of 10 ms, by the present setting of the clock */
};

/*
 * Opens a regular file for reading. No other kind of file is opened, so opening has no effect on a FIFO or a device. A symbolic
 * link at the end of the path is not followed.
 *
 * @param[out] file  stat of the open file, independent of the path; also set if -EINVAL is returned.
 * @return a descriptor (O_CLOEXEC, O_NONBLOCK); -EINVAL: not a regular file; or the errno of open(2).
 */
int mf_perf_map_open(const char *path, struct mf_statx *file);

/*
 * Opens /tmp/perf-<pid>.map of a process: below its root (proc_pid_root(5)), with its PID in its own PID namespace (NSpid of
 * proc_pid_status(5), Linux 4.1+).
 *
 * @param[out] owner  set unless the process cannot be read.
 * @return as mf_perf_map_open(); -ESRCH: there is no such process; -EACCES: access to its root is denied (ptrace(2)).
 */
int mf_perf_map_open_of(int32_t pid, struct mf_perf_map_owner *owner, struct mf_statx *file);

#endif
