/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_ROOT_H
#define MF_ROOT_H

#include "os/statx.h"
#include "process/process.h"

#include <stdbool.h>

/*
 * Opens the directory (O_PATH) that the paths in maps start at. The kernel's paths start at the root of the caller, or at the
 * root of the mount namespace of the target if the caller's root does not lead there (d_path(), fs/d_path.c). They never start
 * at the root that the target has by chroot(2).
 *
 * @param[out] is_guess  true: the caller may not open the root of the target, and this is the caller's own. Permission to read
 *                       maps does not include it (CAP_PERFMON, Linux 6.13+). A file at a path there is the mapped file only if
 *                       it is verified. If no file is there, nothing follows from that.
 * @return a descriptor
 * @retval -ELOOP   the root of the target is more than 64 directories deep
 * @retval -EACCES  the caller may not search one of these directories
 * @retval -EIO     the file system of one of them returned another error
 * @return -EMFILE, -ENFILE, -ENOMEM; or an error of mf_process_open_pid(): the root of the target cannot be opened.
 */
int mf_root_open(const struct mf_process *process, bool *is_guess);

/*
 * Opens the file at an absolute path below that root. A symbolic link at the end of the path is not followed. Symbolic links in
 * other components stay below the root (openat2(2), Linux 5.6). Older kernels resolve them from the caller's root: the caller
 * of this function verifies the file.
 *
 * @param flags  O_PATH, or other flags of open(2).
 */
int mf_root_open_path(int root_fd, const char *path, int flags);

/*
 * Opens the file at an absolute path below that root, and follows a symbolic link at the end of the path below the root too.
 *
 * @retval -ENOSYS  the kernel cannot keep symbolic links below the root (before Linux 5.6)
 */
int mf_root_open_followed(int root_fd, const char *path, int flags);

/*
 * Opens the directory (O_PATH) with a name in that root. A symbolic link with the name is followed below the root. Before Linux
 * 5.6 it is not followed, and the result is -ENOTDIR.
 */
int mf_root_open_directory(int root_fd, const char *name);

#endif
