/* SPDX-License-Identifier: Apache-2.0 */
#include "fs.h"

#include <linux/magic.h>
#include <sys/vfs.h>

/* Not in every linux/magic.h. */
#define XFS_MAGIC 0x58465342
#define DMA_BUF_FS_MAGIC 0x444d4142
#define AIO_RING_MAGIC 0xa10a10a1

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
    case ANON_INODE_FS_MAGIC:
    case SOCKFS_MAGIC:
    case AIO_RING_MAGIC:
    case DMA_BUF_FS_MAGIC:
        return MF_FS_PATHLESS;
    default:
        return MF_FS_UNKNOWN;
    }
}
