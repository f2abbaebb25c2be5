/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_FS_H
#define MF_FS_H

#include "os/system_calls.h"

/* What device and inode are worth on the file system of a descriptor. */
enum mf_fs {
    MF_FS_UNKNOWN,  /* not known: nothing may be concluded */
    MF_FS_NUMBERED, /* maps shows what stat(2) says, and a file has its numbers to itself */
    MF_FS_BTRFS,    /* the same inode as stat(2), another device; and other subvolumes have files with the same numbers */
    MF_FS_OVERLAY,  /* device and inode may differ, and stay the same where a copy-up changes the bytes */
    MF_FS_PATHLESS, /* the kernel's own, for files without a path that open(2) may refuse: rings, sockets, dma-bufs, secret memory */
};

enum mf_fs mf_fs_of(int fd);

#endif
