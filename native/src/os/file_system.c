/* SPDX-License-Identifier: Apache-2.0 */
#include "os/file_system.h"

#include <linux/magic.h>
#include <sys/vfs.h>

/* Some versions of linux/magic.h lack these. */
#define XFS_MAGIC            0x58465342
#define DMA_BUF_FS_MAGIC     0x444d4142
#define AIO_RING_MAGIC       0xa10a10a1
#define SECRETMEM_FS_MAGIC   0x5345434d
#define GUEST_MEMFD_FS_MAGIC 0x474d454d

enum mf_fs mf_fs_of(int fd)
{
    struct statfs fs;

    if (MF_SYS(SYS_fstatfs, fd, &fs) != 0)
        return MF_FS_UNKNOWN;
    switch ((uint32_t)fs.f_type) {
    case EXT4_SUPER_MAGIC: /* also ext2 and ext3 */
    case XFS_MAGIC:
    case TMPFS_MAGIC:
    case SQUASHFS_MAGIC:
        return MF_FS_NUMBERED;
    case BTRFS_SUPER_MAGIC:
        return MF_FS_BTRFS;
    case OVERLAYFS_SUPER_MAGIC:
        return MF_FS_OVERLAY;
    /*
     * These use init_pseudo() (up to Linux 7.3), and their files can be mapped. No mapping has a file of the other users of
     * init_pseudo(). Mappings of bdev, dax, drm, kfd, vfio and iomem have the path of a device node. Mappings of pseudo_erofs
     * have the path of the file (file_user_path()). Files of pipefs, nsfs and pidfs cannot be mapped.
     */
    case ANON_INODE_FS_MAGIC: /* rings of perf and io_uring, BPF maps, KVM virtual CPUs, ... */
    case SOCKFS_MAGIC:        /* rings of packet sockets and AF_XDP, zero-copy receive of TCP */
    case AIO_RING_MAGIC:
    case DMA_BUF_FS_MAGIC:
    case SECRETMEM_FS_MAGIC:   /* Linux 5.14 */
    case GUEST_MEMFD_FS_MAGIC: /* Linux 6.19; before that an anonymous inode */
        return MF_FS_PATHLESS;
    default:
        return MF_FS_UNKNOWN;
    }
}
