/* SPDX-License-Identifier: Apache-2.0 */
/* statx(2) (include/uapi/linux/stat.h), for builds with headers that lack the mount ID (Linux 5.8). */
#ifndef MF_STATX_H
#define MF_STATX_H

#include "os/internal_devices.h"
#include "os/system_calls.h"

enum {
    MF_STATX_BASIC = 0x07ff, /* all fields of stat(2) */
    MF_STATX_MOUNT_ID = 0x1000,
};

struct mf_statx_time {
    int64_t seconds;
    uint32_t nanoseconds;
    uint32_t reserved;
};

struct mf_statx {
    uint32_t mask; /* the fields that the kernel set */
    uint32_t block_size;
    uint64_t attributes;
    uint32_t nlink;
    uint32_t uid;
    uint32_t gid;
    uint16_t mode;
    uint16_t spare0;
    uint64_t inode;
    uint64_t size;
    uint64_t blocks;
    uint64_t attributes_mask;
    struct mf_statx_time atime;
    struct mf_statx_time btime;
    struct mf_statx_time ctime;
    struct mf_statx_time mtime;
    uint32_t rdev_major;
    uint32_t rdev_minor;
    uint32_t dev_major;
    uint32_t dev_minor;
    uint64_t mount_id;
    uint64_t spare[13];
};

_Static_assert(sizeof(struct mf_statx) == 256 && offsetof(struct mf_statx, mount_id) == 144, "the layout of the kernel");

/*
 * statx(2) with the mount ID. Before Linux 4.11, and if a system call filter blocks statx(2), it uses fstatat(2), which returns
 * no mount ID.
 */
int mf_sys_statx(int directory, const char *path, int flags, struct mf_statx *out);

/* Sets inode, mode, link count and device of an open file by fstat(2), which costs half of statx(2). The other fields are 0. */
static inline int mf_sys_fstat(int fd, struct mf_statx *out)
{
    struct stat file;
    const int rc = (int)MF_SYS(SYS_fstat, fd, &file);
    const uint64_t device = rc == 0 ? mf_device_of(file.st_dev) : 0;

    if (rc < 0)
        return rc;
    *out = (struct mf_statx){
        .inode = file.st_ino,
        .mode = (uint16_t)file.st_mode,
        .nlink = (uint32_t)file.st_nlink,
        .dev_major = (uint32_t)(device >> 32),
        .dev_minor = (uint32_t)device,
    };
    return 0;
}

#endif
