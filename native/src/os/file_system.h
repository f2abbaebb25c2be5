/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_FILE_SYSTEM_H
#define MF_FILE_SYSTEM_H

#include "os/system_calls.h"

/* Whether device and inode identify a file on a file system. */
enum mf_fs {
    MF_FS_UNKNOWN,  /* unknown */
    MF_FS_NUMBERED, /* yes: maps shows the numbers that stat(2) returns, and no two files have the same */
    MF_FS_BTRFS,    /* no: maps shows the inode of stat(2) with another device, and files of other subvolumes may have both */
    MF_FS_OVERLAY,  /* no: maps may show other numbers than stat(2), and they stay the same after a copy-up */
    MF_FS_PATHLESS, /* internal to the kernel: rings, sockets, DMA buffers, secret memory. These files have no path, and open(2)
                       may fail on them */
};

/* Returns the kind of the file system that an open file is on. */
enum mf_fs mf_fs_of(int fd);

#endif
