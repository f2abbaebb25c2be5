/* SPDX-License-Identifier: Apache-2.0 */
#include "fs.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#define XFS_MAGIC 0x58465342 /* not in every linux/magic.h */

enum mf_fs mf_fs_of(int fd)
{
    struct statfs fs;

    if (MF_SYS(SYS_fstatfs, fd, &fs) != 0)
        return MF_FS_UNKNOWN;
    switch ((uint32_t)fs.f_type) {
    case EXT4_SUPER_MAGIC: /* of ext2 and ext3 too */
    case XFS_MAGIC:
    case TMPFS_MAGIC:
    case SQUASHFS_MAGIC:
        return MF_FS_NUMBERED;
    case BTRFS_SUPER_MAGIC:
        return MF_FS_BTRFS;
    case OVERLAYFS_SUPER_MAGIC:
        return MF_FS_OVERLAY;
    default:
        return MF_FS_UNKNOWN;
    }
}
