/* SPDX-License-Identifier: Apache-2.0 */
#include "os/file_system.h"

#include <linux/magic.h>
#include <sys/vfs.h>

/* Not in every linux/magic.h. */
#define XFS_MAGIC 0x58465342
#define DMA_BUF_FS_MAGIC 0x444d4142
#define AIO_RING_MAGIC 0xa10a10a1
#define SECRETMEM_FS_MAGIC 0x5345434d
#define GUEST_MEMFD_FS_MAGIC 0x474d454d

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
    /*
     * The users of init_pseudo() up to Linux 7.3 whose files can be mapped. Of others only the inode's pages are used, under the path
     * of a device (bdev, dax, drm, kfd, vfio, iomem), or of the file (pseudo_erofs: file_user_path()); or nothing is mapped
     * (pipefs, nsfs, pidfs).
     */
    case ANON_INODE_FS_MAGIC: /* rings of perf and io_uring, maps of BPF, CPUs of KVM, ... */
    case SOCKFS_MAGIC:        /* rings of packet sockets and AF_XDP, TCP's zero-copy */
    case AIO_RING_MAGIC:
    case DMA_BUF_FS_MAGIC:
    case SECRETMEM_FS_MAGIC:   /* Linux 5.14 */
    case GUEST_MEMFD_FS_MAGIC: /* Linux 6.19; an anonymous inode before */
        return MF_FS_PATHLESS;
    default:
        return MF_FS_UNKNOWN;
    }
}
