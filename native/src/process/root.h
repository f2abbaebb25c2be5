/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_ROOT_H
#define MF_ROOT_H

#include "os/statx.h"
#include "process/process.h"

#include <stdbool.h>

/*
 * Opens the directory (O_PATH) that the paths in a process' maps begin at. The kernel shows them as seen from the reader's
 * root, or from that of the mount namespace where the reader's does not lead there (d_path(), fs/d_path.c): never from the
 * root that the process has by chroot(2).
 *
 * @return a descriptor; -ELOOP: the root of the process is more than 64 directories below; -EACCES: the caller may not search
 *         one of these directories; -EIO: the file system of one returned another error; -EMFILE, -ENFILE, -ENOMEM; or why the
 *         root of the process cannot be opened, as mf_process_open_pid().
 *
 * @param[out] is_guess  whether this is the caller's root because the kernel denies the process' one: the right to read maps
 *                       does not include it (CAP_PERFMON, Linux 6.13+). What stands at a path there is the mapped file only if
 *                       something else proves it. What does not stand there proves nothing.
 */
int mf_root_open(const struct mf_process *process, bool *is_guess);

/*
 * Opens what stands at an absolute path below that root, without following a symbolic link at its end. Links on the way
 * stay below the root (openat2(2), Linux 5.6; older kernels follow them as usual: who needs to know compares).
 *
 * @param flags  O_PATH, or of open(2).
 */
int mf_root_open_path(int root_fd, const char *path, int flags);

/*
 * Opens (O_PATH) the directory of a name in that root. A symbolic link there is followed, below the root; before Linux 5.6 it is
 * not followed at all (-ENOTDIR).
 */
int mf_root_open_directory(int root_fd, const char *name);

#endif
