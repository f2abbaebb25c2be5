/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_ROOT_H
#define MF_ROOT_H

#include "process.h"
#include "statx.h"

/*
 * Opens the directory (O_PATH) that the paths in a process' maps begin at. The kernel shows them as seen from the reader's
 * root, or from that of the mount namespace where the reader's does not lead there (d_path(), fs/d_path.c): never from the
 * root that the process has by chroot(2). Returns a descriptor or a negative errno.
 */
int mf_root_open(const struct mf_process *process);

/*
 * Opens what stands at an absolute path below that root, without following a symbolic link at its end. Links on the way
 * stay below the root (openat2(2), Linux 5.6; older kernels follow them as usual: who needs to know compares).
 *
 * @param flags  O_PATH, or of open(2).
 */
int mf_root_open_path(int root_fd, const char *path, int flags);

#endif
